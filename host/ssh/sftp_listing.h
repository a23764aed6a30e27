// Between the board's file system and what SFTP says of files.
#pragma once

#include <string>

#include "devices/vfs/vfs.h"
#include "host/ssh/sftp_packet.h"

namespace vnpu::ssh {

sftp::Attributes to_attributes(const devices::Stat& stat);
devices::SetStat to_set_stat(const sftp::Attributes& attributes);

// A line as `ls -l` prints it; the time in UTC, with the year when half a year or more away from `now_ns`.
std::string list_line(const std::string& name, const devices::Stat& stat, const std::string& user,
                      const std::string& group, std::int64_t now_ns);

// The VERSION packet with the extensions this server knows.
void write_version(sftp::Bytes& out);

}  // namespace vnpu::ssh
