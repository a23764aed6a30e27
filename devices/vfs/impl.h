// The inside of Vfs: lock, mounts, walking.
#pragma once

#include <algorithm>
#include <list>
#include <shared_mutex>

#include "devices/vfs/node.h"

namespace vnpu::devices {

inline constexpr int directory_depth_limit = 200;

class Vfs::Impl {
 public:
  Impl(const MountOptions& root, std::function<std::int64_t()> now_ns);

  // Where a path led. `node` is null when only the last name is missing; `parent` is null for "/" and the like.
  struct Walk {
    std::shared_ptr<Node> parent, node;
    std::string name;
    bool trailing_slash = false;
  };
  Result<Walk> walk(const Credentials& who, std::string_view path, bool follow_last) const;
  // walk, and the node must exist.
  Result<std::shared_ptr<Node>> find(const Credentials& who, std::string_view path, bool follow_last = true) const;

  FileSystem& make_file_system(const MountOptions& options, const std::string& mount_point);
  std::shared_ptr<Node> make_node(FileSystem& fs, FileType type, std::uint32_t permissions, std::uint32_t uid,
                                  std::uint32_t gid);
  // Creates and enters a child; the host's side first. The parent is writable and the name free.
  Result<std::shared_ptr<Node>> create(const Credentials& who, const Walk& at, FileType type, std::uint32_t permissions,
                                       const std::string& target = {});
  void enter(Node& parent, const std::string& name, const std::shared_ptr<Node>& node);
  void leave(Node& parent, const std::string& name);  // the node's name goes; its links are counted down
  Errno change(const Credentials& who, Node& node, const SetStat& change);
  Errno may_create(const Credentials& who, const Walk& at) const;
  Errno may_remove(const Credentials& who, const Node& parent, const Node& node) const;

  // The content made ready for reading and writing; release() for each success.
  Errno acquire(Node& node);
  void release(Node& node);

  static HostStore::Path host_path(const Node& node);
  static HostStore::Path host_path(const Node& parent, const std::string& name);
  void record(const Node& node);
  std::string path_of(const Node& node) const;
  void restore(FileSystem& fs);

  mutable std::shared_mutex mutex;
  std::mutex handles;  // attaching of host files
  std::list<FileSystem> systems;
  std::shared_ptr<Node> root;
  std::function<std::int64_t()> now_ns;

 private:
  void restore_directory(FileSystem& fs, Node& directory, const HostStore::Path& path, int depth,
                         std::map<std::uint64_t, std::shared_ptr<Node>>& linked);
};

Result<std::shared_ptr<File>> open_stored(Vfs::Impl& impl, std::shared_ptr<Node> node, unsigned flags, Credentials who);

}  // namespace vnpu::devices
