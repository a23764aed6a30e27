// The one error type of vnpu. A message says what is wrong, where (file offset and field, or command index and
// mnemonic) and, where it helps, what to do. The library throws; it never prints and never ends the process.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>

namespace vnpu {

enum class ErrorKind {
  usage,        // the caller asked for something that does not exist or does not fit
  damaged,      // unreadable, truncated or inconsistent input
  unsupported,  // recognised, and refused by name
  fault,        // what the simulated chip, board or its runtime would have refused
  internal,     // a defect of vnpu itself
};

// Exit status of the command line for each kind: 2, 3, 4, 5, 70.
int exit_status(ErrorKind kind);
const char* name(ErrorKind kind);

class Error;

// The same error with "CONTEXT: " before its message; kind, offset and field are kept.
Error with_context(const Error& error, const std::string& context);

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}

  // Damage or refusal found at a byte of a file: the message becomes "FIELD at byte 0xOFFSET: MESSAGE".
  Error(ErrorKind kind, std::uint64_t offset, const std::string& field, const std::string& message);

  ErrorKind kind() const { return kind_; }
  std::optional<std::uint64_t> offset() const { return offset_; }  // byte in the file, when known
  const std::string& field() const { return field_; }              // name of the field, or empty

 private:
  friend Error with_context(const Error& error, const std::string& context);

  ErrorKind kind_;
  std::optional<std::uint64_t> offset_;
  std::string field_;
};

}  // namespace vnpu
