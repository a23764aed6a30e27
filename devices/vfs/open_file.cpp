// Open files of the tree.
#include "devices/vfs/impl.h"

namespace vnpu::devices {

namespace {

class OpenFile : public File {
 public:
  OpenFile(Vfs::Impl& impl, std::shared_ptr<Node> node, unsigned flags, Credentials who)
      : impl_(impl), node_(std::move(node)), flags_(flags), who_(std::move(who)) {
    if (node_->object) {
      object_ = node_->object->open();
      if (!object_) object_ = node_->object;
    }
  }
  ~OpenFile() override {
    if (node_->content) impl_.release(*node_);
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) override {
    if (!(flags_ & open_flag::read)) return Errno::badf;
    if (node_->is_directory()) return Errno::isdir;
    if (object_) return object_->read_at(offset, into);
    return node_->content->read_at(offset, into);
  }
  Result<std::size_t> write_at(std::uint64_t offset, std::span<const std::uint8_t> bytes) override {
    if (!(flags_ & open_flag::write)) return Errno::badf;
    if (object_) return object_->write_at(offset, bytes);
    node_->modified_ns = node_->changed_ns = impl_.now_ns();
    return node_->content->write_at(offset, bytes);
  }
  Result<std::uint64_t> append(std::span<const std::uint8_t> bytes) override {
    if (!(flags_ & open_flag::write)) return Errno::badf;
    if (object_) {
      const auto written = object_->write_at(0, bytes);
      if (!written) return written.error();
      return static_cast<std::uint64_t>(*written);
    }
    node_->modified_ns = node_->changed_ns = impl_.now_ns();
    return node_->content->append(bytes);
  }
  Errno truncate(std::uint64_t size) override {
    if (!(flags_ & open_flag::write)) return Errno::inval;
    if (object_) return Errno::ok;
    node_->modified_ns = node_->changed_ns = impl_.now_ns();
    return node_->content->truncate(size);
  }
  Result<Stat> stat() override {
    std::shared_lock lock(impl_.mutex);
    return node_->stat();
  }
  Errno set_stat(const SetStat& change) override {
    SetStat rest = change;
    if (rest.size) {
      if (const Errno error = truncate(*rest.size); error != Errno::ok) return error;
      rest.size.reset();
    }
    std::unique_lock lock(impl_.mutex);
    return impl_.change(who_, *node_, rest);
  }
  unsigned flags() const override { return flags_; }
  std::shared_ptr<NodeObject> object() override { return object_; }

 private:
  Vfs::Impl& impl_;
  std::shared_ptr<Node> node_;
  unsigned flags_;
  Credentials who_;
  std::shared_ptr<NodeObject> object_;
};

class TextNode : public NodeObject {
 public:
  TextNode(std::function<std::string()> text, std::function<Errno(std::string_view)> written)
      : text_(std::move(text)), written_(std::move(written)) {}

  std::shared_ptr<NodeObject> open() override { return std::make_shared<Snapshot>(text_ ? text_() : "", written_); }
  Result<std::size_t> read_at(std::uint64_t, std::span<std::uint8_t>) override { return Errno::io; }

 private:
  class Snapshot : public NodeObject {
   public:
    Snapshot(std::string text, std::function<Errno(std::string_view)> written)
        : text_(std::move(text)), written_(std::move(written)) {}
    Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) override {
      if (offset >= text_.size()) return std::size_t{0};
      const std::size_t length = std::min<std::size_t>(into.size(), text_.size() - offset);
      std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(offset), length, into.begin());
      return length;
    }
    Result<std::size_t> write_at(std::uint64_t, std::span<const std::uint8_t> bytes) override {
      if (!written_) return Errno::acces;
      const Errno error = written_({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
      if (error != Errno::ok) return error;
      return bytes.size();
    }

   private:
    std::string text_;
    std::function<Errno(std::string_view)> written_;
  };
  std::function<std::string()> text_;
  std::function<Errno(std::string_view)> written_;
};

}  // namespace

Result<std::shared_ptr<File>> open_stored(Vfs::Impl& impl, std::shared_ptr<Node> node, unsigned flags,
                                          Credentials who) {
  if (node->content)
    if (const Errno error = impl.acquire(*node); error != Errno::ok) return error;
  return std::shared_ptr<File>(std::make_shared<OpenFile>(impl, std::move(node), flags, std::move(who)));
}

std::shared_ptr<NodeObject> text_node(std::function<std::string()> text,
                                      std::function<Errno(std::string_view)> written) {
  return std::make_shared<TextNode>(std::move(text), std::move(written));
}

}  // namespace vnpu::devices
