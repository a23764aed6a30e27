// Hostile kmodels of versions 3 and 4 behind the network: listed, timed and run, or refused.
#include <algorithm>

#include "base/error.h"
#include "sim/k210/listing.h"
#include "sim/k210/network.h"
#include "sim/k210/timing/profile.h"

using namespace vnpu;

namespace {

constexpr std::uint32_t most_memory = 1 << 20;
constexpr std::size_t most_steps = 12;

template <class F>
void attempt(F f) {
  try {
    f();
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1 << 16) return 0;
  attempt([&] {
    auto model = std::make_shared<kmodel::Model>(kmodel::read(ByteView(std::span(data, size))));
    attempt([&] { k210::list_model(*model, {}, [](const std::string&) {}); });
    if (const auto* v3 = model->as_v3(); v3 && (v3->main_memory > most_memory || v3->layers.size() > most_steps))
      return;
    if (const auto* v4 = model->as_v4(); v4 && (v4->main_memory > most_memory || v4->nodes.size() > most_steps)) return;
    if (model->as_v5()) return;
    attempt([&] { k210::profile_model(*model, {}); });
    for (const char* quirks : {"vendor", "board"}) {
      attempt([&] {
        NetworkOptions options;
        options.quirks = quirks;
        k210::K210Network network(model, options);
        while (network.step()) network.last_result();
        for (const auto& output : network.outputs()) network.get(output.name);
      });
    }
  });
  return 0;
}
