// vi as BusyBox has it: one window, lines that scroll sideways, an undo stack.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "devices/commands/regular.h"
#include "devices/process.h"
#include "devices/vi/text.h"

namespace vnpu::devices::vi {

// Keys and screen; the fuzzer has another than the terminal.
class Console {
 public:
  virtual ~Console() = default;
  virtual int read() = 0;  // as Keyboard::read
  virtual bool waiting() = 0;
  virtual void write(const std::string& text) = 0;
  virtual WindowSize size() const = 0;
  virtual void pause() = 0;  // for :!
  virtual void resume() = 0;
};

class Editor {
 public:
  Editor(Process& process, Console& console, std::vector<std::string> names, bool read_only,
         std::vector<std::string> commands);
  int run();

 private:
  struct Motion {
    Place to;
    bool lines = false;      // whole lines
    bool inclusive = false;  // the character there belongs to it
  };
  struct Gone {};  // no more keys, or a key that ends everything pending

  // editor.cpp
  bool step();  // one command; false at the end
  int next_key();
  void status(const std::string& text, bool loud = false);
  void settle();  // the cursor on a character
  void load(const std::string& name);
  void begin_change();
  void store(std::string text, bool lines);
  bool room(std::size_t bytes);            // for so many more; says when there is none
  bool affords_search(std::size_t bytes);  // in one line; says when a command has searched too much
  const std::string& line() const { return text_.at(at_.line); }

  // motions.cpp
  std::optional<Motion> motion(int key, std::size_t count, bool counted);
  std::optional<Motion> character_motion(int key, std::size_t count);
  std::optional<Motion> find_in_line(int key, int wanted, std::size_t count);
  std::optional<Motion> matching_bracket();
  Place word_forward(Place from, bool big) const;
  Place word_back(Place from, bool big) const;
  Place word_end(Place from, bool big) const;
  std::optional<Place> search(bool forward, Place from);
  std::optional<Motion> search_motion(int key, std::size_t count);
  std::size_t first_letter(std::size_t line) const;  // column of the first one that is no blank
  bool scroll(int key, std::size_t count);

  // changes.cpp
  bool change(int key, std::size_t count);  // false: not one of them
  void operate(int operation, std::size_t count, bool counted);
  void apply(int operation, const Motion& motion);
  void insert_mode(bool replacing);
  void insert_text(const std::string& text);
  void open_line(bool above);
  void put_register(bool before, std::size_t count);
  void remove_characters(std::size_t count, bool before);
  void join_lines(std::size_t count);
  void shift(std::size_t from, std::size_t to, bool right);
  void undo();

  // ex.cpp
  std::optional<std::string> ask(const std::string& prompt);
  void ex(const std::string& command);
  bool address(const std::string& text, std::size_t& at, std::size_t& out);
  void substitute(const std::string& rest, std::size_t from, std::size_t to);
  bool write(const std::string& name, std::size_t from, std::size_t to, bool force);
  void run_shell(const std::string& command);
  void set_options(const std::string& text);
  void leave(bool force, const std::string& command);
  void next_file(bool force);

  // screen.cpp
  void draw();
  std::string shown(std::size_t line, std::size_t width) const;
  std::size_t display_column(std::size_t line, std::size_t column) const;
  std::string status_text() const;

  Process& process_;
  Console& console_;
  std::vector<std::string> names_;
  std::size_t file_ = 0;
  std::string name_;
  bool read_only_ = false, done_ = false;
  int exit_ = 0;

  Text text_;
  Place at_;
  std::size_t searched_ = 0;  // bytes of long lines, by this command
  std::size_t wish_ = 0;      // display column that j and k keep
  std::map<char, Register> registers_;
  char register_ = '"';
  std::map<char, Place> marks_;
  std::optional<commands::Regular> pattern_;
  bool forward_ = true, fold_ = false, numbers_ = false, indent_ = false;
  int find_key_ = 0, find_wanted_ = 0;  // of the last f F t T

  std::vector<std::string> pending_ex_;
  std::deque<int> replay_;
  std::vector<int> recording_, last_change_;
  bool recordable_ = false, replaying_ = false;

  char mode_ = '-';  // '-' command, 'I' insert, 'R' replace
  std::string message_;
  bool loud_ = false;
  std::size_t top_ = 0, left_ = 0;
  std::vector<std::string> drawn_;
  WindowSize drawn_size_{0, 0};
};

}  // namespace vnpu::devices::vi
