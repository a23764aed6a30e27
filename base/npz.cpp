#include "base/npz.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/archive.h"
#include "base/digest.h"
#include "base/error.h"

namespace vnpu {
namespace {

constexpr std::uint64_t max_header = 64 * 1024;  // NumPy's own is under 200 bytes
constexpr std::size_t max_rank = 32;             // NumPy's own limit

struct Header {
  DType dtype = DType::f32;
  Shape shape;
  std::uint64_t data_offset = 0;
  std::uint64_t data_bytes = 0;
};

// Length of everything before the data, from the first 12 bytes.
std::uint64_t prefix_size(ByteView file) {
  constexpr std::array<std::uint8_t, 6> magic{0x93, 'N', 'U', 'M', 'P', 'Y'};
  const auto head = file.sub(0, 8, "npy.magic");
  if (!std::equal(magic.begin(), magic.end(), head.data())) {
    throw Error(ErrorKind::damaged, file.file_offset(), "npy.magic", "not an .npy array");
  }
  const auto major = file.u8(6, "npy.version");
  if ((major != 1 && major != 2) || file.u8(7, "npy.version") != 0) {
    throw Error(ErrorKind::unsupported, file.file_offset() + 6, "npy.version",
                "npy version " + std::to_string(major) + "." + std::to_string(head.u8(7, "npy.version")));
  }
  const std::uint64_t length = major == 1 ? file.u16(8, "npy.header_length") : file.u32(8, "npy.header_length");
  if (length > max_header) {
    throw Error(ErrorKind::damaged, file.file_offset() + 8, "npy.header_length", std::to_string(length) + " bytes");
  }
  return (major == 1 ? 10 : 12) + length;
}

DType parse_descr(const std::string& descr, std::uint64_t at) {
  static constexpr std::array<std::pair<std::string_view, DType>, 12> rows{{{"f2", DType::f16},
                                                                            {"f4", DType::f32},
                                                                            {"f8", DType::f64},
                                                                            {"i1", DType::i8},
                                                                            {"i2", DType::i16},
                                                                            {"i4", DType::i32},
                                                                            {"i8", DType::i64},
                                                                            {"u1", DType::u8},
                                                                            {"u2", DType::u16},
                                                                            {"u4", DType::u32},
                                                                            {"u8", DType::u64},
                                                                            {"b1", DType::boolean}}};
  for (const auto& [text, dtype] : rows) {
    if (descr.size() != 3 || descr.compare(1, 2, text) != 0) continue;
    const char order = descr[0];
    if (order == '<' || order == '=' || (size_of(dtype) == 1 && (order == '|' || order == '>'))) return dtype;
    if (order == '>') throw Error(ErrorKind::unsupported, at, "npy.descr", "big-endian array '" + descr + "'");
  }
  throw Error(ErrorKind::unsupported, at, "npy.descr", "element type '" + descr.substr(0, 40) + "'");
}

// The header is a Python dict literal of three known keys; nothing else is accepted.
class HeaderParser {
 public:
  HeaderParser(ByteView text) : text_(text) {}

