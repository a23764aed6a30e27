// less and more: a text screen by screen. Without a terminal both are cat.
#include <algorithm>

#include "devices/commands/common.h"
#include "devices/commands/pager_lines.h"
#include "devices/commands/regular.h"
#include "devices/keyboard.h"

namespace vnpu::devices::commands {

namespace {

constexpr const char* highlight = "\033[7m";
constexpr const char* normal = "\033[m";

int copy_all(Process& process, const std::vector<std::string>& operands) {
  int status = 0;
  for (const auto& operand : operands) {
    const bool opened =
        each_piece(process, operand, [&](std::string_view piece) { return process.write(piece) == Errno::ok; });
    if (!opened) status = 1;
  }
  return status;
}

struct Options {
  bool quit_at_end = false, quit_if_short = false, fold = false, status = false, numbers = false, chop = false,
       no_colors = false, no_tildes = false;
};

class Less {
 public:
  Less(Process& process, Keyboard& keyboard, const Options& options, std::vector<std::string> names)
      : process_(process), keyboard_(keyboard), options_(options), names_(std::move(names)) {}

  int run() {
    for (;;) {
      Lines lines(process_, names_[file_]);
      if (lines.error() != Errno::ok) {
        fail(process_, "can't open '" + lines.name() + "'", lines.error());
        if (names_.size() == 1) return 1;
      }
      lines_ = &lines;
      top_ = 0;
      skip_ = 0;
      const std::size_t height = rows();
      if (options_.quit_if_short && !lines.have(height)) {
        for (std::size_t i = 0; i < lines.count(); ++i) keyboard_.write(shown(lines.at(i)) + "\n");
        return 0;
      }
      const int step = view();
      if (step == 0) return 0;
      const std::size_t next = file_ + static_cast<std::size_t>(step);
      if (next < names_.size()) file_ = next;
    }
  }

 private:
  std::size_t rows() const { return keyboard_.size().rows - 1; }
  std::size_t width() const { return keyboard_.size().columns; }

  // A line as the screen takes it: tabs widened, other control characters visible.
  std::string shown(const std::string& line) const {
    std::string out;
    std::size_t column = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      if (c == '\t') {
        do out += ' ';
        while (++column % 8);
      } else if (c == '\033' && options_.no_colors && i + 1 < line.size() && line[i + 1] == '[') {
        ++i;
        while (i + 1 < line.size() && !std::isalpha(static_cast<unsigned char>(line[i + 1]))) ++i;
        ++i;
      } else if (c == '\r' && i + 1 == line.size()) {
        break;
      } else if (static_cast<unsigned char>(c) < 32 || c == 127) {
        out += '^';
        out += static_cast<char>(c ^ 64);
        column += 2;
      } else {
        out += c;
        column += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
      }
    }
    return out;
  }

  // The pieces of a line, one a row of the screen.
  std::vector<std::string> pieces(std::size_t index) const {
    std::string text = shown(lines_->at(index));
    std::string number;
    if (options_.numbers) {
      number = std::to_string(index + 1) + " ";
      if (number.size() < 8) number.insert(0, 8 - number.size(), ' ');
    }
    const std::size_t room = std::max<std::size_t>(1, width() - std::min(width() - 1, number.size()));
    std::vector<std::string> out;
    std::size_t from = 0, columns = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if ((static_cast<unsigned char>(text[i]) & 0xc0) == 0x80) continue;
      const std::size_t wide =
          static_cast<unsigned char>(text[i]) >= 0xe3 && static_cast<unsigned char>(text[i]) < 0xf0 ? 2 : 1;
      if (columns + wide > room) {
        out.push_back(text.substr(from, i - from));
        from = i;
        columns = 0;
        if (options_.chop) break;
      }
      columns += wide;
    }
    if (out.empty() || !options_.chop) out.push_back(text.substr(from));
    for (auto& piece : out) {
      piece = number + piece;
      if (!number.empty()) number.assign(8, ' ');
    }
    return out;
  }

  std::string marked(const std::string& text) const {
    if (!pattern_) return text;
    std::string out;
    std::vector<Regular::Span> spans;
    std::size_t at = 0;
    while (at < text.size() && pattern_->search(text, at, spans) && spans[0].second > spans[0].first) {
      out += text.substr(at, spans[0].first - at) + highlight +
             text.substr(spans[0].first, spans[0].second - spans[0].first) + normal;
      at = spans[0].second;
    }
    return out + text.substr(std::min(at, text.size()));
  }

  void draw() {
    std::string out = "\033[H";
    std::size_t line = top_, skip = skip_;
    for (std::size_t row = 0; row < rows();) {
      if (!lines_->have(line)) {
        out += std::string(options_.no_tildes ? "" : "~") + "\033[K\r\n";
        ++row;
        continue;
      }
      const auto parts = pieces(line++);
      for (std::size_t i = std::min(skip, parts.size()); i < parts.size() && row < rows(); ++i, ++row)
        out += marked(parts[i]) + "\033[K\r\n";
      skip = 0;
    }
    bottom_ = line;
    keyboard_.write(out + status());
  }

  bool at_end() { return !lines_->have(bottom_); }

