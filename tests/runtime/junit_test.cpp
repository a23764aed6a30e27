#include "sim/runtime/junit.h"

#include <gtest/gtest.h>

namespace vnpu {
namespace {

TEST(Junit, CountsSuitesAndEscapes) {
  const auto xml = junit_xml({{"conv", "a", JunitCase::State::passed, "", 0.5},
                              {"pool", "b", JunitCase::State::failed, "1 < 2 & \"x\"\n\x01", 0.25},
                              {"conv", "c", JunitCase::State::skipped, "open", 0}});
  EXPECT_EQ(xml,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites tests=\"3\" failures=\"1\" skipped=\"1\" time=\"0.750000\">\n"
            "  <testsuite name=\"conv\" tests=\"2\" failures=\"0\" skipped=\"1\" time=\"0.500000\">\n"
            "    <testcase classname=\"conv\" name=\"a\" time=\"0.500000\"/>\n"
            "    <testcase classname=\"conv\" name=\"c\" time=\"0.000000\">\n"
            "      <skipped message=\"open\"/>\n"
            "    </testcase>\n"
            "  </testsuite>\n"
            "  <testsuite name=\"pool\" tests=\"1\" failures=\"1\" skipped=\"0\" time=\"0.250000\">\n"
            "    <testcase classname=\"pool\" name=\"b\" time=\"0.250000\">\n"
            "      <failure message=\"1 &lt; 2 &amp; &quot;x&quot;&#10;?\"/>\n"
            "    </testcase>\n"
            "  </testsuite>\n"
            "</testsuites>\n");
}

TEST(Junit, Nothing) {
  EXPECT_EQ(junit_xml({}),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites tests=\"0\" failures=\"0\" skipped=\"0\" time=\"0.000000\">\n</testsuites>\n");
}

}  // namespace
}  // namespace vnpu
