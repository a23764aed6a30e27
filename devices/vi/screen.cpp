// What stands on the terminal: rows that changed are written, never the whole screen.
#include <algorithm>

#include "devices/vi/editor.h"

namespace vnpu::devices::vi {

namespace {

constexpr std::size_t tab = 8;

// Columns a character takes at a column: wide ones take two, control characters two (^X).
std::size_t width_of(const std::string& text, std::size_t at, std::size_t column) {
  const auto c = static_cast<unsigned char>(text[at]);
  if (c == '\t') return tab - column % tab;
  if (c < 32 || c == 127) return 2;
  return c >= 0xe3 && c < 0xf0 ? 2 : 1;
}

}  // namespace

std::size_t Editor::display_column(std::size_t number, std::size_t column) const {
  const std::string& text = text_.at(number);
  std::size_t out = 0;
  for (std::size_t i = 0; i < std::min(column, text.size()); i = next_character(text, i)) out += width_of(text, i, out);
  return out;
}

// The part of a line from `left_` on.
std::string Editor::shown(std::size_t number, std::size_t width) const {
  const std::string& text = text_.at(number);
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size() && column < left_ + width; i = next_character(text, i)) {
    const std::size_t wide = width_of(text, i, column);
    const auto c = static_cast<unsigned char>(text[i]);
    std::string what = c == '\t'            ? std::string(wide, ' ')
                       : c < 32 || c == 127 ? std::string("^") + static_cast<char>(c ^ 64)
                                            : text.substr(i, next_character(text, i) - i);
    if (c >= 0x80 && c < 0xc0) what = ".";  // no beginning of a character
    const std::size_t end = column + wide;
    if (column < left_) {  // cut on the left
      if (end > left_) out.append(end - left_, ' ');
    } else if (end > left_ + width) {
      out.append(left_ + width - column, ' ');
    } else {
      out += what;
    }
    column = end;
  }
  return out;
}

std::string Editor::status_text() const {
  const std::size_t here = at_.line + 1, count = text_.count();
  return std::string(1, mode_) + " " + (name_.empty() ? "No file" : name_) + (read_only_ ? " [Readonly]" : "") +
         (text_.modified ? " [Modified]" : "") + " " + std::to_string(here) + "/" + std::to_string(count) + " " +
         std::to_string(here * 100 / count) + "%";
}

void Editor::draw() {
  const WindowSize size = console_.size();
  const std::size_t rows = size.rows - 1;
  const std::size_t margin = numbers_ && size.columns > 12 ? 8 : 0;
  const std::size_t width = size.columns - margin;
  if (size.rows != drawn_size_.rows || size.columns != drawn_size_.columns) drawn_.clear();
  std::string out;
  if (drawn_.empty()) out = "\033[H\033[J";
  drawn_size_ = size;

  at_.line = std::min(at_.line, text_.count() - 1);
  if (at_.line < top_) top_ = at_.line + rows / 2 < top_ ? at_.line - std::min(at_.line, rows / 2) : at_.line;
  if (at_.line >= top_ + rows)
    top_ = at_.line - top_ >= 2 * rows ? at_.line - std::min(at_.line, rows / 2) : at_.line - rows + 1;
  const std::size_t column = display_column(at_.line, at_.column);
  if (column < left_) left_ = column;
  if (column >= left_ + width) left_ = column - width + 1;

  std::vector<std::string> screen;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t number = top_ + row;
    if (number >= text_.count()) {
      screen.push_back("~");
      continue;
    }
    std::string head;
    if (margin) {
      head = std::to_string(number + 1) + " ";
      if (head.size() < margin) head.insert(0, margin - head.size(), ' ');
    }
    screen.push_back(head + shown(number, width));
  }
  std::string bottom = message_.empty() ? status_text() : message_;
  std::size_t taken = 0, cut = 0;
  while (cut < bottom.size() && taken + 1 < size.columns) {
    taken += width_of(bottom, cut, taken);
    cut = next_character(bottom, cut);
  }
  bottom.resize(cut);
  for (char& c : bottom)
    if (static_cast<unsigned char>(c) < 32) c = '?';
  screen.push_back(loud_ && !message_.empty() ? "\033[7m" + bottom + "\033[m" : bottom);

  for (std::size_t row = 0; row < screen.size(); ++row)
    if (row >= drawn_.size() || drawn_[row] != screen[row])
      out += "\033[" + std::to_string(row + 1) + ";1H" + screen[row] + "\033[K";
  drawn_ = std::move(screen);
  const bool asking = !message_.empty() && !loud_ && (message_[0] == ':' || message_[0] == '/' || message_[0] == '?');
  const std::size_t row = asking ? rows : at_.line - top_;
  const std::size_t where = asking ? taken : column - left_ + margin;
  console_.write(out + "\033[" + std::to_string(row + 1) + ";" + std::to_string(where + 1) + "H");
}

}  // namespace vnpu::devices::vi
