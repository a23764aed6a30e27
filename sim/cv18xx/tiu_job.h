// What the files of the TIU law share: the command at work, operands in and out of local memory, and the window of
// convolutions and pools.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "isa/cv18xx/command.h"
#include "sim/cv18xx/arithmetic.h"
#include "sim/cv18xx/quirks.h"
#include "sim/cv18xx/tensor_view.h"

namespace vnpu::cv18xx {

// "conv", "depthwise", "mac" ...; for messages.
const char* operation_name(const TiuCommand& command);

struct TiuJob {
  const TiuCommand& command;
  std::span<std::uint8_t> local;
  std::uint32_t lanes;
  const Quirks& quirks;
  const char* operation;  // for messages

  // Throws Error(fault) with "OPERATION: WHAT" unless `ok`.
  void require(bool ok, const char* what) const;
  // The same with Error(unsupported): what the vendor's simulator runs and nobody has described.
  void require_supported(bool ok, const char* what) const;
  // The law of signs of integer commands: opt_shift_typ and opt_res0_sign follow from the operands' signs.
  void require_signs() const;
  // Operand 2 as bias: sizes and, unless opt_opd2_seg says that there is none, the plane distance.
  void require_bias() const;
  // Throws Error(fault) unless a * b * c stays within tiu_work_limit.
  void require_work(std::uint64_t a, std::uint64_t b, std::uint64_t c) const;

  TensorView res0() const { return res0_view(command, lanes); }
  TensorView opd0() const { return opd0_view(command, lanes); }
  TensorView opd1() const { return opd1_view(command, lanes, quirks); }
  TensorView opd2() const { return opd2_view(command, lanes, quirks); }

  // All elements in the order n, c, h, w, after checking that they lie in local memory. Integers of `bytes` 1, 2 or 4
  // stand in as many byte planes, low byte first; fp32 stands in two bf16 planes, upper half first. Planes are written
  // one after the other.
  std::vector<std::int32_t> load_int(const TensorView& view, unsigned bytes, bool is_signed) const;
  std::vector<std::uint16_t> load_halves(const TensorView& view) const;
  std::vector<float> load_bf16s(const TensorView& view) const;
  std::vector<std::uint32_t> load_words(const TensorView& view) const;
  void store_int(const TensorView& view, unsigned bytes, std::span<const std::int32_t> values) const;
  void store_halves(const TensorView& view, std::span<const std::uint16_t> values) const;
  void store_bf16s(const TensorView& view, std::span<const float> values, bool relu) const;
  void store_partial_sums(const TensorView& view, std::span<const float> values) const;

  std::int32_t insert_int() const;  // value of padding and inserted cells
  float insert_float() const;       // as convolutions and average pool read it
};

inline std::int32_t sign_extend(std::uint32_t value, unsigned bits, bool is_signed) {
  const unsigned unused = 32 - bits;
  return is_signed ? static_cast<std::int32_t>(value << unused) >> unused
                   : static_cast<std::int32_t>(value << unused >> unused);
}

// One axis of a sliding window over an input widened by inserted cells and padding.
struct WindowAxis {
  std::int64_t in, out, kernel;
  std::int64_t stride, dilation;
  std::int64_t gap;  // inserted cells + 1
  std::int64_t pad_before;

  // Input index under kernel cell k at output o, or -1 for a cell that holds the insert value.
  std::int64_t source(std::int64_t o, std::int64_t k) const {
    const std::int64_t cell = o * stride + k * dilation - pad_before;
    return cell < 0 || cell > (in - 1) * gap || cell % gap != 0 ? -1 : cell / gap;
  }
};

struct Window {
  WindowAxis y, x;
  std::uint64_t cells() const { return static_cast<std::uint64_t>(y.kernel * x.kernel); }
};

// The window the registers describe. The result must be as large as input, kernel and pads say (convolution) or may be
// smaller (depthwise, pools: compilers use it). Pools have no dilation.
Window read_window(const TiuJob& job, bool dilated, bool exact_size);

// What no command may ask for, whatever its kind.
void check_any(const TiuJob& job);
// The operands of a command after every check of the law but those on operand 2, stored partial sums and 16-bit planes:
// the scalar law and the kernels start from these. `weights` is checked unless it is a constant.
struct WindowOperands {
  Window window;
  TensorView in, out, weights;
};
WindowOperands checked_conv(const TiuJob& job);
WindowOperands checked_depthwise(const TiuJob& job);  // with the quirk about its dilation applied
WindowOperands checked_pool(const TiuJob& job);       // without weights
struct MatmulOperands {
  TensorView left, right, result;  // right is checked unless it is a constant
};
MatmulOperands checked_matmul(const TiuJob& job);
void check_arith(const TiuJob& job);
void check_lut(const TiuJob& job);

void execute_conv(const TiuJob& job);
void execute_depthwise(const TiuJob& job);
void execute_pool(const TiuJob& job);
void execute_matmul(const TiuJob& job);
void execute_arith(const TiuJob& job);
void execute_lut(const TiuJob& job);

}  // namespace vnpu::cv18xx
