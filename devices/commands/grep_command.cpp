// grep.
#include <algorithm>
#include <deque>

#include "devices/commands/common.h"
#include "devices/commands/regular.h"

namespace vnpu::devices::commands {

namespace {

int grep_main(Process& process) {
  const std::string me(base_name(process.argv[0]));
  // -e may come several times.
  std::vector<std::string> patterns, rest{process.argv[0]};
  bool only_operands = false;
  for (std::size_t i = 1; i < process.argv.size(); ++i) {
    const std::string& word = process.argv[i];
    if (!only_operands && word == "-e" && i + 1 < process.argv.size()) {
      patterns.push_back(process.argv[++i]);
    } else {
      only_operands |= word == "--";
      rest.push_back(word);
    }
  }
  process.argv = rest;
  auto options = parse(process, "HhnlLoqvsriwxFEce:f:m:A:B:C:aRIz",
                       {{"color", 'k'},
                        {"colour", 'k'},
                        {"ignore-case", 'i'},
                        {"recursive", 'r'},
                        {"count", 'c'},
                        {"invert-match", 'v'},
                        {"line-number", 'n'},
                        {"extended-regexp", 'E'}});
  if (!options) return 2;
  if (options->has('e')) patterns.push_back(options->value['e']);
  if (options->has('f')) {
    if (!each_line(process, options->value['f'], [&](const std::string& line) {
          patterns.push_back(line);
          return patterns.size() < 10000;
        }))
      return 2;
  }
  if (patterns.empty() && !options->has('f')) {
    if (options->operands.empty()) {
      usage(process);
      return 2;
    }
    patterns.push_back(options->operands[0]);
    options->operands.erase(options->operands.begin());
  }
  // A pattern of several lines is several patterns.
  std::vector<std::string> lines;
  for (const auto& pattern : patterns)
    for (std::size_t at = 0; at <= pattern.size();) {
      const std::size_t end = std::min(pattern.find('\n', at), pattern.size());
      lines.push_back(pattern.substr(at, end - at));
      at = end + 1;
    }
  const bool fixed = options->has('F') || me == "fgrep", extended = options->has('E') || me == "egrep",
             fold = options->has('i');
  std::vector<Regular> expressions;
  for (auto line : lines) {
    if (fixed) {
      std::string quoted;
      for (const char c : line) {
        if (std::string_view("\\.*[]^$").find(c) != std::string_view::npos) quoted += '\\';
        quoted += c;
      }
      line = quoted;
    }
    auto expression = Regular::compile(line, extended && !fixed, fold);
    if (!expression) {
      fail(process, "bad regex '" + line + "'");
      return 2;
    }
    expressions.push_back(std::move(*expression));
  }
  const auto word_char = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; };
  const auto find = [&](const std::string& line, std::size_t from, std::size_t& begin, std::size_t& end) {
    bool found = false;
    for (const auto& expression : expressions) {
      for (std::size_t start = from; start <= line.size();) {
        std::vector<Regular::Span> spans;
        if (!expression.search(line, start, spans)) break;
        const auto [b, e] = spans[0];
        const bool fits = options->has('x')   ? b == 0 && e == line.size()
                          : options->has('w') ? (b == 0 || !word_char(line[b - 1])) &&
                                                    (e == line.size() || !word_char(line[e])) && e > b
                                              : true;
        if (fits) {
          if (!found || b < begin || (b == begin && e > end)) {
            begin = b;
            end = e;
          }
          found = true;
          break;
        }
        start = b + 1;
      }
    }
    return found;
  };

