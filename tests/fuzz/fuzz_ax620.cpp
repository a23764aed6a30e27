// A command list as raw bytes, run on a small machine: every command ends with a value or an error.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "sim/ax620/machine.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vnpu;
  try {
    const auto list = ax620::read_command_list(ByteView(std::span(data, size)));
    if (list.commands.size() > 64) return 0;
    ax620::Machine machine(1 << 16, {}, best_simd_level());
    for (std::size_t i = 0; i < machine.ddr().size(); ++i) machine.ddr()[i] = static_cast<std::uint8_t>(i * 37 + 5);
    for (const auto& command : list.commands) {
      try {
        machine.execute(command);
      } catch (const Error&) {
      }
    }
  } catch (const Error&) {
  }
  return 0;
}
