#include "host/state_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/error.h"

namespace vnpu::cli {

namespace fs = std::filesystem;

StateFolder::StateFolder(const std::string& directory) {
  if (directory.empty()) {
    const char* base = std::getenv("XDG_RUNTIME_DIR");
    std::string pattern = std::string(base && *base ? base : "/tmp") + "/vnpu-board-XXXXXX";
    if (!::mkdtemp(pattern.data())) throw Error(ErrorKind::usage, pattern + ": " + std::strerror(errno));
    path_ = pattern;
    temporary_ = true;
    return;
  }
  std::error_code failed;
  path_ = fs::absolute(fs::path(directory) / "ssh");
  fs::create_directories(path_, failed);
  if (!failed) fs::permissions(path_, fs::perms::owner_all, failed);
  if (failed) throw Error(ErrorKind::usage, path_.string() + ": " + failed.message());
  lock();
}

StateFolder::~StateFolder() {
  std::error_code ignored;
  if (temporary_) fs::remove_all(path_, ignored);
  if (lock_ >= 0) ::close(lock_);
}

void StateFolder::write(const char* name, const std::string& text) const {
  const fs::path part = path_ / (std::string(name) + ".part");
  std::ofstream out(part, std::ios::trunc);
  out << text;
  out.close();
  if (!out) throw Error(ErrorKind::usage, part.string() + " cannot be written");
  fs::rename(part, path_ / name);
}

// Two boards on the same files would each overwrite what the other wrote.
void StateFolder::lock() {
  const fs::path file = path_ / "lock";
  lock_ = ::open(file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  if (lock_ < 0) throw Error(ErrorKind::usage, file.string() + ": " + std::strerror(errno));
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return;
  ::close(lock_);
  throw Error(ErrorKind::usage, path_.parent_path().string() + " is in use by another virtual board");
}

}  // namespace vnpu::cli
