#include "devices/vfs/host_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <sstream>

#include "base/bytes.h"
#include "base/error.h"

namespace vnpu::devices {

namespace {

Errno of_host() {
  switch (errno) {
    case ENOENT: return Errno::noent;
    case EEXIST: return Errno::exist;
    case ENOTEMPTY: return Errno::notempty;
    case ENOSPC:
    case EDQUOT: return Errno::nospc;
    case ENAMETOOLONG: return Errno::nametoolong;
    case EMFILE:
    case ENFILE: return Errno::mfile;
    default: return Errno::io;
  }
}

// Blanks, control bytes and '%' as %XX: a line of the log is words.
std::string escaped(const std::string& text) {
  static const char digits[] = "0123456789abcdef";
  std::string out;
  for (const unsigned char c : text) {
    if (c <= ' ' || c == '%' || c == 127) {
      out += '%';
      out += digits[c >> 4];
      out += digits[c & 15];
    } else {
      out += static_cast<char>(c);
    }
  }
  return out.empty() ? "%" : out;
}

std::string unescaped(const std::string& text) {
  if (text == "%") return "";
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string joined(const HostStore::Path& path) {
  std::string out;
  for (const auto& name : path) out += (out.empty() ? "" : "/") + name;
  return out;
}

std::string line_of(const std::string& path, const HostStore::Meta& meta) {
  std::ostringstream line;
  line << "set " << meta.type << ' ' << std::oct << meta.permissions << std::dec << ' ' << meta.uid << ' ' << meta.gid
       << ' ' << escaped(path);
  if (meta.type == 'l') line << ' ' << escaped(meta.target);
  line << '\n';
  return line.str();
}

}  // namespace

HostStore::HostStore(const std::filesystem::path& directory, bool plain) : directory_(directory) {
  const auto fail = [&](const std::string& what) {
    throw Error(ErrorKind::usage, directory_.string() + ": " + what + ": " + std::strerror(errno));
  };
  std::error_code ignored;
  std::filesystem::create_directories(directory_, ignored);
  root_ = open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (root_ < 0) fail("cannot open the board's directory");
  if (plain) {
    files_ = dup(root_);
    if (files_ < 0) fail("cannot open the directory");
    if (flock(files_, LOCK_EX | LOCK_NB) != 0)
      throw Error(ErrorKind::usage, directory_.string() + ": another board has this card");
    return;
  }
  if (mkdirat(root_, "files", 0755) != 0 && errno != EEXIST) fail("cannot make files/");
  files_ = openat(root_, "files", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (files_ < 0) fail("cannot open files/");
  log_ = openat(root_, "metadata", O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (log_ < 0) fail("cannot open metadata");
  if (flock(log_, LOCK_EX | LOCK_NB) != 0)
    throw Error(ErrorKind::usage, directory_.string() + ": another board is running in this directory");
  struct stat status {};
  restored_ = fstat(log_, &status) == 0 && status.st_size > 0;
  read_log();
}

HostStore::~HostStore() {
  for (const int fd : {log_, files_, root_})
    if (fd >= 0) close(fd);
}

void HostStore::read_log() {
  std::string text;
  char buffer[65536];
  off_t at = 0;
  for (ssize_t got; (got = pread(log_, buffer, sizeof buffer, at)) > 0; at += got) {
    text.append(buffer, static_cast<std::size_t>(got));
    if (text.size() > (std::size_t{256} << 20))
      throw Error(ErrorKind::damaged, directory_.string() + "/metadata: larger than 256 MB");
  }
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string op, first, second;
    words >> op;
    // A line cut short by a crash is passed over: the file keeps what the host says of it.
    try {
      if (op == "set") {
        Meta meta;
        words >> meta.type >> std::oct >> meta.permissions >> std::dec >> meta.uid >> meta.gid >> first;
        if (!words) continue;
        if (meta.type == 'l') {
          words >> second;
          meta.target = unescaped(second);
        }
        metadata_[unescaped(first)] = meta;
      } else if (op == "del") {
        words >> first;
        metadata_.erase(unescaped(first));
      } else if (op == "mv") {
        words >> first >> second;
        const std::string from = unescaped(first), to = unescaped(second);
        std::map<std::string, Meta> moved;
        if (const auto it = metadata_.find(from); it != metadata_.end()) {
          moved[to] = it->second;
          metadata_.erase(it);
        }
        const std::string prefix = from + "/";
        for (auto it = metadata_.lower_bound(prefix); it != metadata_.end() && it->first.starts_with(prefix);) {
          moved[to + it->first.substr(from.size())] = it->second;
          it = metadata_.erase(it);
        }
        for (auto& [path, meta] : moved) metadata_[path] = meta;
      }
    } catch (const std::logic_error&) {  // a %XX that is no number
    }
  }
}

void HostStore::compact(const std::map<std::string, Meta>& all) {
  std::string text = "vnpu 1\n";
  for (const auto& [path, meta] : all) text += line_of(path, meta);
  metadata_.clear();
  if (log_ < 0) return;
  // In place: the lock lies on this file. A crash here loses owners and links of this start, not files.
  if (ftruncate(log_, 0) == 0) append(text);
}

void HostStore::append(const std::string& line) {
  if (log_ < 0) return;
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t put = write(log_, line.data() + done, line.size() - done);
    if (put <= 0) return;
    done += static_cast<std::size_t>(put);
  }
}

void HostStore::record(const Path& path, const Meta& meta) { append(line_of(joined(path), meta)); }
void HostStore::record_removed(const Path& path) { append("del " + escaped(joined(path)) + "\n"); }
void HostStore::record_renamed(const Path& from, const Path& to) {
  append("mv " + escaped(joined(from)) + " " + escaped(joined(to)) + "\n");
}

Result<int> HostStore::open_parent(const Path& path) {
  int fd = dup(files_);
  for (std::size_t i = 0; fd >= 0 && i + 1 < path.size(); ++i) {
    const int next = openat(fd, path[i].c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const int error = errno;
    close(fd);
    errno = error;
    fd = next;
  }
  if (fd < 0) return of_host();
  return fd;
}

Result<std::vector<HostStore::Found>> HostStore::list(const Path& directory) {
  Path below = directory;
  below.push_back(".");
  const auto parent = open_parent(below);
  if (!parent) return parent.error();
  DIR* stream = fdopendir(*parent);
  if (!stream) {
    close(*parent);
    return Errno::io;
  }
  std::vector<Found> found;
  while (const dirent* entry = readdir(stream)) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat status {};
    if (fstatat(dirfd(stream), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) continue;
    found.push_back({name, S_ISDIR(status.st_mode), status.st_mode & 0777u, static_cast<std::uint64_t>(status.st_size),
                     status.st_ino, status.st_nlink,
                     static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1000000000 + status.st_mtim.tv_nsec});
  }
  closedir(stream);
  return found;
}

Errno HostStore::create_file(const Path& path) {
  const auto parent = open_parent(path);
  if (!parent) return parent.error();
  const int fd = openat(*parent, path.back().c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  const Errno error = fd < 0 ? of_host() : Errno::ok;
  if (fd >= 0) close(fd);
  close(*parent);
  return error;
}

Result<int> HostStore::open_file(const Path& path) {
  const auto parent = open_parent(path);
  if (!parent) return parent.error();
  const int fd = openat(*parent, path.back().c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  const Errno error = fd < 0 ? of_host() : Errno::ok;
  close(*parent);
  if (fd < 0) return error;
  return fd;
}

Errno HostStore::make_directory(const Path& path) {
  const auto parent = open_parent(path);
  if (!parent) return parent.error();
  const Errno error = mkdirat(*parent, path.back().c_str(), 0755) == 0 ? Errno::ok : of_host();
  close(*parent);
  return error;
}

Errno HostStore::remove(const Path& path, bool directory) {
  const auto parent = open_parent(path);
  if (!parent) return parent.error();
  const Errno error = unlinkat(*parent, path.back().c_str(), directory ? AT_REMOVEDIR : 0) == 0 ? Errno::ok : of_host();
  close(*parent);
  return error;
}

Errno HostStore::rename(const Path& from, const Path& to) {
  const auto source = open_parent(from);
  if (!source) return source.error();
  const auto target = open_parent(to);
  Errno error = target.error();
  if (target) {
    error = renameat(*source, from.back().c_str(), *target, to.back().c_str()) == 0 ? Errno::ok : of_host();
    close(*target);
  }
  close(*source);
  return error;
}

Errno HostStore::link(const Path& from, const Path& to) {
  const auto source = open_parent(from);
  if (!source) return source.error();
  const auto target = open_parent(to);
  Errno error = target.error();
  if (target) {
    error = linkat(*source, from.back().c_str(), *target, to.back().c_str(), 0) == 0 ? Errno::ok : of_host();
    close(*target);
  }
  close(*source);
  return error;
}

void HostStore::set_modified(const Path& path, std::int64_t modified_ns) {
  const auto parent = open_parent(path);
  if (!parent) return;
  timespec times[2];
  times[0].tv_nsec = UTIME_OMIT;
  times[0].tv_sec = 0;
  times[1].tv_sec = modified_ns / 1000000000;
  times[1].tv_nsec = modified_ns % 1000000000;
  if (times[1].tv_nsec < 0) {
    times[1].tv_nsec += 1000000000;
    --times[1].tv_sec;
  }
  utimensat(*parent, path.back().c_str(), times, AT_SYMLINK_NOFOLLOW);
  close(*parent);
}

}  // namespace vnpu::devices
