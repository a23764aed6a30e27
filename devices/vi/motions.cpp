#include <algorithm>

#include "devices/keyboard.h"
#include "devices/vi/editor.h"

namespace vnpu::devices::vi {

namespace {

// 0 blank, 1 punctuation, 2 letters of a word.
int kind_of(char c, bool big) {
  if (c == ' ' || c == '\t') return 0;
  const auto u = static_cast<unsigned char>(c);
  return big || u >= 0x80 || std::isalnum(u) || c == '_' ? 2 : 1;
}

}  // namespace

std::size_t Editor::first_letter(std::size_t number) const {
  const std::size_t at = text_.at(number).find_first_not_of(" \t");
  return at == std::string::npos ? previous_character(text_.at(number), text_.at(number).size()) : at;
}

Place Editor::word_forward(Place from, bool big) const {
  const std::string* text = &text_.at(from.line);
  if (from.column < text->size()) {
    const int kind = kind_of((*text)[from.column], big);
    while (kind && from.column < text->size() && kind_of((*text)[from.column], big) == kind) ++from.column;
  }
  for (;;) {
    while (from.column < text->size() && kind_of((*text)[from.column], big) == 0) ++from.column;
    if (from.column < text->size() || from.line + 1 >= text_.count()) return from;
    ++from.line;
    from.column = 0;
    text = &text_.at(from.line);
    if (text->empty()) return from;
  }
}

Place Editor::word_back(Place from, bool big) const {
  const std::string* text = &text_.at(from.line);
  for (;;) {
    while (from.column > 0 && kind_of((*text)[from.column - 1], big) == 0) --from.column;
    if (from.column > 0 || from.line == 0) break;
    text = &text_.at(--from.line);
    from.column = text->size();
    if (text->empty()) return from;
  }
  if (from.column == 0) return from;
  const int kind = kind_of((*text)[from.column - 1], big);
  while (from.column > 0 && kind_of((*text)[from.column - 1], big) == kind) --from.column;
  return from;
}

Place Editor::word_end(Place from, bool big) const {
  const std::string* text = &text_.at(from.line);
  ++from.column;
  for (;;) {
    while (from.column < text->size() && kind_of((*text)[from.column], big) == 0) ++from.column;
    if (from.column < text->size()) break;
    if (from.line + 1 >= text_.count()) return {from.line, previous_character(*text, text->size())};
    text = &text_.at(++from.line);
    from.column = 0;
  }
  const int kind = kind_of((*text)[from.column], big);
  while (from.column + 1 < text->size() && kind_of((*text)[from.column + 1], big) == kind) ++from.column;
  return from;
}

std::optional<Editor::Motion> Editor::find_in_line(int how, int wanted, std::size_t count) {
  const std::string& text = line();
  const bool forward = how == 'f' || how == 't', till = how == 't' || how == 'T';
  std::size_t at = at_.column;
  for (; count > 0; --count) {
    if (forward) {
      at = text.find(static_cast<char>(wanted), at + 1);
    } else {
      at = at == 0 ? std::string::npos : text.rfind(static_cast<char>(wanted), at - 1);
    }
    if (at == std::string::npos) return std::nullopt;
  }
  if (till) at = forward ? previous_character(text, at) : next_character(text, at);
  return Motion{{at_.line, at}, false, forward};
}

std::optional<Editor::Motion> Editor::matching_bracket() {
  constexpr std::string_view pairs = "()[]{}";
  Place place = at_;
  std::size_t which = std::string_view::npos;
  for (; place.column < line().size(); ++place.column) {
    which = pairs.find(line()[place.column]);
    if (which != std::string_view::npos) break;
  }
  if (which == std::string_view::npos) return std::nullopt;
  const char open = pairs[which], close = pairs[which ^ 1];
  const bool forward = which % 2 == 0;
  std::size_t depth = 0;
  for (;;) {
    const std::string& text = text_.at(place.line);
    if (place.column < text.size()) {
      if (text[place.column] == open) ++depth;
      if (text[place.column] == close && --depth == 0) return Motion{place, false, true};
    }
    if (forward) {
      if (++place.column < text.size()) continue;
      if (++place.line >= text_.count()) return std::nullopt;
      place.column = 0;
    } else {
      if (place.column > 0) {
        --place.column;
        continue;
      }
      if (place.line == 0) return std::nullopt;
      place.column = text_.at(--place.line).size();
    }
  }
}

std::optional<Place> Editor::search(bool forward, Place from) {
  std::vector<commands::Regular::Span> spans;
  const std::size_t count = text_.count();
  for (std::size_t i = 0; i <= count; ++i) {
    if (i % 256 == 255) process_.check_signals();
    const std::size_t number = forward ? (from.line + i) % count : (from.line + count - i % count) % count;
    const std::string& text = text_.at(number);
    std::optional<std::size_t> found;
    for (std::size_t at = i == 0 && forward ? next_character(text, from.column) : 0;
         at <= text.size() && pattern_->search(text, at, spans);) {
      if (!affords_search(text.size() - at)) return std::nullopt;
      const std::size_t where = spans[0].first;
      if (!forward && i == 0 && where >= from.column) break;
      found = where;
      if (forward || where >= text.size()) break;
      at = next_character(text, where);
    }
    // At the line of the beginning, a forward search that starts at its end finds nothing there.
    if (found && !(i == 0 && forward && *found <= from.column && from.column + 1 >= text.size()))
      return Place{number, *found};
  }
  return std::nullopt;
}

std::optional<Editor::Motion> Editor::search_motion(int k, std::size_t count) {
  if (k == '/' || k == '?') {
    const auto text = ask(std::string(1, static_cast<char>(k)));
    if (!text) return std::nullopt;
    if (!text->empty()) {
      pattern_ = commands::Regular::compile(*text, false, fold_);
      if (!pattern_) {
        status("bad search pattern '" + *text + "'", true);
        return std::nullopt;
      }
    }
    forward_ = k == '/';
  }
  if (!pattern_) {
    status("No previous search", true);
    return std::nullopt;
  }
  const bool forward = k == 'N' ? !forward_ : forward_;
  Place place = at_;
  for (count = std::min<std::size_t>(count, 1000); count > 0; --count) {
    process_.check_signals();
    const auto found = search(forward, place);
    if (!found) {
      if (message_.empty() || !loud_) status("Pattern not found", true);
      return std::nullopt;
    }
    if (forward ? *found <= place : *found >= place)
      status(forward ? "search hit BOTTOM, continuing at TOP" : "search hit TOP, continuing at BOTTOM");
    place = *found;
  }
  return Motion{place};
}

std::optional<Editor::Motion> Editor::character_motion(int k, std::size_t count) {
  Place place = at_;
  const std::string& text = line();
  switch (k) {
    case 'h':
    case key::left:
    case 8:
    case 127:
      while (count-- > 0 && place.column > 0) place.column = previous_character(text, place.column);
      return Motion{place};
    case 'l':
    case ' ':
    case key::right:
      while (count-- > 0 && place.column < text.size()) place.column = next_character(text, place.column);
      return Motion{place};
    case 'w':
    case 'W':
      for (count = std::min(count, text_.size()); count > 0; --count) place = word_forward(place, k == 'W');
      return Motion{place};
    case 'b':
    case 'B':
      for (count = std::min(count, text_.size()); count > 0; --count) place = word_back(place, k == 'B');
      return Motion{place};
    case 'e':
    case 'E':
      for (count = std::min(count, text_.size()); count > 0; --count) place = word_end(place, k == 'E');
      return Motion{place, false, true};
    case '0':
    case key::home: return Motion{{at_.line, 0}};
    case '^': return Motion{{at_.line, first_letter(at_.line)}};
    case '$':
    case key::end: {
      place.line = std::min(text_.count() - 1, at_.line + count - 1);
      place.column = previous_character(text_.at(place.line), text_.at(place.line).size());
      return Motion{place, false, true};
    }
    case '|': return Motion{{at_.line, std::min(count - 1, text.size())}};
    case 'f':
    case 'F':
    case 't':
    case 'T':
      find_wanted_ = next_key();
      find_key_ = k;
      return find_in_line(k, find_wanted_, count);
    case ';': return find_key_ ? find_in_line(find_key_, find_wanted_, count) : std::nullopt;
    case ',': return find_key_ ? find_in_line(find_key_ ^ 32, find_wanted_, count) : std::nullopt;
    case '%': return matching_bracket();
    default: return std::nullopt;
  }
}

std::optional<Editor::Motion> Editor::motion(int k, std::size_t count, bool counted) {
  const std::size_t last = text_.count() - 1;
  const auto at_column = [&](std::size_t number) {
    const std::string& text = text_.at(number);
    std::size_t column = 0;
    while (column < text.size() && display_column(number, next_character(text, column)) <= wish_)
      column = next_character(text, column);
    return Motion{{number, column}, true};
  };
  const auto at_text = [&](std::size_t number) {
    number = std::min(number, last);
    return Motion{{number, first_letter(number)}, true};
  };
  const std::size_t rows = console_.size().rows - 1;
  switch (k) {
    case 'j':
    case key::down:
    case key::ctrl('N'):
      return at_.line < last ? std::optional(at_column(std::min(last, at_.line + count))) : std::nullopt;
    case 'k':
    case key::up:
    case key::ctrl('P'):
      return at_.line > 0 ? std::optional(at_column(at_.line - std::min(at_.line, count))) : std::nullopt;
    case '+':
    case '\r':
    case '\n': return at_.line < last ? std::optional(at_text(at_.line + count)) : std::nullopt;
    case '-': return at_.line > 0 ? std::optional(at_text(at_.line - std::min(at_.line, count))) : std::nullopt;
    case 'G': return at_text(counted ? std::max<std::size_t>(1, count) - 1 : last);
    case 'g': return next_key() == 'g' ? std::optional(at_text(counted ? count - 1 : 0)) : std::nullopt;
    case 'H': return at_text(top_ + count - 1);
    case 'M': return at_text(top_ + rows / 2);
    case 'L': return at_text(top_ + rows - std::min(rows, count));
    case '{':
    case '}': {
      std::size_t number = at_.line;
      for (count = std::min(count, text_.count()); count > 0; --count) {
        const auto step = [&] {
          if (k == '}' ? number >= last : number == 0) return false;
          number += k == '}' ? 1 : static_cast<std::size_t>(-1);
          return true;
        };
        while (text_.at(number).empty() && step()) {
        }
        while (!text_.at(number).empty() && step()) {
        }
      }
      const bool at_end = k == '}' && !text_.at(number).empty();
      return Motion{{number, at_end ? text_.at(number).size() : 0}};
    }
    case '\'':
    case '`': {
      const int name = next_key();
      const auto it = marks_.find(static_cast<char>(name));
      if (it == marks_.end()) {
        status("Mark not set", true);
        return std::nullopt;
      }
      if (k == '\'') return at_text(it->second.line);
      Place place = it->second;
      place.line = std::min(place.line, last);
      place.column = std::min(place.column, text_.at(place.line).size());
      return Motion{place};
    }
    case '/':
    case '?':
    case 'n':
    case 'N': return search_motion(k, count);
    default: return character_motion(k, count);
  }
}

bool Editor::scroll(int k, std::size_t count) {
  const std::size_t rows = console_.size().rows - 1, last = text_.count() - 1;
  const auto move = [&](bool down, std::size_t by, bool cursor) {
    if (down) {
      top_ = std::min(last, top_ + by);
      if (cursor) at_.line = std::min(last, at_.line + by);
      at_.line = std::max(at_.line, top_);
    } else {
      top_ -= std::min(top_, by);
      if (cursor) at_.line -= std::min(at_.line, by);
      at_.line = std::min(at_.line, top_ + rows - 1);
    }
    if (cursor) at_.column = first_letter(std::min(at_.line, last));
  };
  const std::size_t page = std::max<std::size_t>(1, rows > 2 ? rows - 2 : 1);
  switch (k) {
    case key::ctrl('F'):
    case key::page_down: move(true, page * std::min<std::size_t>(count, 10000), true); return true;
    case key::ctrl('B'):
    case key::page_up: move(false, page * std::min<std::size_t>(count, 10000), true); return true;
    case key::ctrl('D'): move(true, std::max<std::size_t>(1, rows / 2), true); return true;
    case key::ctrl('U'): move(false, std::max<std::size_t>(1, rows / 2), true); return true;
    case key::ctrl('E'): move(true, count, false); return true;
    case key::ctrl('Y'): move(false, count, false); return true;
    case 'z': {
      const int where = next_key();
      if (where == '.') top_ = at_.line - std::min(at_.line, rows / 2);
      if (where == '\r' || where == '\n') top_ = at_.line;
      if (where == '-') top_ = at_.line - std::min(at_.line, rows - 1);
      return true;
    }
    default: return false;
  }
}

}  // namespace vnpu::devices::vi
