// cat, head, tail, wc, tee, seq, yes, tac, rev, nl, basename, dirname.
#include <algorithm>
#include <cmath>
#include <deque>

#include "devices/commands/common.h"

namespace vnpu::devices::commands {

namespace {

int cat_main(Process& process) {
  auto options = parse(process, "nbvteAu");
  if (!options) return 1;
  if (options->operands.empty()) options->operands.push_back("-");
  const bool numbered = options->has('n') || options->has('b'),
             marks = options->has('e') || options->has('A') || options->has('v') || options->has('t');
  int status = 0;
  unsigned long line = 0;
  Output out(process);
  for (const auto& operand : options->operands) {
    if (!numbered && !marks) {
      if (!each_piece(process, operand, [&](std::string_view piece) { return process.write(piece) == Errno::ok; }))
        status = 1;
      continue;
    }
    if (!each_line(process, operand, [&](const std::string& text) {
          if (numbered && !(options->has('b') && text.empty())) out.format("%6lu\t", ++line);
          for (const char c : text) {
            if (marks && static_cast<unsigned char>(c) < 32 && c != '\t') {
              out << "^" << std::string(1, static_cast<char>(c + 64));
            } else {
              out << std::string_view(&c, 1);
            }
          }
          out << (options->has('e') || options->has('A') ? "$\n" : "\n");
          return true;
        }))
      status = 1;
  }
  return status;
}

// head and tail take -N as well.
void number_option(Process& process) {
  if (process.argv.size() > 1 && process.argv[1].size() > 1 && process.argv[1][0] == '-' &&
      std::isdigit(static_cast<unsigned char>(process.argv[1][1])))
    process.argv[1] = "-n" + process.argv[1].substr(1);
}

bool open_error(Process& process, const std::string& operand) {
  // head and tail speak without "can't open".
  if (operand == "-") return false;
  const auto stream = process.open(operand, open_flag::read);
  if (stream) return false;
  fail(process, operand, stream.error());
  return true;
}

int head_main(Process& process) {
  number_option(process);
  auto options = parse(process, "n:c:qv");
  if (!options) return 1;
  const bool by_bytes = options->has('c');
  std::string count_text = by_bytes ? options->value['c'] : options->has('n') ? options->value['n'] : "10";
  const bool all_but = count_text.starts_with('-');
  const auto count = size(all_but ? count_text.substr(1) : count_text);
  if (!count) return fail(process, "invalid number '" + count_text + "'");
  if (options->operands.empty()) options->operands.push_back("-");
  int status = 0;
  bool first = true;
  for (const auto& operand : options->operands) {
    if (open_error(process, operand)) {
      status = 1;
      continue;
    }
    Output out(process);
    if ((options->operands.size() > 1 && !options->has('q')) || options->has('v')) {
      out << (first ? "" : "\n") << "==> " << (operand == "-" ? "standard input" : operand) << " <==\n";
      first = false;
    }
    if (all_but) {
      const auto text = content(process, operand);
      if (!text) {
        status = 1;
        continue;
      }
      std::size_t end = text->size();
      if (by_bytes) {
        end -= std::min<std::uint64_t>(end, *count);
      } else {
        std::uint64_t left = *count;
        if (end && text->back() == '\n') --end;
        while (left > 0 && end > 0) {
          const std::size_t newline = text->rfind('\n', end - 1);
          end = newline == std::string::npos ? 0 : newline;
          --left;
        }
        if (end) ++end;
      }
      out << std::string_view(*text).substr(0, end);
      continue;
    }
    std::uint64_t left = *count;
    if (left == 0) continue;
    each_piece(process, operand, [&](std::string_view piece) {
      std::size_t end = 0;
      if (by_bytes) {
        end = std::min<std::uint64_t>(left, piece.size());
        left -= end;
      } else {
        while (left > 0 && end < piece.size()) {
          const std::size_t newline = piece.find('\n', end);
          if (newline == std::string_view::npos) {
            end = piece.size();
          } else {
            end = newline + 1;
            --left;
          }
        }
      }
      out << piece.substr(0, end);
      return left > 0 && !out.failed();
    });
  }
  return status;
}

int tail_main(Process& process) {
  number_option(process);
  auto options = parse(process, "n:c:fqvs:F");
  if (!options) return 1;
  const bool by_bytes = options->has('c');
  const std::string count_text = by_bytes ? options->value['c'] : options->has('n') ? options->value['n'] : "10";
  const bool from_start = count_text.starts_with('+');
  const auto count = size(from_start || count_text.starts_with('-') ? count_text.substr(1) : count_text);
  if (!count) return fail(process, "invalid number '" + count_text + "'");
  if (options->operands.empty()) options->operands.push_back("-");
  int status = 0;
  bool first = true;
  std::uint64_t followed_size = 0;
  for (const auto& operand : options->operands) {
    if (open_error(process, operand)) {
      status = 1;
      continue;
    }
    const auto text = content(process, operand);
    if (!text) {
      status = 1;
      continue;
    }
    followed_size = text->size();
    Output out(process);
    if ((options->operands.size() > 1 && !options->has('q')) || options->has('v')) {
      out << (first ? "" : "\n") << "==> " << (operand == "-" ? "standard input" : operand) << " <==\n";
      first = false;
    }
    std::size_t begin = 0;
    if (from_start) {
      std::uint64_t skip = *count ? *count - 1 : 0;
      if (by_bytes) {
        begin = std::min<std::uint64_t>(skip, text->size());
      } else {
        while (skip > 0 && begin < text->size()) {
          const std::size_t newline = text->find('\n', begin);
          begin = newline == std::string::npos ? text->size() : newline + 1;
          --skip;
        }
      }
    } else if (by_bytes) {
      begin = text->size() - std::min<std::uint64_t>(text->size(), *count);
    } else {
      begin = text->size();
      std::uint64_t left = *count;
      if (begin && text->back() == '\n' && left) --begin;
      while (left > 0 && begin > 0) {
        const std::size_t newline = text->rfind('\n', begin - 1);
        if (newline == std::string::npos) {
          begin = 0;
          break;
        }
        begin = newline;
        --left;
      }
      if (left == 0 && begin < text->size() && (*text)[begin] == '\n' && *count) ++begin;
    }
    out << std::string_view(*text).substr(begin);
  }
  if ((options->has('f') || options->has('F')) && options->operands.back() != "-" && status == 0) {
    for (;;) {
      process.sleep_ns(1000000000);
      const auto text = process.files().read_file(process.user, process.path(options->operands.back()));
      if (!text) continue;
      if (text->size() < followed_size) followed_size = 0;
      if (text->size() > followed_size) process.print(std::string_view(*text).substr(followed_size));
      followed_size = text->size();
    }
  }
  return status;
}

int wc_main(Process& process) {
  auto options = parse(process, "clwLm");
  if (!options) return 1;
  const bool some = !options->count.empty();
  const bool lines = !some || options->has('l'), words = !some || options->has('w'), bytes = !some || options->has('c'),
             chars = options->has('m'), longest = options->has('L');
  const int columns = lines + words + bytes + chars + longest;
  std::uint64_t total[5] = {};
  int status = 0;
  const bool from_stdin = options->operands.empty();
  if (from_stdin) options->operands.push_back("-");
  Output out(process);
  const auto show = [&](const std::uint64_t(&counts)[5], const std::string& name) {
    const bool shown[5] = {lines, words, chars, bytes, longest};
    bool first = true;
    for (int i = 0; i < 5; ++i) {
      if (!shown[i]) continue;
      if (columns == 1) {
        out.format("%llu", static_cast<unsigned long long>(counts[i]));
      } else {
        out.format(first ? "%9llu" : " %9llu", static_cast<unsigned long long>(counts[i]));
      }
      first = false;
    }
    out << (from_stdin ? "" : " " + name) << "\n";
  };
  for (const auto& operand : options->operands) {
    std::uint64_t counts[5] = {};
    bool in_word = false;
    std::uint64_t width = 0;
    if (open_error(process, operand)) {
      status = 1;
      continue;
    }
    if (!each_piece(process, operand, [&](std::string_view piece) {
          counts[3] += piece.size();
          for (const char c : piece) {
            if ((c & 0xc0) != 0x80) ++counts[2];
            if (c == '\n') {
              ++counts[0];
              counts[4] = std::max(counts[4], width);
              width = 0;
            } else {
              ++width;
            }
            if (std::isspace(static_cast<unsigned char>(c))) {
              in_word = false;
            } else if (!in_word) {
              in_word = true;
              ++counts[1];
            }
          }
          return true;
        }))
      status = 1;
    counts[4] = std::max(counts[4], width);
    show(counts, operand);
    for (int i = 0; i < 4; ++i) total[i] += counts[i];
    total[4] = std::max(total[4], counts[4]);
  }
  if (options->operands.size() > 1) show(total, "total");
  return status;
}

int tee_main(Process& process) {
  auto options = parse(process, "ai");
  if (!options) return 1;
  std::vector<std::shared_ptr<Stream>> outputs;
  int status = 0;
  for (const auto& name : options->operands) {
    auto stream = process.open(
        name, open_flag::write | open_flag::create | (options->has('a') ? open_flag::append : open_flag::truncate));
    if (!stream) {
      status = fail(process, name, stream.error());
    } else {
      outputs.push_back(*stream);
    }
  }
  each_piece(process, "-", [&](std::string_view piece) {
    process.write(piece);
    for (const auto& output : outputs)
      if (output->write({reinterpret_cast<const std::uint8_t*>(piece.data()), piece.size()}, process.task->token()) !=
          Errno::ok)
        status = 1;
    return true;
  });
  return status;
}

int seq_main(Process& process) {
  auto& argv = process.argv;
  std::string separator = "\n";
  bool equal_width = false;
  std::size_t at = 1;
  while (at < argv.size() && argv[at].size() > 1 && argv[at][0] == '-' &&
         !std::isdigit(static_cast<unsigned char>(argv[at][1])) && argv[at][1] != '.') {
    if (argv[at] == "-w") {
      equal_width = true;
    } else if (argv[at].starts_with("-s") && argv[at].size() > 2) {
      separator = argv[at].substr(2);
    } else if (argv[at] == "-s" && at + 1 < argv.size()) {
      separator = argv[++at];
    } else {
      return usage(process);
    }
    ++at;
  }
  std::vector<double> values;
  int decimals = 0;
  for (; at < argv.size(); ++at) {
    char* end = nullptr;
    values.push_back(std::strtod(argv[at].c_str(), &end));
    if (*end || argv[at].empty()) return fail(process, "invalid number '" + argv[at] + "'");
    const std::size_t dot = argv[at].find('.');
    if (dot != std::string::npos && values.size() < 3)
      decimals = std::max(decimals, static_cast<int>(argv[at].size() - dot - 1));
  }
  if (values.empty() || values.size() > 3) return usage(process);
  const double first = values.size() > 1 ? values[0] : 1, step = values.size() > 2 ? values[1] : 1,
               last = values.back();
  if (step == 0) return fail(process, "step must not be 0");
  const double steps = std::floor((last - first) / step + 1e-9);
  const int width = equal_width ? std::max(std::snprintf(nullptr, 0, "%.*f", decimals, first),
                                           std::snprintf(nullptr, 0, "%.*f", decimals, last))
                                : 0;
  Output out(process);
  for (double i = 0; i <= steps && !out.failed(); ++i) {
    process.check_signals();
    if (i > 0) out << separator;
    out.format("%0*.*f", width, decimals, first + i * step);
  }
  if (steps >= 0) out << "\n";
  return 0;
}

int yes_main(Process& process) {
  std::string text;
  for (std::size_t i = 1; i < process.argv.size(); ++i) text += (i > 1 ? " " : "") + process.argv[i];
  if (process.argv.size() == 1) text = "y";
  text += '\n';
  std::string block;
  while (block.size() < 4096) block += text;
  for (;;) {
    process.check_signals();
    if (process.write(block) != Errno::ok) return 1;
  }
}

int tac_main(Process& process) {
  auto operands = std::vector<std::string>(process.argv.begin() + 1, process.argv.end());
  if (operands.empty()) operands.push_back("-");
  std::vector<std::string> lines;
  int status = 0;
  for (const auto& operand : operands)
    if (!each_line(process, operand, [&](const std::string& line) {
          lines.push_back(line);
          return true;
        }))
      status = 1;
  Output out(process);
  for (auto it = lines.rbegin(); it != lines.rend(); ++it) out << *it << "\n";
  return status;
}

int rev_main(Process& process) {
  auto operands = std::vector<std::string>(process.argv.begin() + 1, process.argv.end());
  if (operands.empty()) operands.push_back("-");
  Output out(process);
  int status = 0;
  for (const auto& operand : operands)
    if (!each_line(process, operand, [&](const std::string& line) {
          out << std::string(line.rbegin(), line.rend()) << "\n";
          return true;
        }))
      status = 1;
  return status;
}

int nl_main(Process& process) {
  auto options = parse(process, "b:w:s:v:i:");
  if (!options) return 1;
  if (options->operands.empty()) options->operands.push_back("-");
  Output out(process);
  unsigned line = 0;
  int status = 0;
  for (const auto& operand : options->operands)
    if (!each_line(process, operand, [&](const std::string& text) {
          if (text.empty() && options->value['b'] != "a") {
            out << "       \n";
          } else {
            out.format("%6u\t", ++line);
            out << text << "\n";
          }
          return true;
        }))
      status = 1;
  return status;
}

int basename_main(Process& process) {
  if (process.argv.size() < 2) return usage(process);
  std::string name(base_name(process.argv[1]));
  if (process.argv.size() > 2 && name.size() > process.argv[2].size() && name.ends_with(process.argv[2]))
    name.resize(name.size() - process.argv[2].size());
  process.print(name + "\n");
  return 0;
}

int dirname_main(Process& process) {
  if (process.argv.size() < 2) return usage(process);
  process.print(directory_name(process.argv[1]) + "\n");
  return 0;
}

}  // namespace

void add_text_commands(ProgramTable& table) {
  table.add_applet("cat", cat_main);
  table.add_applet("head", head_main, "/usr/bin");
  table.add_applet("tail", tail_main, "/usr/bin");
  table.add_applet("wc", wc_main, "/usr/bin");
  table.add_applet("tee", tee_main, "/usr/bin");
  table.add_applet("seq", seq_main, "/usr/bin");
  table.add_applet("yes", yes_main, "/usr/bin");
  table.add_applet("tac", tac_main, "/usr/bin");
  table.add_applet("rev", rev_main, "/usr/bin");
  table.add_applet("nl", nl_main, "/usr/bin");
  table.add_applet("basename", basename_main, "/usr/bin");
  table.add_applet("dirname", dirname_main, "/usr/bin");
}

}  // namespace vnpu::devices::commands
