#include "host/ssh/sftp_server.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "host/ssh/sftp_listing.h"
#include "tests/host/sftp_client.h"

namespace vnpu::ssh {
namespace {

using sftp::Status;
using sftp::Type;
using test::Client;
using test::Reply;

constexpr std::int64_t now = 1'700'000'000'000'000'000;  // 2023-11-14

class SftpServerTest : public ::testing::Test {
 protected:
  static SftpUser user(std::uint32_t uid) {
    SftpUser user;
    user.credentials.uid = user.credentials.gid = uid;
    user.home = "/root";
    user.user_name = [](std::uint32_t id) { return id == 0 ? std::optional<std::string>("root") : std::nullopt; };
    user.group_name = user.user_name;
    user.home_of = [](const std::string& name) {
      return name == "root" ? std::optional<std::string>("/root") : std::nullopt;
    };
    user.now_ns = [] { return now; };
    return user;
  }
  SftpServerTest() {
    EXPECT_EQ(files.make_directory({}, "/root", 0700), devices::Errno::ok);
    EXPECT_EQ(files.make_directory({}, "/tmp", 01777), devices::Errno::ok);
    EXPECT_EQ(client.init().type, Type::version);
  }
  static void expect(const Reply& reply, Status status) {
    ASSERT_EQ(reply.type, Type::status);
    EXPECT_EQ(static_cast<Status>(reply.code()), status);
  }

