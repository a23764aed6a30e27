// Patterns of the commands: what repetitions multiply is refused before the C library builds it.
#include "devices/commands/regular.h"

#include <gtest/gtest.h>

namespace vnpu::devices::commands {
namespace {

bool compiles(const std::string& pattern, bool extended = true) {
  return Regular::compile(pattern, extended, false).has_value();
}

std::string times(const std::string& text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

TEST(Regular, FindsGroups) {
  const auto regular = Regular::compile("([a-z]+)=([^]+({]*)", true, false);
  ASSERT_TRUE(regular);
  std::vector<Regular::Span> spans;
  ASSERT_TRUE(regular->search("1 key=value{", 0, spans));
  EXPECT_EQ(spans[0], Regular::Span(2, 11));
  EXPECT_EQ(spans[2], Regular::Span(6, 11));
  EXPECT_FALSE(regular->search("1 key=value{", 5, spans));
}

TEST(Regular, OrdinaryPatternsPass) {
  EXPECT_TRUE(compiles(times("[0-9]+ ", 40)));
  EXPECT_TRUE(compiles(times("(a+|b*)?", 40)));
  EXPECT_TRUE(compiles("^.{1,200}$"));
  EXPECT_TRUE(compiles("(([0-9]{1,3}\\.){3}[0-9]{1,3})+"));
  EXPECT_TRUE(compiles(times("\\(", 100) + times("\\)", 100) + times("\\+", 100)));
  EXPECT_TRUE(compiles(times("+", 100), false));
  EXPECT_TRUE(compiles(times("{", 100), false));
  EXPECT_TRUE(compiles("[[:alpha:]+{]" + times("[]+{]", 100)));
  EXPECT_TRUE(compiles(std::string(4000, 'a')));
}

TEST(Regular, WhatGrowsIsRefused) {
  EXPECT_FALSE(compiles("a" + times("+", 40)));
  EXPECT_FALSE(compiles("\\3161" + times("+", 54) + "\\001{1"));
  EXPECT_FALSE(compiles("a" + times("\\+", 40), false));
  EXPECT_FALSE(compiles(times("(", 30) + "a" + times("+)", 30)));
  EXPECT_FALSE(compiles(times("\\(", 30) + "a" + times("\\)\\{2\\}", 30), false));
  EXPECT_FALSE(compiles("(a{1,100}){1,100}"));
  EXPECT_FALSE(compiles("a{1,30000}"));
  EXPECT_FALSE(compiles("([^]](a\\)){90}){90}"));
  EXPECT_FALSE(compiles(std::string(4097, 'a')));
}

TEST(Regular, WrongOnesAreNone) {
  EXPECT_FALSE(compiles("("));
  EXPECT_FALSE(compiles("[a"));
  EXPECT_FALSE(compiles(std::string("a\0b", 3)));
}

// The dearest that pass: their closures grow with the square.
TEST(Regular, TheLargestAreBuilt) {
  for (const std::string pattern : {"(a?){1000}", "(a|b|c|){400}", ".{1,2000}", "(a*b*c*){500}"}) {
    const auto regular = Regular::compile(pattern, true, false);
    ASSERT_TRUE(regular) << pattern;
    std::vector<Regular::Span> spans;
    EXPECT_TRUE(regular->search("abcabc", 0, spans));
  }
}

}  // namespace
}  // namespace vnpu::devices::commands
