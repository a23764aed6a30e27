// The sandbox alone: what a guest can do to its host, and what it cannot.
#include "devices/guest/micropython.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace vnpu::devices {
namespace {

class Recorder : public GuestHost {
 public:
  void output(std::string_view text) override {
    printed += text;
    if (!stop_at.empty() && printed.find(stop_at) != std::string::npos) throw GuestEnd{};
  }
  std::size_t input(std::span<std::uint8_t> into) override {
    std::size_t n = 0;
    while (n < into.size() && !typed.empty()) {
      into[n++] = static_cast<std::uint8_t>(typed.front());
      typed.erase(0, 1);
    }
    return n;
  }
  std::uint64_t now_ns() override { return now; }
  void sleep_ns(std::uint64_t ns) override { now += ns; }
  std::string call(GuestMemory&, std::string_view name, std::string_view payload) override {
    if (name == "offer") guest->offer_interrupt(static_cast<std::uint32_t>(std::stoul(std::string(payload))));
    if (name == "interrupt") guest->interrupt();
    if (name == "text") return text;
    if (name == "looping") looping = true;
    return "";
  }
  MicroPython* guest = nullptr;
  std::string printed, typed, text, stop_at;
  std::uint64_t now = 0;
  std::atomic<bool> looping{false};
};

class Guest : public testing::Test {
 protected:
  void SetUp() override {
    if (!MicroPython::installed()) GTEST_SKIP() << "the MicroPython guest is not installed (tools/guest/install.sh)";
    guest = std::make_unique<MicroPython>();
    host.guest = guest.get();
  }
  std::string run(const std::string& program, std::uint32_t heap = 512 << 10) {
    host.printed.clear();
    end = guest->run(host, program, heap);
    return host.printed;
  }
  std::unique_ptr<MicroPython> guest;
  Recorder host;
  MicroPython::End end;
};

TEST_F(Guest, RunsPythonAndKeepsNothingBetweenRuns) {
  EXPECT_EQ(run("x = 2 ** 100\nprint(x)"), "1267650600228229401496703205376\n");
  EXPECT_NE(run("print(x)").find("NameError"), std::string::npos);
  EXPECT_FALSE(end.crashed);
}

TEST_F(Guest, HasNoHostFile) {
  for (const char* open : {"open('/etc/passwd')", "open('hello.txt', 'w')", "__import__('os').listdir('/')",
                           "__import__('os').mkdir('/tmp/guest')", "__import__('os').remove('/etc/hostname')",
                           "__import__('vfs').VfsPosix('/').listdir()"}) {
    EXPECT_NE(run(open).find("Error"), std::string::npos) << open << "\n" << host.printed;
    EXPECT_FALSE(end.crashed) << open;
  }
}

TEST_F(Guest, HasNoSocketAndNoEnvironment) {
  EXPECT_NE(run("import socket").find("ImportError"), std::string::npos);
  EXPECT_EQ(run("import os\nprint(os.getenv('PATH'))"), "None\n");
}

TEST_F(Guest, CollectorKeepsWhatIsInUse) {
  // A collection at every allocation finds any pointer that the collector cannot see.
  EXPECT_EQ(run(R"(
import gc
gc.threshold(1)
class A:
  def __init__(s, *a, **k):
    gc.collect(); s.a = a; s.k = k
def f():
  l = [str(i) + 'x' for i in range(50)]
  d = {str(k): [k] * 5 for k in range(40)}
  assert l == [str(i) + 'x' for i in range(50)] and d['3'] == [3] * 5
  o = A(1, 'q' + str(3), z=[1, 2])
  assert o.a == (1, 'q3') and o.k == {'z': [1, 2]}
  try:
    gc.collect(); int('x')
  except ValueError as e:
    print(e)
  print(','.join(str(i * 1.5) for i in range(4)), sorted(l)[:2], '%s %r' % ('a' * 9, {'k': (1, 2)}))
f()
)"),
            "invalid syntax for integer with base 10: 'x'\n0.0,1.5,3.0,4.5 ['0x', '10x'] aaaaaaaaa {'k': (1, 2)}\n");
}

TEST_F(Guest, LargeAllocationAndDeepRecursionAreErrorsOfTheGuest) {
  EXPECT_EQ(run(R"(
def f(n): return f(n + 1)
try: f(0)
except RuntimeError as e: print(e)
try: bytearray(1 << 30)
except MemoryError as e: print(e)
l = []
try:
  while True: l.append(bytes(10000))
except MemoryError: print(len(l) < 60)
l = None
print('on'))"),
            "maximum recursion depth exceeded\nmemory allocation failed, allocating 1073741824 bytes\nTrue\non\n");
}

TEST_F(Guest, InterruptReachesAnEndlessLoop) {
  std::thread other([&] {
    while (!host.looping) std::this_thread::yield();
    guest->interrupt();
  });
  const std::string text = run(R"(
import host
k = KeyboardInterrupt()
host.call('offer', str(id(k)))
x = 5
try:
  host.call('looping', '')
  while True: pass
except KeyboardInterrupt: print('stopped', x)
for i in range(100): pass
host.call('interrupt', '')
)");
  other.join();
  EXPECT_EQ(text.substr(0, 10), "stopped 5\n");
  EXPECT_NE(text.find("KeyboardInterrupt"), std::string::npos) << text;
}

TEST_F(Guest, StopEndsAnything) {
  for (const char* program : {"import host\nhost.call('looping', '')\nwhile True: pass",
                              "import host,time\nhost.call('looping', '')\nwhile True: time.sleep(1)"}) {
    host.looping = false;
    std::thread other([&] {
      while (!host.looping) std::this_thread::yield();
      guest->stop();
    });
    run(program);
    other.join();
    EXPECT_FALSE(end.crashed) << end.why;
  }
}

TEST_F(Guest, LongAnswersComeInPieces) {
  for (int i = 0; i < 2000; ++i) host.text += i % 7 ? "a" : "\xc3\xa4";
  EXPECT_EQ(run(R"(
import host
s = host.call('text', '')
t = s[1:]
while s[0] == '\x01':
  s = host.call('more', '')
  t += s[1:]
print(len(t), t[:3]))"),
            "2000 \xc3\xa4"
            "aa\n");
}

TEST_F(Guest, TimeIsTheBoards) {
  host.now = 5'000'000'000;
  EXPECT_EQ(run("import time\na=time.ticks_ms()\ntime.sleep(2)\nprint(time.ticks_ms()-a)"), "2000\n");
  EXPECT_EQ(host.now, 7'000'000'000u);
  run("for i in range(1000): pass");
  const auto once = guest->operations();
  run("for i in range(1000): pass");
  EXPECT_EQ(guest->operations(), once);  // the same program takes the same time
}

TEST_F(Guest, WildPointersStayInside) {
  run("import uctypes\nprint(uctypes.bytes_at(0x7ffffff0, 16))");
  EXPECT_TRUE(end.crashed);
  EXPECT_EQ(run("print('on')"), "on\n");
}

}  // namespace
}  // namespace vnpu::devices
