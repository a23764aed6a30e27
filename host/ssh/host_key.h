// The board's host keys: generated once, kept in a directory or in memory only.
#pragma once

#include <libssh/libssh.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vnpu::ssh {

class HostKey {
 public:
  // The Ed25519 key `directory`/ssh_host_ed25519_key, made (mode 0600) when it is not there; without a directory a new
  // one that is kept nowhere. Throws Error damaged for an unreadable file, fault when it cannot be written.
  static HostKey load_or_make(const std::optional<std::filesystem::path>& directory);

  ssh_key get() const { return key_.get(); }
  std::string public_text() const;  // "ssh-ed25519 AAAA...", as in known_hosts
  std::string fingerprint() const;  // "SHA256:..."

 private:
  struct Free {
    void operator()(ssh_key key) const { ssh_key_free(key); }
  };
  std::unique_ptr<ssh_key_struct, Free> key_;
};

}  // namespace vnpu::ssh
