#include "devices/axera/text.h"

namespace vnpu::axera {

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
