// The DMA's affine unit over many 16-bit words at once.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vnpu::ax620 {

// out = min(round(word * k + b), limit), 16 bits, or its upper byte alone.
struct Affine {
  float k = 1, b = 0;
  std::uint16_t limit = 65535;
  bool is_signed = false;   // what comes in
  bool upper_byte = false;  // what goes out
};

// The law is in dma_units.cpp. By the default rule of rounding; `in` and `out` need not be aligned.
void affine_avx2(const Affine& rule, const std::uint8_t* in, std::size_t count, std::uint8_t* out);
void affine_avx512(const Affine& rule, const std::uint8_t* in, std::size_t count, std::uint8_t* out);

}  // namespace vnpu::ax620
