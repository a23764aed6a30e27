// SFTP version 3 packets as pure functions on bytes (draft-ietf-secsh-filexfer-02, and OpenSSH's PROTOCOL notes for the
// extensions and for the order of SYMLINK's arguments).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vnpu::ssh::sftp {

using Bytes = std::vector<std::uint8_t>;
using ByteSpan = std::span<const std::uint8_t>;

enum class Type : std::uint8_t {
  init = 1,
  version = 2,
  open = 3,
  close = 4,
  read = 5,
  write = 6,
  lstat = 7,
  fstat = 8,
  setstat = 9,
  fsetstat = 10,
  opendir = 11,
  readdir = 12,
  remove = 13,
  mkdir = 14,
  rmdir = 15,
  realpath = 16,
  stat = 17,
  rename = 18,
  readlink = 19,
  symlink = 20,
  status = 101,
  handle = 102,
  data = 103,
  name = 104,
  attrs = 105,
  extended = 200,
  extended_reply = 201,
};

enum class Status : std::uint32_t {
  ok = 0,
  eof = 1,
  no_such_file = 2,
  permission_denied = 3,
  failure = 4,
  bad_message = 5,
  op_unsupported = 8,
};

// pflags of OPEN.
constexpr std::uint32_t open_read = 1, open_write = 2, open_append = 4, open_create = 8, open_truncate = 16,
                        open_exclusive = 32;

constexpr std::uint32_t max_packet = 256 * 1024;  // of the contents of READ and WRITE, with room for their headers
constexpr std::uint32_t max_transfer = max_packet - 1024;
constexpr std::size_t max_path = 4096;

struct Owner {
  std::uint32_t user = 0, group = 0;
};

struct Times {
  std::uint32_t access = 0, modification = 0;  // seconds since 1970
};

// What ATTRS carries; absent fields are not sent and not changed.
struct Attributes {
  std::optional<std::uint64_t> size;
  std::optional<Owner> owner;
  std::optional<std::uint32_t> permissions;  // with the file type's bits, as st_mode
  std::optional<Times> times;
};

// One request. Only the fields of its type are set; `data` and `rest` look into the parsed packet.
struct Request {
  Type type = Type::init;
  std::uint32_t id = 0;      // the version for INIT
  std::string path;          // also the first path of RENAME, the target text of SYMLINK, the name of EXTENDED
  std::string second_path;   // RENAME: new name; SYMLINK: where the link is made
  std::string handle;        // CLOSE READ WRITE FSTAT FSETSTAT READDIR
  std::uint64_t offset = 0;  // READ WRITE
  std::uint32_t length = 0;  // READ
  std::uint32_t flags = 0;   // OPEN
  Attributes attributes;     // OPEN SETSTAT FSETSTAT MKDIR
  ByteSpan data;             // WRITE
  ByteSpan rest;             // EXTENDED: what follows its name
};

// `packet` without its length field. Throws Error damaged with the byte and field, unsupported for an unknown type (its
// `request_id` is then still told by peek_id). SYMLINK's paths are taken in OpenSSH's order: target, then link.
Request parse_request(ByteSpan packet);
// The request's number, when the packet is long enough to hold one.
std::optional<std::uint32_t> peek_id(ByteSpan packet);

// Reads the fields of one packet or extension body; throws Error damaged.
class Reader {
 public:
  explicit Reader(ByteSpan bytes) : bytes_(bytes) {}
  std::uint8_t u8(const char* field);
  std::uint32_t u32(const char* field);
  std::uint64_t u64(const char* field);
  ByteSpan blob(const char* field);
  std::string text(const char* field, std::size_t limit = max_path);  // no NUL inside
  Attributes attributes();
  ByteSpan rest() const { return bytes_.subspan(at_); }
  std::size_t position() const { return at_; }

 private:
  ByteSpan need(std::size_t count, const char* field);
  ByteSpan bytes_;
  std::size_t at_ = 0;
};

// Writes one packet at the end of `out`; the length field is filled in by finish().
class Writer {
 public:
  Writer(Bytes& out, Type type);
  Writer& u8(std::uint8_t value);
  Writer& u32(std::uint32_t value);
  Writer& u64(std::uint64_t value);
  Writer& text(std::string_view value);
  Writer& blob(ByteSpan value);
  Writer& attributes(const Attributes& value);
  void finish();

 private:
  Bytes& out_;
  std::size_t start_;
};

// Cuts a byte stream into packets.
class Framer {
 public:
  void feed(ByteSpan bytes);
  // The next whole packet without its length field, valid until the next feed() or next(). Throws Error damaged for a
  // length of 0 or beyond max_packet + 1024.
  std::optional<ByteSpan> next();
  std::size_t buffered() const { return buffer_.size() - at_; }

 private:
  Bytes buffer_;
  std::size_t at_ = 0;
};

}  // namespace vnpu::ssh::sftp
