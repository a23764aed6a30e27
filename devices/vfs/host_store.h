// Where a mount's tree is kept on the host: DIRECTORY/files holds plain files and directories by their own names,
// DIRECTORY/metadata owners, permissions and symbolic links as a log of changes. Every host path is walked component by
// component from DIRECTORY's descriptor and no link of the host is followed, so nothing leads outside.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "devices/vfs/errno.h"

namespace vnpu::devices {

class HostStore {
 public:
  struct Meta {
    char type = 'f';  // f, d, l
    std::uint32_t permissions = 0, uid = 0, gid = 0;
    std::string target;
  };
  using Path = std::vector<std::string>;  // names below files/

  // Opens or makes it and takes its lock; throws Error when it is in use or cannot be used.
  // `plain`: the directory itself is the tree and there is no log.
  explicit HostStore(const std::filesystem::path& directory, bool plain = false);
  ~HostStore();
  HostStore(const HostStore&) = delete;
  HostStore& operator=(const HostStore&) = delete;

  bool restored() const { return restored_; }  // there was a tree already
  // What the log said of the paths ("a/b"), for the tree being read; compacted afterwards with compact().
  const std::map<std::string, Meta>& metadata() const { return metadata_; }
  void compact(const std::map<std::string, Meta>& all);

  struct Found {
    std::string name;
    bool directory;
    std::uint32_t permissions;
    std::uint64_t size, host_inode, host_links;
    std::int64_t modified_ns;
  };
  Result<std::vector<Found>> list(const Path& directory);

  Errno create_file(const Path& path);
  Result<int> open_file(const Path& path);  // read and write; the caller closes
  Errno make_directory(const Path& path);
  Errno remove(const Path& path, bool directory);
  Errno rename(const Path& from, const Path& to);
  Errno link(const Path& from, const Path& to);
  void set_modified(const Path& path, std::int64_t modified_ns);

  void record(const Path& path, const Meta& meta);
  void record_removed(const Path& path);
  void record_renamed(const Path& from, const Path& to);

 private:
  Result<int> open_parent(const Path& path);
  void append(const std::string& line);
  void read_log();

  std::filesystem::path directory_;
  int root_ = -1, files_ = -1, log_ = -1;
  bool restored_ = false;
  std::map<std::string, Meta> metadata_;
};

}  // namespace vnpu::devices
