// The tree behind Vfs. Structure and owners are guarded by the Vfs's lock; times are atomic, bytes have their own lock.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "devices/vfs/content.h"
#include "devices/vfs/host_store.h"
#include "devices/vfs/vfs.h"

namespace vnpu::devices {

struct Node;

// One mount.
struct FileSystem {
  MountOptions options;
  std::string mount_point;
  std::uint64_t number = 0;
  std::shared_ptr<Quota> quota;
  std::unique_ptr<HostStore> store;  // null: in memory
  std::uint64_t next_inode = 2;
  std::shared_ptr<Node> root;
};

struct Node {
  FileType type = FileType::regular;
  std::uint32_t permissions = 0644, uid = 0, gid = 0, links = 1;
  std::uint64_t inode = 0;
  std::atomic<std::int64_t> accessed_ns{0}, modified_ns{0}, changed_ns{0};
  FileSystem* fs = nullptr;

  Node* parent = nullptr;  // of one of its names; null: the name is gone
  std::string name;        // that name
  std::map<std::string, std::shared_ptr<Node>, std::less<>> children;
  std::shared_ptr<Node> mounted;  // the root that covers this directory
  std::shared_ptr<Content> content;
  std::string target;  // of a symbolic link
  std::shared_ptr<NodeObject> object;

  bool is_directory() const { return type == FileType::directory; }
  Stat stat() const;
};

// 4 read, 2 write, 1 execute; any of several.
bool permitted(const Credentials& who, const Node& node, unsigned rwx);

}  // namespace vnpu::devices
