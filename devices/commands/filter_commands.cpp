// sort, uniq, cut, tr, fold.
#include <strings.h>
#include <algorithm>
#include <array>
#include <cmath>

#include "devices/commands/common.h"

namespace vnpu::devices::commands {

namespace {

struct Key {
  std::size_t first = 1, first_char = 1, last = 0, last_char = 0;  // last 0: to the end of the line
  std::string letters;
};

class Sorter {
 public:
  std::vector<Key> keys;
  std::string letters;
  char separator = 0;

  std::string_view field(const std::string& line, const Key& key) const {
    const auto bounds = [&](std::size_t number) {  // of a field
      std::size_t at = 0;
      for (std::size_t n = 1;; ++n) {
        std::size_t end;
        if (separator) {
          end = std::min(line.find(separator, at), line.size());
        } else {
          std::size_t word = at;
          while (word < line.size() && std::isspace(static_cast<unsigned char>(line[word]))) ++word;
          end = word;
          while (end < line.size() && !std::isspace(static_cast<unsigned char>(line[end]))) ++end;
        }
        if (n == number) return std::pair(at, end);
        if (end >= line.size()) return std::pair(line.size(), line.size());
        at = separator ? end + 1 : end;
      }
    };
    auto [begin, first_end] = bounds(key.first);
    begin = std::min(begin + key.first_char - 1, line.size());
    std::size_t end = line.size();
    if (key.last) {
      const auto [last_begin, last_end] = bounds(key.last);
      end = key.last_char ? std::min(last_begin + key.last_char, line.size()) : last_end;
    }
    return std::string_view(line).substr(begin, end > begin ? end - begin : 0);
  }

  static int compare(std::string_view a, std::string_view b, const std::string& rules) {
    const auto has = [&](char c) { return rules.find(c) != std::string::npos; };
    if (has('b') || has('n')) {
      while (!a.empty() && std::isspace(static_cast<unsigned char>(a[0]))) a.remove_prefix(1);
      while (!b.empty() && std::isspace(static_cast<unsigned char>(b[0]))) b.remove_prefix(1);
    }
    if (has('n') || has('g') || has('h')) {
      const auto value = [&](std::string_view text) {
        const std::string copy(text.substr(0, 64));
        char* end = nullptr;
        double out = std::strtod(copy.c_str(), &end);
        if (std::isnan(out)) out = 0;
        if (has('h')) {
          const std::size_t unit = std::string_view("KMGT").find(static_cast<char>(std::toupper(*end)));
          if (*end && unit != std::string_view::npos) out *= std::pow(1024.0, static_cast<double>(unit + 1));
        }
        return out;
      };
      const double x = value(a), y = value(b);
      return x < y ? -1 : x > y;
    }
    if (has('V')) {
      std::size_t i = 0, j = 0;
      while (i < a.size() && j < b.size()) {
        if (std::isdigit(static_cast<unsigned char>(a[i])) && std::isdigit(static_cast<unsigned char>(b[j]))) {
          while (i < a.size() && a[i] == '0') ++i;
          while (j < b.size() && b[j] == '0') ++j;
          std::size_t ie = i, je = j;
          while (ie < a.size() && std::isdigit(static_cast<unsigned char>(a[ie]))) ++ie;
          while (je < b.size() && std::isdigit(static_cast<unsigned char>(b[je]))) ++je;
          if (ie - i != je - j) return ie - i < je - j ? -1 : 1;
          const int order = a.substr(i, ie - i).compare(b.substr(j, je - j));
          if (order) return order;
          i = ie;
          j = je;
        } else {
          if (a[i] != b[j]) return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]) ? -1 : 1;
          ++i;
          ++j;
        }
      }
      return a.size() - i < b.size() - j ? -1 : a.size() - i > b.size() - j;
    }
    if (has('f') || has('d')) {
      std::string x, y;
      for (const char c : a)
        if (!has('d') || std::isalnum(static_cast<unsigned char>(c)) || std::isspace(static_cast<unsigned char>(c)))
          x += has('f') ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      for (const char c : b)
        if (!has('d') || std::isalnum(static_cast<unsigned char>(c)) || std::isspace(static_cast<unsigned char>(c)))
          y += has('f') ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      return x.compare(y);
    }
    return a.compare(b);
  }