  devices::Vfs files{devices::MountOptions{}, [] { return now; }};
  std::vector<std::string> logged;
  SftpServer server{files, user(0), [this](const std::string& text) { logged.push_back(text); }};
  Client client{server};
};

TEST_F(SftpServerTest, WritesReadsAndTruncatesAsScpDoes) {
  EXPECT_EQ(client.put("old.bin", "0123456789"), 0u);
  // scp opens without TRUNC and cuts the file by FSETSTAT.
  const Reply opened = client.open("old.bin", sftp::open_write | sftp::open_create);
  ASSERT_EQ(opened.type, Type::handle);
  expect(client.write(opened.text(), 0, "abc"), Status::ok);
  sftp::Attributes size;
  size.size = 3;
  expect(client.set(Type::fsetstat, opened.text(), size), Status::ok);
  expect(client.path(Type::close, opened.text()), Status::ok);
  expect(client.path(Type::close, opened.text()), Status::failure);
  const Reply again = client.open("/root/old.bin", sftp::open_read);
  const Reply data = client.read(again.text(), 0, 100);
  ASSERT_EQ(data.type, Type::data);
  EXPECT_EQ(data.text(), "abc");
  EXPECT_EQ(client.read(again.text(), 1, 1).text(), "b");
  expect(client.read(again.text(), 3, 100), Status::eof);
  EXPECT_EQ(*files.read_file({}, "/root/old.bin"), "abc");
  EXPECT_FALSE(logged.empty());
}

TEST_F(SftpServerTest, ReadsAreCutToWhatFitsAPacket) {
  EXPECT_EQ(client.put("/tmp/big", std::string(200'000, 'a')), 0u);
  const Reply opened = client.open("/tmp/big", sftp::open_read | sftp::open_write);
  expect(client.write(opened.text(), 200'000, std::string(200'000, 'b')), Status::ok);
  const Reply data = client.read(opened.text(), 0, 0xffffffff);
  EXPECT_EQ(data.text().size(), sftp::max_transfer);
  expect(client.read(opened.text(), std::uint64_t{1} << 63, 1), Status::failure);
  expect(client.write(opened.text(), ~std::uint64_t{0}, "x"), Status::failure);
}

TEST_F(SftpServerTest, AppendsAndKeepsExclusiveCreation) {
  EXPECT_EQ(client.put("log", "one"), 0u);
  expect(client.open("log", sftp::open_write | sftp::open_create | sftp::open_exclusive), Status::failure);
  const Reply opened = client.open("log", sftp::open_write | sftp::open_append);
  expect(client.write(opened.text(), 0, "two"), Status::ok);
  EXPECT_EQ(*files.read_file({}, "/root/log"), "onetwo");
}

TEST_F(SftpServerTest, DirectoriesAreListedWithLongNames) {
  sftp::Attributes mode;
  mode.permissions = 0777;
  expect(client.set(Type::mkdir, "models", mode), Status::ok);
  EXPECT_EQ(client.put("models/a", "12"), 0u);
  const Reply opened = client.path(Type::opendir, "models");
  ASSERT_EQ(opened.type, Type::handle);
  const Reply list = client.path(Type::readdir, opened.text());
  ASSERT_EQ(list.type, Type::name);
  sftp::Reader in(list.body);
  ASSERT_EQ(in.u32("count"), 3u);
  std::vector<std::string> names, lines;
  for (int i = 0; i < 3; ++i) {
    names.push_back(in.text("name"));
    lines.push_back(in.text("long name"));
    in.attributes();
  }
  EXPECT_EQ(names, (std::vector<std::string>{".", "..", "a"}));
  EXPECT_EQ(lines[0].substr(0, 10), "drwxr-xr-x");
  EXPECT_EQ(lines[2], "-rw-r--r--   1 root     root            2 Nov 14 22:13 a");
  expect(client.path(Type::readdir, opened.text()), Status::eof);
  expect(client.path(Type::rmdir, "models"), Status::failure);
  expect(client.path(Type::remove, "models/a"), Status::ok);
  expect(client.path(Type::rmdir, "models"), Status::ok);
  expect(client.path(Type::opendir, "models"), Status::no_such_file);
}

TEST_F(SftpServerTest, SetStatSetsTimesAndBits) {
  EXPECT_EQ(client.put("f", "x"), 0u);
  sftp::Attributes change;
  change.permissions = 0100751;
  change.times = sftp::Times{100, 200};
  expect(client.set(Type::setstat, "f", change), Status::ok);
  const auto attributes = client.path(Type::stat, "f").attributes();
  EXPECT_EQ(attributes.permissions.value(), 0100751u);
  EXPECT_EQ(attributes.times->access, 100u);
  EXPECT_EQ(attributes.times->modification, 200u);
  EXPECT_EQ(attributes.owner->user, 0u);
  EXPECT_EQ(attributes.size.value(), 1u);
}

TEST_F(SftpServerTest, RenameRefusesAndPosixRenameReplaces) {
  EXPECT_EQ(client.put("a", "A"), 0u);
  EXPECT_EQ(client.put("b", "B"), 0u);
  expect(client.paths(Type::rename, "a", "b"), Status::failure);
  expect(client.paths(Type::rename, "a", "c"), Status::ok);
  expect(client.extended("posix-rename@openssh.com", [](sftp::Writer& w) { w.text("c").text("b"); }), Status::ok);
  EXPECT_EQ(*files.read_file({}, "/root/b"), "A");
  expect(client.path(Type::lstat, "c"), Status::no_such_file);
}

TEST_F(SftpServerTest, LinksInOpenSshsOrder) {
  EXPECT_EQ(client.put("target", "T"), 0u);
  expect(client.paths(Type::symlink, "target", "link"), Status::ok);
  EXPECT_EQ(client.path(Type::readlink, "link").first_name(), "target");
  EXPECT_EQ(client.path(Type::lstat, "link").attributes().permissions.value() & 0170000, 0120000u);
  EXPECT_EQ(client.path(Type::stat, "link").attributes().permissions.value() & 0170000, 0100000u);
  expect(client.extended("hardlink@openssh.com", [](sftp::Writer& w) { w.text("target").text("hard"); }), Status::ok);
  EXPECT_EQ(*files.read_file({}, "/root/hard"), "T");
}

TEST_F(SftpServerTest, RealPathStartsAtHomeAndStaysInTheTree) {
  EXPECT_EQ(client.path(Type::realpath, ".").first_name(), "/root");
  EXPECT_EQ(client.path(Type::realpath, "../../../../../etc").first_name(), "/etc");
  EXPECT_EQ(client.path(Type::realpath, "new").first_name(), "/root/new");
  expect(client.path(Type::realpath, "no/such/place"), Status::no_such_file);
  EXPECT_EQ(client.extended("expand-path@openssh.com", [](sftp::Writer& w) { w.text("~/x"); }).first_name(), "/root/x");
}

TEST_F(SftpServerTest, PermissionsHoldForOrdinaryUsers) {
  SftpServer other(files, user(1000), {});
  Client guest(other);
  guest.init();
  EXPECT_EQ(guest.put("/root/x", "no"), static_cast<std::uint32_t>(Status::permission_denied));
  EXPECT_EQ(guest.put("/tmp/x", "yes"), 0u);
  EXPECT_EQ(client.path(Type::stat, "/tmp/x").attributes().owner->user, 1000u);
}

TEST_F(SftpServerTest, KnownExtensionsAnswerAndOthersAreRefused) {
  const Reply limits = client.extended("limits@openssh.com", [](sftp::Writer&) {});
  ASSERT_EQ(limits.type, Type::extended_reply);
  EXPECT_EQ(sftp::Reader(limits.body).u64("packet"), sftp::max_packet);
  EXPECT_EQ(client.extended("statvfs@openssh.com", [](sftp::Writer& w) { w.text("/"); }).body.size(), 88u);
  const Reply names = client.extended("users-groups-by-id@openssh.com", [](sftp::Writer& w) {
    w.blob(sftp::Bytes{0, 0, 0, 0, 0, 0, 0, 7}).blob(sftp::Bytes{0, 0, 0, 0});
  });
  sftp::Reader lists(names.body);
  sftp::Reader users(lists.blob("users"));
  EXPECT_EQ(users.text("name"), "root");
  EXPECT_EQ(users.text("name"), "");
  expect(client.extended("copy-data", [](sftp::Writer&) {}), Status::op_unsupported);
  expect(client.extended("hardlink@openssh.com", [](sftp::Writer& w) { w.u8(1); }), Status::bad_message);
}

TEST_F(SftpServerTest, BrokenRequestsGetAnAnswerAndAnOrderIsKept) {
  const sftp::Bytes cut{static_cast<std::uint8_t>(Type::open), 0, 0, 0, 9, 0, 0, 0, 50, 'x'};
  const Reply reply = client.raw(cut);
  EXPECT_EQ(reply.id, 9u);
  expect(reply, Status::bad_message);
  const sftp::Bytes unknown{77, 0, 0, 0, 1};
  expect(client.raw(unknown), Status::op_unsupported);
  EXPECT_THROW(client.init(), Error);
  SftpServer fresh(files, user(0), {});
  Client impatient(fresh);
  EXPECT_THROW(impatient.path(Type::stat, "/"), Error);
}

TEST_F(SftpServerTest, HandlesAreLimited) {
  EXPECT_EQ(client.put("f", "x"), 0u);
  std::vector<std::string> handles;
  for (;;) {
    const Reply opened = client.open("f", sftp::open_read);
    if (opened.type != Type::handle) {
      expect(opened, Status::failure);
      break;
    }
    handles.push_back(opened.text());
    ASSERT_LE(handles.size(), SftpServer::max_handles);
  }
  EXPECT_EQ(handles.size(), SftpServer::max_handles);
  expect(client.path(Type::close, handles.front()), Status::ok);
  EXPECT_EQ(client.open("f", sftp::open_read).type, Type::handle);
}

TEST(SftpListing, OldFilesShowTheYear) {
  devices::Stat stat;
  stat.type = devices::FileType::directory;
  stat.permissions = 07755;
  stat.links = 2;
  stat.size = 4096;
  stat.modified_ns = 86'400'000'000'000;
  EXPECT_EQ(list_line("d", stat, "root", "wheel", now), "drwsr-sr-t   2 root     wheel        4096 Jan  2  1970 d");
}

}  // namespace
}  // namespace vnpu::ssh
