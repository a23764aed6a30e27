// One descriptor of either engine on a small memory: the scalar law and the best level of this CPU must do the same.
// Input: byte 0 (bit 0 chip, bit 1 engine), the descriptor's 64 (TDMA) or 112 (TIU) bytes, then bytes for the memories,
// repeated.
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
template <class Command>
std::string run(const Command& command, Memory& memory, SimdLevel level) {
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

template <class Command>
void compare(const Chip& chip, const Command& command, std::span<const std::uint8_t> contents) {
  Memory law(chip, global_bytes), fast(chip, global_bytes);
  for (auto* memory : {&law, &fast}) {
    pour(memory->local(), contents);
    pour(memory->global(), contents);
    for (std::size_t i = 0; i < 8; ++i) memory->base[i] = 16 * i;
  }
  const auto refusal = run(command, law, SimdLevel::scalar);
  if (run(command, fast, best_simd_level()) != refusal) std::abort();
  if (refusal.empty() && !(equal(law.local(), fast.local()) && equal(law.global(), fast.global()))) std::abort();
}

// Legal commands may take seconds in the law; the fuzzer is after the small ones.
bool small(const TiuCommand& c) {
  double work = 1;
  for (const auto size : {c.res0_n, c.res0_c, c.res0_h, c.res0_w, c.opd0_c, c.opd1_h, c.opd1_w}) {
    work *= std::max<std::uint32_t>(size, 1);
  }
  return work <= 1 << 22;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const Chip& chip = *find_chip(data[0] & 1 ? "cv181x" : "cv180x");
  const std::span<const std::uint8_t> bytes(data + 1, size - 1);
  if (data[0] & 2) {
    if (bytes.size() < tiu_bytes) return 0;
    const auto command = decode_tiu(bytes.first<tiu_bytes>());
    if (small(command)) compare(chip, command, bytes.subspan(tiu_bytes));
  } else if (bytes.size() >= tdma_bytes) {
    compare(chip, decode_tdma(bytes.first<tdma_bytes>()), bytes.subspan(tdma_bytes));
  }
  return 0;
}
