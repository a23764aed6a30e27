#include "base/error.h"

#include <cstdio>

namespace vnpu {

int exit_status(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage: return 2;
    case ErrorKind::damaged: return 3;
    case ErrorKind::unsupported: return 4;
    case ErrorKind::fault: return 5;
    case ErrorKind::internal: return 70;
  }
  return 70;
}

const char* name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage: return "usage";
    case ErrorKind::damaged: return "damaged";
    case ErrorKind::unsupported: return "unsupported";
    case ErrorKind::fault: return "fault";
    case ErrorKind::internal: return "internal";
  }
  return "internal";
}

namespace {
std::string located(std::uint64_t offset, const std::string& field, const std::string& message) {
  char at[40];
  std::snprintf(at, sizeof at, " at byte 0x%llx: ", static_cast<unsigned long long>(offset));
  return field + at + message;
}
}  // namespace

Error::Error(ErrorKind kind, std::uint64_t offset, const std::string& field, const std::string& message)
    : std::runtime_error(located(offset, field, message)), kind_(kind), offset_(offset), field_(field) {}

Error with_context(const Error& error, const std::string& context) {
  Error out(error.kind(), context + ": " + error.what());
  out.offset_ = error.offset_;
  out.field_ = error.field_;
  return out;
}

}  // namespace vnpu
