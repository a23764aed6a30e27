// Where the elements of a TIU operand lie in local memory: lanes, strides, planes.
#pragma once

#include <cstdint>

#include "isa/cv18xx/chip.h"
#include "isa/cv18xx/command.h"
#include "sim/cv18xx/quirks.h"

namespace vnpu::cv18xx {

inline std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }
inline std::uint64_t align_up(std::uint64_t a, std::uint64_t unit) { return ceil_div(a, unit) * unit; }

enum StrideCode : std::uint32_t { stride_aligned = 0, stride_dense = 1, stride_bias = 2, stride_registers = 3 };

// Channel c of a tensor lies in lane (start lane + c) % lanes, row (start lane + c) / lanes. A tensor of more than 8
// bits an element may be cut into planes: the same layout again at `plane_stride`. All distances are bytes.
struct TensorView {
  const char* name = "";  // operand, for messages
  std::uint32_t n = 1, c = 1, h = 1, w = 1;
  std::uint32_t element = 1;  // bytes of an element within its plane: 1, or 2 (bf16)
  std::uint32_t lanes = 1;
  std::uint32_t start_lane = 0;
  std::uint32_t offset = 0;  // within the lane
  std::uint64_t n_stride = 0, c_stride = 0, h_stride = 0, w_stride = 0;
  std::uint64_t plane_stride = 0;

  // Address of element (0, c, 0, 0) of plane 0: an offset into Memory::local().
  std::uint64_t channel(std::uint64_t ci) const {
    const std::uint64_t at = start_lane + ci;
    return (at % lanes) * lane_bytes + offset + (at / lanes) * c_stride;
  }
  std::uint64_t at(std::uint64_t ni, std::uint64_t ci, std::uint64_t hi, std::uint64_t wi) const {
    return channel(ci) + ni * n_stride + hi * h_stride + wi * w_stride;
  }
  std::uint64_t count() const { return std::uint64_t{n} * c * h * w; }

  // f(address) for every element of plane 0 in the order n, c, h, w.
  template <class F>
  void for_each(F&& f) const {
    for (std::uint64_t ni = 0; ni < n; ++ni) {
      for (std::uint64_t ci = 0; ci < c; ++ci) {
        const std::uint64_t base = channel(ci) + ni * n_stride;
        for (std::uint64_t hi = 0; hi < h; ++hi) {
          for (std::uint64_t wi = 0; wi < w; ++wi) f(base + hi * h_stride + wi * w_stride);
        }
      }
    }
  }
};

// Sets the strides of a code (0 aligned, 1 dense, 2 bias); code 3 leaves them as they are.
void apply_stride_code(TensorView& view, std::uint32_t code);

// The operands of a command as its registers describe them, with the strides of their codes. Operands 1 and 2 have
// 16-bit addresses; the bits above are those of the result (quirk operand_page_from_result).
TensorView res0_view(const TiuCommand& command, std::uint32_t lanes);
TensorView opd0_view(const TiuCommand& command, std::uint32_t lanes);
TensorView opd1_view(const TiuCommand& command, std::uint32_t lanes, const Quirks& quirks);
TensorView opd2_view(const TiuCommand& command, std::uint32_t lanes, const Quirks& quirks);

// Throws Error(fault), naming operation, operand and address, unless `planes` planes of the view lie wholly within
// their lanes and the view has no more elements than local memory has bytes.
void require_inside(const TensorView& view, std::uint32_t planes, const char* operation);

}  // namespace vnpu::cv18xx
