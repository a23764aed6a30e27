// The console of the Maix board: prompt, line editing, paste mode, raw mode, reset, interrupt.
#include <gtest/gtest.h>

#include "tests/devices/maix_fixture.h"

namespace vnpu::devices {
namespace {

TEST(WantsMore, AsMicroPythonDecides) {
  for (const char* text : {"if 1:", "def f():\n  return 1", "x = (1,", "'''a", "@deco", "a = \\", "[{",
                           "async def f():", "for i in range(3):\n  print(i)"})
    EXPECT_TRUE(maix::wants_more(text)) << text;
  for (const char* text :
       {"", "x = 1", "if 1:\n  pass\n", "print('(')", "iffy = 2", "(1)", "'''a'''", "x = 1 # (", ")"})
    EXPECT_FALSE(maix::wants_more(text)) << text;
}

TEST_F(MaixConsole, BootsToThePrompt) {
  power_on();
  const std::string text = prompt();
  EXPECT_EQ(text.substr(0, 60), "\r\n[MAIXPY] Pll0:freq:800000000\r\n[MAIXPY] Pll1:freq:400000000");
  EXPECT_NE(text.find("[MaixPy] init end\r\n\r\n __  __              _____  __   __  _____   __     __\r\n"),
            std::string::npos);
  EXPECT_NE(text.find("; Sipeed_M1 with kendryte-k210\r\nType \"help()\" for more information.\r\n>>> "),
            std::string::npos);
}

TEST_F(MaixConsole, KeepsStateBetweenLines) {
  power_on();
  prompt();
  type("x = 40\r");
  EXPECT_EQ(prompt(), "x = 40\r\n>>> ");
  type("x + 2\r");
  EXPECT_EQ(prompt(), "x + 2\r\n42\r\n>>> ");
  type("1/0\r");
  EXPECT_EQ(prompt(),
            "1/0\r\nTraceback (most recent call last):\r\n  File \"<stdin>\", line 1, in <module>\r\n"
            "ZeroDivisionError: divide by zero\r\n>>> ");
  type("def f(a):\rreturn a + x\r\r");  // indented by the prompt
  EXPECT_EQ(prompt(), "def f(a):\r\n...     return a + x\r\n...     \r\n>>> ");
  type("f(1)\r");
  EXPECT_EQ(prompt(), "f(1)\r\n41\r\n>>> ");
}

TEST_F(MaixConsole, EditsLines) {
  power_on();
  prompt();
  type("priXt(7)\x1b[D\x1b[D\x1b[D\x1b[D\x7fn\r");
  EXPECT_NE(prompt().find("\r\n7\r\n>>> "), std::string::npos);
  type("\x1b[A\r");  // the line before
  EXPECT_NE(prompt().find("print(7)\r\n7\r\n>>> "), std::string::npos);
  type("garbage\x03");
  EXPECT_EQ(prompt(), "garbage\r\n>>> ");
}

TEST_F(MaixConsole, InterruptEndsAnEndlessLoop) {
  power_on();
  prompt();
  type("x = 5\r");
  prompt();
  type("while True: pass\r\r");
  until("... ");
  until("\r\n");
  type("\x03");
  // The key may come before the loop has begun; then it cancels the line.
  std::string text = prompt();
  EXPECT_NE(text.find(">>> "), std::string::npos);
  type("x\r");
  EXPECT_NE(prompt().find("5\r\n"), std::string::npos);
  type("import time\r");
  prompt();
  type("time.sleep(100000)\r");
  until("\r\n");
  type("\x03");
  EXPECT_NE(prompt().find(">>> "), std::string::npos);
}

TEST_F(MaixConsole, InterruptIsAnException) {
  put("/sd/main.py",
      "try:\n  print('looping')\n  while True: pass\nexcept KeyboardInterrupt:\n  print('caught')\nn = 0\n"
      "print('again')\nwhile True: n += 1\n");
  power_on();
  until("looping\r\n");
  type("\x03");
  EXPECT_EQ(until("again\r\n"), "caught\r\nagain\r\n");
  type("\x03");
  const std::string text = prompt();
  EXPECT_EQ(text.substr(0, 77), "Traceback (most recent call last):\r\n  File \"/sd/main.py\", line 8, in <module>");
  EXPECT_NE(text.find("\r\nKeyboardInterrupt: \r\n"), std::string::npos) << text;
  type("n > 0\r");
  EXPECT_NE(prompt().find("True\r\n"), std::string::npos);
}

TEST_F(MaixConsole, SoftResetForgets) {
  put("/sd/boot.py", "print('boot ran')\n");
  put("/sd/main.py", "print('main ran')\n");
  power_on();
  EXPECT_NE(prompt().find("boot ran\r\nmain ran\r\n"), std::string::npos);
  type("x = 1\r");
  prompt();
  type("\x04");
  const std::string text = prompt();
  EXPECT_EQ(text.substr(0, 25), "\r\n[MaixPy]: soft reboot\r\n");
  EXPECT_NE(text.find("boot ran\r\nmain ran\r\n"), std::string::npos);
  EXPECT_EQ(text.find("Pll0"), std::string::npos);
  type("x\r");
  EXPECT_NE(prompt().find("NameError: name 'x' isn't defined"), std::string::npos);
}

TEST_F(MaixConsole, PasteMode) {
  power_on();
  prompt();
  type("\x05");
  EXPECT_EQ(until("=== "), "\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ");
  type("for i in range(2):\r    print(i)\rprint('done')\r\x04");
  EXPECT_EQ(prompt(), "for i in range(2):\r\n===     print(i)\r\n=== print('done')\r\n=== \r\n0\r\n1\r\ndone\r\n>>> ");
  type("\x05");
  until("=== ");
  type("x = 1\r\x03");
  EXPECT_EQ(prompt(), "x = 1\r\n=== \r\n>>> ");
}

TEST_F(MaixConsole, RawModePutsAndRunsFiles) {
  power_on();
  prompt();
  type("\r\x03\x03\x01");
  until("raw REPL; CTRL-B to exit\r\n>");
  // a tool that asks for the newer raw-paste mode gets the ordinary prompt
  type(
      "\x05"
      "A\x01");
  EXPECT_EQ(until("\r\n>"), "raw REPL; CTRL-B to exit\r\n>");
  EXPECT_EQ(raw("print(6 * 7)"), std::make_pair(std::string("42\r\n"), std::string()));
  EXPECT_EQ(raw("1/0").second,
            "Traceback (most recent call last):\r\n  File \"<stdin>\", line 1, in <module>\r\n"
            "ZeroDivisionError: divide by zero\r\n");
  EXPECT_EQ(raw("f = open('t.py', 'wb')\nw = f.write").second, "");
  EXPECT_EQ(raw("w(b'print(\"from the file\")\\n')\nf.close()").second, "");
  EXPECT_EQ(raw("exec(open('t.py').read())").first, "from the file\r\n");
  type("\x04");  // an empty job: reset, and back in the raw mode without main.py
  EXPECT_NE(until("raw REPL; CTRL-B to exit\r\n>").find("OK\r\n[MaixPy]: soft reboot\r\n"), std::string::npos);
  type("\x02");
  EXPECT_NE(prompt().find("Type \"help()\" for more information.\r\n>>> "), std::string::npos);
}

TEST_F(MaixConsole, SwitchedOffWhileBusy) {
  power_on();
  prompt();
  type("while True: pass\r\r");
  until("... ");
  session->hang_up();
  session->wait();
  EXPECT_TRUE(session->finished());
  session.reset();
  EXPECT_EQ(python("print('on')").out, "on\n");
}

TEST_F(MaixConsole, OneSessionAtATime) {
  power_on();
  prompt();
  EXPECT_ANY_THROW(python("print(1)"));
}

}  // namespace
}  // namespace vnpu::devices
