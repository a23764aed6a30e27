// Nodes: making, entering, changing, and bringing them back from the host's directory.
#include "base/error.h"
#include "devices/vfs/impl.h"

namespace vnpu::devices {

Vfs::Impl::Impl(const MountOptions& options, std::function<std::int64_t()> clock) : now_ns(std::move(clock)) {
  FileSystem& fs = make_file_system(options, "/");
  root = fs.root;
}

FileSystem& Vfs::Impl::make_file_system(const MountOptions& options, const std::string& mount_point) {
  std::unique_ptr<HostStore> store;
  if (options.directory) store = std::make_unique<HostStore>(*options.directory, options.plain);
  FileSystem& fs = systems.emplace_back();
  fs.options = options;
  fs.mount_point = mount_point;
  fs.number = systems.size();
  fs.quota = std::make_shared<Quota>(options.bytes, options.files);
  fs.store = std::move(store);
  fs.root = make_node(fs, FileType::directory, 0755, 0, 0);
  fs.root->links = 2;
  if (fs.store) restore(fs);
  return fs;
}

std::shared_ptr<Node> Vfs::Impl::make_node(FileSystem& fs, FileType type, std::uint32_t permissions, std::uint32_t uid,
                                           std::uint32_t gid) {
  auto node = std::make_shared<Node>();
  node->type = type;
  node->permissions = permissions & 07777;
  node->uid = uid;
  node->gid = gid;
  node->fs = &fs;
  node->inode = fs.next_inode++;
  const std::int64_t now = now_ns();
  node->accessed_ns = node->modified_ns = node->changed_ns = now;
  if (type == FileType::regular) node->content = std::make_shared<MemoryContent>(fs.quota);
  return node;
}

void Vfs::Impl::enter(Node& parent, const std::string& name, const std::shared_ptr<Node>& node) {
  parent.children[name] = node;
  node->parent = &parent;
  node->name = name;
  if (node->is_directory()) ++parent.links;
  parent.modified_ns = parent.changed_ns = now_ns();
}

void Vfs::Impl::leave(Node& parent, const std::string& name) {
  const auto it = parent.children.find(name);
  if (it == parent.children.end()) return;
  const std::shared_ptr<Node> node = it->second;
  parent.children.erase(it);
  if (node->is_directory()) {
    --parent.links;
    node->links = 0;
  } else {
    --node->links;
  }
  if (node->links == 0) {
    node->fs->quota->remove_file();
    if (auto* host = dynamic_cast<HostContent*>(node->content.get())) host->forget();
  }
  if (node->parent == &parent && node->name == name) node->parent = nullptr;
  const std::int64_t now = now_ns();
  parent.modified_ns = parent.changed_ns = now;
  node->changed_ns = now;
}

Errno Vfs::Impl::may_create(const Credentials& who, const Walk& at) const {
  if (at.node) return Errno::exist;
  if (!at.parent) return Errno::exist;
  if (at.parent->links == 0) return Errno::noent;
  if (at.parent->fs->options.read_only) return Errno::rofs;
  if (!permitted(who, *at.parent, 3)) return Errno::acces;
  int depth = 0;
  for (const Node* up = at.parent.get(); up; up = up->parent) ++depth;
  return depth > directory_depth_limit ? Errno::nametoolong : Errno::ok;
}

Errno Vfs::Impl::may_remove(const Credentials& who, const Node& parent, const Node& node) const {
  if (parent.fs->options.read_only) return Errno::perm;
  if (!permitted(who, parent, 3)) return Errno::acces;
  if ((parent.permissions & 01000) && who.uid != 0 && who.uid != node.uid && who.uid != parent.uid) return Errno::perm;
  return Errno::ok;
}

Result<std::shared_ptr<Node>> Vfs::Impl::create(const Credentials& who, const Walk& at, FileType type,
                                                std::uint32_t permissions, const std::string& target) {
  if (const Errno error = may_create(who, at); error != Errno::ok) return error;
  FileSystem& fs = *at.parent->fs;
  if (const Errno error = fs.quota->add_file(); error != Errno::ok) return error;
  if (fs.store) {
    const auto path = host_path(*at.parent, at.name);
    Errno error = Errno::ok;
    if (type == FileType::regular) error = fs.store->create_file(path);
    if (type == FileType::directory) error = fs.store->make_directory(path);
    if (error != Errno::ok) {
      fs.quota->remove_file();
      return error;
    }
  }
  const std::uint32_t gid = at.parent->permissions & 02000 ? at.parent->gid : who.gid;
  auto node = make_node(fs, type, permissions, who.uid, gid);
  if (type == FileType::directory) node->links = 2;
  if (type == FileType::regular && fs.store) node->content = std::make_shared<HostContent>(fs.quota, 0);
  node->target = target;
  enter(*at.parent, at.name, node);
  record(*node);
  return node;
}

Errno Vfs::Impl::change(const Credentials& who, Node& node, const SetStat& change) {
  const bool owner = who.uid == 0 || who.uid == node.uid;
  const bool times = change.accessed_ns || change.modified_ns;
  if ((change.permissions || change.uid || change.gid || times) && node.fs->options.read_only && !node.object)
    return Errno::rofs;
  if (change.permissions && !owner) return Errno::perm;
  if (times && !owner && !permitted(who, node, 2)) return Errno::perm;
  if (change.uid && *change.uid != node.uid && who.uid != 0) return Errno::perm;
  if (change.gid && *change.gid != node.gid && who.uid != 0) {
    const bool member = *change.gid == who.gid || std::ranges::find(who.groups, *change.gid) != who.groups.end();
    if (!owner || !member) return Errno::perm;
  }
  if (change.permissions) node.permissions = *change.permissions & 07777;
  if (change.uid) node.uid = *change.uid;
  if (change.gid) node.gid = *change.gid;
  if (change.accessed_ns) node.accessed_ns = *change.accessed_ns;
  if (change.modified_ns) {
    node.modified_ns = *change.modified_ns;
    if (node.fs->store && node.parent && node.type != FileType::symlink)
      node.fs->store->set_modified(host_path(node), *change.modified_ns);
  }
  node.changed_ns = now_ns();
  if (change.permissions || change.uid || change.gid) record(node);
  return Errno::ok;
}

Errno Vfs::Impl::acquire(Node& node) {
  auto* host = dynamic_cast<HostContent*>(node.content.get());
  if (!host) return Errno::ok;
  std::scoped_lock lock(handles);
  if (host->attached()) {
    host->attach_again();
    return Errno::ok;
  }
  if (!node.parent) return Errno::noent;
  const auto fd = node.fs->store->open_file(host_path(node));
  if (!fd) return fd.error();
  host->attach(*fd);
  return Errno::ok;
}

void Vfs::Impl::release(Node& node) {
  auto* host = dynamic_cast<HostContent*>(node.content.get());
  if (!host) return;
  std::scoped_lock lock(handles);
  host->detach();
}

void Vfs::Impl::record(const Node& node) {
  if (!node.fs->store || !node.parent || node.object) return;
  const char type = node.is_directory() ? 'd' : node.type == FileType::symlink ? 'l' : 'f';
  node.fs->store->record(host_path(node), {type, node.permissions, node.uid, node.gid, node.target});
}

void Vfs::Impl::restore(FileSystem& fs) {
  std::map<std::uint64_t, std::shared_ptr<Node>> linked;
  restore_directory(fs, *fs.root, {}, 0, linked);
  // Links are known to the log only; their directories must still be there.
  std::map<std::string, HostStore::Meta> kept;
  for (const auto& [path, meta] : fs.store->metadata()) {
    Node* at = fs.root.get();
    HostStore::Path names;
    for (std::size_t from = 0; from <= path.size();) {
      const std::size_t end = std::min(path.find('/', from), path.size());
      names.push_back(path.substr(from, end - from));
      from = end + 1;
    }
    for (std::size_t i = 0; at && i + 1 < names.size(); ++i) {
      const auto it = at->children.find(names[i]);
      at = it == at->children.end() ? nullptr : it->second.get();
    }
    const std::string& name = names.back();
    if (!at || !at->is_directory() || name.empty() || name == "." || name == ".." || name.size() > name_limit) continue;
    const auto it = at->children.find(name);
    if (meta.type == 'l' && it == at->children.end()) {
      if (fs.quota->add_file() != Errno::ok) continue;
      auto node = make_node(fs, FileType::symlink, 0777, meta.uid, meta.gid);
      node->target = meta.target;
      enter(*at, name, node);
      kept[path] = meta;
    } else if (it != at->children.end() && it->second->type != FileType::symlink) {
      Node& node = *it->second;
      node.permissions = meta.permissions & 07777;
      node.uid = meta.uid;
      node.gid = meta.gid;
      kept[path] = meta;
    }
  }
  fs.store->compact(kept);
}

void Vfs::Impl::restore_directory(FileSystem& fs, Node& directory, const HostStore::Path& path, int depth,
                                  std::map<std::uint64_t, std::shared_ptr<Node>>& linked) {
  if (depth > directory_depth_limit) return;
  const auto found = fs.store->list(path);
  if (!found) throw Error(ErrorKind::usage, "the board's directory cannot be read: " + path_of(directory));
  for (const auto& entry : *found) {
    auto below = path;
    below.push_back(entry.name);
    if (!entry.directory && entry.host_links > 1) {
      if (const auto it = linked.find(entry.host_inode); it != linked.end()) {
        ++it->second->links;
        directory.children[entry.name] = it->second;
        continue;
      }
    }
    if (fs.quota->add_file() != Errno::ok || fs.quota->resize(0, entry.directory ? 0 : entry.size) != Errno::ok)
      throw Error(ErrorKind::usage, "the board's directory holds more than its flash: at " + entry.name);
    auto node = make_node(fs, entry.directory ? FileType::directory : FileType::regular, entry.permissions, 0, 0);
    node->modified_ns = node->accessed_ns = node->changed_ns = entry.modified_ns;
    enter(directory, entry.name, node);
    if (entry.directory) {
      node->links = 2;
      restore_directory(fs, *node, below, depth + 1, linked);
      node->modified_ns = entry.modified_ns;
    } else {
      node->content = std::make_shared<HostContent>(fs.quota, entry.size);
      if (entry.host_links > 1) linked[entry.host_inode] = node;
    }
  }
}

}  // namespace vnpu::devices
