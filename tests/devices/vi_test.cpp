// vi and the pagers on a terminal.
#include "tests/devices/board_fixture.h"
#include "tests/devices/screen.h"

namespace vnpu::devices {
namespace {

class ViTest : public BoardTest {
 protected:
  // The file after these keys; every one of them ends in command mode, and :wq follows.
  std::string edited(const std::string& text, const std::string& keys) {
    board->files().write_file(Credentials{}, "/root/f", text);
    AtTerminal user(*board);
    user.type("vi f\r");
    user.screen->shows("- f 1/");
    user.type(keys + ":wq\r");
    user.run("echo $((6*7))", "42");
    user.leave();
    const auto out = board->files().read_file(Credentials{}, "/root/f");
    return out ? *out : "(gone)";
  }
};

TEST_F(ViTest, Edits) {
  struct Case {
    const char *text, *keys, *wanted;
  };
  const Case cases[] = {
      {"", "ihello\033", "hello\n"},
      {"one two\n", "xwdw", "ne \n"},
      {"one\ntwo\nthree\n", "jddp", "one\nthree\ntwo\n"},
      {"one\ntwo\nthree\n", "yyjp2GP", "one\none\ntwo\none\nthree\n"},
      {"abc\n", "A!\033I>\033", ">abc!\n"},
      {"a\nb\n", "onew\033ktop", "a\nnew\nb\n"},
      {"a b c\n", "wcwBEE\033", "a BEE c\n"},
      {"a b c\n", "x..", " c\n"},
      {"one two three\n", "wdw.", "one \n"},
      {"a\nb\nc\nd\n", "2dd", "c\nd\n"},
      {"abc\n", "xxuu", "abc\n"},
      {"abcdef\n", "3lD", "abc\n"},
      {"foo(bar, baz)\n", "f(ldt)", "foo()\n"},
      {"foo(bar, baz)\n", "f(d%", "foo\n"},
      {"a x a\nx a\n", ":%s/a/Q/g\r", "Q x Q\nx Q\n"},
      {"a1\nb2\nc3\n", ":2,$s/\\([a-z]\\)\\([0-9]\\)/\\2\\1/\r", "a1\n2b\n3c\n"},
      {"one\ntwo\nfind me\n", "/find\rcwgot\033", "one\ntwo\ngot me\n"},
      {"a\nb\nc\n", "Jx", "ab\nc\n"},
      {"abc\n", "rZ2lr-", "Zb-\n"},
      {"abc def\n", "~w~", "Abc Def\n"},
      {"a\nb\nc\n", "ma2jd'a", "\n"},
      {"x\n", "5p3ay\033", "xy\n"},
      {"a\n", ">>", "\ta\n"},
      {"\ta\n", "<<", "a\n"},
      {"one two\n", "wi\b\b\b\033", "otwo\n"},
      {"a\nb\n", ":2\rdd:1\riX\033", "Xa\n"},
      {"abc\n", "RXY\033", "XYc\n"},
      {"\xc3\xa9t\xc3\xa9\n", "lx$x", "\xc3\xa9\n"},
      {"a b\n", "\"ayw$\"ap", "a ba \n"},
      {"k\n", "ia\rb\033", "a\nbk\n"},
      {"p q r s\n", "2dwu", "p q r s\n"},
      {"one\ntwo\n", "ccnew\033", "new\ntwo\n"},
      {"(a\n(b)\n)\n", "%x", "(a\n(b)\n\n"},
      {"a\nb\nc\n", ":2d\r:1\rp", "a\nb\nc\n"},
      {"a.b.c\n", "f.;x,x",
       "ab"
       "c\n"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(std::string(one.text) + " / " + one.keys);
    EXPECT_EQ(edited(one.text, one.keys), one.wanted);
  }
}

TEST_F(ViTest, DrawsAndFollowsTheSize) {
  std::string text;
  for (int i = 1; i <= 60; ++i) text += "line " + std::to_string(i) + "\n";
  board->files().write_file(Credentials{}, "/root/long", text);
  AtTerminal user(*board, {40, 12});
  user.type("vi long\r");
  user.screen->until(
      [](const Screen& s) { return s.row(0) == "line 1" && s.row(10) == "line 11" && s.row(11) == "- long 1/60 1%"; });
  user.type("\006");  // ^F
  user.screen->until([](const Screen& s) { return s.row(0) == "line 10" && s.line() == 0; });
  user.type("G");
  user.screen->until([](const Screen& s) { return s.row(s.line()) == "line 60" && s.row(11) == "- long 60/60 100%"; });
  user.resize({30, 8});
  user.screen->until([](const Screen& s) { return s.row(s.line()) == "line 60" && s.row(7) == "- long 60/60 100%"; });
  user.type("1GO\033[B");
  user.screen->until([](const Screen& s) { return s.row(7).starts_with("I long [Modified]"); });
  user.type("\033:q\r");
  user.screen->shows("No write since last");
  user.type(":set nu\r");
  user.screen->until([](const Screen& s) { return s.row(1) == "      2 line 1"; });
  user.type(":q!\r");
  user.run("echo $((6*7))", "42");
  EXPECT_EQ(user.leave("exit 3\r"), 3);
}

TEST_F(ViTest, LongLines) {
  const std::string zeros(30000, '0');
  EXPECT_EQ(edited(zeros.substr(0, 8000) + "\n", ":s/0/12/g\r").size(), 16001u);
  EXPECT_EQ(edited(zeros + "\n", ":s/0/12/g\r"), zeros + "\n");  // too much work: left as it is
}

TEST_F(ViTest, InterruptAndShell) {
  AtTerminal user(*board);
  user.type("vi n\r");
  user.screen->shows("- n 1/1 100%");
  user.type("iabc");
  user.screen->shows("I n [Modified]");
  user.type("\003");
  user.screen->shows("- n [Modified]");
  user.type(":!echo in $((2+3))\r");
  user.screen->shows("in 5");
  user.type("\r:w\r");
  user.screen->shows("'n' 1L, 4C");
  user.type(":q\r");
  user.run("cat n; echo $?", "abc\n0");
  EXPECT_EQ(user.leave(), 0);
}

TEST_F(ViTest, LessPages) {
  std::string text;
  for (int i = 1; i <= 60; ++i) text += "line " + std::to_string(i) + "\n";
  board->files().write_file(Credentials{}, "/root/long", text);
  AtTerminal user(*board, {40, 10});
  user.type("less long\r");
  user.screen->until([](const Screen& s) { return s.row(0) == "line 1" && s.row(9) == "long"; });
  user.type(" ");
  user.screen->until([](const Screen& s) { return s.row(0) == "line 10" && s.row(9) == ":"; });
  user.type("b\033[B");
  user.screen->until([](const Screen& s) { return s.row(0) == "line 2"; });
  user.type("/ne 3\r");
  user.screen->until([](const Screen& s) { return s.row(0) == "line 3"; });
  user.type("n");
  user.screen->until([](const Screen& s) { return s.row(0) == "line 30"; });
  user.type("G");
  user.screen->until([](const Screen& s) { return s.row(8) == "line 60" && s.row(9) == "(END)"; });
  user.resize({40, 6});
  user.screen->until([](const Screen& s) { return s.row(5) == ":" || s.row(5) == "(END)"; });
  user.type("gq");
  user.run("seq 100 | less; echo $((7*8))", "5\n:");
  user.type("q");
  user.screen->shows("56");
  EXPECT_EQ(user.leave(), 0);
}

TEST_F(ViTest, MoreAsks) {
  AtTerminal user(*board, {40, 6});
  user.run("seq 12 > n; more n", "--More-- (");
  user.screen->until([](const Screen& s) { return s.row(4) == "5"; });
  user.type("\r");
  user.screen->until([](const Screen& s) { return s.row(4) == "6"; });
  user.type(" ");
  user.screen->until([](const Screen& s) { return s.row(4) == "11"; });
  user.type("q");
  user.run("echo $((7*8))", "56");
  EXPECT_EQ(user.leave(), 0);
}

}  // namespace
}  // namespace vnpu::devices