  void parse(Header& out) {
    bool descr = false, order = false, shape = false;
    expect('{');
    while (!take('}')) {
      const auto key = string();
      expect(':');
      if (key == "descr" && !descr) {
        descr = true;
        skip_space();
        if (peek() == '[') throw Error(ErrorKind::unsupported, offset(), "npy.descr", "structured array");
        const auto at = offset();
        out.dtype = parse_descr(string(), at);
      } else if (key == "fortran_order" && !order) {
        order = true;
        if (take_word("True")) throw Error(ErrorKind::unsupported, offset(), "npy.fortran_order", "Fortran order");
        if (!take_word("False")) fail("False or True expected");
      } else if (key == "shape" && !shape) {
        shape = true;
        out.shape = tuple();
      } else {
        fail("unexpected key '" + key.substr(0, 40) + "'");
      }
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (at_ != text_.size()) fail("text behind the dictionary");
    if (!descr || !order || !shape) fail("descr, fortran_order and shape are needed");
  }

 private:
  std::uint64_t offset() const { return text_.file_offset() + at_; }
  [[noreturn]] void fail(const std::string& message) const {
    throw Error(ErrorKind::damaged, offset(), "npy.header", message);
  }
  char peek() const { return static_cast<char>(text_.u8(at_, "npy.header")); }
  void skip_space() {
    while (at_ < text_.size() && (peek() == ' ' || peek() == '\n')) ++at_;
  }
  bool take(char c) {
    skip_space();
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) fail(std::string("'") + c + "' expected");
  }
  bool take_word(std::string_view word) {
    skip_space();
    if (text_.size() - at_ < word.size()) return false;
    if (!std::equal(word.begin(), word.end(), reinterpret_cast<const char*>(text_.data()) + at_)) return false;
    at_ += word.size();
    return true;
  }
  std::string string() {
    skip_space();
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("string expected");
    std::string out;
    for (++at_; peek() != quote; ++at_) out += peek();
    ++at_;
    return out;
  }
  Shape tuple() {
    Shape out;
    expect('(');
    while (!take(')')) {
      if (out.size() == max_rank) fail("more than 32 dimensions");
      skip_space();
      std::int64_t dim = 0;
      const auto first = at_;
      for (; peek() >= '0' && peek() <= '9'; ++at_) {
        if (at_ - first > 17) fail("dimension too large");
        dim = dim * 10 + (peek() - '0');
      }
      if (at_ == first) fail("dimension expected");
      if (peek() == 'L') ++at_;  // as Python 2 wrote it
      out.push_back(dim);
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return out;
  }

  ByteView text_;
  std::uint64_t at_ = 0;
};

Header parse_header(ByteView file) {
  Header out;
  out.data_offset = prefix_size(file);
  const std::uint64_t text = file.u8(6, "npy.version") == 1 ? 10 : 12;
  HeaderParser(file.sub(text, out.data_offset - text, "npy.header")).parse(out);
  out.data_bytes = element_count(out.shape) * size_of(out.dtype);
  return out;
}

std::string_view descr_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return "<f4";
    case DType::f64: return "<f8";
    case DType::f16: return "<f2";
    case DType::i8: return "|i1";
    case DType::i16: return "<i2";
    case DType::i32: return "<i4";
    case DType::i64: return "<i8";
    case DType::u8: return "|u1";
    case DType::bf16:
    case DType::u16: return "<u2";
    case DType::u32: return "<u4";
    case DType::u64: return "<u8";
    case DType::boolean: return "|b1";
  }
  throw Error(ErrorKind::internal, "unknown dtype");
}

void check_limit(const Header& header, std::uint64_t limit) {
  if (header.data_bytes > limit) {
    throw Error(ErrorKind::unsupported, "npy array " + to_string(header.shape) + ": " +
                                            std::to_string(header.data_bytes) + " bytes, more than the limit of " +
                                            std::to_string(limit));
  }
}

// One array out of a zip entry; only the declared bytes are unpacked.
Tensor read_entry(ArchiveReader& entry, std::uint64_t limit) {
  Bytes head(12);
  const auto fill = [&entry](std::span<std::uint8_t> out) {
    std::size_t used = 0;
    while (used < out.size()) {
      const auto got = entry.read(out.subspan(used));
      if (got == 0) break;
      used += got;
    }
    return used;
  };
  head.resize(fill(head));
  const auto prefix = prefix_size(head);
  const auto start = head.size();
  head.resize(std::max<std::uint64_t>(prefix, start));
  head.resize(start + fill(std::span(head).subspan(start)));
  const auto header = parse_header(head);
  check_limit(header, limit);
  Tensor out{header.dtype, header.shape, entry.read_rest(header.data_bytes)};
  if (out.bytes.size() != header.data_bytes) {
    throw Error(ErrorKind::damaged, header.data_offset, "npy.data",
                "shape " + to_string(header.shape) + " needs " + std::to_string(header.data_bytes) + " bytes, " +
                    std::to_string(out.bytes.size()) + " are there");
  }
  return out;
}

class LittleEndianWriter {
 public:
  LittleEndianWriter(Bytes& out) : out_(out) {}
  LittleEndianWriter& u16(std::uint64_t v) { return put(v, 2); }
  LittleEndianWriter& u32(std::uint64_t v) { return put(v, 4); }
  LittleEndianWriter& u64(std::uint64_t v) { return put(v, 8); }
  LittleEndianWriter& text(std::string_view t) {
    for (const char c : t) out_.push_back(static_cast<std::uint8_t>(c));
    return *this;
  }

 private:
  LittleEndianWriter& put(std::uint64_t v, int size) {
    for (int i = 0; i < size; ++i) out_.push_back(static_cast<std::uint8_t>(v >> 8 * i));
    return *this;
  }
  Bytes& out_;
};

constexpr std::uint64_t dos_date = 0x21;  // 1980-01-01, NumPy's own

}  // namespace

Tensor read_npy(ByteView file, const NpzLimits& limits) {
  const auto header = parse_header(file);
  check_limit(header, limits.bytes);
  const auto data = file.sub(header.data_offset, header.data_bytes, "npy.data");
  if (header.data_offset + header.data_bytes != file.size()) {
    throw Error(ErrorKind::damaged, file.file_offset() + header.data_offset + header.data_bytes, "npy.data",
                "bytes behind the array");
  }
  return Tensor{header.dtype, header.shape, Bytes(data.span().begin(), data.span().end())};
}

