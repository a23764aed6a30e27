// The bytes sent are those of BusyBox's editor: rows of text are redrawn, never saved.
#include "devices/shell/line_editor.h"

#include <algorithm>

#include "devices/shell/shell.h"

namespace vnpu::devices::shell {

namespace {

constexpr std::size_t line_limit = 4096;
constexpr const char* clear_below = "\033[J";

constexpr int ctrl(char c) { return c & 31; }
bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::size_t text_columns(std::string_view text) {
  std::size_t out = 0;
  for (const char c : text) {
    if (continues(c)) continue;
    // Ideographs (three bytes from U+1100 on, roughly) take two columns.
    out += static_cast<unsigned char>(c) >= 0xe3 && static_cast<unsigned char>(c) < 0xf0 ? 2 : 1;
  }
  return out;
}

// The prompt without the marks of \[ and \], and the columns its last line takes.
std::string shown_prompt(const std::string& prompt, std::size_t& columns) {
  std::string out, counted;
  bool hidden = false;
  for (std::size_t i = 0; i < prompt.size(); ++i) {
    const char c = prompt[i];
    if (c == '\001' || c == '\002') {
      hidden = c == '\001';
      continue;
    }
    out += c;
    if (c == '\n') counted.clear();
    if (c == '\033') {  // a colour: not counted, whether marked or not
      std::size_t end = i + 1;
      if (end < prompt.size() && prompt[end] == '[') {
        ++end;
        while (end < prompt.size() && (prompt[end] < '@' || prompt[end] > '~')) ++end;
        out += prompt.substr(i + 1, std::min(end, prompt.size() - 1) - i);
        i = end;
      }
      continue;
    }
    if (!hidden && c != '\n' && c != '\r') counted += c;
  }
  columns = text_columns(counted);
  return out;
}

}  // namespace

LineEditor::Outcome LineEditor::read(const std::string& prompt) {
  auto& process = shell_.process;
  Terminal* terminal = nullptr;
  if (const auto it = process.descriptors.find(0); it != process.descriptors.end()) terminal = it->second->terminal();
  if (!terminal || !shell_.options.interactive) {
    Outcome out;
    out.line = process.read_line(0);
    return out;
  }
  terminal->set_mode({false, false, false});
  struct Cooked {
    Terminal* terminal;
    ~Cooked() { terminal->set_mode({}); }
  } cooked{terminal};
  return edit(prompt);
}

LineEditor::Outcome LineEditor::edit(const std::string& prompt) {
  prompt_ = shown_prompt(prompt, prompt_columns_);
  line_.clear();
  saved_.clear();
  cursor_ = 0;
  history_at_ = shell_.history.size();
  tab_before_ = false;
  put(prompt_);
  for (;;) {
    const int k = key();
    Step step = Step::end;
    if (k >= 0) {
      step = act(k);
      if (k != '\t') tab_before_ = false;
    }
    switch (step) {
      case Step::go_on: break;
      case Step::accept: {
        show(line_.substr(cursor_));
        put("\n");
        shell_.remember(line_);
        return {line_, false};
      }
      case Step::interrupt: put("^C\n"); return {std::nullopt, true};
      case Step::end: return {std::nullopt, false};
    }
  }
}

LineEditor::Step LineEditor::act(int k) {
  switch (k) {
    case '\r':
    case '\n': return Step::accept;
    case ctrl('C'): return Step::interrupt;
    case ctrl('D'):
      if (line_.empty()) return Step::end;
      if (cursor_ < line_.size()) remove(1);
      break;
    case ctrl('A'): move_to(0); break;
    case ctrl('E'): move_to(line_.size()); break;
    case ctrl('B'): move_to(before(cursor_)); break;
    case ctrl('F'): move_to(after(cursor_)); break;
    case 8:
    case 127: backspace(); break;
    case '\t': complete(); break;
    case ctrl('K'):
      line_.resize(cursor_);
      put(clear_below);
      break;
    case ctrl('L'): {
      const std::size_t at = cursor_;
      put("\033[H\033[J");
      cursor_ = 0;
      redraw(at);
      break;
    }
    case ctrl('U'): {
      if (cursor_ == 0) break;
      const std::size_t rest = line_.size() - cursor_;
      const std::string tail = line_.substr(cursor_);
      const std::size_t rows = (prompt_columns_ + columns(0, cursor_)) / std::max(1u, shell_.process.window().columns);
      if (rows) put("\033[" + std::to_string(rows) + "A");
      line_ = tail;
      cursor_ = 0;
      (void)rest;
      redraw(0);
      break;
    }
    case ctrl('W'):
      while (cursor_ > 0 && line_[cursor_ - 1] == ' ') backspace();
      while (cursor_ > 0 && line_[cursor_ - 1] != ' ') backspace();
      break;
    case ctrl('P'): history_step(-1); break;
    case ctrl('N'): history_step(1); break;
    case ctrl('R'): return search();
    case 27: return escape();
    default: {
      if (k < 32) break;
      std::string text(1, static_cast<char>(k));
      const int more = k >= 0xf0 ? 3 : k >= 0xe0 ? 2 : k >= 0xc0 ? 1 : 0;
      for (int i = 0; i < more; ++i) {
        const int next = key();
        if (next < 0) return Step::end;
        text += static_cast<char>(next);
      }
      if (line_.size() + text.size() < line_limit) insert(text);
    }
  }
  return Step::go_on;
}

LineEditor::Step LineEditor::escape() {
  int k = key();
  if (k < 0) return Step::end;
  const auto word_left = [&] {
    std::size_t at = cursor_;
    while (at > 0 && line_[at - 1] == ' ') --at;
    while (at > 0 && line_[at - 1] != ' ') --at;
    move_to(at);
  };
  const auto word_right = [&] {
    std::size_t at = cursor_;
    while (at < line_.size() && line_[at] == ' ') ++at;
    while (at < line_.size() && line_[at] != ' ') ++at;
    move_to(at);
  };
  if (k == 'b') word_left();
  if (k == 'f') word_right();
  if (k == 'd') {
    while (cursor_ < line_.size() && line_[cursor_] == ' ') remove(1);
    while (cursor_ < line_.size() && line_[cursor_] != ' ') remove(1);
  }
  if (k == 127 || k == 8) {
    while (cursor_ > 0 && line_[cursor_ - 1] == ' ') backspace();
    while (cursor_ > 0 && line_[cursor_ - 1] != ' ') backspace();
  }
  if (k != '[' && k != 'O') return Step::go_on;
  std::string parameters;
  do {
    k = key();
    if (k < 0) return Step::end;
    if (k < '@') parameters += static_cast<char>(k);
  } while (k < '@' && parameters.size() < 16);
  const bool with_ctrl = parameters.ends_with(";5") || parameters.ends_with(";3");
  switch (k) {
    case 'A': history_step(-1); break;
    case 'B': history_step(1); break;
    case 'C': with_ctrl ? word_right() : move_to(after(cursor_)); break;
    case 'D': with_ctrl ? word_left() : move_to(before(cursor_)); break;
    case 'H': move_to(0); break;
    case 'F': move_to(line_.size()); break;
    case '~':
      if (parameters == "1" || parameters == "7") move_to(0);
      if (parameters == "4" || parameters == "8") move_to(line_.size());
      if (parameters == "3" && cursor_ < line_.size()) remove(1);
      break;
    default: break;
  }
  return Step::go_on;
}

int LineEditor::key() {
  std::uint8_t byte = 0;
  for (;;) {
    const auto got = shell_.process.read(std::span(&byte, 1), 0);
    if (got) return *got == 1 ? byte : -1;
    if (got.error() != Errno::intr) return -1;
    try {
      shell_.check_signals();
    } catch (const Interrupted&) {
      return ctrl('C');
    }
  }
}

void LineEditor::put(const std::string& text) {
  if (!text.empty()) shell_.process.write(text, shell_.process.is_terminal(1) ? 1 : 0);
}

std::size_t LineEditor::columns(std::size_t from, std::size_t to) const {
  return text_columns(std::string_view(line_).substr(from, to - from));
}

// Writes from the cursor on; where a row is full the next one is begun by hand, as terminals differ in when they wrap.
void LineEditor::show(const std::string& text) {
  const std::size_t width = std::max(1u, shell_.process.window().columns);
  std::size_t column = prompt_columns_ + columns(0, cursor_);
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    while (end < text.size() && continues(text[end])) ++end;
    out += text.substr(i, end - i);
    column += text_columns(std::string_view(text).substr(i, end - i));
    if (column % width == 0) out += "\r\n";
    i = end;
  }
  put(out);
}

