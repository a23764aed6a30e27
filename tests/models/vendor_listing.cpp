#include "tests/models/vendor_listing.h"

#include <cstdarg>
#include <cstdio>

#include "base/digest.h"

namespace vnpu::cvimodel {
namespace {

__attribute__((format(printf, 2, 3))) void print(std::string& out, const char* format, ...) {
  char line[160];
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  out += line;
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ",") + name;
  return out;
}

const char* vendor_name(DType dtype) {
  switch (dtype) {
    case DType::f32: return "fp32";
    case DType::i32: return "int32";
    case DType::u32: return "uint32";
    case DType::bf16: return "bf16";
    case DType::i16: return "int16";
    case DType::u16: return "uint16";
    case DType::i8: return "int8";
    case DType::u8: return "uint8";
    default: return "?";
  }
}

const char* vendor_name(SectionType type) {
  switch (type) {
    case SectionType::weight: return "weight";
    case SectionType::cmdbuf: return "cmdbuf";
    default: return "?";
  }
}

void print_shape(std::string& out, const std::array<std::int64_t, 4>& shape) {
  for (const auto dim : shape) print(out, "%-5lld", static_cast<long long>(dim));
}

void print_program(std::string& out, const Program& program, std::size_t index) {
  print(out, "\nProgram #%zu\n", index);
  print(out, "    batch_num   : %u\n    private_gmem_size: %u\n", program.batch_num, program.private_gmem);
  print(out, "    shared_gmem_size: %u\n", program.shared_gmem);
  out += "    inputs      : " + joined(program.inputs) + "\n    outputs     : " + joined(program.outputs) + "\n";
  out += "    routines    :\n";
  for (std::size_t i = 0; i < program.routines.size(); ++i) {
    const Routine& routine = program.routines[i];
    const auto* tpu = std::get_if<TpuRoutine>(&routine.body);
    print(out, "     #%02zu  %s\n", i, tpu ? "tpu" : "cpu");
    out += "        inputs  : " + joined(routine.inputs) + "\n        outputs : " + joined(routine.outputs) + "\n";
    out +=
        tpu ? "        section : " + tpu->section : "        function: " + std::get<CpuRoutine>(routine.body).function;
    out += "\n";
  }
  out += "\n    tensor_map  :\n";
  out += "        ID   OFFSET      TYPE  N    C    H    W    QSCALE     MEM     NAME\n";
  for (std::size_t i = 0; i < program.tensors.size(); ++i) {
    const Tensor& tensor = program.tensors[i];
    const unsigned sel = tensor.place ? tensor.place->sel : 0;
    print(out, "        %03zu  %-12lld%-6s", i, tensor.place ? static_cast<long long>(tensor.place->offset) : -1,
          vendor_name(tensor.dtype));
    print_shape(out, tensor.shape);
    print(out, "%-11s%-8s", tensor.quant ? std::to_string(tensor.quant->qscale).c_str() : "",
          sel == 0   ? "shared"
          : sel == 2 ? "private"
                     : "io_mem");
    out += tensor.name + "\n";
  }
}

}  // namespace

std::string vendor_listing(const Model& model) {
  std::string out = "Mlir Version: " + model.mlir_version + "\n";
  print(out, "Cvimodel Version: %u.%u.%u\n", model.version[0], model.version[1], model.version[2]);
  out += model.name + " Build at " + model.build_time + "\nFor " + model.target + " chip ONLY\n";
  print(out, "CviModel Need ION Memory Size: (%.2f MB)\n", static_cast<double>(model.ion_bytes()) / (1024 * 1024));
  out += "\nSections:\nID   TYPE      NAME                     SIZE        OFFSET      MD5\n";
  for (std::size_t i = 0; i < model.sections.size(); ++i) {
    const Section& section = model.sections[i];
    print(out, "%03zu  %-10s", i, vendor_name(section.type));
    out += padded(section.name, 25);
    print(out, "%-12u%-12llu", section.size,
          static_cast<unsigned long long>(section.file_offset - model.header.size - model.header.body_size));
    out += md5_hex(section.bytes) + "\n";
  }
  out += "\nWeightMap:\nID   OFFSET    SIZE      TYPE    N    C    H    W    NAME\n";
  for (std::size_t i = 0; i < model.weights.size(); ++i) {
    const Weight& weight = model.weights[i];
    print(out, "%03zu  %-10llu%-10u%-8s", i, static_cast<unsigned long long>(weight.place.offset), weight.size,
          vendor_name(weight.dtype));
    print_shape(out, weight.shape);
    out += weight.name + "\n";
  }
  for (std::size_t i = 0; i < model.programs.size(); ++i) print_program(out, model.programs[i], i);
  return out;
}

}  // namespace vnpu::cvimodel
