// What the boards' real shell printed for 29 scripts, and sent for 28 steps of keys on a terminal.
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <nlohmann/json.hpp>

#include "tests/devices/board_fixture.h"

namespace vnpu::devices {
namespace {

nlohmann::json golden(const std::string& name) {
  std::ifstream file(std::string(VNPU_SOURCE_DIR) + "/tests/golden/boards/" + name);
  return nlohmann::json::parse(file);
}

using AshGolden = BoardTest;

TEST_F(AshGolden, Scripts) {
  const auto cases = golden("busybox_ash.json");
  ASSERT_EQ(cases.size(), 29u);
  for (const auto& each : cases) {
    const std::string script = each["script"];
    SCOPED_TRACE(script);
    const Ran ran = run(script);
    EXPECT_EQ(ran.status, each["exit"].get<int>());
    EXPECT_EQ(ran.out, each["stdout"].get<std::string>());
    EXPECT_EQ(ran.err, each["stderr"].get<std::string>());
  }
}

// What the terminal sent; waits until it holds the expected bytes (or no more come within the limit).
class Screen : public Stream {
 public:
  Errno write(std::span<const std::uint8_t> bytes, const std::stop_token&) override {
    std::scoped_lock lock(mutex_);
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    changed_.notify_all();
    return Errno::ok;
  }
  std::string take(std::size_t expected) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [&] { return text_.size() >= expected; });
    return std::exchange(text_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
};

TEST_F(AshGolden, Terminal) {
  const Credentials root;
  auto& files = board->files();
  files.make_directories(root, "/root/here/gamma");
  for (const char* name : {"alpha.txt", "alphabet.txt", "beta.bin"})
    files.write_file(root, std::string("/root/here/") + name, "");
  files.write_file(root, "/etc/profile", "PS1='# '\ncd /root/here\nPATH=\n");
  const auto screen = std::make_shared<Screen>();
  SessionRequest request;
  request.terminal = Terminal::make(screen);
  const auto terminal = request.terminal;
  const auto session = board->start(std::move(request));
  const auto recorded = golden("busybox_tty.json");
  ASSERT_EQ(recorded["steps"].size(), 28u);
  for (const auto& step : recorded["steps"]) {
    const std::string send = step["send"], expected = step["recv"];
    SCOPED_TRACE("keys: " + nlohmann::json(send).dump());
    terminal->keys({reinterpret_cast<const std::uint8_t*>(send.data()), send.size()});
    EXPECT_EQ(nlohmann::json(screen->take(expected.size())).dump(), nlohmann::json(expected).dump());
  }
  const std::string leave = "exit 7\r";
  terminal->keys({reinterpret_cast<const std::uint8_t*>(leave.data()), leave.size()});
  EXPECT_EQ(session->wait(), 7);
}

}  // namespace
}  // namespace vnpu::devices
