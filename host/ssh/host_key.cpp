#include "host/ssh/host_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace vnpu::ssh {

HostKey HostKey::load_or_make(const std::optional<std::filesystem::path>& directory) {
  HostKey made;
  ssh_key key = nullptr;
  const auto file = directory ? *directory / "ssh_host_ed25519_key" : std::filesystem::path();
  if (directory && std::filesystem::exists(file)) {
    if (ssh_pki_import_privkey_file(file.c_str(), nullptr, nullptr, nullptr, &key) != SSH_OK)
      throw Error(ErrorKind::damaged, file.string() + " is not a private key without passphrase");
    made.key_.reset(key);
    return made;
  }
  if (ssh_pki_generate(SSH_KEYTYPE_ED25519, 0, &key) != SSH_OK)
    throw Error(ErrorKind::fault, "libssh: no host key could be generated");
  made.key_.reset(key);
  if (!directory) return made;
  // libssh writes with fopen: the file exists before, empty and closed to others. Renamed when whole.
  const auto part = *directory / "ssh_host_ed25519_key.part";
  std::filesystem::remove(part);
  const int fd = ::open(part.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) throw Error(ErrorKind::fault, part.string() + ": " + std::strerror(errno));
  ::close(fd);
  if (ssh_pki_export_privkey_file(key, nullptr, nullptr, nullptr, part.c_str()) != SSH_OK)
    throw Error(ErrorKind::fault, part.string() + " cannot be written");
  std::filesystem::rename(part, file);
  return made;
}

std::string HostKey::public_text() const {
  char* text = nullptr;
  if (ssh_pki_export_pubkey_base64(key_.get(), &text) != SSH_OK) throw Error(ErrorKind::fault, "libssh: no public key");
  const std::string result = std::string(ssh_key_type_to_char(ssh_key_type(key_.get()))) + " " + text;
  ssh_string_free_char(text);
  return result;
}

std::string HostKey::fingerprint() const {
  unsigned char* hash = nullptr;
  std::size_t length = 0;
  if (ssh_get_publickey_hash(key_.get(), SSH_PUBLICKEY_HASH_SHA256, &hash, &length) != SSH_OK)
    throw Error(ErrorKind::fault, "libssh: no fingerprint");
  char* text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, length);
  const std::string result = text ? text : "";
  ssh_string_free_char(text);
  ssh_clean_pubkey_hash(&hash);
  return result;
}

}  // namespace vnpu::ssh
