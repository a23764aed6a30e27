// The smaller parts of the SSH side.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "host/ssh/authorized_keys.h"
#include "host/ssh/byte_queue.h"
#include "host/ssh/host_key.h"
#include "host/ssh/session_log.h"
#include "host/ssh/ssh_config.h"

namespace vnpu::ssh {
namespace {

using devices::Errno;

TEST(AuthorizedKeys, PlainLinesAndHarmlessOptions) {
  EXPECT_EQ(parse_authorized_key("ssh-ed25519 AAAA me@host with words")->key, "AAAA");
  EXPECT_EQ(parse_authorized_key("  ssh-rsa\tBBBB\r\n")->type, "ssh-rsa");
  EXPECT_EQ(parse_authorized_key("no-pty,no-port-forwarding ssh-rsa CC"), std::nullopt);
  EXPECT_EQ(parse_authorized_key("no-port-forwarding,No-X11-Forwarding ssh-rsa CC==")->key, "CC==");
}

TEST(AuthorizedKeys, RestrictedAndOtherLinesDoNotLogIn) {
  for (const char* line :
       {"", "# ssh-rsa AAAA", "ssh-rsa", "AAAA", "ssh-rsa !!", "ssh-dss AAAA", "command=\"echo hi\" ssh-rsa AAAA",
        "from=\"10.0.0.1\" ssh-rsa AAAA", "command=\"x ssh-rsa AAAA\"", "restrict ssh-rsa AAAA",
        "no-port-forwarding,command=\"a \\\" b\" ssh-rsa AAAA"})
    EXPECT_FALSE(parse_authorized_key(line)) << line;
}

TEST(ByteQueue, WritersWaitForRoomAndReadersForBytes) {
  const auto queue = std::make_shared<ByteQueue>(1000, Ring());
  auto writer = ByteQueue::writer(queue);
  std::string sent;
  for (int i = 0; i < 100'000; ++i) sent += static_cast<char>(i * 31);
  std::thread board([&] {
    EXPECT_EQ(writer->write({reinterpret_cast<const std::uint8_t*>(sent.data()), sent.size()}, {}), Errno::ok);
    writer.reset();
  });
  std::string got;
  while (got.size() < sent.size()) {
    std::uint8_t piece[333];
    const std::size_t count = queue->take(piece);
    EXPECT_LE(queue->size(), 1000u);
    got.append(piece, piece + count);
    if (!count) std::this_thread::yield();
  }
  board.join();
  EXPECT_TRUE(got == sent);
}

TEST(ByteQueue, OffersAreTakenAsFarAsTheyFit) {
  int rung = 0;
  const auto queue = std::make_shared<ByteQueue>(10, [&] { ++rung; });
  auto reader = ByteQueue::reader(queue);
  const std::vector<std::uint8_t> bytes(25, 7);
  EXPECT_EQ(queue->offer(bytes), 10u);
  EXPECT_EQ(queue->offer(bytes), 0u);
  std::uint8_t piece[6];
  EXPECT_EQ(*reader->read(piece, {}), 6u);
  EXPECT_EQ(rung, 1) << "there is room again";
  EXPECT_EQ(queue->offer(bytes), 6u);
  queue->end();
  std::vector<std::uint8_t> rest(100);
  EXPECT_EQ(*reader->read(rest, {}), 10u);
  EXPECT_EQ(*reader->read(rest, {}), 0u) << "the end";
  reader.reset();
  EXPECT_EQ(queue->offer(bytes), 25u) << "nobody reads: swallowed";
}

TEST(ByteQueue, WaitsEndOnStopAndOnAbandonment) {
  const auto queue = std::make_shared<ByteQueue>(4, Ring());
  const auto reader = ByteQueue::reader(queue);
  const auto writer = ByteQueue::writer(queue);
  std::stop_source stop;
  std::thread stopper([&] { stop.request_stop(); });
  std::uint8_t byte;
  EXPECT_EQ(reader->read({&byte, 1}, stop.get_token()).error(), Errno::intr);
  stopper.join();
  std::thread leaver([&] { queue->abandon(); });
  const std::vector<std::uint8_t> bytes(100, 1);
  EXPECT_EQ(writer->write(bytes, {}), Errno::pipe);
  leaver.join();
}

TEST(ByteQueue, OverflowLetsWritersThrough) {
  const auto queue = std::make_shared<ByteQueue>(4, Ring());
  const auto writer = ByteQueue::writer(queue);
  const std::vector<std::uint8_t> bytes(100, 1);
  {
    const ByteQueue::Overflow overflow(*queue);
    EXPECT_EQ(writer->write(bytes, {}), Errno::ok);
  }
  EXPECT_EQ(queue->size(), 100u);
}

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "vnpu-test-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw Error(ErrorKind::fault, "mkdtemp");
    path = pattern;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

TEST(HostKey, IsMadeOnceAndKeptPrivate) {
  const Folder folder;
  const auto first = HostKey::load_or_make(folder.path).public_text();
  EXPECT_EQ(first.substr(0, 12), "ssh-ed25519 ");
  struct stat stat {};
  ASSERT_EQ(::stat((folder.path / "ssh_host_ed25519_key").c_str(), &stat), 0);
  EXPECT_EQ(stat.st_mode & 0777, 0600u);
  EXPECT_EQ(HostKey::load_or_make(folder.path).public_text(), first);
  const auto other = HostKey::load_or_make(std::nullopt);
  EXPECT_NE(other.public_text(), first);
  EXPECT_EQ(other.fingerprint().substr(0, 7), "SHA256:");
  std::ofstream(folder.path / "ssh_host_ed25519_key") << "no key";
  EXPECT_THROW(HostKey::load_or_make(folder.path), Error);
}

TEST(SshConfig, NamesTheBoardAndItsKey) {
  Reachable at;
  at.board = "milkv-duo";
  at.tutorial_address = "192.168.42.1";
  at.hostname = "milkv-duo";
  at.address = "127.0.0.1";
  at.port = 2222;
  at.public_key = "ssh-ed25519 AAAA";
  const std::string config = ssh_config_text(at, "/x y/100%/known_hosts");
  EXPECT_NE(config.find("Host milkv-duo 192.168.42.1 milkv-duo.local\n"), std::string::npos);
  EXPECT_NE(config.find("  Port 2222\n"), std::string::npos);
  EXPECT_NE(config.find("UserKnownHostsFile \"/x y/100%%/known_hosts\"\n"), std::string::npos);
  EXPECT_EQ(known_hosts_text(at), "milkv-duo,192.168.42.1,milkv-duo.local,[127.0.0.1]:2222 ssh-ed25519 AAAA\n");
  at.port = 22;
  EXPECT_EQ(known_hosts_text(at), "milkv-duo,192.168.42.1,milkv-duo.local,127.0.0.1 ssh-ed25519 AAAA\n");
}

TEST(SessionLog, LinesCannotBeForged) {
  EXPECT_EQ(printable("exec a\nfake \x1b[31m line"), "exec a\\x0afake \\x1b[31m line");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
  const Folder folder;
  {
    SessionLog log(folder.path / "log", false);
    log.write("one\ntwo");
  }
  std::ifstream in(folder.path / "log");
  std::string line;
  ASSERT_TRUE(std::getline(in, line));
  EXPECT_EQ(line.substr(line.find(' ')), " one\\x0atwo");
  EXPECT_FALSE(std::getline(in, line));
  EXPECT_THROW(SessionLog(folder.path / "no" / "log", false), Error);
}

}  // namespace
}  // namespace vnpu::ssh
