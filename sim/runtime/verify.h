// Runs golden cases and families' check files found in files, folders, trees and archives, in parallel.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "sim/runtime/golden_case.h"
#include "sim/runtime/junit.h"

namespace vnpu {

struct VerifyOptions {
  NetworkOptions network;
  unsigned threads = 0;  // 0: as many as the machine has
  std::string filter;    // only cases whose name contains it
};

struct VerifyProgress {
  std::size_t done = 0, known = 0;  // known grows while archives are opened
};

struct VerifyReport {
  std::vector<CaseResult> results;  // in the order of the paths, then of names, whatever the number of threads
  std::size_t passed = 0, failed = 0, skipped = 0;

  std::string summary() const;  // "12 passed, 0 failed, 1 skipped"
  std::vector<JunitCase> junit() const;
};

// A path is a case folder, a tree of them, an archive (.tar, .tar.gz, .tar.xz) of them, or a family's check file
// (plain or .xz). In a tree, files that are none of these are passed over; a path given by name that holds nothing to
// check is a failed result. `on_result` is called as results come, never by two threads at once.
VerifyReport verify(const std::vector<std::filesystem::path>& paths, const VerifyOptions& options,
                    const std::function<void(const CaseResult&, const VerifyProgress&)>& on_result = {});

}  // namespace vnpu
