// The operands of MM and MM2, checked and dense.
#pragma once

#include "sim/bm1684x/law.h"

namespace vnpu::bm1684x {

struct MatrixProduct {
  std::uint32_t rows = 0, inner = 0, columns = 0;
  TensorView result;
  std::vector<std::uint32_t> left;   // rows x inner, raw
  std::vector<std::uint32_t> right;  // inner x columns, raw
  std::vector<std::uint32_t> old;    // rows x columns with res_add, else empty
  std::vector<std::uint32_t> bias;   // of MM: one a column, or empty
  std::vector<std::uint32_t> zero;   // of MM2 on int8: rows x columns
  bool turned = false;               // the result is stored columns x rows
};

// Throw Error(fault) or Error(unsupported) for what the commands must not ask for.
MatrixProduct read_mm(const TiuJob& job);
MatrixProduct read_mm2(const TiuJob& job);
// Stores rows x columns.
void write_product(const TiuJob& job, const MatrixProduct& product, std::span<const std::uint32_t> values);

}  // namespace vnpu::bm1684x
