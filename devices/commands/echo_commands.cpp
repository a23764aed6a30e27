// echo and printf: also run within the shell.
#include <cctype>

#include "devices/commands/common.h"

namespace vnpu::devices::commands {

namespace {

// One escape behind the backslash at text[i]; moves i past it. `ended`: \c.
void escape(std::string_view text, std::size_t& i, std::string& out, bool echo, bool& ended) {
  if (++i >= text.size()) {
    out += '\\';
    return;
  }
  const char c = text[i++];
  const auto octal = [&](int most) {
    int value = 0;
    for (int n = 0; n < most && i < text.size() && text[i] >= '0' && text[i] <= '7'; ++n)
      value = value * 8 + (text[i++] - '0');
    out += static_cast<char>(value);
  };
  switch (c) {
    case 'a': out += '\a'; break;
    case 'b': out += '\b'; break;
    case 'c': ended = true; break;
    case 'e': out += '\033'; break;
    case 'f': out += '\f'; break;
    case 'n': out += '\n'; break;
    case 'r': out += '\r'; break;
    case 't': out += '\t'; break;
    case 'v': out += '\v'; break;
    case '\\': out += '\\'; break;
    case 'x': {
      int value = 0, digits = 0;
      while (digits < 2 && i < text.size() && std::isxdigit(static_cast<unsigned char>(text[i]))) {
        const char d = text[i++];
        value = value * 16 + (std::isdigit(static_cast<unsigned char>(d)) ? d - '0' : std::tolower(d) - 'a' + 10);
        ++digits;
      }
      if (digits) {
        out += static_cast<char>(value);
      } else {
        out += "\\x";
      }
      break;
    }
    case '0': octal(3); break;
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
      if (echo) {
        out += '\\';
        out += c;
      } else {
        --i;
        octal(3);
      }
      break;
    default: out += '\\'; out += c;
  }
}

int echo_main(Process& process) {
  std::size_t at = 1;
  bool newline = true, escapes = false;
  for (; at < process.argv.size(); ++at) {
    const std::string& word = process.argv[at];
    if (word.size() < 2 || word[0] != '-' || word.find_first_not_of("neE", 1) != std::string::npos) break;
    for (const char c : word.substr(1)) {
      if (c == 'n') newline = false;
      if (c == 'e') escapes = true;
      if (c == 'E') escapes = false;
    }
  }
  std::string out;
  bool ended = false;
  for (std::size_t i = at; i < process.argv.size() && !ended; ++i) {
    if (i > at) out += ' ';
    const std::string& word = process.argv[i];
    if (!escapes) {
      out += word;
      continue;
    }
    for (std::size_t j = 0; j < word.size() && !ended;) {
      if (word[j] == '\\') {
        escape(word, j, out, true, ended);
      } else {
        out += word[j++];
      }
    }
  }
  if (newline && !ended) out += '\n';
  const Errno error = process.write(out);
  return error == Errno::ok ? 0 : fail(process, "write error", error);
}

int printf_main(Process& process) {
  if (process.argv.size() < 2) {
    process.complain("printf: usage: printf FORMAT [ARG]...\n");
    return 1;
  }
  std::string out;
  int status = 0;
  std::size_t next = 2;
  if (process.argv[1] == "--" && process.argv.size() > 2) ++next;
  const std::string pattern = process.argv[next - 1];
  bool ended = false;
  const auto argument = [&]() -> std::string { return next < process.argv.size() ? process.argv[next++] : ""; };
  const auto integer = [&](const std::string& text) -> long long {
    if (text.empty()) return 0;
    if (text[0] == '"' || text[0] == '\'') return text.size() > 1 ? static_cast<unsigned char>(text[1]) : 0;
    char* end = nullptr;
    const long long value = std::strtoll(text.c_str(), &end, 0);
    if (*end) {
      fail(process, "invalid number '" + text + "'");
      status = 1;
    }
    return value;
  };
  do {
    const std::size_t before = next;
    for (std::size_t i = 0; i < pattern.size() && !ended;) {
      if (pattern[i] == '\\') {
        escape(pattern, i, out, false, ended);
        continue;
      }
      if (pattern[i] != '%') {
        out += pattern[i++];
        continue;
      }
      if (i + 1 < pattern.size() && pattern[i + 1] == '%') {
        out += '%';
        i += 2;
        continue;
      }
      std::string spec = "%";
      ++i;
      while (i < pattern.size() && std::string_view("-+ #0").find(pattern[i]) != std::string_view::npos &&
             spec.size() < 8)
        spec += pattern[i++];
      const auto digits = [&] {
        std::string text;
        if (i < pattern.size() && pattern[i] == '*') {
          text = std::to_string(integer(argument()));
          ++i;
        }
        while (i < pattern.size() && std::isdigit(static_cast<unsigned char>(pattern[i]))) text += pattern[i++];
        if (text.size() > 4) text = "4096";
        spec += text;
      };
      digits();
      if (i < pattern.size() && pattern[i] == '.') {
        spec += pattern[i++];
        digits();
      }
      while (i < pattern.size() && std::string_view("lhLqjzt").find(pattern[i]) != std::string_view::npos) ++i;
      if (i >= pattern.size()) {
        fail(process, "%: invalid format");
        return 1;
      }
      const char kind = pattern[i++];
      std::vector<char> buffer(8300);
      switch (kind) {
        case 'd':
        case 'i': std::snprintf(buffer.data(), buffer.size(), (spec + "lld").c_str(), integer(argument())); break;
        case 'o':
        case 'u':
        case 'x':
        case 'X': std::snprintf(buffer.data(), buffer.size(), (spec + "ll" + kind).c_str(), integer(argument())); break;
        case 'e':
        case 'E':
        case 'f':
        case 'g':
        case 'G': {
          const std::string text = argument();
          char* end = nullptr;
          const double value = std::strtod(text.c_str(), &end);
          if (*end) {
            fail(process, "invalid number '" + text + "'");
            status = 1;
          }
          std::snprintf(buffer.data(), buffer.size(), (spec + kind).c_str(), value);
          break;
        }
        case 'c': {
          const std::string text = argument();
          if (!text.empty()) out += text[0];
          continue;
        }
        case 's':
        case 'b': {
          std::string text = argument();
          if (kind == 'b') {
            std::string plain;
            for (std::size_t j = 0; j < text.size() && !ended;) {
              if (text[j] == '\\') {
                escape(text, j, plain, false, ended);
              } else {
                plain += text[j++];
              }
            }
            text = plain;
          }
          if (spec == "%") {
            out += text;
            continue;
          }
          buffer.resize(text.size() + 8300);
          std::snprintf(buffer.data(), buffer.size(), (spec + "s").c_str(), text.c_str());
          break;
        }
        default:
          fail(process, spec + kind + ": invalid format");
          process.write(out);
          return 1;
      }
      out += buffer.data();
      if (out.size() > (std::size_t{16} << 20)) break;
    }
    if (next == before) break;
  } while (next < process.argv.size() && !ended);
  process.write(out);
  return status;
}

}  // namespace

void add_echo_commands(ProgramTable& table) {
  table.add_applet("echo", echo_main);
  table.add_applet("printf", printf_main, "/usr/bin");
}

}  // namespace vnpu::devices::commands