void LineEditor::move_to(std::size_t target) {
  if (target == cursor_) return;
  if (target > cursor_) {
    const std::string text = line_.substr(cursor_, target - cursor_);
    show(text);
    cursor_ = target;
    return;
  }
  const std::size_t width = std::max(1u, shell_.process.window().columns);
  const std::size_t old_place = prompt_columns_ + columns(0, cursor_), place = prompt_columns_ + columns(0, target);
  const std::size_t back = old_place - place;
  std::string out;
  if (old_place / width == place / width) {
    out = back <= 4 ? std::string(back, '\b') : "\033[" + std::to_string(back) + "D";
  } else {
    out = "\033[" + std::to_string(old_place / width - place / width) + "A\r";
    if (place % width) out += "\033[" + std::to_string(place % width) + "C";
  }
  put(out);
  cursor_ = target;
}

void LineEditor::insert(const std::string& text) {
  line_.insert(cursor_, text);
  const std::size_t target = cursor_ + text.size();
  show(line_.substr(cursor_));
  cursor_ = line_.size();
  move_to(target);
}

void LineEditor::remove(std::size_t count) {
  std::size_t end = cursor_;
  for (; count > 0; --count) end = after(end);
  line_.erase(cursor_, end - cursor_);
  const std::size_t target = cursor_;
  show(line_.substr(cursor_));
  put(clear_below);
  cursor_ = line_.size();
  move_to(target);
}

void LineEditor::backspace() {
  if (cursor_ == 0) return;
  move_to(before(cursor_));
  remove(1);
}

