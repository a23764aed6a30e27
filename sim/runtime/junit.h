// JUnit XML, as build servers read it.
#pragma once

#include <string>
#include <vector>

namespace vnpu {

struct JunitCase {
  std::string suite, name;
  enum class State { passed, failed, skipped } state = State::passed;
  std::string message;  // why failed or skipped
  double seconds = 0;
};

// Suites in the order in which they first occur. Characters that XML does not allow become "?".
std::string junit_xml(const std::vector<JunitCase>& cases);

}  // namespace vnpu