  int order(const std::string& a, const std::string& b, bool whole_line_last = true) const {
    for (const auto& key : keys) {
      const std::string& rules = key.letters.empty() ? letters : key.letters;
      const int out = compare(field(a, key), field(b, key), rules);
      if (out) return rules.find('r') != std::string::npos ? -out : out;
    }
    if (keys.empty()) {
      const int out = compare(a, b, letters);
      if (out) return letters.find('r') != std::string::npos ? -out : out;
    }
    if (!whole_line_last) return 0;
    const int out = a.compare(b);
    return letters.find('r') != std::string::npos ? -out : out;
  }
};

int sort_main(Process& process) {
  // -k may come several times: read it before the other options.
  Sorter sorter;
  std::vector<std::string> rest{process.argv[0]};
  for (std::size_t i = 1; i < process.argv.size(); ++i) {
    const std::string& word = process.argv[i];
    if (!word.starts_with("-k")) {
      rest.push_back(word);
      continue;
    }
    std::string text = word.substr(2);
    if (text.empty() && i + 1 < process.argv.size()) text = process.argv[++i];
    Key key;
    const auto place = [&](std::size_t& at, std::size_t& field, std::size_t& character) {
      const auto digits = [&] {
        std::size_t value = 0;
        while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])) && value < 100000)
          value = value * 10 + static_cast<std::size_t>(text[at++] - '0');
        return value;
      };
      field = digits();
      if (at < text.size() && text[at] == '.') {
        ++at;
        character = digits();
      }
      while (at < text.size() && std::isalpha(static_cast<unsigned char>(text[at]))) key.letters += text[at++];
    };
    std::size_t at = 0;
    place(at, key.first, key.first_char);
    if (at < text.size() && text[at] == ',') place(++at, key.last, key.last_char);
    if (key.first == 0) return fail(process, "bad field specification");
    key.first_char = std::max<std::size_t>(1, key.first_char);
    sorter.keys.push_back(key);
  }
  process.argv = rest;
  auto options = parse(process, "nrugMcszbdfiht:o:VS:T:", {{"reverse", 'r'}, {"unique", 'u'}, {"numeric-sort", 'n'}});
  if (!options) return 1;
  for (const char c : std::string("nrgbdfhV"))
    if (options->has(c)) sorter.letters += c;
  if (options->has('t') && !options->value['t'].empty()) sorter.separator = options->value['t'][0];
  if (options->operands.empty()) options->operands.push_back("-");
  std::vector<std::string> lines;
  std::size_t bytes = 0;
  for (const auto& operand : options->operands) {
    bool large = false;
    if (!each_line(process, operand, [&](const std::string& line) {
          bytes += line.size() + 32;
          if ((large = bytes > (std::size_t{256} << 20))) return false;
          lines.push_back(line);
          return true;
        }))
      return 2;
    if (large) return fail(process, "out of memory");
  }
  if (options->has('c')) {
    for (std::size_t i = 1; i < lines.size(); ++i)
      if (sorter.order(lines[i - 1], lines[i]) > 0) return fail(process, "check line " + std::to_string(i + 1));
    return 0;
  }
  std::ranges::stable_sort(lines, [&](const std::string& a, const std::string& b) {
    return sorter.order(a, b, !options->has('s') && !options->has('u')) < 0;
  });
  if (options->has('u')) {
    // Not std::ranges::unique: clang 14 does not compile GCC 12's.
    const auto equal = [&](const std::string& a, const std::string& b) { return sorter.order(a, b, false) == 0; };
    lines.erase(std::unique(lines.begin(), lines.end(), equal), lines.end());
  }
  if (options->has('o')) {
    auto stream = process.open(options->value['o'], open_flag::write | open_flag::create | open_flag::truncate);
    if (!stream) return fail(process, options->value['o'], stream.error());
    process.descriptors[1] = *stream;
  }
  Output out(process);
  for (const auto& line : lines) out << line << "\n";
  return 0;
}

