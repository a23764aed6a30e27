// Loops of the TDMA over contiguous elements, one set for every instruction-set level. Pointers need no alignment;
// source and destination do not overlap. The files of a level include nothing with code that others might share.
#pragma once

#include <cstddef>
#include <cstdint>

namespace vnpu::cv18xx::kernels {

struct TdmaRows {
  // int8 to bf16.
  void (*widen)(std::uint8_t* to, const std::uint8_t* from, std::size_t count, bool is_signed);
  // bf16 to int8, half to even or toward zero.
  void (*narrow)(std::uint8_t* to, const std::uint8_t* from, std::size_t count, bool is_signed, bool toward_zero);
  // bf16 to the index of its exponent; false when there is a NaN, the destination is then undefined.
  bool (*lut_index)(std::uint8_t* to, const std::uint8_t* from, std::size_t count);
};

extern const TdmaRows tdma_rows_scalar;
extern const TdmaRows tdma_rows_avx2;
extern const TdmaRows tdma_rows_avx512;

}  // namespace vnpu::cv18xx::kernels
