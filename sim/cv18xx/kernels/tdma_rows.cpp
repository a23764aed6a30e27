#include "sim/cv18xx/kernels/tdma_rows.h"

#include <cstring>

#include "sim/cv18xx/convert.h"

namespace vnpu::cv18xx::kernels {
namespace {

std::uint16_t load(const std::uint8_t* from) {
  std::uint16_t value;
  std::memcpy(&value, from, 2);
  return value;
}

void store(std::uint8_t* to, std::uint16_t value) { std::memcpy(to, &value, 2); }

void widen(std::uint8_t* to, const std::uint8_t* from, std::size_t count, bool is_signed) {
  for (std::size_t i = 0; i < count; ++i) store(to + 2 * i, int8_to_bf16(from[i], is_signed));
}

void narrow(std::uint8_t* to, const std::uint8_t* from, std::size_t count, bool is_signed, bool toward_zero) {
  for (std::size_t i = 0; i < count; ++i) to[i] = bf16_to_int8(load(from + 2 * i), is_signed, toward_zero);
}

bool lut_index(std::uint8_t* to, const std::uint8_t* from, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = load(from + 2 * i);
    if (is_bf16_nan(value)) return false;
    store(to + 2 * i, bf16_to_lut_index(value));
  }
  return true;
}

}  // namespace

const TdmaRows tdma_rows_scalar = {widen, narrow, lut_index};

}  // namespace vnpu::cv18xx::kernels