int uniq_main(Process& process) {
  auto options = parse(process, "cdui f:s:w:");
  if (!options) return 1;
  if (options->operands.empty()) options->operands.push_back("-");
  if (options->operands.size() > 1) {
    auto stream = process.open(options->operands[1], open_flag::write | open_flag::create | open_flag::truncate);
    if (!stream) return fail(process, options->operands[1], stream.error());
    process.descriptors[1] = *stream;
  }
  Output out(process);
  std::string last;
  unsigned long long count = 0;
  const auto show = [&] {
    if (count == 0 || (options->has('d') && count < 2) || (options->has('u') && count > 1)) return;
    if (options->has('c')) out.format("%7llu ", count);
    out << last << "\n";
  };
  const auto same = [&](const std::string& a, const std::string& b) {
    return options->has('i') ? strcasecmp(a.c_str(), b.c_str()) == 0 : a == b;
  };
  const bool ok = each_line(process, options->operands[0], [&](const std::string& line) {
    if (count && same(line, last)) {
      ++count;
      return true;
    }
    show();
    last = line;
    count = 1;
    return true;
  });
  show();
  return ok ? 0 : 1;
}

int cut_main(Process& process) {
  auto options =
      parse(process, "b:c:f:d:sn", {{"delimiter", 'd'}, {"fields", 'f'}, {"characters", 'c'}, {"bytes", 'b'}});
  if (!options) return 1;
  const char kind = options->has('f') ? 'f' : options->has('c') ? 'c' : options->has('b') ? 'b' : 0;
  if (!kind) return fail(process, "expected a list of bytes, characters, or fields");
  const std::string& list = options->value[kind];
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    const std::string part = list.substr(at, end - at);
    at = end + 1;
    const std::size_t dash = part.find('-');
    const auto low = number(part.substr(0, dash)),
               high = dash == std::string::npos ? low : number(part.substr(dash + 1));
    const bool open_end = dash != std::string::npos && dash + 1 == part.size();
    if ((!low && dash != 0) || (!high && !open_end) || (low && *low < 1) || part.empty() || part == "-")
      return fail(process, "invalid range '" + part + "'");
    ranges.emplace_back(low ? *low : 1, open_end ? ~std::size_t{0} : static_cast<std::size_t>(*high));
  }
  const auto wanted = [&](std::size_t n) {
    return std::ranges::any_of(ranges, [&](const auto& range) { return n >= range.first && n <= range.second; });
  };
  const std::string delimiter =
      options->has('d') && !options->value['d'].empty() ? options->value['d'].substr(0, 1) : "\t";
  if (options->operands.empty()) options->operands.push_back("-");
  Output out(process);
  int status = 0;
  for (const auto& operand : options->operands)
    if (!each_line(process, operand, [&](const std::string& line) {
          if (kind != 'f') {
            for (std::size_t i = 0; i < line.size(); ++i)
              if (wanted(i + 1)) out << std::string_view(&line[i], 1);
            out << "\n";
            return true;
          }
          if (line.find(delimiter) == std::string::npos) {
            if (!options->has('s')) out << line << "\n";
            return true;
          }
          bool first = true;
          std::size_t n = 1;
          for (std::size_t at = 0; at <= line.size(); ++n) {
            const std::size_t end = std::min(line.find(delimiter, at), line.size());
            if (wanted(n)) {
              if (!first) out << delimiter;
              out << std::string_view(line).substr(at, end - at);
              first = false;
            }
            at = end + 1;
          }
          out << "\n";
          return true;
        }))
      status = 1;
  return status;
}

