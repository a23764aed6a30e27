// A kmodel of any version behind the neutral face: described, listed, timed, made ready, run once.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "sim/k210/model_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vnpu;
  try {
    const auto file = k210::open(ByteView(std::span(data, size)));
    (void)file->describe().dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    file->disassemble({}, [](const std::string&) {});
    try {
      (void)file->profile({});
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::internal) __builtin_trap();
    }
    const auto network = file->instantiate({});
    network->run();
    for (const auto& info : network->outputs()) (void)network->get(info.name);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) __builtin_trap();
  }
  return 0;
}
