#include "devices/programs/output.h"

#include <cstdarg>
#include <cstdio>
#include <utility>

#include "devices/task.h"

namespace vnpu::programs {
namespace {

constexpr std::size_t buffer_bytes = 1024;

std::string vformat(const char* form, std::va_list arguments) {
  std::va_list again;
  va_copy(again, arguments);
  const int size = std::vsnprintf(nullptr, 0, form, again);
  va_end(again);
  std::string text(static_cast<std::size_t>(size < 0 ? 0 : size), '\0');
  std::vsnprintf(text.data(), text.size() + 1, form, arguments);
  return text;
}

}  // namespace

std::string formatted(const char* form, ...) {
  std::va_list arguments;
  va_start(arguments, form);
  std::string text = vformat(form, arguments);
  va_end(arguments);
  return text;
}

void Output::format(const char* form, ...) {
  std::va_list arguments;
  va_start(arguments, form);
  const std::string text = vformat(form, arguments);
  va_end(arguments);
  print(text);
}

void Output::print(std::string_view text) {
  if (kept_.size() + text.size() > buffer_bytes) {
    const std::string all = std::exchange(kept_, {}) + std::string(text);
    host_.write(1, all);
    by_line_ = by_line_ && host_.is_terminal(1);
    return;
  }
  if (by_line_) {
    if (const auto end = text.rfind('\n'); end != text.npos) {
      const std::string lines = std::exchange(kept_, {}) + std::string(text.substr(0, end + 1));
      host_.write(1, lines);
      by_line_ = host_.is_terminal(1);
      text.remove_prefix(end + 1);
    }
  }
  kept_ += text;
}

void Output::flush() {
  if (!kept_.empty()) host_.write(1, std::exchange(kept_, {}));
}

void abort_program() { throw devices::Killed{devices::signal_number::abort}; }

void assertion_failed(Output& out, std::string_view what, std::string_view file, std::string_view function, int line) {
  out.complain("Assertion failed: " + std::string(what) + " (" + std::string(file) + ": " + std::string(function) +
               ": " + std::to_string(line) + ")\n");
  abort_program();
}

void terminate_with(Output& out, std::string_view what) {
  out.complain("terminate called after throwing an instance of 'std::runtime_error'\n  what():  " + std::string(what) +
               "\n");
  abort_program();
}

}  // namespace vnpu::programs
