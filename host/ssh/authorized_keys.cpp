#include "host/ssh/authorized_keys.h"

#include <algorithm>
#include <array>

namespace vnpu::ssh {
namespace {

constexpr std::size_t max_line = 16 * 1024;

bool key_type(std::string_view word) {
  constexpr std::array types{"ssh-ed25519",
                             "ssh-rsa",
                             "ecdsa-sha2-nistp256",
                             "ecdsa-sha2-nistp384",
                             "ecdsa-sha2-nistp521",
                             "sk-ssh-ed25519@openssh.com",
                             "sk-ecdsa-sha2-nistp256@openssh.com"};
  return std::find(types.begin(), types.end(), word) != types.end();
}

// Options that ask for what is so anyway: nothing is forwarded here, no user file is run at login.
bool harmless(std::string_view options) {
  constexpr std::array known{
      "no-port-forwarding", "no-agent-forwarding", "no-x11-forwarding", "no-user-rc", "port-forwarding",
      "agent-forwarding",   "x11-forwarding",      "user-rc",           "pty"};
  while (!options.empty()) {
    const std::size_t comma = std::min(options.find(','), options.size());
    std::string option(options.substr(0, comma));
    std::transform(option.begin(), option.end(), option.begin(), [](unsigned char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
    });
    if (std::find(known.begin(), known.end(), option) == known.end()) return false;
    options.remove_prefix(std::min(comma + 1, options.size()));
  }
  return true;
}

std::string_view next_word(std::string_view& line) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!line.empty() && blank(line.front())) line.remove_prefix(1);
  std::size_t end = 0;
  for (bool quoted = false; end < line.size() && (quoted || !blank(line[end])); ++end) {
    if (line[end] == '\\' && end + 1 < line.size() && line[end + 1] == '"') {
      ++end;
    } else if (line[end] == '"') {
      quoted = !quoted;
    }
  }
  end = std::min(end, line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

}  // namespace

std::optional<AuthorizedKey> parse_authorized_key(std::string_view line) {
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  if (line.size() > max_line) return std::nullopt;
  std::string_view word = next_word(line);
  if (word.empty() || word.front() == '#') return std::nullopt;
  if (!key_type(word)) {
    if (!harmless(word)) return std::nullopt;
    word = next_word(line);
    if (!key_type(word)) return std::nullopt;
  }
  const std::string_view key = next_word(line);
  const bool base64 = std::all_of(key.begin(), key.end(), [](unsigned char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' ||
           c == '=';
  });
  if (key.empty() || !base64) return std::nullopt;
  return AuthorizedKey{std::string(word), std::string(key)};
}

}  // namespace vnpu::ssh
