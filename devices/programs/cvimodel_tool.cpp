#include <algorithm>

#include "base/digest.h"
#include "base/error.h"
#include "devices/programs/arguments.h"
#include "devices/programs/cvi_runtime.h"
#include "devices/programs/vendor_programs.h"
#include "models/cvimodel/write.h"

namespace vnpu::programs {
namespace {

using cvimodel::Model;
using cvimodel::Section;
using cvimodel::SectionType;

const char* name_of(DType dtype) {
  switch (dtype) {
    case DType::f32: return "fp32";
    case DType::i32: return "int32";
    case DType::u32: return "uint32";
    case DType::bf16: return "bf16";
    case DType::i16: return "int16";
    case DType::u16: return "uint16";
    case DType::i8: return "int8";
    default: return "uint8";
  }
}

const char* name_of(SectionType type) {
  switch (type) {
    case SectionType::weight: return "weight";
    case SectionType::cmdbuf: return "cmdbuf";
    case SectionType::dmabuf: return "dmabuf";
    default: return "func";
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "" : ",") + name;
  return out;
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.resize(width, ' ');
  return text;
}

std::string shape_of(const std::array<std::int64_t, 4>& shape) {
  std::string out;
  for (const auto dim : shape) out += padded(std::to_string(dim), 5);
  return out;
}

Model open(ProgramHost& host, Output& out, const std::string& path) {
  auto file = open_model_file(host, out, path);
  if (!file) out.print("Error, invalid cvimodel file\n");
  Bytes bytes = file ? std::move(*file) : Bytes{};
  Model model = read_leniently(out, bytes);
  read_sections_leniently(out, ByteView(bytes), model);
  return model;
}

void dump_program(Output& out, const cvimodel::Program& program, std::size_t index) {
  out.format("\nProgram #%zu\n", index);
  out.format("    batch_num   : %u\n    private_gmem_size: %u\n    shared_gmem_size: %u\n", program.batch_num,
             program.private_gmem, program.shared_gmem);
  out.print("    inputs      : " + joined(program.inputs) + "\n");
  out.print("    outputs     : " + joined(program.outputs) + "\n    routines    :\n");
  for (std::size_t i = 0; i < program.routines.size(); ++i) {
    const auto& routine = program.routines[i];
    const auto* tpu = std::get_if<cvimodel::TpuRoutine>(&routine.body);
    out.format("     #%02zu  %s\n", i, tpu ? "tpu" : "cpu");
    out.print("        inputs  : " + joined(routine.inputs) + "\n");
    out.print("        outputs : " + joined(routine.outputs) + "\n");
    out.print(tpu ? "        section : " + tpu->section + "\n"
                  : "        function: " + std::get<cvimodel::CpuRoutine>(routine.body).function + "\n");
  }
  out.print("\n    tensor_map  :\n");
  out.print("        ID   OFFSET      TYPE  N    C    H    W    QSCALE     MEM     NAME\n");
  for (std::size_t i = 0; i < program.tensors.size(); ++i) {
    const auto& tensor = program.tensors[i];
    const unsigned sel = tensor.place ? tensor.place->sel : 0;
    out.format("        %03zu  %-12lld%-6s", i, tensor.place ? static_cast<long long>(tensor.place->offset) : -1ll,
               name_of(tensor.dtype));
    out.print(shape_of(tensor.shape) + padded(tensor.quant ? std::to_string(tensor.quant->qscale) : "", 11) +
              padded(sel == 0   ? "shared"
                     : sel == 2 ? "private"
                                : "io_mem",
                     8) +
              tensor.name + "\n");
  }
}

void dump(Output& out, const Model& model) {
  out.print("Mlir Version: " + model.mlir_version + "\n");
  out.format("Cvimodel Version: %u.%u.%u\n", model.version[0], model.version[1], model.version[2]);
  out.print(model.name + " Build at " + model.build_time + "\nFor " + model.target + " chip ONLY\n");
  out.format("CviModel Need ION Memory Size: (%.2f MB)\n", static_cast<double>(model.ion_bytes()) / (1024 * 1024));
  out.print("\nSections:\n");
  out.print("ID   TYPE      NAME                     SIZE        OFFSET      ENCRYPT     COMPRESS    MD5\n");
  for (std::size_t i = 0; i < model.sections.size(); ++i) {
    const Section& section = model.sections[i];
    out.format("%03zu  %-10s", i, name_of(section.type));
    out.print(padded(section.name, 25));
    out.format("%-12u%-12llu%-12s%-12s", section.size,
               static_cast<unsigned long long>(section.file_offset - model.header.size - model.header.body_size),
               section.encrypted ? "True" : "False", section.compressed ? "True" : "False");
    out.print(md5_hex(section.bytes) + "\n");
  }
  out.print("\nWeightMap:\nID   OFFSET    SIZE      TYPE    N    C    H    W    NAME\n");
  for (std::size_t i = 0; i < model.weights.size(); ++i) {
    const auto& weight = model.weights[i];
    out.format("%03zu  %-10llu%-10u%-8s", i, static_cast<unsigned long long>(weight.place.offset), weight.size,
               name_of(weight.dtype));
    out.print(shape_of(weight.shape) + weight.name + "\n");
  }
  for (std::size_t i = 0; i < model.programs.size(); ++i) dump_program(out, model.programs[i], i);
}

void store(ProgramHost& host, Output& out, const std::string& path, const Bytes& bytes) {
  out.print("store section to " + path + "\n");
  if (!host.write_file(path, bytes)) out.complain("vnpu: cannot write " + path + "\n");
}

void extract(ProgramHost& host, Output& out, const Model& model) {
  for (std::size_t p = 0; p < model.programs.size(); ++p) {
    const auto& program = model.programs[p];
    out.format("private_mem_size: %u\nshared_gmem_size: %u\n", program.private_gmem, program.shared_gmem);
    for (const auto& routine : program.routines) {
      const auto* tpu = std::get_if<cvimodel::TpuRoutine>(&routine.body);
      if (!tpu) continue;
      out.print("routine #" + tpu->section + "\n");
      out.print("         n    c    h    w    dtype offset  name\n");
      for (const bool input : {true, false}) {
        for (const auto& name : input ? routine.inputs : routine.outputs) {
          const auto* tensor = program.find(name);
          if (!tensor) continue;
          out.print(std::string("  [") + (input ? "IN " : "OUT") + "]  " + shape_of(tensor->shape) +
                    padded(name_of(tensor->dtype), 6) +
                    padded(tensor->place ? std::to_string(tensor->place->offset) : "-1", 8) + name + "\n");
        }
      }
      const Section* section = model.find_section(tpu->section);
      if (!section) continue;
      store(host, out,
            model.name + "_program_" + std::to_string(p) + (tpu->is_dmabuf ? "_dmabuf_" : "_cmdbuf_") + tpu->section +
                ".bin",
            section->bytes);
    }
  }
  for (const auto& section : model.sections) {
    if (section.type == SectionType::weight) store(host, out, model.name + "_weight.bin", section.bytes);
  }
}

// One program of each model, the commands' sections numbered, the weights once.
Model merge(Output& out, std::vector<Model> models) {
  std::size_t programs = 0;
  for (const auto& model : models) programs += model.programs.size();
  if (programs != models.size()) {
    assertion_failed(out, "models.size() == routine_name_maps.size()", "../../tool/cvimodel_tool.cpp", "cloneSections",
                     775);
  }
  const auto weights = [](const Model& model) -> const Section* {
    const auto found = std::ranges::find(model.sections, SectionType::weight, &Section::type);
    return found == model.sections.end() ? nullptr : &*found;
  };
  Model merged = models.front();
  merged.programs.clear();
  merged.sections.clear();
  if (const Section* first = weights(models.front())) merged.sections.push_back(*first);
  for (std::size_t i = 0; i < models.size(); ++i) {
    const Section *mine = weights(models[i]), *first = weights(models.front());
    if ((mine ? mine->bytes : Bytes{}) != (first ? first->bytes : Bytes{})) {
      throw Error(ErrorKind::unsupported, "merge: the models have different weights");
    }
    cvimodel::Program program = std::move(models[i].programs.front());
    for (auto& routine : program.routines) {
      if (auto* tpu = std::get_if<cvimodel::TpuRoutine>(&routine.body)) tpu->section += "_" + std::to_string(i);
    }
    merged.programs.push_back(std::move(program));
    for (auto& section : models[i].sections) {
      if (section.type == SectionType::weight) continue;
      section.name += "_" + std::to_string(i);
      merged.sections.push_back(std::move(section));
    }
  }
  return merged;
}

int act(ProgramHost& host, Output& out, const Arguments& arguments) {
  const std::string action = arguments.value("action"), target = arguments.value("output");
  const auto inputs = arguments.values("input");
  const auto write = [&](const Model& model) {
    if (host.write_file(target, cvimodel::write(model))) return 0;
    out.complain("vnpu: cannot write '" + target + "'\n");
    return 1;
  };
  const auto first = [&] { return open(host, out, inputs.empty() ? std::string() : inputs.front()); };
  if (action == "dump") {
    dump(out, first());
  } else if (action == "extract") {
    extract(host, out, first());
  } else if (action == "merge") {
    std::vector<Model> models;
    for (const auto& path : inputs) models.push_back(open(host, out, path));
    if (models.empty()) throw Error(ErrorKind::usage, "merge: no input files");
    return write(merge(out, std::move(models)));
  } else if (action == "compress") {
    Model model = first();
    for (auto& section : model.sections) section.compressed = section.type == SectionType::cmdbuf;
    return write(model);
  } else if (action == "encrypt") {
    throw Error(ErrorKind::unsupported, "encrypt: the keys are in the secure world of the real board");
  }
  return 0;  // other words do nothing
}

}  // namespace

int cvimodel_tool(ProgramHost& host) {
  Output out(host);
  out.print(host.argv[0] + "\n");
  out.print(runtime_banner);
  Arguments arguments;
  int status = Arguments::wrong;
  if (arguments.parse(
          host, out,
          {{'a', "action", Option::Takes::one, true}, {'i', "input", Option::Takes::many}, {'o', "output"}})) {
    try {
      status = act(host, out, arguments);
    } catch (const Error& error) {
      out.complain(std::string("vnpu: ") + error.what() + "\n");
      status = 1;
    }
  }
  out.flush();
  return status;
}

}  // namespace vnpu::programs
