// The byte code of a version 5 model's stackvm module: decoding and printing. Source: docs/stackvm_k210.md; the tables
// are stackvm_ops.def and stackvm_tensor.def.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace vnpu::k210 {

enum class VmOp : std::uint8_t {
  nop = 0x00,
  ldnull = 0x01,
  ldc_i4 = 0x02,
  ldc_i4_0 = 0x03,
  ldc_i4_1 = 0x04,
  ldc_r4 = 0x05,
  lea_buffer = 0x17,
  dup = 0x2F,
  pop = 0x30,
  stshape = 0x31,
  stpaddings = 0x32,
  ret = 0x59,
  tensor = 0x5E,
};

enum class TensorFunction : std::uint16_t {
#define VNPU_TENSOR(id, name, operands, fields) name = id,
#define VNPU_TENSOR_UNKNOWN(id, name)
#include "isa/k210/stackvm_tensor.def"
#undef VNPU_TENSOR
#undef VNPU_TENSOR_UNKNOWN
};

struct VmInstruction {
  VmOp op{};
  TensorFunction function{};              // of op tensor
  std::uint64_t offset = 0;               // of its first byte, as the view counts
  std::string_view name;                  // "ldc_i4", "binary", ...
  std::string_view operands, fields;      // of the table; fields empty for plain opcodes
  std::array<std::int64_t, 14> values{};  // operands in their order; floats as the bits of their float32

  bool is_tensor() const { return op == VmOp::tensor; }
  float f32(std::size_t i) const { return std::bit_cast<float>(static_cast<std::uint32_t>(values[i])); }
};

// One instruction at a byte of the code. Throws Error(damaged) for code that ends inside of it, Error(unsupported)
// naming an opcode or tensor function whose operands or meaning are not known.
VmInstruction decode_instruction(ByteView code, std::uint64_t at, std::uint64_t& next);
std::vector<VmInstruction> decode_function(ByteView code);

// "ldc_i4 12"; "tensor.binary dt=9 sh_a=0 ... min=-inf max=inf".
std::string to_string(const VmInstruction& instruction);

}  // namespace vnpu::k210