void LineEditor::redraw(std::size_t target) {
  put("\r" + prompt_);
  cursor_ = 0;
  show(line_);
  put(clear_below);
  cursor_ = line_.size();
  move_to(target);
}

void LineEditor::replace(const std::string& text) {
  const std::size_t width = std::max(1u, shell_.process.window().columns);
  const std::size_t rows = (prompt_columns_ + columns(0, cursor_)) / width;
  if (rows) put("\033[" + std::to_string(rows) + "A");
  line_ = text;
  redraw(line_.size());
}

std::size_t LineEditor::before(std::size_t position) const {
  if (position == 0) return 0;
  --position;
  while (position > 0 && continues(line_[position])) --position;
  return position;
}

std::size_t LineEditor::after(std::size_t position) const {
  if (position >= line_.size()) return line_.size();
  ++position;
  while (position < line_.size() && continues(line_[position])) ++position;
  return position;
}

void LineEditor::history_step(int direction) {
  const auto& history = shell_.history;
  if ((direction < 0 && history_at_ == 0) || (direction > 0 && history_at_ >= history.size())) {
    put("\a");
    return;
  }
  if (history_at_ == history.size()) saved_ = line_;
  history_at_ += static_cast<std::size_t>(direction);
  replace(history_at_ == history.size() ? saved_ : history[history_at_]);
}

LineEditor::Step LineEditor::search() {
  const std::string prompt = prompt_, line = line_;
  const std::size_t prompt_columns = prompt_columns_;
  std::string wanted;
  std::size_t at = shell_.history.size();
  const auto find = [&](std::size_t from) {
    while (from-- > 0) {
      if (shell_.history[from].find(wanted) == std::string::npos) continue;
      at = from;
      line_ = shell_.history[from];
      return true;
    }
    return false;
  };
  const auto leave = [&] {
    prompt_ = prompt;
    prompt_columns_ = prompt_columns;
    history_at_ = at;
    redraw(line_.size());
  };
  for (;;) {
    prompt_ = "(reverse-i-search)'" + wanted + "': ";
    prompt_columns_ = text_columns(prompt_);
    redraw(line_.size());
    const int k = key();
    if (k < 0) return Step::end;
    if (k == ctrl('R')) {
      if (!find(at)) put("\a");
    } else if (k == 127 || k == 8) {
      if (!wanted.empty()) wanted.pop_back();
      find(shell_.history.size());
    } else if (k >= 32 && k != 127) {
      wanted += static_cast<char>(k);
      if (!find(shell_.history.size())) put("\a");
    } else {
      if (k == ctrl('G')) line_ = line;
      leave();
      return k == ctrl('G') ? Step::go_on : act(k);
    }
  }
}

void LineEditor::complete() {
  std::size_t from = 0;
  const std::string head = line_.substr(0, cursor_);
  const auto found = completions(shell_, head, from);
  if (tab_before_) {
    if (found.empty()) return;
    std::size_t longest = 0;
    for (const auto& name : found) longest = std::max(longest, text_columns(name));
    const std::size_t width = longest + 2;
    const std::size_t per_row = std::max<std::size_t>(1, shell_.process.window().columns / width);
    const std::size_t rows = (found.size() + per_row - 1) / per_row;
    show(line_.substr(cursor_));
    std::string text = "\n";
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t i = row; i < found.size(); i += rows) {
        text += found[i];
        if (i + rows < found.size()) text.append(width - text_columns(found[i]), ' ');
      }
      text += "\n";
    }
    put(text);
    const std::size_t target = cursor_;
    redraw(target);
    return;
  }
  tab_before_ = true;
  if (found.empty()) {
    put("\a");
    return;
  }
  std::string chosen = found[0];
  if (found.size() > 1) {
    put("\a");
    for (const auto& name : found) {
      std::size_t same = 0;
      while (same < chosen.size() && same < name.size() && chosen[same] == name[same]) ++same;
      chosen.resize(same);
    }
    while (!chosen.empty() && continues(chosen.back())) chosen.pop_back();
    if (chosen.empty()) return;
  } else {
    tab_before_ = false;
  }
  std::string quoted;
  for (const char c : chosen) {
    if (std::string_view(" \\\"'$`&;()<>|*?[#!{}~\t").find(c) != std::string_view::npos &&
        !(c == '~' && quoted.empty()))
      quoted += '\\';
    quoted += c;
  }
  if (found.size() == 1 && !quoted.ends_with('/')) quoted += ' ';
  // What stands before the last '/' stays as typed.
  const std::string typed = head.substr(from);
  const std::size_t slash = typed.rfind('/');
  const std::string kept = slash == std::string::npos ? "" : typed.substr(0, slash + 1);
  const std::string fresh = head.substr(0, from) + kept + quoted;
  const std::size_t rows = (prompt_columns_ + columns(0, cursor_)) / std::max(1u, shell_.process.window().columns);
  if (rows) put("\033[" + std::to_string(rows) + "A");
  line_ = fresh + line_.substr(cursor_);
  redraw(fresh.size());
}

}  // namespace vnpu::devices::shell
