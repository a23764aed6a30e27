// The errors of the boards' file system and streams: Linux numbers, the texts of the boards' C library (musl).
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

namespace vnpu::devices {

enum class Errno : int {
  ok = 0,
  perm = 1,
  noent = 2,
  srch = 3,
  intr = 4,
  io = 5,
  toobig = 7,
  noexec = 8,
  badf = 9,
  child = 10,
  again = 11,
  nomem = 12,
  acces = 13,
  busy = 16,
  exist = 17,
  xdev = 18,
  nodev = 19,
  notdir = 20,
  isdir = 21,
  inval = 22,
  mfile = 24,
  notty = 25,
  txtbsy = 26,
  fbig = 27,
  nospc = 28,
  spipe = 29,
  rofs = 30,
  mlink = 31,
  pipe = 32,
  nametoolong = 36,
  nosys = 38,
  notempty = 39,
  loop = 40,
  opnotsupp = 95,
};

// "No such file or directory"
const char* message(Errno error);

// SSH_FX_* of the SFTP v3 draft: 0 OK, 2 no such file, 3 permission denied, 4 failure, 8 unsupported.
std::uint32_t sftp_status(Errno error);

// A value or an Errno.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}
  Result(Errno error) : error_(error) {}

  explicit operator bool() const { return value_.has_value(); }
  Errno error() const { return error_; }  // ok when there is a value
  T& operator*() { return *value_; }
  const T& operator*() const { return *value_; }
  T* operator->() { return &*value_; }
  const T* operator->() const { return &*value_; }

 private:
  std::optional<T> value_;
  Errno error_ = Errno::ok;
};

}  // namespace vnpu::devices
