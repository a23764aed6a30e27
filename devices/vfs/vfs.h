// A board's file system: one tree of mounts. Nothing a path can say reaches a host file outside the directory a mount
// was given; names, symbolic links and ".." are resolved here and nowhere else. All members are thread-safe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "devices/vfs/errno.h"

namespace vnpu::devices {

// The limits of Linux.
inline constexpr std::size_t name_limit = 255;   // bytes of one name
inline constexpr std::size_t path_limit = 4096;  // bytes of a path
inline constexpr int symlink_limit = 40;         // links followed in one walk

enum class FileType : std::uint8_t { regular, directory, symlink, character_device, block_device, fifo, socket };

// Who asks. uid 0 passes every permission check, but may execute only what has some x bit.
struct Credentials {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;  // supplementary
};

struct Stat {
  FileType type = FileType::regular;
  std::uint32_t permissions = 0;  // 07777
  std::uint32_t uid = 0, gid = 0;
  std::uint64_t inode = 0, links = 0, filesystem = 0;
  std::uint64_t size = 0;                                         // bytes
  std::uint64_t blocks = 0;                                       // of 512 bytes
  std::uint32_t device = 0;                                       // major << 8 | minor, of device nodes
  std::int64_t accessed_ns = 0, modified_ns = 0, changed_ns = 0;  // since 1970

  std::uint32_t mode() const;  // st_mode: type and permissions
};

// What a setstat changes; only the fields that are set.
struct SetStat {
  std::optional<std::uint64_t> size;
  std::optional<std::uint32_t> permissions, uid, gid;
  std::optional<std::int64_t> accessed_ns, modified_ns;
};

struct DirectoryEntry {
  std::string name;
  FileType type;
  std::uint64_t inode;
};

struct FileSystemUse {  // of the mount a path lies on; statvfs, df
  std::string device, mount_point, type;
  std::uint64_t block_size = 4096;
  std::uint64_t total = 0, free = 0;  // bytes
  std::uint64_t files = 0, free_files = 0;
};

namespace open_flag {
inline constexpr unsigned read = 1, write = 2, append = 4, create = 8, exclusive = 16, truncate = 32, no_follow = 64;
}

// The content of a node that is not stored: /proc, /sys and /dev. Called from any thread.
class NodeObject {
 public:
  virtual ~NodeObject() = default;
  virtual FileType type() const { return FileType::regular; }
  virtual std::uint32_t device() const { return 0; }
  virtual std::uint64_t size() { return 0; }
  // A fresh reader's view: regular objects make their text once per open, so that one reader sees one state.
  virtual std::shared_ptr<NodeObject> open() { return nullptr; }  // null: this object itself is read
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) = 0;  // 0 = end
  virtual Result<std::size_t> write_at(std::uint64_t, std::span<const std::uint8_t>) { return Errno::acces; }
};

// A text made at each open, as /proc/meminfo is; `written` (may be empty) gets what is written.
std::shared_ptr<NodeObject> text_node(std::function<std::string()> text,
                                      std::function<Errno(std::string_view)> written = {});

// An open file. Reading and writing check the mode of opening (Errno::badf). Closed by its last owner; a file that was
// unlinked lives until then.
class File {
 public:
  virtual ~File() = default;
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into) = 0;  // 0 = end of file
  virtual Result<std::size_t> write_at(std::uint64_t offset, std::span<const std::uint8_t> bytes) = 0;
  virtual Result<std::uint64_t> append(std::span<const std::uint8_t> bytes) = 0;  // new end; atomic
  virtual Errno truncate(std::uint64_t size) = 0;
  virtual Result<Stat> stat() = 0;
  virtual Errno set_stat(const SetStat& change) = 0;                // with the credentials of opening
  virtual unsigned flags() const = 0;                               // as given to open
  virtual std::shared_ptr<NodeObject> object() { return nullptr; }  // of a node that is not stored
};