  std::string status() {
    std::string text;
    if (!message_.empty()) {
      text = highlight + std::exchange(message_, {}) + normal;
    } else if (options_.status) {
      lines_->all();
      const std::size_t count = std::max<std::size_t>(1, lines_->count());
      text = highlight + lines_->name() + " lines " + std::to_string(top_ + 1) + "-" +
             std::to_string(std::min(bottom_, count)) + "/" + std::to_string(count) + " " +
             std::to_string(std::min(bottom_, count) * 100 / count) + "%" + normal;
    } else if (at_end()) {
      text = std::string(highlight) + (names_.size() > 1 ? lines_->name() + " " : "") + "(END)" + normal;
    } else if (fresh_ && lines_->name() != "-") {
      text = highlight + lines_->name() + normal;
    } else {
      text = ":";
    }
    return text + "\033[K";
  }

  void down(std::size_t count) {
    for (; count > 0; --count) {
      if (at_end() || !lines_->have(top_)) return;
      if (skip_ + 1 < pieces(top_).size()) {
        ++skip_;
      } else {
        ++top_;
        skip_ = 0;
      }
      measure();
    }
  }
  void up(std::size_t count) {
    for (; count > 0 && (top_ > 0 || skip_ > 0); --count) {
      if (skip_ > 0) {
        --skip_;
      } else {
        --top_;
        skip_ = pieces(top_).size() - 1;
      }
    }
  }
  // What line would follow the last row.
  void measure() {
    std::size_t line = top_, skip = skip_;
    for (std::size_t row = 0; row < rows() && lines_->have(line); ++line) {
      const std::size_t count = pieces(line).size() - std::min(skip, pieces(line).size() - 1);
      if (row + count > rows()) break;
      row += count;
      skip = 0;
    }
    bottom_ = line;
  }
  void go(std::size_t line) {
    top_ = lines_->have(line) ? line : lines_->count() ? lines_->count() - 1 : 0;
    skip_ = 0;
    measure();
  }
  void bottom() {
    lines_->all();
    top_ = lines_->count();
    skip_ = 0;
    up(rows());
  }

  std::optional<std::string> ask(const std::string& prompt) {
    std::string text;
    for (;;) {
      keyboard_.write("\r" + prompt + text + "\033[K");
      const int k = keyboard_.read();
      if (k == '\r' || k == '\n') return text;
      if (k == key::gone || k == key::escape || k == key::ctrl('C')) return std::nullopt;
      if (k == 127 || k == 8) {
        if (text.empty()) return std::nullopt;
        while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xc0) == 0x80) text.pop_back();
        if (!text.empty()) text.pop_back();
      } else if (k >= 32 && k < 256 && text.size() < 256) {
        text += static_cast<char>(k);
      }
    }
  }

  void search(bool forward, std::size_t count) {
    for (; count > 0 && pattern_; --count) {
      std::vector<Regular::Span> spans;
      std::size_t line = top_;
      bool found = false;
      while (!found) {
        process_.check_signals();
        if (forward ? !lines_->have(++line) : line == 0) break;
        if (!forward) --line;
        found = pattern_->search(shown(lines_->at(line)), 0, spans);
      }
      if (!found) {
        message_ = "No matches found";
        return;
      }
      go(line);
    }
  }

  void start_search(bool forward) {
    const auto text = ask(forward ? "/" : "?");
    if (!text) return;
    if (!text->empty()) {
      pattern_ = Regular::compile(*text, true, options_.fold);
      if (!pattern_) {
        message_ = "bad pattern";
        return;
      }
    }
    forward_ = forward;
    search(forward, 1);
  }

  void help() {
    keyboard_.write(
        "\033[H\033[J"
        "space f PgDn   a screen on          b PgUp   a screen back\r\n"
        "Enter j down   a line on            k y up   a line back\r\n"
        "d u            half a screen        g G      begin, end (or line: 12G)\r\n"
        "/text ?text    search on, back      n N      again, the other way\r\n"
        ":n :p          next, previous file  q        quit\r\n"
        "(press a key)");
    keyboard_.read();
  }

  // 0: done; 1, -1: to the next, the previous file.
  int view() {
    std::size_t number = 0;
    bool numbered = false;
    keyboard_.write("\033[H\033[J");
    draw();
    for (;;) {
      const int k = keyboard_.read();
      if (k >= '0' && k <= '9') {
        number = std::min<std::size_t>(number * 10 + static_cast<std::size_t>(k - '0'), 100'000'000);
        numbered = true;
        continue;
      }
      const std::size_t count = numbered ? std::max<std::size_t>(1, number) : 1;
      fresh_ = false;
      switch (k) {
        case 'q':
        case 'Q':
        case key::gone: keyboard_.write("\r\033[K"); return 0;
        case ' ':
        case 'f':
        case key::ctrl('F'):
        case key::ctrl('V'):
        case key::page_down:
          if (options_.quit_at_end && at_end()) {
            keyboard_.write("\r\033[K");
            return 0;
          }
          down(numbered ? count : rows());
          break;
        case 'b':
        case key::ctrl('B'):
        case key::page_up: up(numbered ? count : rows()); break;
        case '\r':
        case '\n':
        case 'j':
        case 'e':
        case key::ctrl('E'):
        case key::down: down(count); break;
        case 'k':
        case 'y':
        case key::ctrl('Y'):
        case key::ctrl('P'):
        case key::up: up(count); break;
        case 'd':
        case key::ctrl('D'): down(rows() / 2); break;
        case 'u':
        case key::ctrl('U'): up(rows() / 2); break;
        case 'g':
        case '<':
        case key::home: go(numbered ? count - 1 : 0); break;
        case 'G':
        case '>':
        case key::end:
          if (numbered) {
            go(count - 1);
          } else {
            bottom();
          }
          break;
        case 'p':
        case '%':
          lines_->all();
          go(lines_->count() * std::min<std::size_t>(number, 100) / 100);
          break;
        case '/': start_search(true); break;
        case '?': start_search(false); break;
        case 'n': search(forward_, count); break;
        case 'N': search(!forward_, count); break;
        case '=':
          lines_->all();
          message_ = lines_->name() + " line " + std::to_string(top_ + 1) + "/" + std::to_string(lines_->count());
          break;
        case 'h': help(); break;
        case 'Z':
          if (keyboard_.read() == 'Z') {
            keyboard_.write("\r\033[K");
            return 0;
          }
          break;
        case ':': {
          const auto command = ask(":");
          if (command == "q") {
            keyboard_.write("\r\033[K");
            return 0;
          }
          if (command == "n" && file_ + 1 < names_.size()) return 1;
          if (command == "p" && file_ > 0) return -1;
          if (command && (command == "n" || command == "p")) message_ = "No next file";
          break;
        }
        default: break;
      }
      number = 0;
      numbered = false;
      draw();
    }
  }

  Process& process_;
  Keyboard& keyboard_;
  Options options_;
  std::vector<std::string> names_;
  std::size_t file_ = 0;
  Lines* lines_ = nullptr;
  std::size_t top_ = 0, skip_ = 0, bottom_ = 0;  // first line and the rows of it above the screen; behind the last
  std::optional<Regular> pattern_;
  bool forward_ = true, fresh_ = true;
  std::string message_;
};

