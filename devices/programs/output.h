// The C library's standard output: what of it arrives when a program is aborted, and in which order with stderr.
//
// The boards' libc (musl) writes stdout line by line on a terminal. Otherwise it learns that it is not on one at the
// first line it writes, and from then on keeps 1024 bytes before it writes; an abort loses what is kept. stderr is not
// buffered.
#pragma once

#include <string>
#include <string_view>

#include "devices/programs/program_host.h"

namespace vnpu::programs {

class Output {
 public:
  explicit Output(ProgramHost& host) : host_(host) {}

  void print(std::string_view text);                                         // one call of the libc's
  void format(const char* form, ...) __attribute__((format(printf, 2, 3)));  // printf
  void complain(std::string_view text) { host_.write(2, text); }
  void flush();

 private:
  ProgramHost& host_;
  std::string kept_;
  bool by_line_ = true;
};

std::string formatted(const char* form, ...) __attribute__((format(printf, 1, 2)));

// "Assertion failed: WHAT (FILE: FUNCTION: LINE)" on stderr, then SIGABRT.
[[noreturn]] void assertion_failed(Output& out, std::string_view what, std::string_view file, std::string_view function,
                                   int line);
// The C++ runtime's message about an exception nobody catches, then SIGABRT.
[[noreturn]] void terminate_with(Output& out, std::string_view what);
[[noreturn]] void abort_program();

}  // namespace vnpu::programs
