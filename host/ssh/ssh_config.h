// What a user's OpenSSH needs to reach a board under the address its tutorials name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace vnpu::ssh {

struct Reachable {
  std::string board;             // "milkv-duo"
  std::string tutorial_address;  // "192.168.42.1", may be empty
  std::string hostname;          // of the board, also ".local"
  std::string user = "root";
  std::string address;  // where the server listens
  std::uint16_t port = 0;
  std::string public_key;  // of the host, "ssh-ed25519 AAAA..."
};

// A configuration file for `ssh -F` or `Include`. `known_hosts`: where known_hosts_text() was written.
std::string ssh_config_text(const Reachable& board, const std::filesystem::path& known_hosts);
std::string known_hosts_text(const Reachable& board);

}  // namespace vnpu::ssh
