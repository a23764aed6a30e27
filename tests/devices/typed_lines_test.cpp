// Lines typed and pasted at a terminal's prompt.
#include <condition_variable>
#include <mutex>

#include "devices/terminal.h"
#include "tests/devices/board_fixture.h"

namespace vnpu::devices {
namespace {

class Screen : public Stream {
 public:
  Errno write(std::span<const std::uint8_t> bytes, const std::stop_token&) override {
    std::scoped_lock lock(mutex_);
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    changed_.notify_all();
    return Errno::ok;
  }
  // What came before `text`; all there is when it does not come.
  std::string until(const std::string& text) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(60), [&] { return text_.find(text) != text_.npos; });
    const auto at = text_.find(text);
    const std::string before = text_.substr(0, at);
    text_.erase(0, at == text_.npos ? at : at + text.size());
    return before;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
};

class TypedLines : public BoardTest {
 protected:
  void SetUp() override {
    SessionRequest request;
    request.terminal = terminal;
    session = board->start(std::move(request));
    screen->until(prompt);
  }
  void type(const std::string& keys) {
    terminal->keys({reinterpret_cast<const std::uint8_t*>(keys.data()), keys.size()});
  }

  const std::string prompt = "[root@milkv-duo]~# ";
  std::shared_ptr<Screen> screen = std::make_shared<Screen>();
  std::shared_ptr<Terminal> terminal = Terminal::make(screen);
  std::shared_ptr<Session> session;
};

TEST_F(TypedLines, BackslashContinuesALine) {
  type("echo one \\\r");
  EXPECT_EQ(screen->until("> "), "echo one \\\r\n");
  type("two\\\r");
  EXPECT_EQ(screen->until("> "), "two\\\r\n");
  type("three\r");
  EXPECT_EQ(screen->until(prompt), "three\r\none twothree\r\n");
  type("echo four # no more \\\r");  // of a comment it is part
  EXPECT_EQ(screen->until(prompt), "echo four # no more \\\r\nfour\r\n");
  type("echo 'five\\\r");
  screen->until("> ");
  type("six'\r");
  EXPECT_EQ(screen->until(prompt), "six'\r\nfive\\\r\nsix\r\n");
}

TEST_F(TypedLines, PastedTextReachesTheProgramAsLines) {
  type(
      "cat > f\rone\rtwo\r\x04"
      "wc -l f; exit 7\r");
  EXPECT_EQ(session->wait(), 7);
  EXPECT_EQ(*board->files().read_file({}, "/root/f"), "one\ntwo\n");
}

TEST_F(TypedLines, EchoComesBeforeTheAnswer) {
  for (int i = 0; i < 200; ++i) {
    type("echo ready; read x && echo got $x\r");
    screen->until("\nready\r\n");
    type("line\r");
    ASSERT_EQ(screen->until(prompt), "line\r\ngot line\r\n") << i;
  }
}

}  // namespace
}  // namespace vnpu::devices
