#include "devices/vfs/vfs.h"

#include <algorithm>

#include "devices/vfs/impl.h"

namespace vnpu::devices {

namespace {
const Credentials root_user{};
}

Vfs::Vfs(const MountOptions& root, std::function<std::int64_t()> now_ns)
    : impl_(std::make_unique<Impl>(root, std::move(now_ns))) {}
Vfs::~Vfs() = default;

bool Vfs::restored() const { return impl_->root->fs->store && impl_->root->fs->store->restored(); }

Errno Vfs::mount(const std::string& path, const MountOptions& options) {
  if (const Errno error = make_directories(root_user, path); error != Errno::ok) return error;
  std::unique_lock lock(impl_->mutex);
  const auto at = impl_->walk(root_user, path, true);
  if (!at) return at.error();
  if (!at->node || !at->node->parent || !at->node->is_directory()) return Errno::notdir;
  Node& covered = *at->node->parent->children.find(at->node->name)->second;
  FileSystem& fs = impl_->make_file_system(options, path);
  fs.root->parent = covered.parent;
  fs.root->name = covered.name;
  covered.mounted = fs.root;
  return Errno::ok;
}

Errno Vfs::add_object(const std::string& path, std::shared_ptr<NodeObject> object, std::uint32_t permissions) {
  const std::string directory = directory_name(path);
  if (const Errno error = make_directories(root_user, directory); error != Errno::ok && error != Errno::rofs)
    return error;
  std::unique_lock lock(impl_->mutex);
  // Objects may be placed where users may not create: make what is missing by hand.
  std::shared_ptr<Node> at = impl_->root;
  for (std::size_t from = 1; from < path.size();) {
    const std::size_t end = std::min(path.find('/', from), path.size());
    const std::string name = path.substr(from, end - from);
    from = end + 1;
    if (name.empty()) continue;
    const auto it = at->children.find(name);
    if (end == path.size()) {
      auto node = impl_->make_node(*at->fs, object->type(), permissions, 0, 0);
      node->content.reset();
      node->object = std::move(object);
      if (it == at->children.end() && at->fs->quota->add_file() != Errno::ok) return Errno::nospc;
      impl_->enter(*at, name, node);
      return Errno::ok;
    }
    if (it == at->children.end()) {
      if (at->fs->quota->add_file() != Errno::ok) return Errno::nospc;
      auto node = impl_->make_node(*at->fs, FileType::directory, 0555, 0, 0);
      node->links = 2;
      impl_->enter(*at, name, node);
      at = node;
    } else {
      at = it->second->mounted ? it->second->mounted : it->second;
      if (!at->is_directory()) return Errno::notdir;
    }
  }
  return Errno::inval;
}

Errno Vfs::remove_object(const std::string& path) {
  std::unique_lock lock(impl_->mutex);
  const auto at = impl_->walk(root_user, path, false);
  if (!at) return at.error();
  if (!at->node || !at->parent) return Errno::noent;
  const auto remove = [&](auto&& self, Node& parent, const std::string& name) -> void {
    const auto node = parent.children.find(name)->second;
    while (!node->children.empty()) self(self, *node, std::string(node->children.begin()->first));
    impl_->leave(parent, name);
  };
  remove(remove, *at->parent, at->name);
  return Errno::ok;
}

Result<std::shared_ptr<File>> Vfs::open(const Credentials& who, const std::string& path, unsigned flags,
                                        std::uint32_t permissions) {
  using namespace open_flag;
  if (flags & append) flags |= write;
  const bool exclusively = (flags & create) && (flags & exclusive);
  std::shared_ptr<Node> node;
  {
    std::shared_lock lock(impl_->mutex);
    const auto at = impl_->walk(who, path, !(flags & no_follow) && !exclusively);
    if (!at) return at.error();
    node = at->node;
    if (!node && !(flags & create)) return Errno::noent;
    if (node && exclusively) return Errno::exist;
    if (node) {
      if (node->type == FileType::symlink) return Errno::loop;
      if (node->is_directory() && (flags & (write | create | truncate))) return Errno::isdir;
      unsigned rwx = 0;
      if (flags & read) rwx |= 4;
      if (flags & (write | truncate)) rwx |= 2;
      if (rwx && !permitted(who, *node, rwx)) return Errno::acces;
      if ((rwx & 2) && node->fs->options.read_only && !node->object) return Errno::rofs;
      if (!node->object) {
        auto file = open_stored(*impl_, node, flags, who);
        if (file && (flags & truncate)) {
          if (const Errno error = node->content->truncate(0); error != Errno::ok) return error;
          node->modified_ns = node->changed_ns = impl_->now_ns();
        }
        return file;
      }
    }
  }
  if (node) return open_stored(*impl_, node, flags, who);  // unlocked: an object's text may ask the Vfs
  std::unique_lock lock(impl_->mutex);
  const auto at = impl_->walk(who, path, !exclusively);
  if (!at) return at.error();
  if (at->node) {  // somebody was faster
    lock.unlock();
    return open(who, path, flags, permissions);
  }
  if (at->trailing_slash) return Errno::isdir;
  const auto made = impl_->create(who, *at, FileType::regular, permissions);
  if (!made) return made.error();
  return open_stored(*impl_, *made, flags, who);
}

Result<Stat> Vfs::stat(const Credentials& who, const std::string& path) {
  std::shared_lock lock(impl_->mutex);
  const auto node = impl_->find(who, path);
  if (!node) return node.error();
  return (*node)->stat();
}

Result<Stat> Vfs::lstat(const Credentials& who, const std::string& path) {
  std::shared_lock lock(impl_->mutex);
  const auto node = impl_->find(who, path, false);
  if (!node) return node.error();
  return (*node)->stat();
}

Errno Vfs::set_stat(const Credentials& who, const std::string& path, const SetStat& change, bool follow) {
  SetStat rest = change;
  if (rest.size) {
    const auto file = open(who, path, open_flag::write | (follow ? 0 : open_flag::no_follow));
    if (!file) return file.error();
    if (const Errno error = (*file)->truncate(*rest.size); error != Errno::ok) return error;
    rest.size.reset();
  }
  std::unique_lock lock(impl_->mutex);
  const auto node = impl_->find(who, path, follow);
  if (!node) return node.error();
  return impl_->change(who, **node, rest);
}

Errno Vfs::make_directory(const Credentials& who, const std::string& path, std::uint32_t permissions) {
  std::unique_lock lock(impl_->mutex);
  const auto at = impl_->walk(who, path, false);
  if (!at) return at.error();
  return impl_->create(who, *at, FileType::directory, permissions).error();
}

Errno Vfs::remove_directory(const Credentials& who, const std::string& path) {
  std::unique_lock lock(impl_->mutex);
  const auto at = impl_->walk(who, path, false);
  if (!at) return at.error();
  if (!at->node) return Errno::noent;
  if (!at->node->is_directory()) return Errno::notdir;
  if (!at->parent) return at->node == impl_->root ? Errno::busy : Errno::inval;
  const auto inner = at->parent->children.find(at->name)->second;
  if (inner->mounted) return Errno::busy;
  if (!at->node->children.empty()) return Errno::notempty;
  if (const Errno error = impl_->may_remove(who, *at->parent, *at->node); error != Errno::ok) return error;
  if (auto& store = at->parent->fs->store) {
    if (const Errno error = store->remove(Impl::host_path(*at->node), true); error != Errno::ok) return error;
    store->record_removed(Impl::host_path(*at->node));
  }
  impl_->leave(*at->parent, at->name);
  return Errno::ok;
}

Errno Vfs::unlink(const Credentials& who, const std::string& path) {
  std::unique_lock lock(impl_->mutex);
  const auto at = impl_->walk(who, path, false);
  if (!at) return at.error();
  if (!at->node) return Errno::noent;
  if (at->node->is_directory()) return Errno::isdir;
  if (const Errno error = impl_->may_remove(who, *at->parent, *at->node); error != Errno::ok) return error;
  Node& node = *at->node;
  if (auto& store = node.fs->store; store && !node.object) {
    const auto name = Impl::host_path(*at->parent, at->name);
    if (node.type == FileType::regular)
      if (const Errno error = store->remove(name, false); error != Errno::ok && error != Errno::noent) return error;
    store->record_removed(name);
  }
  impl_->leave(*at->parent, at->name);
  if (!node.parent && node.links > 0) {
    // The canonical name is gone but others are left: find one (hard links are rare).
    const auto search = [&](auto&& self, Node& directory) -> bool {
      for (auto& [name, child] : directory.children) {
        if (child.get() == &node) {
          node.parent = &directory;
          node.name = name;
          return true;
        }
        if (child->is_directory() && child->fs == node.fs && self(self, *child)) return true;
      }
      return false;
    };
    search(search, *node.fs->root);
  }
  return Errno::ok;
}

Errno Vfs::rename(const Credentials& who, const std::string& from, const std::string& to) {
  std::unique_lock lock(impl_->mutex);
  const auto source = impl_->walk(who, from, false);
  if (!source) return source.error();
  if (!source->node) return Errno::noent;
  const auto target = impl_->walk(who, to, false);
  if (!target) return target.error();
  if (!source->parent || !target->parent) return Errno::busy;
  if (source->parent->fs != target->parent->fs || source->node->fs != source->parent->fs) return Errno::xdev;
  const auto node = source->parent->children.find(source->name)->second;
  if (node->mounted) return Errno::busy;
  if (target->node == node) return Errno::ok;
  for (const Node* up = target->parent.get(); up; up = up->parent)
    if (up == node.get()) return Errno::inval;
  if (target->node && target->node->fs != target->parent->fs) return Errno::busy;
  if (const Errno error = impl_->may_remove(who, *source->parent, *node); error != Errno::ok) return error;
  if (target->node) {
    if (const Errno error = impl_->may_remove(who, *target->parent, *target->node); error != Errno::ok) return error;
    if (target->node->is_directory()) {
      if (!node->is_directory()) return Errno::isdir;
      if (!target->node->children.empty()) return Errno::notempty;
    } else if (node->is_directory()) {
      return Errno::notdir;
    }
  } else {
    if (const Errno error = impl_->may_create(who, *target); error != Errno::ok) return error;
    if (target->trailing_slash && !node->is_directory()) return Errno::notdir;
  }
  if (auto& store = node->fs->store; store && !node->object) {
    const auto old_name = Impl::host_path(*source->parent, source->name);
    const auto new_name = Impl::host_path(*target->parent, target->name);
    const bool on_host = node->type != FileType::symlink;
    const bool replaced_on_host = target->node && target->node->type != FileType::symlink;
    Errno error = Errno::ok;
    if (on_host) {
      error = store->rename(old_name, new_name);
    } else if (replaced_on_host) {
      error = store->remove(new_name, target->node->is_directory());
    }
    if (error != Errno::ok) return error;
    if (target->node) store->record_removed(new_name);
    store->record_renamed(old_name, new_name);
  }
  if (target->node) impl_->leave(*target->parent, target->name);
  source->parent->children.erase(source->name);
  if (node->is_directory()) --source->parent->links;
  source->parent->modified_ns = source->parent->changed_ns = impl_->now_ns();
  impl_->enter(*target->parent, target->name, node);
  return Errno::ok;
}

Errno Vfs::link(const Credentials& who, const std::string& target, const std::string& path) {
  std::unique_lock lock(impl_->mutex);
  const auto node = impl_->find(who, target, false);
  if (!node) return node.error();
  const auto at = impl_->walk(who, path, false);
  if (!at) return at.error();
  if (const Errno error = impl_->may_create(who, *at); error != Errno::ok) return error;
  if ((*node)->type != FileType::regular || (*node)->object) return Errno::perm;
  if ((*node)->fs != at->parent->fs) return Errno::xdev;
  if (auto& store = (*node)->fs->store) {
    const auto name = Impl::host_path(*at->parent, at->name);
    if (const Errno error = store->link(Impl::host_path(**node), name); error != Errno::ok) return error;
    store->record(name, {'f', (*node)->permissions, (*node)->uid, (*node)->gid, {}});
  }
  at->parent->children[at->name] = *node;
  ++(*node)->links;
  at->parent->modified_ns = at->parent->changed_ns = (*node)->changed_ns = impl_->now_ns();
  return Errno::ok;
}

Errno Vfs::symlink(const Credentials& who, const std::string& target, const std::string& path) {
  if (target.empty()) return Errno::noent;
  if (target.size() >= path_limit) return Errno::nametoolong;
  if (target.find('\0') != std::string::npos) return Errno::inval;
  std::unique_lock lock(impl_->mutex);
  const auto at = impl_->walk(who, path, false);
  if (!at) return at.error();
  return impl_->create(who, *at, FileType::symlink, 0777, target).error();
}

Result<std::string> Vfs::read_link(const Credentials& who, const std::string& path) {
  std::shared_lock lock(impl_->mutex);
  const auto node = impl_->find(who, path, false);
  if (!node) return node.error();
  if ((*node)->type != FileType::symlink) return Errno::inval;
  return std::string((*node)->target);
}

Result<std::vector<DirectoryEntry>> Vfs::read_directory(const Credentials& who, const std::string& path) {
  std::shared_lock lock(impl_->mutex);
  const auto node = impl_->find(who, path);
  if (!node) return node.error();
  if (!(*node)->is_directory()) return Errno::notdir;
  if (!permitted(who, **node, 4)) return Errno::acces;
  std::vector<DirectoryEntry> out;
  for (const auto& [name, child] : (*node)->children) out.push_back({name, child->type, child->inode});
  return out;
}

Result<std::string> Vfs::real_path(const Credentials& who, const std::string& path, bool allow_missing_last) {
  std::shared_lock lock(impl_->mutex);
  const auto at = impl_->walk(who, path, true);
  if (!at) return at.error();
  if (at->node) return at->parent ? join(impl_->path_of(*at->parent), at->name) : impl_->path_of(*at->node);
  if (!allow_missing_last) return Errno::noent;
  return join(impl_->path_of(*at->parent), at->name);
}

Errno Vfs::access(const Credentials& who, const std::string& path, unsigned rwx) {
  std::shared_lock lock(impl_->mutex);
  const auto node = impl_->find(who, path);
  if (!node) return node.error();
  if ((rwx & 2) && (*node)->fs->options.read_only && !(*node)->object) return Errno::rofs;
  return rwx == 0 || permitted(who, **node, rwx) ? Errno::ok : Errno::acces;
}

namespace {

FileSystemUse use_of(const FileSystem& fs) {
  FileSystemUse out;
  out.device = fs.options.device;
  out.mount_point = fs.mount_point;
  out.type = fs.options.type;
  const bool virtual_one = fs.options.type == "proc" || fs.options.type == "sysfs" || fs.options.type == "devpts";
  if (virtual_one) return out;
  out.total = fs.quota->bytes();
  out.free = out.total - std::min(out.total, fs.quota->used_bytes());
  out.files = fs.quota->files();
  out.free_files = out.files - std::min(out.files, fs.quota->used_files());
  return out;
}

}  // namespace

Result<FileSystemUse> Vfs::use(const Credentials& who, const std::string& path) {
  std::shared_lock lock(impl_->mutex);
  const auto node = impl_->find(who, path);
  if (!node) return node.error();
  return use_of(*(*node)->fs);
}

std::vector<FileSystemUse> Vfs::mounts() {
  std::shared_lock lock(impl_->mutex);
  std::vector<FileSystemUse> out;
  for (const auto& fs : impl_->systems) out.push_back(use_of(fs));
  return out;
}

Result<std::string> Vfs::read_file(const Credentials& who, const std::string& path, std::uint64_t limit) {
  const auto file = open(who, path, open_flag::read);
  if (!file) return file.error();
  std::string out;
  std::uint8_t buffer[16384];
  for (;;) {
    const auto got = (*file)->read_at(out.size(), buffer);
    if (!got) return got.error();
    if (*got == 0) return out;
    if (out.size() + *got > limit) return Errno::fbig;
    out.append(reinterpret_cast<const char*>(buffer), *got);
  }
}

Errno Vfs::write_file(const Credentials& who, const std::string& path, std::string_view bytes,
                      std::uint32_t permissions) {
  const auto file = open(who, path, open_flag::write | open_flag::create | open_flag::truncate, permissions);
  if (!file) return file.error();
  return (*file)->write_at(0, {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}).error();
}

Errno Vfs::make_directories(const Credentials& who, const std::string& path, std::uint32_t permissions) {
  for (std::size_t at = 1; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string part = path.substr(0, end);
    at = end + 1;
    const Errno error = make_directory(who, part, permissions);
    if (error == Errno::ok || error == Errno::exist) continue;
    if (const auto status = stat(who, part); status && status->type == FileType::directory) continue;
    return error;
  }
  const auto status = stat(who, path);
  if (!status) return status.error();
  return status->type == FileType::directory ? Errno::ok : Errno::notdir;
}

}  // namespace vnpu::devices
