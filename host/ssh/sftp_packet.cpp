#include "host/ssh/sftp_packet.h"

#include "base/error.h"

namespace vnpu::ssh::sftp {
namespace {

constexpr std::uint32_t attr_size = 1, attr_owner = 2, attr_permissions = 4, attr_times = 8, attr_extended = 0x80000000;
constexpr std::size_t max_handle = 256;

[[noreturn]] void damaged(std::size_t at, const char* field, const std::string& what) {
  throw Error(ErrorKind::damaged, at, field, what);
}

}  // namespace

ByteSpan Reader::need(std::size_t count, const char* field) {
  if (bytes_.size() - at_ < count) damaged(at_, field, "the packet ends before it");
  const ByteSpan found = bytes_.subspan(at_, count);
  at_ += count;
  return found;
}

std::uint8_t Reader::u8(const char* field) { return need(1, field)[0]; }

std::uint32_t Reader::u32(const char* field) {
  std::uint32_t value = 0;
  for (const std::uint8_t byte : need(4, field)) value = value << 8 | byte;
  return value;
}

std::uint64_t Reader::u64(const char* field) {
  const std::uint64_t high = u32(field);
  return high << 32 | u32(field);
}

ByteSpan Reader::blob(const char* field) {
  const std::uint32_t length = u32(field);
  return need(length, field);
}

std::string Reader::text(const char* field, std::size_t limit) {
  const std::size_t start = at_;
  const ByteSpan bytes = blob(field);
  if (bytes.size() > limit) damaged(start, field, "longer than " + std::to_string(limit) + " bytes");
  std::string value(bytes.begin(), bytes.end());
  if (value.find('\0') != std::string::npos) damaged(start, field, "a zero byte inside");
  return value;
}

Attributes Reader::attributes() {
  Attributes value;
  const std::uint32_t flags = u32("attribute flags");
  if (flags & attr_size) value.size = u64("size");
  if (flags & attr_owner) {
    const std::uint32_t user = u32("owner");
    value.owner = Owner{user, u32("group")};
  }
  if (flags & attr_permissions) value.permissions = u32("permissions");
  if (flags & attr_times) {
    const std::uint32_t access = u32("access time");
    value.times = Times{access, u32("modification time")};
  }
  if (flags & attr_extended) {
    for (std::uint32_t count = u32("extended attribute count"); count; --count) {
      blob("extended attribute type");
      blob("extended attribute data");
    }
  }
  return value;
}

Request parse_request(ByteSpan packet) {
  Reader in(packet);
  Request request;
  request.type = static_cast<Type>(in.u8("type"));
  request.id = in.u32(request.type == Type::init ? "version" : "request id");
  switch (request.type) {
    case Type::init: break;
    case Type::open:
      request.path = in.text("file name");
      request.flags = in.u32("open flags");
      request.attributes = in.attributes();
      break;
    case Type::close:
    case Type::fstat:
    case Type::readdir: request.handle = in.text("handle", max_handle); break;
    case Type::read:
      request.handle = in.text("handle", max_handle);
      request.offset = in.u64("offset");
      request.length = in.u32("length");
      break;
    case Type::write:
      request.handle = in.text("handle", max_handle);
      request.offset = in.u64("offset");
      request.data = in.blob("data");
      break;
    case Type::fsetstat:
      request.handle = in.text("handle", max_handle);
      request.attributes = in.attributes();
      break;
    case Type::lstat:
    case Type::stat:
    case Type::opendir:
    case Type::remove:
    case Type::rmdir:
    case Type::realpath:
    case Type::readlink: request.path = in.text("path"); break;
    case Type::setstat:
    case Type::mkdir:
      request.path = in.text("path");
      request.attributes = in.attributes();
      break;
    case Type::rename:
      request.path = in.text("old path");
      request.second_path = in.text("new path");
      break;
    case Type::symlink:
      request.path = in.text("link target");
      request.second_path = in.text("link path");
      break;
    case Type::extended:
      request.path = in.text("extension name", max_handle);
      request.rest = in.rest();
      break;
    default:
      throw Error(ErrorKind::unsupported, 0, "type",
                  "SFTP request " + std::to_string(static_cast<unsigned>(request.type)) + " is not of version 3");
  }
  return request;
}

std::optional<std::uint32_t> peek_id(ByteSpan packet) {
  if (packet.size() < 5) return std::nullopt;
  return Reader(packet.subspan(1)).u32("request id");
}

Writer::Writer(Bytes& out, Type type) : out_(out), start_(out.size()) {
  u32(0);
  u8(static_cast<std::uint8_t>(type));
}

Writer& Writer::u8(std::uint8_t value) {
  out_.push_back(value);
  return *this;
}

Writer& Writer::u32(std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out_.push_back(static_cast<std::uint8_t>(value >> shift));
  return *this;
}

Writer& Writer::u64(std::uint64_t value) {
  return u32(static_cast<std::uint32_t>(value >> 32)).u32(static_cast<std::uint32_t>(value));
}

Writer& Writer::text(std::string_view value) {
  return blob({reinterpret_cast<const std::uint8_t*>(value.data()), value.size()});
}

Writer& Writer::blob(ByteSpan value) {
  u32(static_cast<std::uint32_t>(value.size()));
  out_.insert(out_.end(), value.begin(), value.end());
  return *this;
}

Writer& Writer::attributes(const Attributes& value) {
  u32((value.size ? attr_size : 0) | (value.owner ? attr_owner : 0) | (value.permissions ? attr_permissions : 0) |
      (value.times ? attr_times : 0));
  if (value.size) u64(*value.size);
  if (value.owner) u32(value.owner->user).u32(value.owner->group);
  if (value.permissions) u32(*value.permissions);
  if (value.times) u32(value.times->access).u32(value.times->modification);
  return *this;
}

void Writer::finish() {
  const std::size_t length = out_.size() - start_ - 4;
  for (int i = 0; i < 4; ++i) out_[start_ + i] = static_cast<std::uint8_t>(length >> (24 - 8 * i));
}

void Framer::feed(ByteSpan bytes) {
  if (at_ == buffer_.size()) {
    buffer_.clear();
    at_ = 0;
  } else if (at_ > buffer_.size() / 2) {
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ = 0;
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

std::optional<ByteSpan> Framer::next() {
  const ByteSpan left = ByteSpan(buffer_).subspan(at_);
  if (left.size() < 4) return std::nullopt;
  const std::uint32_t length = Reader(left).u32("packet length");
  if (length == 0 || length > max_packet + 1024)
    damaged(0, "packet length", std::to_string(length) + " is not between 1 and " + std::to_string(max_packet + 1024));
  if (left.size() - 4 < length) return std::nullopt;
  at_ += 4 + length;
  return left.subspan(4, length);
}

}  // namespace vnpu::ssh::sftp
