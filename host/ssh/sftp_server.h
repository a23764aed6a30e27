// The SFTP version 3 server of a board: requests in, replies out, files in the board's file system. No network here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "devices/vfs/vfs.h"
#include "host/ssh/sftp_packet.h"

namespace vnpu::ssh {

// Who is served, and what the board knows.
struct SftpUser {
  devices::Credentials credentials;
  std::string home;  // relative paths start there
  std::function<std::optional<std::string>(std::uint32_t)> user_name, group_name;
  std::function<std::optional<std::string>(const std::string&)> home_of;  // of a user, for "~user"
  std::function<std::int64_t()> now_ns;                                   // the board's clock
};

class SftpServer {
 public:
  using Log = std::function<void(const std::string&)>;
  SftpServer(devices::Vfs& files, SftpUser user, Log log);
  ~SftpServer();

  // One packet without its length field; the replies are appended to `out`. Throws Error damaged when the client does
  // not follow the protocol so far that going on makes no sense (anything before INIT, a second INIT).
  void handle(sftp::ByteSpan packet, sftp::Bytes& out);

  static constexpr std::size_t max_handles = 128;

 private:
  struct Handle;
  void dispatch(const sftp::Request& request, sftp::Bytes& out);
  void open(const sftp::Request& request, sftp::Bytes& out);
  void open_directory(const sftp::Request& request, sftp::Bytes& out);
  void read_directory(const sftp::Request& request, sftp::Bytes& out);
  void read(const sftp::Request& request, sftp::Bytes& out);
  void rename(const sftp::Request& request, sftp::Bytes& out);
  void extended(const sftp::Request& request, sftp::Bytes& out);
  void names_by_id(const sftp::Request& request, sftp::Reader& in, sftp::Bytes& out);
  void file_system_use(const sftp::Request& request, const std::string& path, sftp::Bytes& out);
  void expand_path(const sftp::Request& request, const std::string& path, sftp::Bytes& out);
  std::string add_handle(std::unique_ptr<Handle> handle);
  Handle* find_handle(const std::string& name);
  std::string path(const std::string& name) const;
  void log(const std::string& text) const;

  devices::Vfs& files_;
  SftpUser user_;
  Log log_;
  std::map<std::string, std::unique_ptr<Handle>> handles_;
  std::uint32_t next_handle_ = 0;
  bool begun_ = false;
};

}  // namespace vnpu::ssh
