// Commands that change the text, and insert mode.
#include <algorithm>

#include "devices/keyboard.h"
#include "devices/vi/editor.h"

namespace vnpu::devices::vi {

void Editor::operate(int operation, std::size_t count, bool counted) {
  int k = next_key();
  std::size_t more = 0;
  while ((k >= '1' && k <= '9') || (k == '0' && more > 0)) {
    more = std::min<std::size_t>(more * 10 + static_cast<std::size_t>(k - '0'), 1'000'000);
    k = next_key();
  }
  if (more) count = std::min<std::size_t>(count * more, 1'000'000);
  if (k == operation) {
    const std::size_t last = std::min(text_.count() - 1, at_.line + count - 1);
    return apply(operation, {{last, 0}, true});
  }
  // `cw` ends with the word, not before the next.
  if (operation == 'c' && (k == 'w' || k == 'W') && at_.column < line().size() && line()[at_.column] != ' ') {
    Place end = at_;
    for (std::size_t i = 0; i < std::min(count, text_.size()); ++i) {
      const std::size_t before = end.column;
      end = word_end(i == 0 && end.column > 0 ? Place{end.line, end.column - 1} : end, k == 'W');
      if (i == 0 && end.line == at_.line && end.column < before) end.column = before;
      if (end.line != at_.line) {
        end = {at_.line, previous_character(line(), line().size())};
        break;
      }
    }
    return apply(operation, {end, false, true});
  }
  auto target = motion(k, count, counted || more);
  if (!target) {
    if (message_.empty()) console_.write("\a");
    return;
  }
  // A word's end that lies in the next line means the end of this one.
  if ((k == 'w' || k == 'W') && target->to.line > at_.line && count == 1) {
    target->to = {at_.line, line().size()};
  } else if ((k == 'w' || k == 'W') && target->to.line + 1 == text_.count() &&
             target->to.column + 1 >= text_.at(target->to.line).size() && target->to.line == at_.line &&
             word_forward(at_, k == 'W') == target->to) {
    target->to.column = std::min(target->to.column, line().size());
  }
  apply(operation, *target);
}

void Editor::apply(int operation, const Motion& target) {
  Place from = std::min(at_, target.to), to = std::max(at_, target.to);
  const bool lines = target.lines || operation == '<' || operation == '>';
  if (target.inclusive) to.column = next_character(text_.at(to.line), to.column);
  if (operation != 'y') begin_change();
  if (lines) {
    if (operation == '<' || operation == '>') return shift(from.line, to.line, operation == '>');
    store(text_.bytes(from.line, to.line + 1), true);
    if (operation == 'y') {
      at_.line = from.line;
      return;
    }
    if (operation == 'c') {
      text_.erase(from.line + 1, to.line + 1);
      text_.set(from.line, "");
      at_ = {from.line, 0};
      return insert_mode(false);
    }
    text_.erase(from.line, to.line + 1);
    at_.line = std::min(from.line, text_.count() - 1);
    at_.column = first_letter(at_.line);
    return;
  }
  store(text_.cut(from, to, operation != 'y'), false);
  at_ = from;
  if (operation == 'c') insert_mode(false);
}

void Editor::shift(std::size_t from, std::size_t to, bool right) {
  for (std::size_t i = from; i <= to; ++i) {
    const std::string text = text_.at(i);
    if (right) {
      if (!text.empty() && room(1)) text_.set(i, "\t" + text);
    } else if (text.starts_with('\t')) {
      text_.set(i, text.substr(1));
    } else {
      text_.set(i, text.substr(std::min<std::size_t>(8, std::min(text.find_first_not_of(' '), text.size()))));
    }
  }
  at_.line = from;
  at_.column = first_letter(from);
}

bool Editor::change(int k, std::size_t count) {
  switch (k) {
    case 'i':
    case key::insert:
    case 'I':
    case 'a':
    case 'A':
      begin_change();
      if (k == 'a') at_.column = next_character(line(), at_.column);
      if (k == 'A') at_.column = line().size();
      if (k == 'I') at_.column = line().find_first_not_of(" \t") == std::string::npos ? 0 : first_letter(at_.line);
      insert_mode(false);
      break;
    case 'R':
      begin_change();
      insert_mode(true);
      break;
    case 'o':
    case 'O':
      begin_change();
      open_line(k == 'O');
      insert_mode(false);
      break;
    case 'x':
    case key::remove:
    case 'X':
      begin_change();
      remove_characters(count, k == 'X');
      break;
    case 's':
      begin_change();
      remove_characters(count, false);
      insert_mode(false);
      break;
    case 'S': apply('c', {{std::min(text_.count() - 1, at_.line + count - 1), 0}, true}); break;
    case 'D':
    case 'C': apply(k == 'D' ? 'd' : 'c', {{at_.line, line().size()}}); break;
    case 'Y': apply('y', {{std::min(text_.count() - 1, at_.line + count - 1), 0}, true}); break;
    case 'r': {
      const int with = next_key();
      if (with == key::escape || with > 255 || at_.column >= line().size()) break;
      begin_change();
      std::string text = line();
      for (count = std::min(count, text.size()); count > 0 && at_.column < text.size(); --count) {
        const std::size_t end = next_character(text, at_.column);
        if (with == '\r' || with == '\n') {
          text_.set(at_.line, text.substr(0, at_.column) + text.substr(end));
          at_ = text_.put(at_, "\n");
          break;
        }
        text.replace(at_.column, end - at_.column, 1, static_cast<char>(with));
        text_.set(at_.line, text);
        ++at_.column;
        if (count == 1) --at_.column;
      }
      break;
    }
    case '~': {
      begin_change();
      std::string text = line();
      for (; count > 0 && at_.column < text.size(); --count) {
        char& c = text[at_.column];
        if (std::isalpha(static_cast<unsigned char>(c))) c = static_cast<char>(c ^ 32);
        at_.column = next_character(text, at_.column);
      }
      text_.set(at_.line, text);
      break;
    }
    case 'J':
      begin_change();
      join_lines(std::max<std::size_t>(2, count) - 1);
      break;
    case 'p':
    case 'P': put_register(k == 'P', count); break;
    case 'u': undo(); break;
    default: return false;
  }
  return true;
}

void Editor::undo() {
  if (!text_.undo(at_)) status("Already at oldest change", true);
}

void Editor::remove_characters(std::size_t count, bool before) {
  Place from = at_, to = at_;
  count = std::min(count, line().size());
  for (std::size_t i = 0; i < count; ++i) {
    if (before) {
      from.column = previous_character(line(), from.column);
    } else {
      to.column = next_character(line(), to.column);
    }
  }
  if (from == to) return text_.forget();
  store(text_.cut(from, to, true), false);
  at_ = from;
}

void Editor::join_lines(std::size_t count) {
  for (; count > 0 && at_.line + 1 < text_.count(); --count) {
    const std::string next = text_.at(at_.line + 1);
    const std::size_t letter = std::min(next.find_first_not_of(" \t"), next.size());
    std::string text = line();
    at_.column = text.size();
    const bool gap = !text.empty() && letter < next.size() && text.back() != ' ' && next[letter] != ')';
    text_.set(at_.line, text + (gap ? " " : "") + next.substr(letter));
    text_.erase(at_.line + 1, at_.line + 2);
  }
}

void Editor::put_register(bool before, std::size_t count) {
  const auto it = registers_.find(register_);
  if (it == registers_.end() || it->second.text.empty()) {
    status("Nothing in register", true);
    return;
  }
  const Register& what = it->second;
  if (!room(what.text.size() * count)) return;
  begin_change();
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += what.text;
  if (what.lines) {
    const std::size_t place = before ? at_.line : at_.line + 1;
    if (place < text_.count()) {
      text_.put({place, 0}, all);
    } else {
      text_.put({at_.line, line().size()}, "\n" + all.substr(0, all.size() - 1));
    }
    at_ = {place, 0};
    at_.column = first_letter(place);
    return;
  }
  if (!before) at_.column = next_character(line(), at_.column);
  const Place end = text_.put(at_, all);
  if (end.line == at_.line) at_.column = previous_character(line(), end.column);
}

void Editor::open_line(bool above) {
  std::string indent;
  if (indent_) indent = line().substr(0, std::min(line().find_first_not_of(" \t"), line().size()));
  at_.line += above ? 0 : 1;
  text_.insert(at_.line, indent);
  at_.column = indent.size();
}

void Editor::insert_text(const std::string& text) {
  if (!room(text.size())) return;
  if (mode_ == 'R' && at_.column < line().size() && text != "\n") {
    std::string replaced = line();
    replaced.replace(at_.column, next_character(replaced, at_.column) - at_.column, text);
    text_.set(at_.line, replaced);
    at_.column += text.size();
    return;
  }
  std::string indent;
  if (text == "\n" && indent_) indent = line().substr(0, std::min(line().find_first_not_of(" \t"), line().size()));
  at_ = text_.put(at_, text + indent);
}

// Until ESC or ^C.
void Editor::insert_mode(bool replacing) {
  mode_ = replacing ? 'R' : 'I';
  message_.clear();
  for (;;) {
    const int k = next_key();
    if (k == key::escape || k == key::interrupt) break;
    switch (k) {
      case '\r':
      case '\n': insert_text("\n"); break;
      case 8:
      case 127:
        if (at_.column > 0) {
          const std::size_t before = previous_character(line(), at_.column);
          if (mode_ == 'I') text_.cut({at_.line, before}, at_, true);
          at_.column = before;
        } else if (at_.line > 0) {
          const Place end{at_.line - 1, text_.at(at_.line - 1).size()};
          if (mode_ == 'I') text_.cut(end, {at_.line, 0}, true);
          at_ = end;
        }
        break;
      case key::remove: text_.cut(at_, {at_.line, next_character(line(), at_.column)}, true); break;
      case key::ctrl('W'): {
        const Place from = word_back(at_, false);
        if (from.line == at_.line) {
          text_.cut(from, at_, true);
          at_ = from;
        }
        break;
      }
      case key::ctrl('U'):
        text_.cut({at_.line, 0}, at_, true);
        at_.column = 0;
        break;
      case key::ctrl('V'): {
        const int plain = next_key();
        if (plain < 256) insert_text(std::string(1, static_cast<char>(plain)));
        break;
      }
      case key::left: at_.column = previous_character(line(), at_.column); break;
      case key::right: at_.column = next_character(line(), at_.column); break;
      case key::home: at_.column = 0; break;
      case key::end: at_.column = line().size(); break;
      case key::up:
        if (at_.line > 0) --at_.line;
        break;
      case key::down:
        if (at_.line + 1 < text_.count()) ++at_.line;
        break;
      default: {
        if (k > 255 || (k < 32 && k != '\t')) break;
        std::string text(1, static_cast<char>(k));
        const int more = k >= 0xf0 ? 3 : k >= 0xe0 ? 2 : k >= 0xc0 ? 1 : 0;
        for (int i = 0; i < more; ++i) {
          const int next = next_key();
          if (next < 0x80 || next > 0xbf) break;
          text += static_cast<char>(next);
        }
        insert_text(text);
      }
    }
    at_.column = std::min(at_.column, line().size());
    // In the middle of a character after a move up or down.
    if (at_.column < line().size() && (static_cast<unsigned char>(line()[at_.column]) & 0xc0) == 0x80)
      at_.column = previous_character(line(), at_.column);
  }
  mode_ = '-';
  at_.column = previous_character(line(), at_.column);
  text_.forget();
}

}  // namespace vnpu::devices::vi
