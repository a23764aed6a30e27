#include "devices/stream.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>

namespace vnpu::devices {

namespace {

struct PipeState {
  explicit PipeState(std::size_t capacity) : capacity(capacity) {}
  const std::size_t capacity;
  std::mutex mutex;
  std::condition_variable_any changed;
  std::deque<std::uint8_t> bytes;
  bool reader = true, writer = true;
};

class PipeReader : public Stream {
 public:
  explicit PipeReader(std::shared_ptr<PipeState> state) : state_(std::move(state)) {}
  ~PipeReader() override {
    std::scoped_lock lock(state_->mutex);
    state_->reader = false;
    state_->changed.notify_all();
  }
  Result<std::size_t> read(std::span<std::uint8_t> into, const std::stop_token& stop) override {
    std::unique_lock lock(state_->mutex);
    if (!state_->changed.wait(lock, stop, [&] { return !state_->bytes.empty() || !state_->writer; }))
      return Errno::intr;
    const std::size_t length = std::min(into.size(), state_->bytes.size());
    std::copy_n(state_->bytes.begin(), length, into.begin());
    state_->bytes.erase(state_->bytes.begin(), state_->bytes.begin() + static_cast<std::ptrdiff_t>(length));
    state_->changed.notify_all();
    return length;
  }

 private:
  std::shared_ptr<PipeState> state_;
};

class PipeWriter : public Stream {
 public:
  explicit PipeWriter(std::shared_ptr<PipeState> state) : state_(std::move(state)) {}
  ~PipeWriter() override {
    std::scoped_lock lock(state_->mutex);
    state_->writer = false;
    state_->changed.notify_all();
  }
  Errno write(std::span<const std::uint8_t> bytes, const std::stop_token& stop) override {
    std::unique_lock lock(state_->mutex);
    while (!bytes.empty()) {
      if (!state_->changed.wait(lock, stop, [&] { return !state_->reader || state_->bytes.size() < state_->capacity; }))
        return Errno::intr;
      if (!state_->reader) return Errno::pipe;
      const std::size_t length = std::min(bytes.size(), state_->capacity - state_->bytes.size());
      state_->bytes.insert(state_->bytes.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
      bytes = bytes.subspan(length);
      state_->changed.notify_all();
    }
    return state_->reader ? Errno::ok : Errno::pipe;
  }

 private:
  std::shared_ptr<PipeState> state_;
};

class FileStream : public Stream {
 public:
  explicit FileStream(std::shared_ptr<File> file) : file_(std::move(file)) {}
  Result<std::size_t> read(std::span<std::uint8_t> into, const std::stop_token&) override {
    std::scoped_lock lock(mutex_);
    const auto got = file_->read_at(offset_, into);
    if (got) offset_ += *got;
    return got;
  }
  Errno write(std::span<const std::uint8_t> bytes, const std::stop_token&) override {
    std::scoped_lock lock(mutex_);
    if (file_->flags() & open_flag::append) {
      const auto end = file_->append(bytes);
      if (end) offset_ = *end;
      return end.error();
    }
    while (!bytes.empty()) {
      const auto put = file_->write_at(offset_, bytes);
      if (!put) return put.error();
      offset_ += *put;
      bytes = bytes.subspan(*put);
    }
    return Errno::ok;
  }
  std::shared_ptr<File> file() override { return file_; }
  Result<std::uint64_t> seek(std::int64_t offset, int whence) override {
    std::scoped_lock lock(mutex_);
    std::int64_t base = 0;
    if (whence == 1) base = static_cast<std::int64_t>(offset_);
    if (whence == 2) {
      const auto status = file_->stat();
      if (!status) return status.error();
      base = static_cast<std::int64_t>(status->size);
    }
    if (offset < -base || offset > (std::int64_t{1} << 50)) return Errno::inval;
    offset_ = static_cast<std::uint64_t>(base + offset);
    return offset_;
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<File> file_;
  std::uint64_t offset_ = 0;
};

class NullStream : public Stream {
 public:
  Result<std::size_t> read(std::span<std::uint8_t>, const std::stop_token&) override { return std::size_t{0}; }
  Errno write(std::span<const std::uint8_t>, const std::stop_token&) override { return Errno::ok; }
};

class BytesStream : public Stream {
 public:
  explicit BytesStream(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<std::size_t> read(std::span<std::uint8_t> into, const std::stop_token&) override {
    std::scoped_lock lock(mutex_);
    const std::size_t length = std::min(into.size(), bytes_.size() - at_);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), length, into.begin());
    at_ += length;
    return length;
  }

 private:
  std::mutex mutex_;
  std::string bytes_;
  std::size_t at_ = 0;
};

class StringCollector : public Collector {
 public:
  explicit StringCollector(std::size_t limit) : limit_(limit) {}
  Errno write(std::span<const std::uint8_t> bytes, const std::stop_token&) override {
    std::scoped_lock lock(mutex_);
    if (bytes.size() > limit_ - text_.size()) return Errno::pipe;
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return Errno::ok;
  }
  std::string take() override {
    std::scoped_lock lock(mutex_);
    return std::exchange(text_, {});
  }

 private:
  std::mutex mutex_;
  std::size_t limit_;
  std::string text_;
};

}  // namespace

Pipe make_pipe(std::size_t capacity) {
  auto state = std::make_shared<PipeState>(capacity);
  return {std::make_shared<PipeReader>(state), std::make_shared<PipeWriter>(state)};
}

std::shared_ptr<Stream> file_stream(std::shared_ptr<File> file) {
  return std::make_shared<FileStream>(std::move(file));
}
std::shared_ptr<Stream> null_stream() { return std::make_shared<NullStream>(); }
std::shared_ptr<Stream> bytes_stream(std::string bytes) { return std::make_shared<BytesStream>(std::move(bytes)); }
std::shared_ptr<Collector> Collector::make(std::size_t limit) { return std::make_shared<StringCollector>(limit); }

}  // namespace vnpu::devices
