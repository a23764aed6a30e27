// A limit on the heap that a file of a given size may claim.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"

namespace vnpu {

// Bounds what is taken from the heap for things whose size a file can claim without having the bytes.
class Budget {
 public:
  explicit Budget(std::uint64_t bytes) : left_(bytes), limit_(bytes) {}

  void charge(std::uint64_t bytes, std::uint64_t offset, const std::string& field) {
    if (bytes > left_) {
      throw Error(ErrorKind::unsupported, offset, field,
                  "needs more memory than the limit of " + std::to_string(limit_) + " bytes for a file of this size");
    }
    left_ -= bytes;
  }
  void give_back(std::uint64_t bytes) { left_ += bytes; }
  std::uint64_t left() const { return left_; }

 private:
  std::uint64_t left_, limit_;
};

}  // namespace vnpu
