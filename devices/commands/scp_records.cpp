#include "devices/commands/scp_records.h"

#include <charconv>
#include <cstdio>
#include <limits>

#include "base/error.h"

namespace vnpu::devices {
namespace {

class Line {
 public:
  explicit Line(std::string_view text) : text_(text) {}

  std::uint64_t number(const char* field, int base, std::uint64_t limit) {
    std::uint64_t value = 0;
    const char* first = text_.data() + at_;
    const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), value, base);
    if (error != std::errc() || end == first) fail(field, "not a number");
    if (value > limit) fail(field, "too large");
    at_ += static_cast<std::size_t>(end - first);
    return value;
  }
  void blank(const char* before) {
    if (at_ >= text_.size() || text_[at_] != ' ') fail(before, "a blank should stand before it");
    ++at_;
  }
  std::string_view rest() const { return text_.substr(at_); }
  void end() const {
    if (at_ != text_.size()) fail("line end", "more text follows");
  }
  [[noreturn]] void fail(const char* field, const char* what) const {
    throw Error(ErrorKind::damaged, at_, field, what);
  }

 private:
  std::string_view text_;
  std::size_t at_ = 1;
};

constexpr std::uint64_t max_size = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
constexpr std::uint64_t max_seconds = std::numeric_limits<std::uint32_t>::max();

}  // namespace

ScpRecord parse_scp_record(std::string_view text) {
  ScpRecord record;
  Line line(text);
  switch (text.empty() ? '\0' : text.front()) {
    case 'E':
      record.kind = ScpRecord::Kind::end;
      line.end();
      return record;
    case 'T':
      record.kind = ScpRecord::Kind::times;
      record.modified = static_cast<std::int64_t>(line.number("modification time", 10, max_seconds));
      line.blank("microseconds");
      line.number("microseconds", 10, 999'999);
      line.blank("access time");
      record.accessed = static_cast<std::int64_t>(line.number("access time", 10, max_seconds));
      line.blank("microseconds");
      line.number("microseconds", 10, 999'999);
      line.end();
      return record;
    case 'C': record.kind = ScpRecord::Kind::file; break;
    case 'D': record.kind = ScpRecord::Kind::directory; break;
    default: throw Error(ErrorKind::damaged, 0, "record type", "neither T, C, D nor E");
  }
  record.permissions = static_cast<std::uint32_t>(line.number("mode", 8, 07777));
  line.blank("size");
  record.size = line.number("size", 10, max_size);
  line.blank("name");
  record.name = line.rest();
  if (record.name.empty() || record.name == "." || record.name == "..") line.fail("name", "not the name of a file");
  if (record.name.find_first_of(std::string_view("/\0\n", 3)) != std::string::npos)
    line.fail("name", "a path where a name should be");
  return record;
}

std::string write_scp_record(const ScpRecord& record) {
  char text[96];
  switch (record.kind) {
    case ScpRecord::Kind::end: return "E\n";
    case ScpRecord::Kind::times:
      std::snprintf(text, sizeof text, "T%lld 0 %lld 0\n", static_cast<long long>(record.modified),
                    static_cast<long long>(record.accessed));
      return text;
    default: break;
  }
  const bool file = record.kind == ScpRecord::Kind::file;
  std::snprintf(text, sizeof text, "%c%04o %llu ", file ? 'C' : 'D', static_cast<unsigned>(record.permissions & 07777),
                static_cast<unsigned long long>(file ? record.size : 0));
  return text + record.name + "\n";
}

}  // namespace vnpu::devices
