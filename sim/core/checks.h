// What a family brings to verification besides running models: files of its own checks, and results known to be open.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sim/core/network.h"

namespace vnpu {

// A file of many small checks, such as recorded commands with the memory they left behind.
class CheckFile {
 public:
  virtual ~CheckFile() = default;
  virtual std::size_t size() const = 0;
  virtual std::string name(std::size_t i) const = 0;
  // Empty when check i holds, else where it first does not. Safe to call from several threads. Throws Error when the
  // check cannot be run at all.
  virtual std::string run(std::size_t i, const NetworkOptions& options) const = 0;
};

// An expected output that is not defined by the model: the vendor's own tool read memory it did not own. A case that
// differs there, and nowhere else, is counted as skipped.
struct KnownOpen {
  std::string_view case_name;  // "post/post-1-cv180x-int8"; its last part is matched
  std::string_view tensor;
  std::string_view sha256;  // of the expected bytes
  std::string_view reason;
};

}  // namespace vnpu