std::string tr_set(const std::string& text) {
  std::string plain;
  std::vector<bool> escaped;
  for (std::size_t i = 0; i < text.size(); ++i) {
    bool behind = false;
    char c = text[i];
    if (c == '\\' && i + 1 < text.size()) {
      behind = true;
      c = text[++i];
      if (c >= '0' && c <= '7') {
        int value = 0;
        for (int n = 0; n < 3 && i < text.size() && text[i] >= '0' && text[i] <= '7'; ++n)
          value = value * 8 + (text[i++] - '0');
        --i;
        c = static_cast<char>(value);
      } else {
        const std::size_t known = std::string_view("abfnrtv").find(c);
        if (known != std::string_view::npos) c = "\a\b\f\n\r\t\v"[known];
      }
    }
    plain += c;
    escaped.push_back(behind);
  }
  std::string out;
  static const std::pair<const char*, int (*)(int)> classes[] = {
      {"alpha", isalpha}, {"alnum", isalnum}, {"digit", isdigit}, {"lower", islower}, {"upper", isupper},
      {"space", isspace}, {"blank", isblank}, {"punct", ispunct}, {"cntrl", iscntrl}, {"xdigit", isxdigit}};
  for (std::size_t i = 0; i < plain.size(); ++i) {
    if (plain[i] == '[' && !escaped[i] && i + 1 < plain.size() && plain[i + 1] == ':') {
      const std::size_t end = plain.find(":]", i + 2);
      if (end != std::string::npos) {
        const std::string name = plain.substr(i + 2, end - i - 2);
        for (const auto& [known, test] : classes)
          if (name == known)
            for (int c = 0; c < 128; ++c)
              if (test(c)) out += static_cast<char>(c);
        i = end + 1;
        continue;
      }
    }
    if (i + 2 < plain.size() && plain[i + 1] == '-' && !escaped[i + 1]) {
      for (int c = static_cast<unsigned char>(plain[i]); c <= static_cast<unsigned char>(plain[i + 2]); ++c)
        out += static_cast<char>(c);
      i += 2;
      continue;
    }
    out += plain[i];
  }
  return out;
}

int tr_main(Process& process) {
  auto options = parse(process, "+cCdst");
  if (!options) return 1;
  if (options->operands.empty()) return usage(process);
  std::string first = tr_set(options->operands[0]);
  std::string second = options->operands.size() > 1 ? tr_set(options->operands[1]) : "";
  if (options->has('c') || options->has('C')) {
    std::string others;
    for (int c = 0; c < 256; ++c)
      if (first.find(static_cast<char>(c)) == std::string::npos) others += static_cast<char>(c);
    first = others;
  }
  const bool remove = options->has('d'), squeeze = options->has('s');
  if (!remove && !squeeze && second.empty()) return usage(process);
  std::array<int, 256> map;
  for (int c = 0; c < 256; ++c) map[static_cast<std::size_t>(c)] = c;
  if (!remove && !second.empty())
    for (std::size_t i = 0; i < first.size(); ++i)
      map[static_cast<unsigned char>(first[i])] = static_cast<unsigned char>(second[std::min(i, second.size() - 1)]);
  const std::string& squeezed = second.empty() ? first : second;
  std::array<bool, 256> in_first{}, in_squeezed{};
  for (const char c : first) in_first[static_cast<unsigned char>(c)] = true;
  for (const char c : squeezed) in_squeezed[static_cast<unsigned char>(c)] = true;
  int last = -1;
  Output out(process);
  each_piece(process, "-", [&](std::string_view piece) {
    std::string text;
    for (const char byte : piece) {
      const auto c = static_cast<unsigned char>(byte);
      if (remove && in_first[c]) continue;
      const int mapped = map[c];
      if (squeeze && mapped == last && in_squeezed[static_cast<std::size_t>(mapped)]) continue;
      last = mapped;
      text += static_cast<char>(mapped);
    }
    out << text;
    return !out.failed();
  });
  return 0;
}

int fold_main(Process& process) {
  auto options = parse(process, "bsw:");
  if (!options) return 1;
  const std::size_t width = options->has('w') ? std::max<std::uint64_t>(1, size(options->value['w']).value_or(80)) : 80;
  if (options->operands.empty()) options->operands.push_back("-");
  Output out(process);
  int status = 0;
  for (const auto& operand : options->operands)
    if (!each_line(process, operand, [&](const std::string& line) {
          std::size_t at = 0;
          do {
            std::size_t length = std::min(width, line.size() - at);
            if (options->has('s') && at + length < line.size()) {
              const std::size_t blank = line.rfind(' ', at + length - 1);
              if (blank != std::string::npos && blank >= at) length = blank + 1 - at;
            }
            out << std::string_view(line).substr(at, length) << "\n";
            at += length;
          } while (at < line.size());
          return true;
        }))
      status = 1;
  return status;
}

}  // namespace

void add_filter_commands(ProgramTable& table) {
  for (const auto& [name, program] : {std::pair<const char*, Program>{"sort", sort_main},
                                      {"uniq", uniq_main},
                                      {"cut", cut_main},
                                      {"tr", tr_main},
                                      {"fold", fold_main}})
    table.add_applet(name, program, "/usr/bin");
}

}  // namespace vnpu::devices::commands