struct MountOptions {
  std::string device = "none", type = "tmpfs";    // as df and mount show them
  std::uint64_t bytes = std::uint64_t{64} << 20;  // capacity: file bytes in blocks of 4 KiB
  std::uint64_t files = 65536;                    // nodes
  bool read_only = false;
  // Where the tree is kept between runs; none: in memory only. The directory is created if missing and holds
  // "files/" (the tree, plain names and bytes) and "metadata" (owners, permissions, symbolic links). What the host puts
  // into "files/" is seen at the next start; a link or a special file there is passed over.
  std::optional<std::filesystem::path> directory;
  // The directory itself is the tree, without metadata: a memory card in the reader. Owners and links are not kept.
  bool plain = false;
};

// Paths given to Vfs are absolute ("/a/../b" is fine); see join(). Every call takes who asks.
class Vfs {
 public:
  // `now_ns`: the board's clock, for times of files. Throws Error when a directory given cannot be used.
  Vfs(const MountOptions& root, std::function<std::int64_t()> now_ns);
  ~Vfs();
  Vfs(const Vfs&) = delete;
  Vfs& operator=(const Vfs&) = delete;

  // True when the root's directory already held a tree: the board was started there before.
  bool restored() const;

  Errno mount(const std::string& path, const MountOptions& options);  // makes the directory if missing
  // Places an object at a path (parents made, 0755); replaces what is there.
  Errno add_object(const std::string& path, std::shared_ptr<NodeObject> object, std::uint32_t permissions);
  Errno remove_object(const std::string& path);  // a whole subtree, whatever its permissions: for /proc/PID

  Result<std::shared_ptr<File>> open(const Credentials& who, const std::string& path, unsigned flags,
                                     std::uint32_t permissions = 0666);
  Result<Stat> stat(const Credentials& who, const std::string& path);   // follows links
  Result<Stat> lstat(const Credentials& who, const std::string& path);  // does not follow the last
  Errno set_stat(const Credentials& who, const std::string& path, const SetStat& change, bool follow = true);
  Errno make_directory(const Credentials& who, const std::string& path, std::uint32_t permissions = 0777);
  Errno remove_directory(const Credentials& who, const std::string& path);
  Errno unlink(const Credentials& who, const std::string& path);
  Errno rename(const Credentials& who, const std::string& from, const std::string& to);  // replaces, as POSIX
  Errno link(const Credentials& who, const std::string& target, const std::string& path);
  Errno symlink(const Credentials& who, const std::string& target, const std::string& path);
  Result<std::string> read_link(const Credentials& who, const std::string& path);
  Result<std::vector<DirectoryEntry>> read_directory(const Credentials& who,
                                                     const std::string& path);  // no . ..; sorted
  // The path without links, "." and "..": realpath. `allow_missing_last`: the last name need not exist.
  Result<std::string> real_path(const Credentials& who, const std::string& path, bool allow_missing_last = false);
  Errno access(const Credentials& who, const std::string& path, unsigned rwx);  // 4 read, 2 write, 1 execute

  Result<FileSystemUse> use(const Credentials& who, const std::string& path);
  std::vector<FileSystemUse> mounts();

  // Conveniences on the calls above. read_file refuses (fbig) beyond `limit` bytes.
  Result<std::string> read_file(const Credentials& who, const std::string& path,
                                std::uint64_t limit = std::uint64_t{256} << 20);
  Errno write_file(const Credentials& who, const std::string& path, std::string_view bytes,
                   std::uint32_t permissions = 0644);
  Errno make_directories(const Credentials& who, const std::string& path, std::uint32_t permissions = 0755);

  class Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

// `path` if absolute, else cwd + "/" + path; no other change.
std::string join(std::string_view cwd, std::string_view path);
std::string_view base_name(std::string_view path);  // "a" of "/x/a/", "/" of "/"
std::string directory_name(std::string_view path);  // "/x" of "/x/a", "." of "a"

}  // namespace vnpu::devices
