#include "devices/vi/text.h"

#include <algorithm>

namespace vnpu::devices::vi {

namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }
Line make(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

}  // namespace

std::size_t next_character(const std::string& line, std::size_t column) {
  if (column >= line.size()) return line.size();
  do ++column;
  while (column < line.size() && continues(line[column]));
  return column;
}

std::size_t previous_character(const std::string& line, std::size_t column) {
  if (column == 0) return 0;
  column = std::min(column, line.size());
  do --column;
  while (column > 0 && continues(line[column]));
  return column;
}

void Text::load(const std::string& bytes) {
  lines_.clear();
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t end = std::min(bytes.find('\n', at), bytes.size());
    lines_.push_back(make(bytes.substr(at, end - at)));
    at = end + 1;
  }
  if (lines_.empty()) lines_.push_back(make(""));
  size_ = 0;
  for (const auto& line : lines_) size_ += line->size() + 1;
  states_.clear();
  modified = false;
}

std::string Text::bytes(std::size_t from, std::size_t to) const {
  std::string out;
  for (std::size_t i = from; i < std::min(to, lines_.size()); ++i) out += *lines_[i] + "\n";
  return out;
}

void Text::set(std::size_t line, std::string value) {
  size_ = size_ - lines_[line]->size() + value.size();
  lines_[line] = make(std::move(value));
  modified = true;
}

void Text::insert(std::size_t line, std::string value) {
  size_ += value.size() + 1;
  lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(std::min(line, lines_.size())), make(std::move(value)));
  modified = true;
}

void Text::erase(std::size_t from, std::size_t to) {
  to = std::min(to, lines_.size());
  if (from >= to) return;
  for (std::size_t i = from; i < to; ++i) size_ -= lines_[i]->size() + 1;
  lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(from), lines_.begin() + static_cast<std::ptrdiff_t>(to));
  if (lines_.empty()) {
    lines_.push_back(make(""));
    size_ = 1;
  }
  modified = true;
}

std::string Text::cut(Place from, Place to, bool remove) {
  if (!(from < to)) return {};
  to.line = std::min(to.line, lines_.size() - 1);
  to.column = std::min(to.column, lines_[to.line]->size());
  if (!(from < to)) return {};
  std::string out;
  if (from.line == to.line) {
    out = at(from.line).substr(from.column, to.column - from.column);
  } else {
    out = at(from.line).substr(from.column) + "\n" + bytes(from.line + 1, to.line) + at(to.line).substr(0, to.column);
  }
  if (remove) {
    set(from.line, at(from.line).substr(0, from.column) + at(to.line).substr(to.column));
    if (to.line > from.line) erase(from.line + 1, to.line + 1);
  }
  return out;
}

Place Text::put(Place where, const std::string& text) {
  const std::string head = at(where.line).substr(0, where.column), tail = at(where.line).substr(where.column);
  std::vector<Line> fresh;
  std::string current = head;
  for (std::size_t from = 0;;) {
    const std::size_t end = text.find('\n', from);
    if (end == std::string::npos) {
      current += text.substr(from);
      break;
    }
    fresh.push_back(make(current + text.substr(from, end - from)));
    current.clear();
    from = end + 1;
  }
  const Place out{where.line + fresh.size(), current.size()};
  fresh.push_back(make(current + tail));
  lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(where.line));
  lines_.insert(lines_.begin() + static_cast<std::ptrdiff_t>(where.line), fresh.begin(), fresh.end());
  size_ += text.size();
  modified = true;
  return out;
}

void Text::keep(Place cursor) {
  // A hundred states, and fewer of a text of very many lines, or of long ones: each state may hold its own.
  constexpr std::size_t pointers = 2'000'000, bytes = std::size_t{256} << 20;
  const std::size_t most =
      std::clamp<std::size_t>(std::min(pointers / lines_.size(), bytes / std::max<std::size_t>(1, size_)), 2, 100);
  while (states_.size() >= most) states_.erase(states_.begin());
  states_.push_back({lines_, size_, cursor, modified});
}

void Text::forget() {
  if (!states_.empty() && states_.back().lines == lines_) states_.pop_back();
}

bool Text::undo(Place& cursor) {
  if (states_.empty()) return false;
  State& state = states_.back();
  lines_ = std::move(state.lines);
  size_ = state.size;
  cursor = state.cursor;
  modified = state.modified;
  states_.pop_back();
  return true;
}

}  // namespace vnpu::devices::vi
