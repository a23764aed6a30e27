#include "base/flatbuffer_check.h"

#include <flatbuffers/flatbuffers.h>

#include <string>
#include <vector>

#include "base/error.h"

namespace vnpu {
namespace {

constexpr std::uint64_t max_tables = 1'000'000;  // the Verifier's own limit

// Bytes of a scalar of each elementary type; 0: not a scalar.
std::uint64_t scalar_size(unsigned short base_type) {
  switch (static_cast<flatbuffers::ElementaryType>(base_type)) {
    case flatbuffers::ET_UTYPE:
    case flatbuffers::ET_BOOL:
    case flatbuffers::ET_CHAR:
    case flatbuffers::ET_UCHAR: return 1;
    case flatbuffers::ET_SHORT:
    case flatbuffers::ET_USHORT: return 2;
    case flatbuffers::ET_INT:
    case flatbuffers::ET_UINT:
    case flatbuffers::ET_FLOAT: return 4;
    case flatbuffers::ET_LONG:
    case flatbuffers::ET_ULONG:
    case flatbuffers::ET_DOUBLE: return 8;
    default: return 0;
  }
}

class Walk {
 public:
  Walk(ByteView buffer, std::uint64_t& work_left, std::uint64_t& tables_left, std::vector<std::string>& path,
       const NestedFlatbuffer& nested)
      : buffer_(buffer), work_left_(work_left), tables_left_(tables_left), path_(path), nested_(nested) {}

  void root(const flatbuffers::TypeTable* type) { table(target(0), type); }

 private:
  [[noreturn]] void fail(std::uint64_t at, const std::string& message) const {
    std::string field;
    for (const std::string& part : path_) field += part;
    throw Error(ErrorKind::damaged, buffer_.file_offset() + at, field.empty() ? "flatbuffer" : field.substr(1),
                message);
  }

  void need(std::uint64_t at, std::uint64_t size, std::uint64_t alignment, const char* what) const {
    if (at > buffer_.size() || size > buffer_.size() - at) {
      fail(at, std::string(what) + " of " + std::to_string(size) + " bytes leaves the flatbuffer");
    }
    if (at % alignment != 0) fail(at, std::string(what) + " is not aligned to " + std::to_string(alignment) + " bytes");
  }

  template <class T>
  T read(std::uint64_t at, const char* what) const {
    need(at, sizeof(T), sizeof(T), what);
    T value;
    std::memcpy(&value, buffer_.data() + at, sizeof(T));
    return value;
  }

  void spend(std::uint64_t work, std::uint64_t at) const {
    if (work > work_left_) fail(at, "the flatbuffer refers to the same bytes too often");
    work_left_ -= work;
  }

  std::uint64_t target(std::uint64_t at) const {
    const auto offset = read<std::uint32_t>(at, "an offset");
    if (offset == 0 || offset > 0x7fffffff) fail(at, "offset " + std::to_string(offset) + " is not valid");
    if (at + offset >= buffer_.size()) {
      fail(at, "offset " + std::to_string(offset) + " leads out of the flatbuffer (" + std::to_string(buffer_.size()) +
                   " bytes)");
    }
    return at + offset;
  }

  // Returns the number of elements.
  std::uint64_t vector(std::uint64_t at, std::uint64_t element, const char* what) const {
    const std::uint64_t count = read<std::uint32_t>(at, what);
    need(at + 4, count * element, count == 0 ? 1 : element, what);  // the library does not align what is empty
    spend(count * element + 4, at);
    return count;
  }

  void string(std::uint64_t at) const {
    const std::uint64_t length = vector(at, 1, "a string");
    if (read<std::uint8_t>(at + 4 + length, "the end of a string") != 0) {
      fail(at + 4 + length, "the string has no terminating zero byte");
    }
    if (std::memchr(buffer_.data() + at + 4, 0, length)) fail(at, "the string contains a zero byte");
  }

  void structure(std::uint64_t at, const flatbuffers::TypeTable& type) const {
    const auto bytes = static_cast<std::uint64_t>(type.values[type.num_elems]);
    need(at, bytes, scalar_size(type.type_codes[0].base_type), "a struct");
  }

  void structures(std::uint64_t at, const flatbuffers::TypeTable& type) const {
    const auto bytes = static_cast<std::uint64_t>(type.values[type.num_elems]);
    const std::uint64_t count = read<std::uint32_t>(at, "a vector");
    need(at + 4, count * bytes, count == 0 ? 1 : scalar_size(type.type_codes[0].base_type), "a vector");
    spend(count * bytes + 4, at);
  }

