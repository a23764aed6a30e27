// The boards' file system: names, links, permissions, limits, and that a kept tree never leaves its directory.
#include "devices/vfs/vfs.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "base/error.h"

namespace vnpu::devices {
namespace {

namespace fs = std::filesystem;

const Credentials root;
const Credentials user{1000, 1000, {}};

MountOptions memory(std::uint64_t bytes = 1 << 20, std::uint64_t files = 1000) {
  MountOptions out;
  out.bytes = bytes;
  out.files = files;
  return out;
}

class Directory {
 public:
  Directory() : path(fs::temp_directory_path() / ("vnpu_vfs_" + std::to_string(std::random_device{}()))) {
    fs::create_directories(path);
  }
  ~Directory() { fs::remove_all(path); }
  const fs::path path;
};

class VfsTest : public ::testing::TestWithParam<bool> {
 protected:
  VfsTest() {
    auto options = memory();
    if (GetParam()) options.directory = directory.path / "board";
    files = std::make_unique<Vfs>(options, [this] { return now; });
  }
  std::int64_t now = 1000000000;
  Directory directory;
  std::unique_ptr<Vfs> files;
};

INSTANTIATE_TEST_SUITE_P(Backing, VfsTest, ::testing::Values(false, true),
                         [](const auto& info) { return info.param ? "directory" : "memory"; });

TEST_P(VfsTest, ReadsWhatWasWritten) {
  ASSERT_EQ(files->write_file(root, "/a", "hello"), Errno::ok);
  EXPECT_EQ(*files->read_file(root, "/a"), "hello");
  const auto file = files->open(root, "/a", open_flag::read | open_flag::write);
  ASSERT_TRUE(file);
  const std::uint8_t bytes[] = {'X', 'Y'};
  ASSERT_EQ(*(*file)->write_at(7, bytes), 2u);
  EXPECT_EQ(*files->read_file(root, "/a"), std::string("hello\0\0XY", 9));
  ASSERT_EQ((*file)->truncate(3), Errno::ok);
  ASSERT_EQ((*file)->truncate(5), Errno::ok);
  EXPECT_EQ(*files->read_file(root, "/a"), std::string("hel\0\0", 5));
  EXPECT_EQ(*(*file)->append(bytes), 7u);
}

TEST_P(VfsTest, UnlinkedFileLivesWhileOpen) {
  ASSERT_EQ(files->write_file(root, "/a", "kept"), Errno::ok);
  const auto file = files->open(root, "/a", open_flag::read);
  ASSERT_EQ(files->unlink(root, "/a"), Errno::ok);
  EXPECT_EQ(files->stat(root, "/a").error(), Errno::noent);
  std::uint8_t bytes[8];
  EXPECT_EQ(*(*file)->read_at(0, bytes), 4u);
}

TEST_P(VfsTest, LinksAreFollowedUpToALimit) {
  ASSERT_EQ(files->make_directory(root, "/d"), Errno::ok);
  ASSERT_EQ(files->write_file(root, "/d/f", "x"), Errno::ok);
  ASSERT_EQ(files->symlink(root, "d", "/l"), Errno::ok);
  ASSERT_EQ(files->symlink(root, "../../../../d/f", "/d/up"), Errno::ok);
  ASSERT_EQ(files->symlink(root, "loop", "/loop"), Errno::ok);
  EXPECT_EQ(*files->read_file(root, "/l/f"), "x");
  EXPECT_EQ(*files->read_file(root, "/l/up"), "x");
  EXPECT_EQ(*files->real_path(root, "/l/../l/up"), "/d/f");
  EXPECT_EQ(files->read_file(root, "/loop").error(), Errno::loop);
  EXPECT_EQ(*files->read_link(root, "/loop"), "loop");
  EXPECT_EQ(files->lstat(root, "/l")->type, FileType::symlink);
  EXPECT_EQ(files->open(root, "/l", open_flag::read | open_flag::no_follow).error(), Errno::loop);
}

TEST_P(VfsTest, RenameAsPosix) {
  files->make_directories(root, "/a/b");
  files->write_file(root, "/f", "1");
  files->write_file(root, "/g", "2");
  EXPECT_EQ(files->rename(root, "/f", "/g"), Errno::ok);
  EXPECT_EQ(*files->read_file(root, "/g"), "1");
  EXPECT_EQ(files->rename(root, "/a", "/a/b/c"), Errno::inval);
  EXPECT_EQ(files->rename(root, "/g", "/a"), Errno::isdir);
  EXPECT_EQ(files->rename(root, "/a", "/g"), Errno::notdir);
  files->make_directory(root, "/e");
  EXPECT_EQ(files->rename(root, "/e", "/a"), Errno::notempty);
  EXPECT_EQ(files->rename(root, "/a", "/e"), Errno::ok);
  EXPECT_EQ(files->stat(root, "/e/b")->type, FileType::directory);
  EXPECT_EQ(files->rename(root, "/nope", "/x"), Errno::noent);
  EXPECT_EQ(files->stat(root, "/")->links, 3u);  // itself, /., /e
}

TEST_P(VfsTest, HardLinksShareTheirBytes) {
  files->write_file(root, "/a", "one");
  ASSERT_EQ(files->link(root, "/a", "/b"), Errno::ok);
  EXPECT_EQ(files->stat(root, "/a")->links, 2u);
  ASSERT_EQ(files->unlink(root, "/a"), Errno::ok);
  ASSERT_EQ(files->write_file(root, "/b", "two"), Errno::ok);
  EXPECT_EQ(*files->read_file(root, "/b"), "two");
  EXPECT_EQ(files->stat(root, "/b")->links, 1u);
}

TEST_P(VfsTest, PermissionsHold) {
  files->make_directory(root, "/private", 0700);
  files->write_file(root, "/private/f", "x");
  files->write_file(root, "/r", "x", 0600);
  files->make_directory(root, "/tmp");
  files->set_stat(root, "/tmp",
                  {.size = {}, .permissions = 01777, .uid = {}, .gid = {}, .accessed_ns = {}, .modified_ns = {}});
  files->write_file(root, "/tmp/of_root", "x");
  EXPECT_EQ(files->read_file(user, "/private/f").error(), Errno::acces);
  EXPECT_EQ(files->read_file(user, "/r").error(), Errno::acces);
  EXPECT_EQ(files->write_file(user, "/new", "x"), Errno::acces);
  EXPECT_EQ(files->write_file(user, "/tmp/mine", "x"), Errno::ok);
  EXPECT_EQ(files->unlink(user, "/tmp/of_root"), Errno::perm);  // sticky
  EXPECT_EQ(
      files->set_stat(user, "/r",
                      {.size = {}, .permissions = 0666, .uid = {}, .gid = {}, .accessed_ns = {}, .modified_ns = {}}),
      Errno::perm);
  EXPECT_EQ(files->stat(root, "/tmp/mine")->uid, 1000u);
}

TEST_P(VfsTest, QuotaIsHard) {
  const std::string large(900 * 1024, 'x');
  EXPECT_EQ(files->write_file(root, "/a", large), Errno::ok);
  EXPECT_EQ(files->write_file(root, "/b", large), Errno::nospc);
  EXPECT_EQ(files->set_stat(root, "/a",
                            {.size = std::uint64_t{1} << 33,
                             .permissions = {},
                             .uid = {},
                             .gid = {},
                             .accessed_ns = {},
                             .modified_ns = {}}),
            Errno::nospc);
  files->unlink(root, "/b");
  EXPECT_EQ(files->unlink(root, "/a"), Errno::ok);
  EXPECT_EQ(files->write_file(root, "/b", large), Errno::ok);
  const auto use = files->use(root, "/");
  EXPECT_EQ(use->total - use->free, 900u * 1024);
  Errno error = Errno::ok;
  for (int i = 0; i < 2000 && error == Errno::ok; ++i) error = files->make_directory(root, "/n" + std::to_string(i));
  EXPECT_EQ(error, Errno::nospc);
}

TEST_P(VfsTest, NamesAreBounded) {
  EXPECT_EQ(files->write_file(root, "/" + std::string(256, 'n'), ""), Errno::nametoolong);
  EXPECT_EQ(files->write_file(root, "/" + std::string(255, 'n'), ""), Errno::ok);
  EXPECT_EQ(files->stat(root, std::string(5000, '/')).error(), Errno::nametoolong);
  std::string deep;
  Errno error = Errno::ok;
  for (int i = 0; i < 1000 && error == Errno::ok; ++i) error = files->make_directory(root, deep += "/d");
  EXPECT_EQ(error, Errno::nametoolong);
}

TEST_P(VfsTest, ManyThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      const std::string name = "/t" + std::to_string(t);
      for (int i = 0; i < 200; ++i) {
        files->write_file(root, name, std::string(static_cast<std::size_t>(i), 'x'));
        files->rename(root, name, name + "r");
        (void)files->read_directory(root, "/");
        files->unlink(root, name + "r");
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(files->read_directory(root, "/")->size(), 0u);
  EXPECT_EQ(files->use(root, "/")->free, files->use(root, "/")->total);
}

TEST(VfsDirectory, ComesBack) {
  Directory directory;
  auto options = memory();
  options.directory = directory.path;
  const auto clock = [] { return std::int64_t{5}; };
  {
    Vfs files(options, clock);
    EXPECT_FALSE(files.restored());
    files.make_directories(root, "/home/u");
    files.write_file(root, "/home/u/a b\nc%", "bytes", 0640);
    files.set_stat(
        root, "/home/u/a b\nc%",
        {.size = {}, .permissions = 04755, .uid = 7, .gid = 8, .accessed_ns = {}, .modified_ns = 123456789000000000});
    files.symlink(root, "/etc/passwd", "/home/u/link");
    files.rename(root, "/home/u", "/home/v");
    files.write_file(root, "/gone", "x");
    files.unlink(root, "/gone");
  }
  Vfs files(options, clock);
  EXPECT_TRUE(files.restored());
  const auto status = files.stat(root, "/home/v/a b\nc%");
  ASSERT_TRUE(status);
  EXPECT_EQ(status->permissions, 04755u);
  EXPECT_EQ(status->uid, 7u);
  EXPECT_EQ(status->gid, 8u);
  EXPECT_EQ(status->modified_ns, 123456789000000000);
  EXPECT_EQ(*files.read_file(root, "/home/v/a b\nc%"), "bytes");
  EXPECT_EQ(*files.read_link(root, "/home/v/link"), "/etc/passwd");
  EXPECT_EQ(files.stat(root, "/gone").error(), Errno::noent);
  // No link of the board is one of the host.
  for (const auto& entry : fs::recursive_directory_iterator(directory.path))
    EXPECT_FALSE(entry.is_symlink()) << entry.path();
}

TEST(VfsDirectory, OneBoardADirectory) {
  Directory directory;
  auto options = memory();
  options.directory = directory.path;
  Vfs files(options, [] { return std::int64_t{0}; });
  EXPECT_THROW(Vfs(options, [] { return std::int64_t{0}; }), Error);
}

// Whatever the paths say, and whatever links the host itself plants, no byte outside changes or is read.
TEST(VfsDirectory, NeverLeavesIt) {
  Directory directory;
  const fs::path outside = directory.path / "outside", board = directory.path / "board";
  fs::create_directories(outside);
  std::ofstream(outside / "secret") << "secret";
  auto options = memory();
  options.directory = board;
  Vfs files(options, [] { return std::int64_t{0}; });
  files.make_directory(root, "/d");
  files.write_file(root, "/f", "mine");
  // The host swaps a directory and a file for links behind the board's back.
  fs::remove(board / "files" / "d");
  fs::create_directory_symlink(outside, board / "files" / "d");
  fs::remove(board / "files" / "f");
  fs::create_symlink(outside / "secret", board / "files" / "f");
  EXPECT_NE(files.write_file(root, "/d/planted", "x"), Errno::ok);
  EXPECT_FALSE(files.read_file(root, "/f"));
  EXPECT_NE(files.write_file(root, "/f", "x"), Errno::ok);

  std::mt19937 random(1);
  const std::vector<std::string> parts{"..",    ".",        "d", "f", "outside",        "secret",     "board",
                                       "files", "metadata", "",  "a", outside.string(), "/etc/passwd"};
  const auto path = [&] {
    std::string out = "/";
    for (int i = 0; i < 6; ++i) out += parts[random() % parts.size()] + "/";
    if (random() % 2) out.pop_back();
    return out;
  };
  for (int i = 0; i < 3000; ++i) {
    const std::string a = path(), b = path();
    switch (random() % 8) {
      case 0: files.write_file(root, a, "evil"); break;
      case 1: files.make_directory(root, a); break;
      case 2: files.symlink(root, a, b); break;
      case 3: files.rename(root, a, b); break;
      case 4: files.link(root, a, b); break;
      case 5: files.unlink(root, a); break;
      case 6: {
        const auto text = files.read_file(root, a, 1 << 20);
        EXPECT_TRUE(!text || text->find("secret") == std::string::npos);
        break;
      }
      default:
        files.set_stat(root, a,
                       {.size = 1, .permissions = 0777, .uid = {}, .gid = {}, .accessed_ns = {}, .modified_ns = 1});
        break;
    }
  }
  std::ifstream secret(outside / "secret");
  std::string text;
  std::getline(secret, text);
  EXPECT_EQ(text, "secret");
  EXPECT_EQ(std::distance(fs::directory_iterator(outside), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace vnpu::devices
