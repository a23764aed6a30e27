#include "host/ssh/board_services.h"

#include "host/ssh/process_endpoint.h"

namespace vnpu::ssh {
namespace {

constexpr std::uint64_t max_key_file = 256 * 1024;
const devices::Credentials root{};

void add_lines(const std::string& text, std::vector<std::string>& lines) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
}

}  // namespace

bool BoardServices::password_accepted(const std::string& user, const std::string& password) {
  return board_.check_password(user, password);
}

// A file that others may write is not trusted, as sshd and dropbear do it.
std::vector<std::string> BoardServices::authorized_keys(const std::string& user) {
  std::vector<std::string> lines;
  const auto login = board_.find_user(user);
  if (!login) return lines;
  std::vector<std::string> places{login->home + "/.ssh/authorized_keys"};
  if (login->credentials.uid == 0) places.push_back("/etc/dropbear/authorized_keys");
  for (const auto& place : places) {
    const auto stat = board_.files().stat(root, place);
    if (!stat || stat->type != devices::FileType::regular) continue;
    const bool trusted = (stat->uid == 0 || stat->uid == login->credentials.uid) && !(stat->permissions & 022);
    if (!trusted) {
      log_(place + " is not used: others may write to it");
      continue;
    }
    if (const auto text = board_.files().read_file(root, place, max_key_file)) add_lines(*text, lines);
  }
  return lines;
}

std::unique_ptr<Endpoint> BoardServices::start(const std::string& user, const std::optional<std::string>& command,
                                               const std::optional<Terminal>& terminal, const Environment& environment,
                                               Ring ring, Log log) {
  return start_process(board_, user, command, terminal, environment, std::move(ring), std::move(log));
}

// Boards without an SFTP server have one here all the same, so that scp works as it comes; strict hardware shows what
// the real board says: the command is not there.
std::unique_ptr<Endpoint> BoardServices::start_sftp(const std::string& user, Ring ring, Log log) {
  if (board_.options().strict_hardware && !board_.data().sftp)
    return start_process(board_, user, "/usr/libexec/sftp-server", std::nullopt, {}, std::move(ring), std::move(log));
  return start_sftp_server(board_, user, std::move(log));
}

}  // namespace vnpu::ssh
