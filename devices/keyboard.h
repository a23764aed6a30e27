// Keys for programs that fill the screen: the terminal in raw mode, sequences of special keys, changes of its size.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "devices/process.h"

namespace vnpu::devices {

namespace key {
inline constexpr int escape = 27;
inline constexpr int up = 0x100, down = 0x101, right = 0x102, left = 0x103, home = 0x104, end = 0x105, page_up = 0x106,
                     page_down = 0x107, insert = 0x108, remove = 0x109;
inline constexpr int resized = 0x200;    // or continued after a stop: draw everything anew
inline constexpr int interrupt = 0x201;  // ^C, when it is taken as a key
inline constexpr int gone = -1;          // no more keys
constexpr int ctrl(char letter) { return letter & 31; }
}  // namespace key

class Keyboard {
 public:
  // Sets the terminal raw until destroyed. `catch_interrupt`: ^C comes as key::interrupt, else it ends the program.
  static std::unique_ptr<Keyboard> open(Process& process, bool catch_interrupt);  // null without a terminal
  ~Keyboard();

  int read();                           // a byte, or one of key::
  bool waiting();                       // more keys are there
  void write(const std::string& text);  // to the terminal, wherever the output goes
  WindowSize size() const;
  void pause();  // the terminal as programs expect it, until resume()
  void resume();

 private:
  Keyboard(Process& process, std::shared_ptr<Stream> stream, bool catch_interrupt);
  int byte();
  int signalled();  // what a signal means; 0: nothing
  int sequence();
  Process& process_;
  std::shared_ptr<Stream> stream_;
  Terminal* terminal_;
  bool catch_interrupt_;
  std::deque<int> put_back_;  // bytes read that belong to no sequence
};

}  // namespace vnpu::devices
