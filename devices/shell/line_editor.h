// Reading a command line: from a terminal with editing, history and completion, else plainly.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace vnpu::devices::shell {

class Shell;

class LineEditor {
 public:
  explicit LineEditor(Shell& shell) : shell_(shell) {}

  struct Outcome {
    std::optional<std::string> line;  // without its LF; nothing at the end of input
    bool interrupted = false;         // ^C
  };
  Outcome read(const std::string& prompt);

 private:
  Outcome edit(const std::string& prompt);
  // One key was acted on: nothing, or how the line ends.
  enum class Step { go_on, accept, end, interrupt };
  Step act(int key);
  Step escape();                       // behind ESC
  void put(const std::string& text);   // to the terminal
  void show(const std::string& text);  // characters of the line, with wrapping
  void redraw(std::size_t cursor);     // prompt, line, cursor
  void move_to(std::size_t cursor);
  void insert(const std::string& text);
  void remove(std::size_t count);  // characters at the cursor
  void backspace();
  void replace(const std::string& line);  // by one of the history
  void complete();
  void history_step(int direction);
  Step search();                                   // ^R
  std::size_t before(std::size_t position) const;  // of the character before
  std::size_t after(std::size_t position) const;
  std::size_t columns(std::size_t from, std::size_t to) const;  // of line_, in terminal columns
  int key();                                                    // 0..255; -1 end

  Shell& shell_;
  std::string prompt_, line_, saved_;
  std::size_t prompt_columns_ = 0, cursor_ = 0, history_at_ = 0;
  bool tab_before_ = false;
};

// What could follow: names that complete the last word of `line`, as written there (directories with '/'); `from` is
// where that word begins.
std::vector<std::string> completions(Shell& shell, const std::string& line, std::size_t& from);

}  // namespace vnpu::devices::shell
