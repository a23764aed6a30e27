#include "host/ssh/sftp_server.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "host/ssh/sftp_listing.h"

namespace vnpu::ssh {

using devices::Errno;
using sftp::Bytes;
using sftp::ByteSpan;
using sftp::Reader;
using sftp::Request;
using sftp::Status;
using sftp::Type;
using sftp::Writer;

namespace {

constexpr std::uint32_t umask = 022;
constexpr std::size_t entries_a_reply = 100;
constexpr std::size_t max_names_by_id = 1024;

void reply(Bytes& out, std::uint32_t id, Status status, const std::string& text) {
  Writer(out, Type::status).u32(id).u32(static_cast<std::uint32_t>(status)).text(text).text("en").finish();
}

void reply(Bytes& out, std::uint32_t id, Errno error) {
  const auto status = static_cast<Status>(devices::sftp_status(error));
  reply(out, id, status, error == Errno::ok ? "Success" : devices::message(error));
}

void reply_handle(Bytes& out, std::uint32_t id, const std::string& handle) {
  Writer(out, Type::handle).u32(id).text(handle).finish();
}

void reply_name(Bytes& out, std::uint32_t id, const std::string& name) {
  Writer(out, Type::name).u32(id).u32(1).text(name).text(name).attributes({}).finish();
}

void reply_stat(Bytes& out, std::uint32_t id, const devices::Result<devices::Stat>& stat) {
  if (!stat) return reply(out, id, stat.error());
  Writer(out, Type::attrs).u32(id).attributes(to_attributes(*stat)).finish();
}

unsigned open_flags(std::uint32_t flags) {
  namespace flag = devices::open_flag;
  unsigned result = 0;
  if (flags & sftp::open_read) result |= flag::read;
  if (flags & sftp::open_write) result |= flag::write;
  if (flags & sftp::open_append) result |= flag::append;
  if (flags & sftp::open_create) result |= flag::create;
  if (flags & sftp::open_truncate) result |= flag::truncate;
  if (flags & sftp::open_exclusive) result |= flag::exclusive;
  return result;
}

using Names = std::map<std::uint32_t, std::string>;

const std::string& name_of(Names& known, std::uint32_t id,
                           const std::function<std::optional<std::string>(std::uint32_t)>& look_up) {
  const auto found = known.find(id);
  if (found != known.end()) return found->second;
  return known[id] = look_up(id).value_or(std::to_string(id));
}

}  // namespace

struct SftpServer::Handle {
  std::string path;
  std::shared_ptr<devices::File> file;  // null: a directory
  bool append = false;
  std::vector<std::string> entries;
  std::size_t next = 0;
  std::uint64_t read = 0, written = 0;  // bytes, for the log
};

SftpServer::SftpServer(devices::Vfs& files, SftpUser user, Log log)
    : files_(files), user_(std::move(user)), log_(std::move(log)) {}

SftpServer::~SftpServer() = default;

void SftpServer::log(const std::string& text) const {
  if (log_) log_(text);
}

std::string SftpServer::path(const std::string& name) const { return devices::join(user_.home, name); }

std::string SftpServer::add_handle(std::unique_ptr<Handle> handle) {
  const std::string name = std::to_string(next_handle_++);
  handles_.emplace(name, std::move(handle));
  return name;
}

SftpServer::Handle* SftpServer::find_handle(const std::string& name) {
  const auto found = handles_.find(name);
  return found == handles_.end() ? nullptr : found->second.get();
}

void SftpServer::handle(ByteSpan packet, Bytes& out) {
  Request request;
  try {
    request = sftp::parse_request(packet);
  } catch (const Error& error) {
    const auto id = sftp::peek_id(packet);
    if (!id || !begun_) throw;
    const bool unknown = error.kind() == ErrorKind::unsupported;
    return reply(out, *id, unknown ? Status::op_unsupported : Status::bad_message, error.what());
  }
  if ((request.type == Type::init) == begun_)
    throw Error(ErrorKind::damaged, 0, "type", begun_ ? "a second INIT" : "the first request is not INIT");
  dispatch(request, out);
}

void SftpServer::dispatch(const Request& request, Bytes& out) {
  const auto& who = user_.credentials;
  const std::uint32_t id = request.id;
  Handle* handle = nullptr;
  switch (request.type) {
    case Type::close:
    case Type::read:
    case Type::write:
    case Type::fstat:
    case Type::fsetstat:
    case Type::readdir:
      handle = find_handle(request.handle);
      if (!handle) return reply(out, id, Status::failure, "no such handle");
      break;
    default: break;
  }
  switch (request.type) {
    case Type::init:
      begun_ = true;
      write_version(out);
      return;
    case Type::open: return open(request, out);
    case Type::close:
      if (handle->file && (handle->read || handle->written))
        log("sftp closed " + handle->path + ": " + std::to_string(handle->read) + " bytes read, " +
            std::to_string(handle->written) + " written");
      handles_.erase(request.handle);
      return reply(out, id, Errno::ok);
    case Type::read: return read(request, out);
    case Type::write: {
      if (!handle->file) return reply(out, id, Errno::isdir);
      if (request.offset > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) - request.data.size())
        return reply(out, id, Errno::fbig);
      Errno error = Errno::ok;
      if (handle->append) {
        const auto end = handle->file->append(request.data);
        if (!end) error = end.error();
      } else {
        const auto written = handle->file->write_at(request.offset, request.data);
        error = !written ? written.error() : *written < request.data.size() ? Errno::nospc : Errno::ok;
      }
      if (error == Errno::ok) handle->written += request.data.size();
      return reply(out, id, error);
    }
    case Type::lstat: return reply_stat(out, id, files_.lstat(who, path(request.path)));
    case Type::stat: return reply_stat(out, id, files_.stat(who, path(request.path)));
    case Type::fstat: return reply_stat(out, id, handle->file ? handle->file->stat() : files_.stat(who, handle->path));
    case Type::setstat:
      return reply(out, id, files_.set_stat(who, path(request.path), to_set_stat(request.attributes)));
    case Type::fsetstat: {
      const auto change = to_set_stat(request.attributes);
      return reply(out, id, handle->file ? handle->file->set_stat(change) : files_.set_stat(who, handle->path, change));
    }
    case Type::opendir: return open_directory(request, out);
    case Type::readdir: return read_directory(request, out);
    case Type::remove: {
      const Errno error = files_.unlink(who, path(request.path));
      log("sftp remove " + path(request.path) + ": " + devices::message(error));
      return reply(out, id, error);
    }
    case Type::mkdir: {
      const std::uint32_t permissions = request.attributes.permissions.value_or(0777) & 0777 & ~umask;
      return reply(out, id, files_.make_directory(who, path(request.path), permissions));
    }
    case Type::rmdir: return reply(out, id, files_.remove_directory(who, path(request.path)));
    case Type::realpath: {
      const auto real = files_.real_path(who, path(request.path), true);
      return real ? reply_name(out, id, *real) : reply(out, id, real.error());
    }
    case Type::rename: return rename(request, out);
    case Type::readlink: {
      const auto target = files_.read_link(who, path(request.path));
      return target ? reply_name(out, id, *target) : reply(out, id, target.error());
    }
    case Type::symlink: return reply(out, id, files_.symlink(who, request.path, path(request.second_path)));
    case Type::extended: return extended(request, out);
    default: return reply(out, id, Status::op_unsupported, "not a request");
  }
}

