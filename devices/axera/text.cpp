#include "devices/axera/text.h"

#include <cstdarg>
#include <cstdio>

namespace vnpu::axera {

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

void abort_with(devices::Process& process, const std::string& condition, const std::string& function) {
  const std::string program(devices::base_name(process.argv.empty() ? "program" : process.argv[0]));
  process.complain(program + ": " + function + ": Assertion `" + condition + "' failed.\n");
  throw devices::Killed{devices::signal_number::abort};
}

void assert_failed(devices::Process& process, const std::string& call, std::uint32_t code, const std::string& log) {
  if (!log.empty()) process.complain(log + "\n");
  process.complain(text("%s failed: 0x%08x\n", call.c_str(), code));
  abort_with(process, "ret == AX_ERR_NPU_JOINT_SUCCESS", call);
}

}  // namespace vnpu::axera
