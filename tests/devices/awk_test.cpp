// awk within its bounds: what hostile or merely long programs meet.
#include "tests/devices/board_fixture.h"

namespace vnpu::devices {
namespace {

using AwkTest = BoardTest;

TEST_F(AwkTest, NextLeavesBeginAndEnd) {
  EXPECT_EQ(out_of("awk 'BEGIN { print 1; next; print 2 } { print } END { print 3; nextfile; print 4 }'", "a\n"),
            "1\na\n3\n");
  EXPECT_EQ(out_of("awk 'function f() { next } BEGIN { f() } END { print \"end\" }' /dev/null"), "end\n");
}

TEST_F(AwkTest, WhatIsNoLongerHeldIsGivenBack) {
  // Far more bytes than may be held at once, in arrays, frames and fields that come and go.
  EXPECT_EQ(out_of("awk 'BEGIN { s = \"a b c d e f g h\"; s = s \" \" s; s = s \" \" s; s = s \" \" s;"
                   " for (i = 0; i < 20000; i++) n = split(s, parts); print n }'"),
            "64\n");
  EXPECT_EQ(out_of("awk 'function f(s, local) { local[1] = s; return length(local[1]) }"
                   " BEGIN { s = sprintf(\"%9999s\", \"x\"); for (i = 0; i < 8000; i++) n = f(s); print n }'"),
            "9999\n");
  EXPECT_EQ(out_of("awk '{ s = sprintf(\"%9999s\", \"x\"); for (i = 0; i < 8000; i++) $2 = s; print length($0) }'",
                   "a b c\n"),
            "10003\n");
  EXPECT_EQ(out_of("awk 'BEGIN { a[sprintf(\"%999999s\", \"x\")]; while (i++ < 100) f(); print \"done\" }"
                   " function f(k) { for (k in a) return 1 }'"),
            "done\n");
}

TEST_F(AwkTest, RefusesWhatGrowsWithoutEnd) {
  const std::string large = "s = \"0123456789abcdef\"; while (length(s) < 8000000) s = s s; ";
  for (const std::string& program : {
           "BEGIN { " + large + "while (1) $(++i) = s }",
           "BEGIN { " + large + "while (1) a[++i] = s }",
           "BEGIN { " + large + "OFS = s; $9999 = 1; print }",
           "BEGIN { " + large + "OFS = s; print 1, 2, 3, 4 }",
           "BEGIN { " + large + "SUBSEP = s; a[1, 2, 3, 4] }",
           "BEGIN { " + large + "printf \"%s\", s, s, s, s, s, s, s, s }",
           "BEGIN { " + large + "f(s) } function f(t) { f(t) }",
           "BEGIN { " + large + "b = c = d = e = g = h = k = s }",
       }) {
    SCOPED_TRACE(program);
    const Ran ran = run("awk '" + program + "'");
    EXPECT_EQ(ran.status, 1);
    EXPECT_TRUE(ran.out.empty());
    EXPECT_NE(ran.err.find("out of memory"), std::string::npos) << ran.err;
  }
}

TEST_F(AwkTest, RefusesDeepRecursion) {
  std::string body = "f()";
  for (int i = 0; i < 40; ++i) body = "{" + body + "}";
  const Ran ran = run("awk 'function f() " + body + " BEGIN { f() }'");
  EXPECT_EQ(ran.status, 1);
  EXPECT_NE(ran.err.find("recursion too deep"), std::string::npos) << ran.err;
  EXPECT_EQ(out_of("awk 'function f(n) { return n ? 1 + f(n - 1) : 0 } BEGIN { print f(500) }'"), "500\n");
}

TEST_F(AwkTest, NumbersThatAreNone) {
  EXPECT_EQ(run("awk 'BEGIN { print $(log(-1)) }'").status, 1);
  EXPECT_EQ(out_of("awk 'BEGIN { printf \"%c\", 65; print gensub(/a/, \"b\", log(-1), \"aa\") }'"), "Aba\n");
  EXPECT_EQ(run("awk 'BEGIN { exit 2 ^ 40 + 3 }'").status, 255);
}

}  // namespace
}  // namespace vnpu::devices