  void nested(std::uint64_t at, const char* field) {
    const std::uint64_t bytes = vector(at, 1, "a nested flatbuffer");
    if ((at + 4) % 4 != 0) fail(at, "the nested flatbuffer is not aligned");
    Walk inner(buffer_.sub(at + 4, bytes, field), work_left_, tables_left_, path_, nested_);
    inner.root(nested_.root);
  }

  void value(std::uint64_t at, const flatbuffers::TypeCode& code, const flatbuffers::TypeTable* type) {
    if (const std::uint64_t size = scalar_size(code.base_type)) {
      need(at, size, size, "a number");
    } else if (code.base_type == flatbuffers::ET_STRING) {
      string(target(at));
    } else if (type->st == flatbuffers::ST_STRUCT) {
      structure(at, *type);
    } else {
      table(target(at), type);
    }
  }

  void field(std::uint64_t at, const flatbuffers::TypeTable& owner, std::size_t index) {
    const flatbuffers::TypeCode& code = owner.type_codes[index];
    const flatbuffers::TypeTable* type = nullptr;
    if (code.base_type == flatbuffers::ET_SEQUENCE) type = owner.type_refs[code.sequence_ref]();
    if (!code.is_repeating) return value(at, code, type);

    const std::uint64_t start = target(at);
    if (&owner == nested_.table && index == nested_.field) return nested(start, owner.names[index]);
    if (const std::uint64_t size = scalar_size(code.base_type)) {
      vector(start, size, "a vector");
      return;
    }
    if (type && type->st == flatbuffers::ST_STRUCT) return structures(start, *type);
    const std::uint64_t count = vector(start, 4, "a vector");
    path_.emplace_back();
    for (std::uint64_t i = 0; i < count; ++i) {
      path_.back() = "[" + std::to_string(i) + "]";
      value(start + 4 + 4 * i, code, type);
    }
    path_.pop_back();
  }

  void table(std::uint64_t at, const flatbuffers::TypeTable* type) {
    if (tables_left_ == 0) fail(at, "more than " + std::to_string(max_tables) + " tables");
    --tables_left_;
    const auto back = read<std::int32_t>(at, "a table");
    const auto vtable = static_cast<std::int64_t>(at) - back;
    if (vtable < 0 || vtable + 4 > static_cast<std::int64_t>(buffer_.size())) {
      fail(at, "the table's vtable, " + std::to_string(back) + " bytes before it, lies outside the flatbuffer");
    }
    const auto vtable_at = static_cast<std::uint64_t>(vtable);
    const auto vtable_bytes = read<std::uint16_t>(vtable_at, "a vtable");
    if (vtable_bytes < 4 || vtable_bytes % 2 != 0) {
      fail(vtable_at, "a vtable of " + std::to_string(vtable_bytes) + " bytes is not valid");
    }
    need(vtable_at, vtable_bytes, 2, "a vtable");
    const auto table_bytes = read<std::uint16_t>(vtable_at + 2, "a vtable");
    need(at, table_bytes, 4, "a table");
    spend(std::uint64_t{table_bytes} + vtable_bytes / 2u, at);

    const std::size_t stored = vtable_bytes / 2u - 2;
    path_.emplace_back();
    for (std::size_t i = 0; i < stored && i < type->num_elems; ++i) {
      const auto offset = read<std::uint16_t>(vtable_at + 4 + 2 * i, "a vtable");
      if (offset == 0) continue;
      path_.back() = std::string(".") + type->names[i];
      if (offset < 4 || offset >= table_bytes) {
        fail(vtable_at + 4 + 2 * i,
             "field offset " + std::to_string(offset) + " lies outside its table of " + std::to_string(table_bytes));
      }
      field(at + offset, *type, i);
    }
    path_.pop_back();
  }

  ByteView buffer_;
  std::uint64_t& work_left_;
  std::uint64_t& tables_left_;
  std::vector<std::string>& path_;
  const NestedFlatbuffer& nested_;
};

}  // namespace

void check_flatbuffer(ByteView buffer, const flatbuffers::TypeTable* type, const NestedFlatbuffer& nested) {
  // An honest buffer is read once; shared strings and vtables make it a little more.
  std::uint64_t work_left = 8 * buffer.size() + 4096;
  std::uint64_t tables_left = max_tables;
  std::vector<std::string> path;
  Walk(buffer, work_left, tables_left, path, nested).root(type);
}

}  // namespace vnpu
