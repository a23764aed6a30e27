#include "devices/text.h"

#include <cstdarg>
#include <cstdio>

namespace vnpu::devices {

std::string text(const char* form, ...) {
  std::va_list arguments, again;
  va_start(arguments, form);
  va_copy(again, arguments);
  const int size = std::vsnprintf(nullptr, 0, form, again);
  va_end(again);
  std::string out(static_cast<std::size_t>(size < 0 ? 0 : size), '\0');
  std::vsnprintf(out.data(), out.size() + 1, form, arguments);
  va_end(arguments);
  return out;
}

}  // namespace vnpu::devices