int less_main(Process& process) {
  auto parsed = parse(process, "EFIMmNSRh~");
  if (!parsed) return 1;
  std::vector<std::string> names = parsed->operands;
  if (names.empty()) {
    if (process.is_terminal(0)) {
      fail(process, "missing filename");
      usage(process);
      return 1;
    }
    names.push_back("-");
  }
  if (!process.is_terminal(1)) return copy_all(process, names);
  Options options;
  options.quit_at_end = parsed->has('E');
  options.quit_if_short = parsed->has('F');
  options.fold = parsed->has('I');
  options.status = parsed->has('M') || parsed->has('m');
  options.numbers = parsed->has('N');
  options.chop = parsed->has('S');
  options.no_colors = parsed->has('R');
  options.no_tildes = parsed->has('~');
  const auto keyboard = Keyboard::open(process, false);
  if (!keyboard) return copy_all(process, names);
  return Less(process, *keyboard, options, std::move(names)).run();
}

int more_main(Process& process) {
  auto parsed = parse(process, "d");
  if (!parsed) return 1;
  std::vector<std::string> names = parsed->operands;
  if (names.empty()) {
    if (process.is_terminal(0)) return usage(process);
    names.push_back("-");
  }
  const auto keyboard = process.is_terminal(1) ? Keyboard::open(process, false) : nullptr;
  if (!keyboard) return copy_all(process, names);
  int status = 0;
  std::size_t left = keyboard->size().rows - 1;
  for (const auto& name : names) {
    Lines lines(process, name);
    if (lines.error() != Errno::ok) {
      status = fail(process, "can't open '" + name + "'", lines.error());
      continue;
    }
    const auto size = process.files().stat(process.user, process.path(name));
    std::uint64_t done = 0;
    for (std::size_t i = 0; lines.have(i); ++i) {
      const std::size_t columns = keyboard->size().columns;
      const std::size_t taken = std::max<std::size_t>(1, (lines.at(i).size() + columns - 1) / columns);
      if (taken > left && done > 0) {
        std::string prompt = "--More-- ";
        if (name != "-" && size && size->size > 0)
          prompt += "(" + std::to_string(done * 100 / size->size) + "% of " + std::to_string(size->size) + " bytes)";
        keyboard->write(prompt);
        int k;
        do k = keyboard->read();
        while (k == key::resized);
        keyboard->write("\r" + std::string(prompt.size(), ' ') + "\r");
        if (k == 'q' || k == 'Q' || k == key::gone || k == key::ctrl('C')) return status;
        left = k == '\r' || k == '\n' ? 1 : keyboard->size().rows - 1;
      }
      left -= std::min(left, taken);
      done += lines.at(i).size() + 1;
      keyboard->write(lines.at(i) + "\n");
    }
  }
  return status;
}

}  // namespace

void add_pager_commands(ProgramTable& table) {
  table.add_applet("less", less_main, "/usr/bin");
  table.add_applet("more", more_main);
}

}  // namespace vnpu::devices::commands
