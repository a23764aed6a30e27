// The console's two modes: the friendly prompt with line editing and paste mode, and the raw one that tools use.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "devices/maix/console.h"

namespace vnpu::devices::maix {

// Whether MicroPython's prompt wants another line.
bool wants_more(std::string_view text);

class Repl {
 public:
  struct Job {
    std::string kind;  // "single", "exec": source text; "file": a path
    std::string text;
  };
  enum class Leave { reset, end };  // Ctrl-D at an empty prompt; the console is gone

  Repl(Console& console, std::string banner) : console_(console), banner_(std::move(banner)) {}

  // At power-on and after a reset: what runs before the prompt, without and with a friendly prompt.
  void start(std::vector<std::string> always, std::vector<std::string> when_friendly);
  // The job before has ended; the next one. Throws Leave.
  Job next();
  // What the job before raised, as text.
  void failed(const std::string& text);

 private:
  void end_of_job();
  Job raw();
  Job friendly();
  Job paste();
  void greet();
  // The line, or the control key that left it ('A', 'B', 'C', 'D', 'E').
  char read_line(const std::string& prompt, std::string& line);
  void edit_escape(std::string& line, std::size_t& cursor, const std::string& prompt);
  void redraw(const std::string& line, std::size_t from, std::size_t old_size, std::size_t old_cursor,
              std::size_t cursor);
  void replace(std::string& line, std::size_t& cursor, const std::string& with);
  std::uint8_t key();

  Console& console_;
  std::string banner_;
  bool raw_mode_ = false, greeted_ = false, running_raw_ = false, failed_ = false, after_return_ = false;
  std::deque<Job> boot_;
  std::vector<std::string> history_;
  std::size_t history_at_ = 0;
};

}  // namespace vnpu::devices::maix