  std::vector<std::string> files = options->operands;
  const bool recursive = options->has('r') || options->has('R');
  if (files.empty()) files.push_back(recursive ? "." : "-");
  bool names = files.size() > 1 || recursive;
  if (options->has('H')) names = true;
  if (options->has('h')) names = false;
  const long long before = options->has('C')   ? std::atoi(options->value['C'].c_str())
                           : options->has('B') ? std::atoi(options->value['B'].c_str())
                                               : 0;
  const long long after = options->has('C')   ? std::atoi(options->value['C'].c_str())
                          : options->has('A') ? std::atoi(options->value['A'].c_str())
                                              : 0;
  const long long most = options->has('m') ? std::atoll(options->value['m'].c_str()) : -1;
  bool any = false, error = false;
  Output out(process);
  const auto one = [&](const std::string& name) {
    long long hits = 0, number = 0, shown_until = 0, trailing = 0;
    std::deque<std::string> earlier;
    const std::string label = name == "-" ? "(standard input)" : name;
    if (options->has('s') && name != "-" && !process.open(name, open_flag::read)) {
      error = true;
      return;
    }
    const auto head = [&](char mark, long long line) {
      if (names) out << label << std::string_view(&mark, 1);
      if (options->has('n')) out.format("%lld%c", line, mark);
    };
    if (name != "-") {
      const auto stream = process.open(name, open_flag::read);
      if (!stream) {
        out.flush();
        fail(process, name, stream.error());
        error = true;
        return;
      }
    }
    const bool ok = each_line(process, name, [&](const std::string& line) {
      ++number;
      std::size_t begin = 0, end = 0;
      const bool hit = find(line, 0, begin, end) != options->has('v');
      if (!hit) {
        if (trailing > 0) {
          --trailing;
          head('-', number);
          out << line << "\n";
          shown_until = number;
        } else if (before > 0) {
          earlier.push_back(line);
          if (static_cast<long long>(earlier.size()) > before) earlier.pop_front();
        }
        return true;
      }
      ++hits;
      if (options->has('q') || options->has('l') || options->has('L')) return false;
      if (options->has('c')) return most < 0 || hits < most;
      if ((before || after) && shown_until && number - static_cast<long long>(earlier.size()) > shown_until + 1)
        out << "--\n";
      for (std::size_t i = 0; i < earlier.size(); ++i) {
        head('-', number - static_cast<long long>(earlier.size() - i));
        out << earlier[i] << "\n";
      }
      earlier.clear();
      if (options->has('o') && !options->has('v')) {
        while (begin <= line.size()) {
          if (end > begin) {
            head(':', number);
            out << line.substr(begin, end - begin) << "\n";
          }
          const std::size_t next = end > begin ? end : begin + 1;
          if (next > line.size() || !find(line, next, begin, end)) break;
        }
      } else {
        head(':', number);
        out << line << "\n";
      }
      shown_until = number;
      trailing = after;
      return (most < 0 || hits < most) && !out.failed();
    });
    error |= !ok;
    any |= options->has('L') ? hits == 0 : hits > 0;
    if (options->has('c')) {
      if (names) out << label << ":";
      out.format("%lld\n", hits);
    }
    if ((options->has('l') && hits) || (options->has('L') && !hits)) out << label << "\n";
  };
  const auto walk = [&](auto&& self, const std::string& name, int depth) -> void {
    process.check_signals();
    const auto status =
        name == "-" ? Result<Stat>(Errno::noent) : process.files().stat(process.user, process.path(name));
    if (status && status->type == FileType::directory) {
      if (!recursive) {
        out.flush();
        if (!options->has('s')) fail(process, name, Errno::isdir);
        return;
      }
      const auto entries = process.files().read_directory(process.user, process.path(name));
      if (entries && depth < 300)
        for (const auto& entry : *entries)
          self(self, name.ends_with('/') ? name + entry.name : name + "/" + entry.name, depth + 1);
      return;
    }
    if (depth && (!status || status->type != FileType::regular)) return;
    one(name);
  };
  for (const auto& file : files) {
    walk(walk, file, 0);
    if (any && options->has('q')) return 0;
  }
  return any ? 0 : error ? 2 : 1;
}

}  // namespace

void add_grep_command(ProgramTable& table) {
  for (const char* name : {"grep", "egrep", "fgrep"}) table.add_applet(name, grep_main);
}

}  // namespace vnpu::devices::commands
