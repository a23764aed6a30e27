// Folders that hold a set of small checks in one file (golden_case.h).
#pragma once

#include <memory>
#include <string>

#include "sim/runtime/golden_case.h"

namespace vnpu {

bool is_set_file(const std::string& file_name);

class CaseSet {
 public:
  virtual ~CaseSet() = default;
  virtual std::size_t size() const = 0;
  virtual std::string name(std::size_t i) const = 0;
  // As run_case: errors become a failed result.
  virtual CaseResult run(std::size_t i, const NetworkOptions& options) const = 0;
};

// Throws Error(damaged) for a set whose list cannot be read.
std::unique_ptr<CaseSet> open_set(const CaseFiles& files);

}  // namespace vnpu
