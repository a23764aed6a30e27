#include "devices/commands/common.h"

#include <cstdarg>
#include <cstdio>
#include <ctime>

#include "devices/commands/usage.h"

namespace vnpu::devices::commands {

int usage(Process& process) {
  const std::string name(base_name(process.argv[0]));
  process.complain("BusyBox v1.32.0 (" + time_text("%Y-%m-%d %H:%M:%S UTC", 1795219200000000000) +
                   ") multi-call binary.\n\nUsage: " + name + usage_of(name) + "\n");
  return 1;
}

int fail(Process& process, const std::string& text) {
  const std::string name = process.speaks_as.empty() ? std::string(base_name(process.argv[0])) : process.speaks_as;
  process.complain(name + ": " + text + "\n");
  return 1;
}

int fail(Process& process, const std::string& text, Errno error) { return fail(process, text + ": " + message(error)); }

std::optional<Parsed> parse(Process& process, std::string_view letters, std::initializer_list<LongOption> longs) {
  Parsed out;
  const bool stop = letters.starts_with('+');
  if (stop) letters.remove_prefix(1);
  const auto& argv = process.argv;
  bool only_operands = false;
  const auto unknown = [&](const std::string& what) {
    process.complain(std::string(base_name(argv[0])) + ": unrecognized option: " + what + "\n");
    usage(process);
    return std::nullopt;
  };
  for (std::size_t i = 1; i < argv.size(); ++i) {
    const std::string& word = argv[i];
    if (only_operands || word.size() < 2 || word[0] != '-') {
      out.operands.push_back(word);
      if (stop) only_operands = true;
      continue;
    }
    if (word == "--") {
      only_operands = true;
      continue;
    }
    if (word[1] == '-') {
      const std::size_t equals = word.find('=');
      const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
      if (name == "help") {
        usage(process);
        return std::nullopt;
      }
      char letter = 0;
      for (const auto& option : longs)
        if (name == option.name) letter = option.letter;
      if (!letter) return unknown(name);
      ++out.count[letter];
      const std::size_t at = letters.find(letter);
      const bool takes = at != std::string_view::npos && at + 1 < letters.size() && letters[at + 1] == ':';
      if (equals != std::string::npos) {
        out.value[letter] = word.substr(equals + 1);
      } else if (takes) {
        if (++i >= argv.size()) return unknown(name);
        out.value[letter] = argv[i];
      }
      continue;
    }
    for (std::size_t j = 1; j < word.size(); ++j) {
      const char letter = word[j];
      const std::size_t at = letter == ':' ? std::string_view::npos : letters.find(letter);
      if (at == std::string_view::npos) return unknown(std::string(1, letter));
      ++out.count[letter];
      if (at + 1 < letters.size() && letters[at + 1] == ':') {
        if (j + 1 < word.size()) {
          out.value[letter] = word.substr(j + 1);
        } else if (++i < argv.size()) {
          out.value[letter] = argv[i];
        } else {
          process.complain(std::string(base_name(argv[0])) + ": option requires an argument: " + letter + "\n");
          usage(process);
          return std::nullopt;
        }
        break;
      }
    }
  }
  return out;
}

void Output::format(const char* pattern, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, pattern);
  const int length = std::vsnprintf(line, sizeof line, pattern, arguments);
  va_end(arguments);
  if (length > 0)
    *this << std::string_view(line, std::min<std::size_t>(static_cast<std::size_t>(length), sizeof line - 1));
}

void Output::flush() {
  const std::string text = std::exchange(buffer_, {});
  if (!text.empty() && process_.write(text) != Errno::ok) failed_ = true;
}

bool each_piece(Process& process, const std::string& operand, const std::function<bool(std::string_view)>& take) {
  std::shared_ptr<Stream> stream;
  if (operand != "-") {
    auto opened = process.open(operand, open_flag::read);
    if (!opened) {
      fail(process, "can't open '" + operand + "'", opened.error());
      return false;
    }
    stream = *opened;
  }
  std::vector<std::uint8_t> buffer(65536);
  for (;;) {
    process.check_signals();
    const auto got = stream ? stream->read(buffer, process.task->token()) : process.read(buffer);
    if (!got) {
      process.check_signals();
      fail(process, "read error", got.error());
      return false;
    }
    if (*got == 0 || !take({reinterpret_cast<const char*>(buffer.data()), *got})) return true;
  }
}

std::optional<std::string> content(Process& process, const std::string& operand) {
  std::string out;
  bool large = false;
  if (!each_piece(process, operand, [&](std::string_view piece) {
        out += piece;
        return !(large = out.size() > (std::size_t{256} << 20));
      }))
    return std::nullopt;
  if (large) {
    fail(process, "out of memory");
    return std::nullopt;
  }
  return out;
}

