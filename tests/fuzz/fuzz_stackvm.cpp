// A version 5 kmodel: made ready and run with a small budget of operations.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "sim/k210/v5/machine.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vnpu;
  try {
    const auto model = std::make_shared<const kmodel::Model>(kmodel::read(ByteView(std::span(data, size))));
    if (!model->as_v5()) return 0;
    k210::v5::Machine machine(model, {SimdLevel::scalar, 1 << 20});
    while (machine.next()) machine.step();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) __builtin_trap();
  }
  return 0;
}
