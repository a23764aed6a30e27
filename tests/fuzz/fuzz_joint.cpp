// A container, a bare part, or a command list: reading it ends with a value or an error, in bounded memory.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "isa/ax620/print.h"
#include "models/joint/joint.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vnpu;
  const ByteView file(std::span(data, size));
  try {
    const auto joint = joint::read(file);
    for (const auto& neu : joint.neus) {
      const auto list = ax620::read_command_list(ByteView(neu.command_list));
      ax620::order(ax620::jobs(list));
    }
  } catch (const Error&) {
  }
  try {
    const auto list = ax620::read_command_list(file);
    for (const auto& command : list.commands) {
      ax620::print(command);
      ax620::to_json(command);
    }
    ax620::order(ax620::jobs(list));
  } catch (const Error&) {
  }
  return 0;
}