NamedTensors read_npz(ByteView file, const NpzLimits& limits) {
  if (!is_zip(file)) throw Error(ErrorKind::damaged, file.file_offset(), "npz.magic", "not a zip file");
  // The end record alone: numpy.savez of nothing. libarchive does not know it.
  if (file.size() == 22 && file.u32(0, "npz.magic") == 0x06054b50) return {};
  ArchiveLimits archive_limits;
  constexpr std::uint64_t headers = std::uint64_t{1} << 28;  // room for the arrays' own headers
  archive_limits.total_bytes = archive_limits.entry_bytes = std::min(limits.bytes, ~headers) + headers;
  archive_limits.entries = limits.arrays;
  ArchiveReader reader(file, ArchiveFormat::zip, archive_limits);
  NamedTensors out;
  std::set<std::string> names;
  std::uint64_t used = 0;
  while (reader.next()) {
    std::string name = reader.path();
    if (!name.ends_with(".npy")) throw Error(ErrorKind::unsupported, "npz: entry '" + name + "' is not an .npy array");
    name.resize(name.size() - 4);
    if (!names.insert(name).second) throw Error(ErrorKind::damaged, "npz: array '" + name + "' occurs twice");
    try {
      out.emplace_back(name, read_entry(reader, limits.bytes - used));
    } catch (const Error& error) {
      throw with_context(error, "npz: array '" + name + "'");
    }
    used += out.back().second.bytes.size();
  }
  return out;
}

NamedTensors read_npz(const std::filesystem::path& path, const NpzLimits& limits) {
  try {
    return read_npz(ByteView(read_file(path)), limits);
  } catch (const Error& error) {
    throw with_context(error, path.string());
  }
}

Bytes write_npy(const Tensor& tensor) {
  if (tensor.bytes.size() != tensor.count() * size_of(tensor.dtype)) {
    throw Error(ErrorKind::usage,
                "array " + to_string(tensor.shape) + " holds " + std::to_string(tensor.bytes.size()) + " bytes");
  }
  std::string shape;
  for (const auto dim : tensor.shape) shape += std::to_string(dim) + ", ";
  if (tensor.shape.size() == 1) {
    shape.pop_back();
  } else if (!shape.empty()) {
    shape.resize(shape.size() - 2);
  }
  std::string header =
      "{'descr': '" + std::string(descr_of(tensor.dtype)) + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  header.resize((header.size() + 1 + 10 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  Bytes out;
  out.reserve(10 + header.size() + tensor.bytes.size());
  LittleEndianWriter(out).text("\x93NUMPY").u16(1).u16(header.size()).text(header);
  out.insert(out.end(), tensor.bytes.begin(), tensor.bytes.end());
  return out;
}

Bytes write_npz(const NamedTensors& tensors) {
  Bytes out, directory;
  for (const auto& [key, tensor] : tensors) {
    const auto data = write_npy(tensor);
    const auto name = key + ".npy";
    const std::uint64_t at = out.size();
    if (at + data.size() > 0xfff00000U || name.size() > 0xffff) {
      throw Error(ErrorKind::unsupported, "npz: array '" + key.substr(0, 80) + "' would take the file to 4 GiB");
    }
    const auto checksum = crc32(data);
    LittleEndianWriter local(out);  // sizes are given in the zip64 field too, as NumPy does
    local.u32(0x04034b50).u16(20).u16(0).u16(0).u16(0).u16(dos_date).u32(checksum).u32(data.size()).u32(data.size());
    local.u16(name.size()).u16(20).text(name).u16(1).u16(16).u64(data.size()).u64(data.size());
    out.insert(out.end(), data.begin(), data.end());
    LittleEndianWriter central(directory);
    central.u32(0x02014b50).u16(0x0314).u16(20).u16(0).u16(0).u16(0).u16(dos_date).u32(checksum);
    central.u32(data.size()).u32(data.size()).u16(name.size()).u16(0).u16(0).u16(0).u16(0).u32(0600U << 16).u32(at);
    central.text(name);
  }
  const std::uint64_t start = out.size();
  if (tensors.size() > 0xfffe || start + directory.size() > 0xfff00000U) {
    throw Error(ErrorKind::unsupported, "npz: too many arrays for a zip file without zip64");
  }
  out.insert(out.end(), directory.begin(), directory.end());
  LittleEndianWriter(out)
      .u32(0x06054b50)
      .u32(0)
      .u16(tensors.size())
      .u16(tensors.size())
      .u32(directory.size())
      .u32(start)
      .u16(0);
  return out;
}

void write_npz(const std::filesystem::path& path, const NamedTensors& tensors) { write_file(path, write_npz(tensors)); }

}  // namespace vnpu