void SftpServer::open(const Request& request, Bytes& out) {
  if (handles_.size() >= max_handles) return reply(out, request.id, Errno::mfile);
  if (!(request.flags & (sftp::open_read | sftp::open_write))) return reply(out, request.id, Errno::inval);
  auto handle = std::make_unique<Handle>();
  handle->path = path(request.path);
  handle->append = request.flags & sftp::open_append;
  const std::uint32_t permissions = request.attributes.permissions.value_or(0666) & 0777 & ~umask;
  const auto file = files_.open(user_.credentials, handle->path, open_flags(request.flags), permissions);
  if (!file) return reply(out, request.id, file.error());
  handle->file = *file;
  reply_handle(out, request.id, add_handle(std::move(handle)));
}

void SftpServer::read(const Request& request, Bytes& out) {
  Handle& handle = *find_handle(request.handle);
  if (!handle.file) return reply(out, request.id, Errno::isdir);
  if (request.offset > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return reply(out, request.id, Errno::inval);
  // Read into the reply itself: its length fields are set right afterwards.
  const std::size_t start = out.size();
  const std::uint32_t wanted = std::min(request.length, sftp::max_transfer);
  Writer writer(out, Type::data);
  writer.u32(request.id).u32(0);
  const std::size_t data = out.size();
  out.resize(data + wanted);
  const auto got = handle.file->read_at(request.offset, std::span(out).subspan(data));
  if (!got || (*got == 0 && wanted)) {
    out.resize(start);
    return got ? reply(out, request.id, Status::eof, "End of file") : reply(out, request.id, got.error());
  }
  out.resize(data + *got);
  for (std::size_t i = 0; i < 4; ++i) out[data - 4 + i] = static_cast<std::uint8_t>(*got >> (24 - 8 * i));
  writer.finish();
  handle.read += *got;
}

void SftpServer::open_directory(const Request& request, Bytes& out) {
  if (handles_.size() >= max_handles) return reply(out, request.id, Errno::mfile);
  auto handle = std::make_unique<Handle>();
  handle->path = path(request.path);
  const auto entries = files_.read_directory(user_.credentials, handle->path);
  if (!entries) return reply(out, request.id, entries.error());
  handle->entries = {".", ".."};
  for (const auto& entry : *entries) handle->entries.push_back(entry.name);
  reply_handle(out, request.id, add_handle(std::move(handle)));
}

void SftpServer::read_directory(const Request& request, Bytes& out) {
  Handle& handle = *find_handle(request.handle);
  if (handle.file) return reply(out, request.id, Errno::notdir);
  std::vector<std::pair<std::string, devices::Stat>> found;
  while (handle.next < handle.entries.size() && found.size() < entries_a_reply) {
    const std::string& name = handle.entries[handle.next++];
    const auto stat = files_.lstat(user_.credentials, devices::join(handle.path, name));
    if (stat) found.emplace_back(name, *stat);  // removed since: left out
  }
  if (found.empty()) return reply(out, request.id, Status::eof, "End of file");
  Writer writer(out, Type::name);
  writer.u32(request.id).u32(static_cast<std::uint32_t>(found.size()));
  Names users, groups;  // the board looks them up in its files: once a reply is enough
  for (const auto& [name, stat] : found) {
    const std::string line = list_line(name, stat, name_of(users, stat.uid, user_.user_name),
                                       name_of(groups, stat.gid, user_.group_name), user_.now_ns());
    writer.text(name).text(line).attributes(to_attributes(stat));
  }
  writer.finish();
}

// Version 3 says that an existing target is an error; posix-rename@openssh.com replaces it.
void SftpServer::rename(const Request& request, Bytes& out) {
  const auto& who = user_.credentials;
  if (files_.lstat(who, path(request.second_path))) return reply(out, request.id, Errno::exist);
  reply(out, request.id, files_.rename(who, path(request.path), path(request.second_path)));
}

void SftpServer::extended(const Request& request, Bytes& out) {
  const auto& who = user_.credentials;
  const std::string& name = request.path;
  Reader in(request.rest);
  try {
    if (name == "posix-rename@openssh.com") {
      const std::string from = in.text("old path"), to = in.text("new path");
      return reply(out, request.id, files_.rename(who, path(from), path(to)));
    }
    if (name == "hardlink@openssh.com") {
      const std::string target = in.text("old path"), link = in.text("new path");
      return reply(out, request.id, files_.link(who, path(target), path(link)));
    }
    if (name == "lsetstat@openssh.com") {
      const std::string link = in.text("path");
      return reply(out, request.id, files_.set_stat(who, path(link), to_set_stat(in.attributes()), false));
    }
    if (name == "fsync@openssh.com") {
      const bool known = find_handle(in.text("handle"));
      return known ? reply(out, request.id, Errno::ok) : reply(out, request.id, Status::failure, "no such handle");
    }
    if (name == "limits@openssh.com") {
      Writer(out, Type::extended_reply)
          .u32(request.id)
          .u64(sftp::max_packet)
          .u64(sftp::max_transfer)
          .u64(sftp::max_transfer)
          .u64(max_handles)
          .finish();
      return;
    }
    if (name == "statvfs@openssh.com") return file_system_use(request, path(in.text("path")), out);
    if (name == "fstatvfs@openssh.com") {
      const Handle* handle = find_handle(in.text("handle"));
      return handle ? file_system_use(request, handle->path, out)
                    : reply(out, request.id, Status::failure, "no such handle");
    }
    if (name == "expand-path@openssh.com") return expand_path(request, in.text("path"), out);
    if (name == "users-groups-by-id@openssh.com") return names_by_id(request, in, out);
  } catch (const Error& error) {
    return reply(out, request.id, Status::bad_message, error.what());
  }
  reply(out, request.id, Status::op_unsupported, "extension " + name + " is not known here");
}

void SftpServer::file_system_use(const Request& request, const std::string& path, Bytes& out) {
  const auto use = files_.use(user_.credentials, path);
  if (!use) return reply(out, request.id, use.error());
  const std::uint64_t block = std::max<std::uint64_t>(use->block_size, 1);
  Writer writer(out, Type::extended_reply);
  writer.u32(request.id).u64(block).u64(block);
  writer.u64(use->total / block).u64(use->free / block).u64(use->free / block);
  writer.u64(use->files).u64(use->free_files).u64(use->free_files);
  writer.u64(0).u64(0).u64(devices::name_limit).finish();
}

void SftpServer::expand_path(const Request& request, const std::string& path, Bytes& out) {
  std::string full = path;
  if (!path.empty() && path[0] == '~') {
    const std::size_t slash = std::min(path.find('/'), path.size());
    std::string home = user_.home;
    if (slash > 1) {
      const auto other = user_.home_of(path.substr(1, slash - 1));
      if (!other) return reply(out, request.id, Errno::noent);
      home = *other;
    }
    full = home + path.substr(slash);
  }
  const auto real = files_.real_path(user_.credentials, this->path(full), true);
  return real ? reply_name(out, request.id, *real) : reply(out, request.id, real.error());
}

void SftpServer::names_by_id(const Request& request, Reader& in, Bytes& out) {
  Reader users(in.blob("user ids")), groups(in.blob("group ids"));
  if (users.rest().size() / 4 + groups.rest().size() / 4 > max_names_by_id)
    return reply(out, request.id, Status::failure, "too many ids at once");
  const auto list = [](Reader& ids, const std::function<std::string(std::uint32_t)>& name) {
    Bytes names;
    while (!ids.rest().empty()) {
      const std::string text = name(ids.u32("id"));
      for (int shift = 24; shift >= 0; shift -= 8) names.push_back(static_cast<std::uint8_t>(text.size() >> shift));
      names.insert(names.end(), text.begin(), text.end());
    }
    return names;
  };
  const Bytes user_names = list(users, [&](std::uint32_t id) { return user_.user_name(id).value_or(""); });
  const Bytes group_names = list(groups, [&](std::uint32_t id) { return user_.group_name(id).value_or(""); });
  Writer(out, Type::extended_reply).u32(request.id).blob(user_names).blob(group_names).finish();
}

}  // namespace vnpu::ssh
