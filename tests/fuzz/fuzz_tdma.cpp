// One TDMA descriptor on a small memory: the scalar law and the best level of this CPU must do the same.
// Input: byte 0 chip, then 64 bytes of descriptor, then bytes for the memories (repeated).
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/error.h"
#include "sim/cv18xx/execute.h"

using namespace vnpu;
using namespace vnpu::cv18xx;

namespace {

constexpr std::uint64_t global_bytes = 0x4000;

// The bytes again and again; short seeds are common, so the pattern doubles instead of going byte by byte.
void pour(std::span<std::uint8_t> memory, std::span<const std::uint8_t> bytes) {
  std::size_t done = std::min(bytes.size(), memory.size());
  if (done == 0) return;
  std::memcpy(memory.data(), bytes.data(), done);
  while (done < memory.size()) {
    const auto here = std::min(done, memory.size() - done);
    std::memcpy(memory.data() + done, memory.data(), here);
    done += here;
  }
}

// The refusal, or nothing.
std::string run(const TdmaCommand& command, Memory& memory, SimdLevel level) {
  try {
    execute(command, memory, {Quirks{}, level});
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

bool equal(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  return std::memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 + tdma_bytes) return 0;
  const Chip& chip = *find_chip(data[0] & 1 ? "cv181x" : "cv180x");
  const std::span<const std::uint8_t> bytes(data + 1, size - 1);
  const auto command = decode_tdma(bytes.first<tdma_bytes>());
  Memory law(chip, global_bytes), fast(chip, global_bytes);
  for (auto* memory : {&law, &fast}) {
    pour(memory->local(), bytes.subspan(tdma_bytes));
    pour(memory->global(), bytes.subspan(tdma_bytes));
    for (std::size_t i = 0; i < 8; ++i) memory->base[i] = 16 * i;
  }
  const auto refusal = run(command, law, SimdLevel::scalar);
  if (run(command, fast, best_simd_level()) != refusal) std::abort();
  if (refusal.empty() && !(equal(law.local(), fast.local()) && equal(law.global(), fast.global()))) std::abort();
  return 0;
}
