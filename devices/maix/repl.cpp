#include "devices/maix/repl.h"

#include <algorithm>
#include <array>

namespace vnpu::devices::maix {

namespace {

constexpr std::size_t most_history = 50, most_line = 1 << 20;
constexpr std::string_view raw_prompt = "raw REPL; CTRL-B to exit\r\n>";

bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

bool begins_block(std::string_view text) {
  if (text.starts_with('@')) return true;
  for (const std::string_view word : {"if", "while", "for", "try", "with", "def", "class", "async"})
    if (text.starts_with(word) && (text.size() == word.size() || !is_name(text[word.size()]))) return true;
  return false;
}

}  // namespace

bool wants_more(std::string_view text) {
  if (text.empty()) return false;
  int round = 0, square = 0, curly = 0;
  char quote = 0;
  bool triple = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote) {
      if (c == '\\') {
        ++i;
      } else if (c == quote && (!triple || text.substr(i, 3) == std::string(3, quote))) {
        if (triple) i += 2;
        quote = 0;
      } else if (c == '\n' && !triple) {
        quote = 0;
      }
      continue;
    }
    if (c == '\'' || c == '"') {
      quote = c;
      triple = text.substr(i, 3) == std::string(3, c);
      if (triple) i += 2;
    } else if (c == '#') {
      i = std::min(text.find('\n', i), text.size()) - 1;
    }
    round += (c == '(') - (c == ')');
    square += (c == '[') - (c == ']');
    curly += (c == '{') - (c == '}');
  }
  if (quote && triple) return true;
  if (!quote && (round > 0 || square > 0 || curly > 0)) return true;
  if (text.back() == '\\') return true;
  return begins_block(text) && text.back() != '\n';
}

void Repl::start(std::vector<std::string> always, std::vector<std::string> when_friendly) {
  boot_.clear();
  for (auto& path : always) boot_.push_back({"file", std::move(path)});
  if (!raw_mode_)
    for (auto& path : when_friendly) boot_.push_back({"file", std::move(path)});
  greeted_ = running_raw_ = failed_ = false;
}

std::uint8_t Repl::key() {
  const auto byte = console_.key();
  if (!byte) throw Leave::end;
  return *byte;
}

void Repl::end_of_job() {
  console_.flush_line();
  if (running_raw_) console_.write(failed_ ? "\x04" : "\x04\x04");
  running_raw_ = failed_ = false;
}

void Repl::failed(const std::string& text) {
  console_.flush_line();
  if (running_raw_) console_.write("\x04");
  failed_ = true;
  console_.print(text);
}

void Repl::greet() {
  greeted_ = true;
  if (raw_mode_) {
    console_.write(raw_prompt);
  } else {
    console_.write(banner_);
  }
}

Repl::Job Repl::next() {
  const bool was_raw = running_raw_;
  end_of_job();
  if (!boot_.empty()) {
    Job job = std::move(boot_.front());
    boot_.pop_front();
    return job;
  }
  if (!greeted_) {
    greet();
  } else if (was_raw) {
    console_.write(">");
  }
  for (;;) {
    Job job = raw_mode_ ? raw() : friendly();
    if (!job.kind.empty()) return job;
  }
}

// Nothing echoes here. An empty job: the mode has changed.
Repl::Job Repl::raw() {
  std::string text;
  for (;;) {
    const std::uint8_t c = key();
    if (c == 1) {
      text.clear();
      console_.write(raw_prompt);
    } else if (c == 2) {
      raw_mode_ = false;
      console_.write("\r\n");
      console_.write(banner_);
      return {};
    } else if (c == 3) {
      text.clear();
    } else if (c == 4) {
      console_.write("OK");
      if (text.empty()) {
        console_.write("\r\n");
        throw Leave::reset;
      }
      running_raw_ = true;
      return {"exec", std::move(text)};
    } else if (text.size() < most_line) {
      text += c == '\r' ? '\n' : static_cast<char>(c);
    }
  }
}

Repl::Job Repl::paste() {
  console_.write("\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ");
  std::string text;
  for (;;) {
    const std::uint8_t c = key();
    if (c == 3) {
      console_.write("\r\n");
      return {};
    }
    if (c == 4) {
      console_.write("\r\n");
      return {"exec", std::move(text)};
    }
    if (text.size() >= most_line) continue;
    if (c == '\r' || c == '\n') {
      text += '\n';
      console_.write("\r\n=== ");
    } else {
      text += static_cast<char>(c);
      console_.write(std::string(1, static_cast<char>(c)));
    }
  }
}

