#include "host/ssh/sftp_listing.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <limits>

namespace vnpu::ssh {
namespace {

constexpr std::int64_t second = 1'000'000'000;

std::uint32_t seconds(std::int64_t ns) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(ns / second, 0, std::numeric_limits<std::uint32_t>::max()));
}

char type_letter(devices::FileType type) {
  switch (type) {
    case devices::FileType::regular: return '-';
    case devices::FileType::directory: return 'd';
    case devices::FileType::symlink: return 'l';
    case devices::FileType::character_device: return 'c';
    case devices::FileType::block_device: return 'b';
    case devices::FileType::fifo: return 'p';
    case devices::FileType::socket: return 's';
  }
  return '?';
}

std::string mode_text(const devices::Stat& stat) {
  std::string text(1, type_letter(stat.type));
  for (int bit = 8; bit >= 0; --bit) text += stat.permissions >> bit & 1 ? "xwr"[bit % 3] : '-';
  const auto special = [&](std::uint32_t bit, std::size_t at, char set, char bare) {
    if (stat.permissions & bit) text[at] = text[at] == 'x' ? set : bare;
  };
  special(04000, 3, 's', 'S');
  special(02000, 6, 's', 'S');
  special(01000, 9, 't', 'T');
  return text;
}

}  // namespace

sftp::Attributes to_attributes(const devices::Stat& stat) {
  sftp::Attributes attributes;
  attributes.size = stat.size;
  attributes.owner = sftp::Owner{stat.uid, stat.gid};
  attributes.permissions = stat.mode();
  attributes.times = sftp::Times{seconds(stat.accessed_ns), seconds(stat.modified_ns)};
  return attributes;
}

devices::SetStat to_set_stat(const sftp::Attributes& attributes) {
  devices::SetStat change;
  change.size = attributes.size;
  if (attributes.permissions) change.permissions = *attributes.permissions & 07777;
  if (attributes.owner) {
    change.uid = attributes.owner->user;
    change.gid = attributes.owner->group;
  }
  if (attributes.times) {
    change.accessed_ns = static_cast<std::int64_t>(attributes.times->access) * second;
    change.modified_ns = static_cast<std::int64_t>(attributes.times->modification) * second;
  }
  return change;
}

std::string list_line(const std::string& name, const devices::Stat& stat, const std::string& user,
                      const std::string& group, std::int64_t now_ns) {
  constexpr std::int64_t half_a_year = 182 * 24 * 3600 * second;
  const std::time_t when = static_cast<std::time_t>(stat.modified_ns / second);
  std::tm parts{};
  gmtime_r(&when, &parts);
  const bool recent = stat.modified_ns > now_ns - half_a_year && stat.modified_ns <= now_ns + second;
  char time[32];
  if (std::strftime(time, sizeof time, recent ? "%b %e %H:%M" : "%b %e  %Y", &parts) == 0) time[0] = '\0';
  char fields[160];
  std::snprintf(fields, sizeof fields, "%s %3llu %-8.32s %-8.32s %8llu %s ", mode_text(stat).c_str(),
                static_cast<unsigned long long>(stat.links), user.c_str(), group.c_str(),
                static_cast<unsigned long long>(stat.size), time);
  return fields + name;
}

void write_version(sftp::Bytes& out) {
  sftp::Writer(out, sftp::Type::version)
      .u32(3)
      .text("posix-rename@openssh.com")
      .text("1")
      .text("statvfs@openssh.com")
      .text("2")
      .text("fstatvfs@openssh.com")
      .text("2")
      .text("hardlink@openssh.com")
      .text("1")
      .text("fsync@openssh.com")
      .text("1")
      .text("lsetstat@openssh.com")
      .text("1")
      .text("limits@openssh.com")
      .text("1")
      .text("expand-path@openssh.com")
      .text("1")
      .text("users-groups-by-id@openssh.com")
      .text("1")
      .finish();
}

}  // namespace vnpu::ssh
