// Lines of authorized_keys files: [options] type base64 [comment].
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace vnpu::ssh {

struct AuthorizedKey {
  std::string type, key;  // "ssh-ed25519", base64
};

// Nothing for empty lines, comments, and lines with an option that would restrict the login in a way this server does
// not enforce (command=, from=, ...): such a key is not accepted rather than accepted without its restriction.
std::optional<AuthorizedKey> parse_authorized_key(std::string_view line);

}  // namespace vnpu::ssh
