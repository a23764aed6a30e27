// A command of the board's shell behind a pipe, as popen starts it: for programs that talk to other programs.
#pragma once

#include <memory>
#include <string>

#include "devices/process.h"

namespace vnpu::devices {

class Child {
 public:
  enum class Side { reads_from_it, writes_to_it };
  // Starts `sh -c command` in a thread; its other streams are the process's. Null when no process is free (said).
  static std::unique_ptr<Child> start(Process& process, const std::string& command, Side side);
  ~Child();  // closes the pipe; does not wait

  Stream& stream() { return *stream_; }
  // Closes the pipe and waits; the exit status. Throws Killed when a signal ends the wait.
  int close();

 private:
  struct State;
  Child(Process& process, std::shared_ptr<Stream> stream, std::shared_ptr<State> state)
      : process_(process), stream_(std::move(stream)), state_(std::move(state)) {}
  Process& process_;
  std::shared_ptr<Stream> stream_;
  std::shared_ptr<State> state_;
};

}  // namespace vnpu::devices
