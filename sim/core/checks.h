// What a family brings to verification besides running models: files of its own checks.
#pragma once

#include <cstddef>
#include <string>

#include "sim/core/network.h"

namespace vnpu {

// A file of many small checks, such as recorded commands with the memory they left behind.
class CheckFile {
 public:
  virtual ~CheckFile() = default;
  virtual std::size_t size() const = 0;
  virtual std::string name(std::size_t i) const = 0;
  // Why check i says nothing about the executor and is passed over; empty for all others.
  virtual std::string skip(std::size_t) const { return {}; }
  // Empty when check i holds, else where it first does not. Safe to call from several threads. Throws Error when the
  // check cannot be run at all.
  virtual std::string run(std::size_t i, const NetworkOptions& options) const = 0;
};

}  // namespace vnpu
