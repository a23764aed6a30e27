// awk, diff and the pagers without a terminal print what BusyBox prints (tools/oracle/busybox/record.py).
#include <fstream>
#include <iterator>

#include "devices/awk/awk_command.h"
#include "tests/devices/board_fixture.h"

namespace vnpu::devices {
namespace {

std::string file(const std::string& name) {
  std::ifstream stream(std::string(VNPU_SOURCE_DIR) + "/tests/golden/boards/applets/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// The cases of an output: "--- NAME" and what follows.
std::vector<std::string> cases(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find("\n--- ", at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

class AppletsGolden : public BoardTest {
 protected:
  void compare(const std::string& name, std::size_t least) {
    board->files().write_file(Credentials{}, "/root/script.sh", file(name + ".sh"));
    const auto wanted = cases(file(name + ".out")), got = cases(run("sh /root/script.sh").out);
    ASSERT_GE(wanted.size(), least);
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(got[i], wanted[i]);
  }
};

TEST_F(AppletsGolden, Awk) { compare("awk", 100); }
TEST_F(AppletsGolden, Diff) { compare("diff", 40); }

TEST_F(AppletsGolden, AwkIsBounded) {
  EXPECT_EQ(run("awk 'function f(n) { return f(n + 1) } BEGIN { f(1) }'").err,
            "awk: cmd. line:1: recursion too deep\n");
  EXPECT_EQ(run("awk 'BEGIN { while (1) a[i++] = \"xxxxxxxxxxxxxxxxxxxxxxxx\" }'").err,
            "awk: cmd. line:1: out of memory\n");
  EXPECT_EQ(run("awk 'BEGIN { s = \"x\"; while (1) s = s s }'").err, "awk: cmd. line:1: out of memory\n");
  EXPECT_EQ(run("awk 'BEGIN { $1000000000 = 1 }'").err, "awk: cmd. line:1: out of memory\n");
  EXPECT_EQ(run("awk \"BEGIN { x = $(yes 1 | head -5000 | tr '\\n' '+')1 }\"").status, 1);
  EXPECT_EQ(run("timeout 0.2 awk 'BEGIN { while (1) x++ }'; echo $?").out, "143\n");
  EXPECT_EQ(run("yes | awk 'NR == 3 { print; exit }'").out, "y\n");
  EXPECT_EQ(run("awk 'BEGIN { for (;;) print \"y\" | \"head -2\" }'").out, "y\ny\n");
}

}  // namespace
}  // namespace vnpu::devices
