// What the commands share: options, messages, buffered output, walking of operands.
#pragma once

#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "devices/board.h"
#include "devices/process.h"

namespace vnpu::devices::commands {

struct Parsed {
  std::map<char, int> count;
  std::map<char, std::string> value;  // the last one given
  std::vector<std::string> operands;
  bool has(char letter) const { return count.contains(letter); }
};

struct LongOption {
  const char* name;
  char letter;
};

// Letters as for getopt ("ab:c"; a leading '+' stops at the first operand). Says what is wrong, with the usage, and
// gives nothing: then the exit status is 1.
std::optional<Parsed> parse(Process& process, std::string_view letters, std::initializer_list<LongOption> longs = {});
int usage(Process& process);  // prints it on descriptor 2; 1

// "NAME: TEXT" or "NAME: TEXT: message" on descriptor 2; returns 1.
int fail(Process& process, const std::string& text);
int fail(Process& process, const std::string& text, Errno error);

// Collects and writes in pieces. flush() or the destructor writes the rest.
class Output {
 public:
  explicit Output(Process& process) : process_(process) {}
  ~Output() {
    if (std::uncaught_exceptions() == 0) {
      try {
        flush();
      } catch (const Killed&) {  // nobody reads: the same as having written
      }
    }
  }
  Output& operator<<(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= 32768) flush();
    return *this;
  }
  void format(const char* pattern, ...) __attribute__((format(printf, 2, 3)));
  void flush();
  bool failed() const { return failed_; }

 private:
  Process& process_;
  std::string buffer_;
  bool failed_ = false;
};

// The operand's whole content ("-": descriptor 0). Says "can't open 'X': ..." and gives nothing otherwise.
std::optional<std::string> content(Process& process, const std::string& operand);
// Calls with each piece of the operand; false when it could not be opened or read (said).
bool each_piece(Process& process, const std::string& operand, const std::function<bool(std::string_view)>& take);
// Calls with each line (without LF) of the operand.
bool each_line(Process& process, const std::string& operand, const std::function<bool(const std::string&)>& take);

std::optional<long long> number(const std::string& text);  // decimal, with an optional sign
// "10", "4k", "1M": sizes with the suffixes b k m g.
std::optional<std::uint64_t> size(const std::string& text);
std::string human(std::uint64_t bytes);     // "1.5K" as ls -h and df -h show
std::string mode_text(const Stat& status);  // "drwxr-xr-x"
std::string user_text(Process& process, std::uint32_t uid);
std::string group_text(Process& process, std::uint32_t gid);

struct CivilTime {
  int year, month, day, hour, minute, second, weekday, yearday;  // month 1.., weekday 0 Sunday, yearday 0..
};
CivilTime civil(std::int64_t ns);
std::int64_t from_civil(int year, int month, int day, int hour, int minute, int second);  // seconds since 1970
std::string time_text(const std::string& pattern, std::int64_t ns);                       // strftime, UTC

// A table of programs of one family; defined beside them.
using Entry = std::pair<const char*, Program>;

#define VNPU_FAMILY(name) void add_##name(ProgramTable& table)
VNPU_FAMILY(text_commands);
VNPU_FAMILY(test_commands);
VNPU_FAMILY(list_commands);
VNPU_FAMILY(file_commands);
VNPU_FAMILY(system_commands);
VNPU_FAMILY(process_commands);
VNPU_FAMILY(filter_commands);
VNPU_FAMILY(grep_command);
VNPU_FAMILY(find_command);
VNPU_FAMILY(echo_commands);
VNPU_FAMILY(mode_commands);
VNPU_FAMILY(digest_commands);
VNPU_FAMILY(archive_commands);
VNPU_FAMILY(network_commands);
VNPU_FAMILY(sed_command);
VNPU_FAMILY(diff_command);
VNPU_FAMILY(pager_commands);
#undef VNPU_FAMILY

}  // namespace vnpu::devices::commands
