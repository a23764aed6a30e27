#include "sim/runtime/junit.h"

#include <cstdio>
#include <map>

#include "base/markup.h"

namespace vnpu {
namespace {

std::string escaped(const std::string& text) {
  return markup(text, [](char c, std::string& out) {
    if (c == '\n') {
      out += "&#10;";
    } else {  // bytes above 127 may be part of broken UTF-8
      out += static_cast<unsigned char>(c) < 32 || static_cast<unsigned char>(c) > 126 ? '?' : c;
    }
  });
}

struct Suite {
  std::string name;
  std::vector<const JunitCase*> cases;
};

struct Counts {
  std::size_t all = 0, failed = 0, skipped = 0;
  double seconds = 0;
};

Counts count(const std::vector<const JunitCase*>& cases) {
  Counts out;
  for (const auto* each : cases) {
    ++out.all;
    out.failed += each->state == JunitCase::State::failed;
    out.skipped += each->state == JunitCase::State::skipped;
    out.seconds += each->seconds;
  }
  return out;
}

std::string seconds(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6f", value);
  return text;
}

std::string attributes(const Counts& counts) {
  return " tests=\"" + std::to_string(counts.all) + "\" failures=\"" + std::to_string(counts.failed) + "\" skipped=\"" +
         std::to_string(counts.skipped) + "\" time=\"" + seconds(counts.seconds) + "\"";
}

}  // namespace

std::string junit_xml(const std::vector<JunitCase>& cases) {
  std::vector<Suite> suites;
  std::map<std::string, std::size_t> index;
  std::vector<const JunitCase*> all;
  for (const auto& each : cases) {
    const auto [at, added] = index.emplace(each.suite, suites.size());
    if (added) suites.push_back({each.suite, {}});
    suites[at->second].cases.push_back(&each);
    all.push_back(&each);
  }
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites" + attributes(count(all)) + ">\n";
  for (const auto& suite : suites) {
    out += "  <testsuite name=\"" + escaped(suite.name) + "\"" + attributes(count(suite.cases)) + ">\n";
    for (const auto* each : suite.cases) {
      out += "    <testcase classname=\"" + escaped(each->suite) + "\" name=\"" + escaped(each->name) + "\" time=\"" +
             seconds(each->seconds) + "\"";
      if (each->state == JunitCase::State::passed) {
        out += "/>\n";
        continue;
      }
      out += each->state == JunitCase::State::failed ? ">\n      <failure" : ">\n      <skipped";
      out += " message=\"" + escaped(each->message) + "\"/>\n    </testcase>\n";
    }
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

}  // namespace vnpu
