#include <algorithm>

#include "devices/vfs/impl.h"

namespace vnpu::devices {

std::uint32_t Stat::mode() const {
  switch (type) {
    case FileType::regular: return 0100000 | permissions;
    case FileType::directory: return 0040000 | permissions;
    case FileType::symlink: return 0120000 | permissions;
    case FileType::character_device: return 0020000 | permissions;
    case FileType::block_device: return 0060000 | permissions;
    case FileType::fifo: return 0010000 | permissions;
    case FileType::socket: return 0140000 | permissions;
  }
  return permissions;
}

Stat Node::stat() const {
  Stat out;
  out.type = type;
  out.permissions = permissions;
  out.uid = uid;
  out.gid = gid;
  out.inode = inode;
  out.links = links;
  out.filesystem = fs->number;
  out.accessed_ns = accessed_ns;
  out.modified_ns = modified_ns;
  out.changed_ns = changed_ns;
  if (content) {
    out.size = content->size();
    out.blocks = (out.size + 4095) / 4096 * 8;
  } else if (object) {
    out.size = object->size();
    out.device = object->device();
  } else if (type == FileType::symlink) {
    out.size = target.size();
  } else if (type == FileType::directory) {
    out.size = fs->options.type == "proc" || fs->options.type == "sysfs" ? 0 : 4096;
    out.blocks = out.size / 512;
  }
  return out;
}

bool permitted(const Credentials& who, const Node& node, unsigned rwx) {
  if (who.uid == 0) return !(rwx & 1) || node.is_directory() || (node.permissions & 0111);
  unsigned granted = node.permissions & 7;
  if (who.uid == node.uid) {
    granted = (node.permissions >> 6) & 7;
  } else if (who.gid == node.gid || std::ranges::find(who.groups, node.gid) != who.groups.end()) {
    granted = (node.permissions >> 3) & 7;
  }
  return (granted & rwx) == rwx;
}

Result<Vfs::Impl::Walk> Vfs::Impl::walk(const Credentials& who, std::string_view path, bool follow_last) const {
  if (path.size() >= path_limit) return Errno::nametoolong;
  if (path.find('\0') != std::string_view::npos) return Errno::inval;
  if (path.empty() || path[0] != '/') return Errno::noent;

  std::vector<std::string> left;  // names still to walk, the next one last
  std::size_t bytes_left = 0;
  const auto push = [&](std::string_view text) {
    std::vector<std::string> names;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('/', at), text.size());
      if (end > at) names.emplace_back(text.substr(at, end - at));
      at = end + 1;
    }
    bytes_left += text.size();
    left.insert(left.end(), names.rbegin(), names.rend());
  };
  push(path);

  Walk out;
  out.trailing_slash = path.back() == '/';
  out.node = root;
  int links = 0;
  while (!left.empty()) {
    const std::string name = std::move(left.back());
    left.pop_back();
    const bool last = left.empty();
    if (!out.node) return Errno::noent;
    if (!out.node->is_directory()) return Errno::notdir;
    if (!permitted(who, *out.node, 1)) return Errno::acces;
    if (name == ".") {
      out.parent = nullptr;
      continue;
    }
    if (name == "..") {
      if (Node* up = out.node->parent) {
        // A directory's shared_ptr is in its parent's map, or it is a root.
        if (up->parent == nullptr) {
          out.node = up->fs->root;
        } else {
          Node* grand = up->parent;
          const auto it = grand->children.find(up->name);
          out.node = it == grand->children.end() ? nullptr : (it->second->mounted ? it->second->mounted : it->second);
          if (!out.node) return Errno::noent;
        }
      }
      out.parent = nullptr;
      continue;
    }
    if (name.size() > name_limit) return Errno::nametoolong;
    const auto it = out.node->children.find(name);
    out.parent = out.node;
    out.name = name;
    if (it == out.node->children.end()) {
      out.node = nullptr;
      if (!last) return Errno::noent;
      break;
    }
    std::shared_ptr<Node> child = it->second->mounted ? it->second->mounted : it->second;
    if (child->type == FileType::symlink && (!last || follow_last || out.trailing_slash)) {
      if (++links > symlink_limit) return Errno::loop;
      if (child->target.size() + bytes_left > 16 * path_limit) return Errno::nametoolong;
      if (last && child->target.ends_with('/')) out.trailing_slash = true;
      if (child->target.starts_with('/')) {
        out.node = root;
        out.parent = nullptr;
      }
      push(child->target);
      continue;
    }
    out.node = child;
  }
  if (out.trailing_slash && out.node && !out.node->is_directory()) return Errno::notdir;
  return out;
}

Result<std::shared_ptr<Node>> Vfs::Impl::find(const Credentials& who, std::string_view path, bool follow_last) const {
  auto found = walk(who, path, follow_last);
  if (!found) return found.error();
  if (!found->node) return Errno::noent;
  return std::move(found->node);
}

std::string Vfs::Impl::path_of(const Node& node) const {
  std::string out;
  for (const Node* at = &node; at->parent; at = at->parent) out = "/" + at->name + out;
  return out.empty() ? "/" : out;
}

HostStore::Path Vfs::Impl::host_path(const Node& node) {
  HostStore::Path out;
  for (const Node* at = &node; at != node.fs->root.get() && at->parent; at = at->parent) out.push_back(at->name);
  return {out.rbegin(), out.rend()};
}

HostStore::Path Vfs::Impl::host_path(const Node& parent, const std::string& name) {
  auto out = host_path(parent);
  out.push_back(name);
  return out;
}

std::string join(std::string_view cwd, std::string_view path) {
  if (path.starts_with('/') || path.empty()) return std::string(path);
  std::string out(cwd);
  if (!out.ends_with('/')) out += '/';
  out += path;
  return out;
}

std::string_view base_name(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  if (path == "/") return path;
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string directory_name(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  path = path.substr(0, slash);
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path.empty() ? "/" : std::string(path);
}

}  // namespace vnpu::devices
