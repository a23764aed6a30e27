// The host's own files of a board: host key, ssh configuration, log.
#pragma once

#include <filesystem>
#include <string>

namespace vnpu::cli {

// The folder "ssh" below a board's --dir, or one that goes when we go. One board at a time uses a --dir: it is locked.
class StateFolder {
 public:
  // An empty `directory`: below $XDG_RUNTIME_DIR or /tmp. Throws Error usage.
  explicit StateFolder(const std::string& directory);
  ~StateFolder();
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  void write(const char* name, const std::string& text) const;  // replaced as a whole

 private:
  void lock();

  std::filesystem::path path_;
  bool temporary_ = false;
  int lock_ = -1;
};

}  // namespace vnpu::cli