bool each_line(Process& process, const std::string& operand, const std::function<bool(const std::string&)>& take) {
  std::string rest;
  bool stopped = false;
  const bool ok = each_piece(process, operand, [&](std::string_view piece) {
    std::size_t from = 0;
    for (std::size_t end; (end = piece.find('\n', from)) != std::string_view::npos; from = end + 1) {
      rest += piece.substr(from, end - from);
      if (!take(rest)) {
        stopped = true;
        return false;
      }
      rest.clear();
    }
    rest += piece.substr(from);
    return rest.size() < (std::size_t{64} << 20);
  });
  if (!stopped && !rest.empty()) take(rest);
  return ok;
}

std::optional<long long> number(const std::string& text) {
  const std::size_t from = !text.empty() && (text[0] == '-' || text[0] == '+');
  if (text.size() == from || text.size() > 18 || text.find_first_not_of("0123456789", from) != std::string::npos)
    return std::nullopt;
  return std::stoll(text);
}

std::optional<std::uint64_t> size(const std::string& text) {
  if (text.empty()) return std::nullopt;
  std::string digits = text;
  std::uint64_t factor = 1;
  if (digits.ends_with('B') && digits.size() > 1) digits.pop_back();
  switch (digits.empty() ? '0' : digits.back()) {
    case 'b': factor = 512; break;
    case 'c': factor = 1; break;
    case 'w': factor = 2; break;
    case 'k':
    case 'K': factor = 1024; break;
    case 'm':
    case 'M': factor = 1048576; break;
    case 'g':
    case 'G': factor = 1073741824; break;
    default: factor = 0;
  }
  if (factor) {
    digits.pop_back();
  } else {
    factor = 1;
  }
  const auto value = number(digits);
  if (!value || *value < 0 || static_cast<std::uint64_t>(*value) > (std::uint64_t{1} << 50) / factor)
    return std::nullopt;
  return static_cast<std::uint64_t>(*value) * factor;
}

std::string human(std::uint64_t bytes) {
  static const char units[] = {' ', 'K', 'M', 'G', 'T'};
  char line[32];
  if (bytes < 1024) return std::to_string(bytes);
  int unit = 0;
  double value = static_cast<double>(bytes);
  while (value >= 1024 && unit < 4) {
    value /= 1024;
    ++unit;
  }
  std::snprintf(line, sizeof line, "%.1f%c", value, units[unit]);
  return line;
}

std::string mode_text(const Stat& status) {
  std::string out = "----------";
  switch (status.type) {
    case FileType::regular: break;
    case FileType::directory: out[0] = 'd'; break;
    case FileType::symlink: out[0] = 'l'; break;
    case FileType::character_device: out[0] = 'c'; break;
    case FileType::block_device: out[0] = 'b'; break;
    case FileType::fifo: out[0] = 'p'; break;
    case FileType::socket: out[0] = 's'; break;
  }
  for (int i = 0; i < 9; ++i)
    if (status.permissions & (0400u >> i)) out[static_cast<std::size_t>(i) + 1] = "rwxrwxrwx"[i];
  if (status.permissions & 04000) out[3] = out[3] == 'x' ? 's' : 'S';
  if (status.permissions & 02000) out[6] = out[6] == 'x' ? 's' : 'S';
  if (status.permissions & 01000) out[9] = out[9] == 'x' ? 't' : 'T';
  return out;
}

std::string user_text(Process& process, std::uint32_t uid) {
  const auto login = process.board.find_user(uid);
  return login ? login->name : std::to_string(uid);
}

std::string group_text(Process& process, std::uint32_t gid) {
  return process.board.group_name(gid).value_or(std::to_string(gid));
}

CivilTime civil(std::int64_t ns) {
  std::int64_t seconds = ns / 1000000000;
  if (ns % 1000000000 < 0) --seconds;
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  return {parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
          parts.tm_min,         parts.tm_sec,     parts.tm_wday, parts.tm_yday};
}

std::int64_t from_civil(int year, int month, int day, int hour, int minute, int second) {
  std::tm parts{};
  parts.tm_year = year - 1900;
  parts.tm_mon = month - 1;
  parts.tm_mday = day;
  parts.tm_hour = hour;
  parts.tm_min = minute;
  parts.tm_sec = second;
  return timegm(&parts);
}

std::string time_text(const std::string& pattern, std::int64_t ns) {
  std::int64_t seconds = ns / 1000000000;
  if (ns % 1000000000 < 0) --seconds;
  std::string expanded;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '%' && i + 1 < pattern.size()) {
      if (pattern[i + 1] == 's') {
        expanded += std::to_string(seconds);
        ++i;
        continue;
      }
      if (pattern[i + 1] == 'Z') {
        expanded += "UTC";
        ++i;
        continue;
      }
      if (pattern[i + 1] == 'N') {
        char digits[16];
        std::snprintf(digits, sizeof digits, "%09lld", static_cast<long long>(ns - seconds * 1000000000));
        expanded += digits;
        ++i;
        continue;
      }
      expanded += pattern[i++];
    }
    expanded += pattern[i];
  }
  const std::time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  std::string out(expanded.size() * 8 + 256, '\0');
  if (expanded.empty()) return "";
  out.resize(std::strftime(out.data(), out.size(), expanded.c_str(), &parts));
  return out;
}

}  // namespace vnpu::devices::commands
