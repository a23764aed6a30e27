#include "base/protobuf_check.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <map>
#include <string>
#include <unordered_map>

#include "base/error.h"

namespace vnpu {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr unsigned max_depth = 64;  // the library's own limit is 100
// Bytes: what an allocation costs besides itself; a place in an array; a string besides its bytes.
constexpr std::uint64_t allocation = 16, element = 16, text = 48;

class Walk {
 public:
  Walk(ByteView file, std::uint64_t memory) : file_(file), limit_(memory) {}

  std::uint64_t used() const { return used_; }

  void message(std::uint64_t at, std::uint64_t end, const Descriptor& type, const std::string& path, unsigned depth) {
    if (depth > max_depth) fail(at, path, "messages lie more than " + std::to_string(max_depth) + " deep");
    charge(object(type), at, path);
    std::map<int, std::uint64_t> seen;
    while (at < end) {
      const auto start = at;
      const auto tag = varint(at, end, path);
      const auto number = tag >> 3;
      if (number == 0 || number > (1U << 29) - 1) fail(start, path, "field number " + std::to_string(number));
      const auto* field = type.FindFieldByNumber(static_cast<int>(number));
      if (!field || field->is_repeated()) charge(element, start, path);
      switch (tag & 7) {
        case 0: varint(at, end, path); break;
        case 1: skip(at, 8, end, path); break;
        case 5: skip(at, 4, end, path); break;
        case 2: {
          const auto size = varint(at, end, path);
          const auto inner = at;
          skip(at, size, end, path);
          if (field && field->type() == FieldDescriptor::TYPE_MESSAGE) {
            const auto index = field->is_repeated() ? "[" + std::to_string(seen[field->number()]++) + "]" : "";
            message(inner, at, *field->message_type(), path + "." + field->name() + index, depth + 1);
          } else if (field && field->is_packable()) {
            packed(inner, at, *field, path + "." + field->name());
          } else {
            charge(text + size, start, path);
          }
          break;
        }
        default: fail(start, path, "wire type " + std::to_string(tag & 7) + " is not used in this format");
      }
    }
  }

 private:
  [[noreturn]] void fail(std::uint64_t at, const std::string& path, const std::string& message) const {
    throw Error(ErrorKind::damaged, file_.file_offset() + at, path, message);
  }

  void charge(std::uint64_t bytes, std::uint64_t at, const std::string& path) {
    used_ += bytes;
    if (used_ <= limit_) return;
    throw Error(ErrorKind::unsupported, file_.file_offset() + at, path,
                "takes more memory unpacked than the limit of " + std::to_string(limit_) + " bytes");
  }

  std::uint64_t object(const Descriptor& type) {
    auto& bytes = objects_[&type];
    if (bytes == 0) {
      const auto* made = google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type);
      bytes = made ? made->SpaceUsedLong() + allocation : allocation;
    }
    return bytes;
  }

  std::uint64_t varint(std::uint64_t& at, std::uint64_t end, const std::string& path) const {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      if (at >= end) fail(at, path, "a number runs past the end of its message");
      const auto byte = file_.data()[at++];
      if (shift < 64) value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    fail(at, path, "a number of more than 10 bytes");
  }

  void skip(std::uint64_t& at, std::uint64_t size, std::uint64_t end, const std::string& path) const {
    if (size > end - at) {
      fail(at, path, "a field of " + std::to_string(size) + " bytes runs past the end of its message");
    }
    at += size;
  }

  void packed(std::uint64_t at, std::uint64_t end, const FieldDescriptor& field, const std::string& path) {
    const auto start = at;
    std::uint64_t element = 0, count = 0;
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_FLOAT: element = 4; break;
      case FieldDescriptor::CPPTYPE_DOUBLE: element = 8; break;
      default:
        for (; at < end; ++count) varint(at, end, path);
        charge(8 * count, start, path);
        return;
    }
    charge(end - at, start, path);
    if ((end - at) % element != 0) fail(at, path, "packed numbers of " + std::to_string(end - at) + " bytes");
  }

  ByteView file_;
  std::uint64_t limit_, used_ = 0;
  std::unordered_map<const Descriptor*, std::uint64_t> objects_;  // bytes of an empty one
};

}  // namespace

std::uint64_t check_protobuf(ByteView message, const Descriptor* type, std::uint64_t memory, const std::string& root) {
  Walk walk(message, memory);
  walk.message(0, message.size(), *type, root, 0);
  return walk.used();
}

}  // namespace vnpu
