// The lines of the legacy scp protocol ("scp -O"): T times, C file, D directory, E end of directory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace vnpu::devices {

struct ScpRecord {
  enum class Kind : std::uint8_t { times, file, directory, end };
  Kind kind = Kind::end;
  std::uint32_t permissions = 0;            // 07777, of file and directory
  std::uint64_t size = 0;                   // bytes, of file
  std::string name;                         // of file and directory: one name, never a path
  std::int64_t modified = 0, accessed = 0;  // seconds since 1970, of times
};

inline constexpr std::size_t scp_line_limit = 4096;

// `line` without its LF. Throws Error damaged naming the byte: also for names that would leave the directory.
ScpRecord parse_scp_record(std::string_view line);
std::string write_scp_record(const ScpRecord& record);  // with its LF

}  // namespace vnpu::devices