Repl::Job Repl::friendly() {
  std::string line;
  switch (read_line(">>> ", line)) {
    case 'A':
      raw_mode_ = true;
      console_.write("\r\n");
      console_.write(raw_prompt);
      return {};
    case 'B':
      console_.write("\r\n");
      console_.write(banner_);
      return {};
    case 'C': console_.write("\r\n"); return {};
    case 'D': console_.write("\r\n"); throw Leave::reset;
    case 'E': return paste();
    default: break;
  }
  std::string text = line;
  while (wants_more(text)) {
    text += '\n';
    // as deep as the line before, deeper behind a colon
    std::string indent(line.find_first_not_of(' ') == std::string::npos ? line.size() : line.find_first_not_of(' '),
                       ' ');
    if (line.ends_with(':')) indent += "    ";
    if (line.empty()) indent.clear();
    line = indent;
    const char left = read_line("... ", line);
    if (left == 'C') {
      console_.write("\r\n");
      return {};
    }
    if (left == 'D') break;
    if (line.find_first_not_of(' ') == std::string::npos) line.clear();
    text += line;
  }
  if (text.find_first_not_of(" \n") == std::string::npos) return {};
  return {"single", text + "\n"};
}

// From `from` on the shown line has changed; the cursor moves on the screen from old_cursor to cursor.
void Repl::redraw(const std::string& line, std::size_t from, std::size_t old_size, std::size_t old_cursor,
                  std::size_t cursor) {
  std::string out;
  const auto back = [&](std::size_t count) {
    if (count > 0 && count <= 4)
      out += std::string(count, '\b');
    else if (count > 0)
      out += "\x1b[" + std::to_string(count) + "D";
  };
  if (old_cursor > from) back(old_cursor - from);
  out += line.substr(from);
  if (old_size > line.size()) out += "\x1b[K";
  back(line.size() - cursor);
  console_.write(out);
}

void Repl::replace(std::string& line, std::size_t& cursor, const std::string& with) {
  const std::size_t old_size = line.size(), old_cursor = cursor;
  line = with;
  cursor = line.size();
  redraw(line, 0, old_size + 1, old_cursor, cursor);
}

void Repl::edit_escape(std::string& line, std::size_t& cursor, const std::string&) {
  std::uint8_t c = key();
  if (c != '[' && c != 'O') return;
  std::string digits;
  for (c = key(); c >= '0' && c <= '9' && digits.size() < 3; c = key()) digits += static_cast<char>(c);
  const auto move = [&](std::size_t to) {
    const std::size_t old = cursor;
    cursor = to;
    if (to > old) console_.write("\x1b[" + std::to_string(to - old) + "C");
    if (to < old) console_.write("\x1b[" + std::to_string(old - to) + "D");
  };
  if (c == 'A' && history_at_ < history_.size()) {
    ++history_at_;
    replace(line, cursor, history_[history_.size() - history_at_]);
  } else if (c == 'B' && history_at_ > 0) {
    --history_at_;
    replace(line, cursor, history_at_ ? history_[history_.size() - history_at_] : "");
  } else if (c == 'C' && cursor < line.size()) {
    move(cursor + 1);
  } else if (c == 'D' && cursor > 0) {
    move(cursor - 1);
  } else if (c == 'H' || (c == '~' && (digits == "1" || digits == "7"))) {
    move(0);
  } else if (c == 'F' || (c == '~' && (digits == "4" || digits == "8"))) {
    move(line.size());
  } else if (c == '~' && digits == "3" && cursor < line.size()) {
    line.erase(cursor, 1);
    redraw(line, cursor, line.size() + 1, cursor, cursor);
  }
}

char Repl::read_line(const std::string& prompt, std::string& line) {
  console_.write(prompt + line);
  std::size_t cursor = line.size();
  history_at_ = 0;
  for (;;) {
    const std::uint8_t c = key();
    const bool was_return = std::exchange(after_return_, c == '\r');
    if (c == '\n' && was_return) continue;  // CR LF is one end of line
    if (c == '\r' || c == '\n') {
      console_.write("\r\n");
      if (!line.empty() && (history_.empty() || history_.back() != line)) {
        history_.push_back(line);
        if (history_.size() > most_history) history_.erase(history_.begin());
      }
      return 0;
    }
    if (c == 3) return 'C';
    if (line.empty() && (c == 1 || c == 2 || c == 4 || c == 5)) return static_cast<char>('A' + c - 1);
    if (c == 4 && prompt == "... ") return 'D';
    if (c == 27) {
      edit_escape(line, cursor, prompt);
    } else if (c == 8 || c == 127) {
      if (cursor == 0) continue;
      // within the indentation four blanks go at once
      const bool blank = line.find_first_not_of(' ') >= cursor && cursor % 4 == 0;
      const std::size_t count = blank ? 4 : 1, old = cursor;
      cursor -= count;
      line.erase(cursor, count);
      redraw(line, cursor, line.size() + count, old, cursor);
    } else if (c == '\t') {
      line.insert(cursor, "    ");
      redraw(line, cursor, line.size() - 4, cursor, cursor + 4);
      cursor += 4;
    } else if (c >= 32 && line.size() < most_line) {
      line.insert(cursor, 1, static_cast<char>(c));
      redraw(line, cursor, line.size() - 1, cursor, cursor + 1);
      ++cursor;
    }
  }
}

}  // namespace vnpu::devices::maix
