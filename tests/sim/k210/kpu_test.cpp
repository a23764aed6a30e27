// The KPU: scalar law against SIMD over random descriptors, and what is refused.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "random_layer.h"

namespace vnpu::k210 {
namespace {

std::vector<SimdLevel> levels() {
  std::vector<SimdLevel> all;
  for (const SimdLevel level : {SimdLevel::avx2, SimdLevel::avx512}) {
    if (level <= best_simd_level()) all.push_back(level);
  }
  return all;
}

// The whole memory afterwards, or the error's text.
std::pair<Bytes, std::string> memory_after(const RandomLayer& r, SimdLevel level, const AiRam& before) {
  AiRam ram;
  std::ranges::copy(before.bytes(), ram.bytes().begin());
  try {
    KpuLayer(r.layer, r.parameters(), r.batches, r.arithmetic, level).run(ram);
  } catch (const Error& error) {
    return {{}, error.what()};
  }
  return {Bytes(ram.bytes().begin(), ram.bytes().end()), ""};
}

std::string text(const RandomLayer& r) {
  const MapShape in = input_shape(r.layer), out = output_shape(r.layer, r.arithmetic);
  return std::to_string(in.channels) + "x" + std::to_string(in.height) + "x" + std::to_string(in.width) + " -> " +
         std::to_string(out.channels) + "x" + std::to_string(out.height) + "x" + std::to_string(out.width) +
         (r.layer.depthwise() ? " depthwise" : "") + " k " + std::to_string(r.layer.kernel()) + " pool " +
         std::to_string(r.layer.pool_type) + (r.wide_weights ? " w16" : " w8") +
         (r.arithmetic == Arithmetic::v3 ? " v3" : " v4") + " batches " + std::to_string(r.batches);
}

TEST(KpuLevels, LeaveTheSameMemoryForRandomLayers) {
  std::mt19937 random(2);
  AiRam ram;
  for (auto& byte : ram.bytes()) byte = static_cast<std::uint8_t>(random());
  for (int i = 0; i < 400; ++i) {
    const RandomLayer r = random_layer(random);
    const auto wanted = memory_after(r, SimdLevel::scalar, ram);
    for (const SimdLevel level : levels()) {
      const auto found = memory_after(r, level, ram);
      ASSERT_EQ(found.second.empty(), wanted.second.empty()) << i << ": " << text(r) << found.second << wanted.second;
      if (found.first == wanted.first) continue;
      const auto at = std::ranges::mismatch(found.first, wanted.first).in1 - found.first.begin();
      FAIL() << "layer " << i << " (" << text(r) << ") at byte " << at << " with " << name(level) << ": "
             << int{found.first[at]} << ", law " << int{wanted.first[at]};
    }
  }
}

}  // namespace
}  // namespace vnpu::k210
