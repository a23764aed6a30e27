// The text vi edits: lines, undo, registers.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace vnpu::devices::vi {

struct Place {
  std::size_t line = 0, column = 0;  // column in bytes
  auto operator<=>(const Place&) const = default;
};

// Lines are shared between the text and its earlier states.
using Line = std::shared_ptr<const std::string>;

class Text {
 public:
  static constexpr std::size_t limit = std::size_t{32} << 20;  // bytes

  void load(const std::string& bytes);
  std::string bytes(std::size_t from, std::size_t to) const;  // lines [from, to) with their newlines
  std::size_t count() const { return lines_.size(); }         // at least 1
  const std::string& at(std::size_t line) const { return *lines_[line]; }
  std::size_t size() const { return size_; }

  void set(std::size_t line, std::string value);
  void insert(std::size_t line, std::string value);  // before it
  void erase(std::size_t from, std::size_t to);      // lines [from, to); one empty line stays at least
  // What lies in [from, to); and without it; `text` with newlines put at a place, which moves behind it.
  std::string cut(Place from, Place to, bool remove);
  Place put(Place at, const std::string& text);

  bool modified = false;

  // Undo: a state is kept before each change, a bounded number of them.
  void keep(Place cursor);
  void forget();  // the last kept one, when nothing changed
  bool undo(Place& cursor);

 private:
  struct State {
    std::vector<Line> lines;
    std::size_t size;
    Place cursor;
    bool modified;
  };
  std::vector<Line> lines_{std::make_shared<const std::string>()};
  std::size_t size_ = 1;
  std::vector<State> states_;
};

// Borders of characters in UTF-8.
std::size_t next_character(const std::string& line, std::size_t column);
std::size_t previous_character(const std::string& line, std::size_t column);

struct Register {
  std::string text;
  bool lines = false;
};

}  // namespace vnpu::devices::vi
