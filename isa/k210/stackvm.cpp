#include "isa/k210/stackvm.h"

#include <cstdio>

#include "base/error.h"

namespace vnpu::k210 {
namespace {

struct OpRow {
  std::uint8_t code;
  std::string_view name, operands;
  bool known;
};
constexpr OpRow ops[] = {
#define VNPU_STACKVM_OP(code, name, operands, known) {code, #name, operands, known},
#include "isa/k210/stackvm_ops.def"
#undef VNPU_STACKVM_OP
};

struct TensorRow {
  std::uint16_t id;
  std::string_view name, operands, fields;
  bool known;
};
constexpr TensorRow tensors[] = {
#define VNPU_TENSOR(id, name, operands, fields) {id, #name, operands, fields, true},
#define VNPU_TENSOR_UNKNOWN(id, name) {id, #name, "", "", false},
#include "isa/k210/stackvm_tensor.def"
#undef VNPU_TENSOR
#undef VNPU_TENSOR_UNKNOWN
};

// Both tables are complete from 0 on: the number is the index.
static_assert([] {
  for (std::size_t i = 0; i < std::size(ops); ++i) {
    if (ops[i].code != i) return false;
  }
  for (std::size_t i = 0; i < std::size(tensors); ++i) {
    if (tensors[i].id != i || tensors[i].operands.size() > std::tuple_size_v<decltype(VmInstruction::values)>)
      return false;
  }
  return true;
}());

std::string hex(unsigned value) {
  char text[16];
  std::snprintf(text, sizeof text, "0x%02x", value);
  return text;
}

[[noreturn]] void refuse(ByteView code, std::uint64_t at, const std::string& text) {
  throw Error(ErrorKind::unsupported, code.file_offset() + at, "stackvm", text);
}

std::int64_t operand(ByteView code, std::uint64_t& at, char kind) {
  std::int64_t value = 0;
  switch (kind) {
    case 'b':
      value = code.u8(at, "stackvm operand");
      at += 1;
      break;
    case 'h':
      value = code.u16(at, "stackvm operand");
      at += 2;
      break;
    case 'i':
      value = static_cast<std::int32_t>(code.u32(at, "stackvm operand"));
      at += 4;
      break;
    default:  // 'w', 'f'
      value = code.u32(at, "stackvm operand");
      at += 4;
      break;
  }
  return value;
}

}  // namespace

VmInstruction decode_instruction(ByteView code, std::uint64_t at, std::uint64_t& next) {
  const auto start = at;
  const auto number = code.u8(at++, "stackvm opcode");
  if (number >= std::size(ops)) refuse(code, start, "opcode " + hex(number) + " does not exist");
  const auto& row = ops[number];
  if (!row.known) refuse(code, start, "opcode " + hex(number) + " (" + std::string(row.name) + ") is not supported");
  VmInstruction out;
  out.op = static_cast<VmOp>(number);
  out.offset = code.file_offset() + start;
  out.name = row.name;
  out.operands = row.operands;
  if (out.is_tensor()) {
    const auto id = static_cast<std::uint16_t>(operand(code, at, 'h'));
    if (id >= std::size(tensors)) refuse(code, start, "tensor function " + hex(id) + " does not exist");
    const auto& tensor = tensors[id];
    if (!tensor.known) {
      refuse(code, start, "tensor function " + hex(id) + " (" + std::string(tensor.name) + ") is not supported");
    }
    out.function = static_cast<TensorFunction>(id);
    out.name = tensor.name;
    out.operands = tensor.operands;
    out.fields = tensor.fields;
  }
  for (std::size_t i = 0; i < out.operands.size(); ++i) out.values[i] = operand(code, at, out.operands[i]);
  next = at;
  return out;
}

std::vector<VmInstruction> decode_function(ByteView code) {
  std::vector<VmInstruction> out;
  for (std::uint64_t at = 0; at < code.size();) out.push_back(decode_instruction(code, at, at));
  return out;
}

std::string to_string(const VmInstruction& instruction) {
  std::string out = (instruction.is_tensor() ? "tensor." : "") + std::string(instruction.name);
  auto fields = instruction.fields;
  for (std::size_t i = 0; i < instruction.operands.size(); ++i) {
    out += ' ';
    if (!fields.empty()) {
      const auto end = std::min(fields.find(' '), fields.size());
      out += std::string(fields.substr(0, end)) + "=";
      fields.remove_prefix(std::min(end + 1, fields.size()));
    }
    if (instruction.operands[i] == 'f') {
      char text[32];
      std::snprintf(text, sizeof text, "%.9g", static_cast<double>(instruction.f32(i)));
      out += text;
    } else {
      out += std::to_string(instruction.values[i]);
    }
  }
  return out;
}

}  // namespace vnpu::k210
