// model_tool: what is in a .bmodel, one file of several, several of one.
#include <algorithm>
#include <charconv>
#include <map>

#include "base/error.h"
#include "devices/board.h"
#include "devices/commands/common.h"
#include "devices/sophon/bm_runtime.h"
#include "devices/sophon/programs.h"
#include "devices/text.h"
#include "models/bmodel/edit.h"
#include "models/bmodel/model.h"
#include "models/bmodel/text.h"

namespace vnpu::sophon {
namespace {

using devices::text;
using ull = unsigned long long;

constexpr int failed = 255;

constexpr const char* usage =
    "Usage:\n"
    "  model_tool\n"
    "    [bmodel]:\n"
    "      --info model_file : show brief model info\n"
    "      --chip model_file : show chip of model\n"
    "      --dynamic model_file : true or false\n"
    "      --print model_file : show detailed model info\n"
    "      --weight model_file : show model weight info\n"
    "      --extract model_file : extract one multi-net bmodel to multi one-net bmodels\n"
    "      --combine file1 .. fileN -o new_file: combine bmodels to one bmodel by filepath\n"
    "      --dump model_file start_offset byte_size out_file: dump binary data to file from bmodel\n\n";

std::string dtype_name(const bmodel::Tensor& tensor) {
  static constexpr const char* names[] = {"float32", "float16", "int8",     "uint8", "int16", "uint16",
                                          "int32",   "uint32",  "bfloat16", "int4",  "uint4"};
  return tensor.data_type < std::size(names) ? names[tensor.data_type] : "unknown";
}

bool dynamic(const bmodel::Net& net) {
  for (const auto& stage : net.stages) {
    if (stage.is_dynamic) return true;
  }
  return false;
}

std::string tensor_line(const char* word, const bmodel::Tensor& tensor, bool may_vary) {
  std::string shape;
  for (const auto dimension : tensor.shape())
    shape += (shape.empty() ? "" : ", ") + std::string(may_vary ? "max:" : "") + std::to_string(dimension);
  return text("%s: %s, [%s], %s, scale: %g, zero_point: %d\n", word, tensor.name.c_str(), shape.c_str(),
              dtype_name(tensor).c_str(), static_cast<double>(tensor.scale), tensor.zero_point);
}

struct Memory {
  std::uint64_t weight = 0, instruct = 0, runtime = 0;
};

Memory memory_of(const bmodel::Model& model) {
  Memory out;
  for (const auto& net : model.nets) {
    std::uint64_t weight = 0;  // the tool takes the stages of a net to share theirs
    for (const auto& stage : net.stages) {
      if (stage.coefficients) weight = std::max(weight, stage.coefficients->data.size);
      out.runtime = std::max(out.runtime, stage.ctx_size);
      for (const auto& subnet : stage.subnets) {
        out.instruct += std::uint64_t{4} * subnet.ir_bytes;  // four bytes a unit of the length, as the tool counts
        for (const auto& group : subnet.groups) out.instruct += group.tiu.size + group.gdma.size;
      }
    }
    out.weight += weight;
  }
  return out;
}

// What the tool foresees that a process needs at most on the chip's CPU or on a host with the card: a constant, and the
// larger of the largest list of commands or kernel module, held twice, and what of the coefficients is in hand at once.
std::uint64_t cpu_peak(const bmodel::Model& model, std::uint64_t weight) {
  constexpr std::uint64_t always = 729'088, piece = 16u << 20;
  std::uint64_t commands = model.kernel_module ? model.kernel_module->data.size : 0;
  for (const auto& net : model.nets)
    for (const auto& stage : net.stages)
      for (const auto& subnet : stage.subnets)
        for (const auto& group : subnet.groups) commands = std::max({commands, group.tiu.size, group.gdma.size});
  return always + std::max(2 * commands, std::min(weight, piece));
}

// Whether header and flatbuffer, and every range after them, begin on a page.
bool page_aligned(const bmodel::Model& model) {
  bool aligned = true;
  const auto check = [&](const bmodel::Blob& blob) {
    aligned = aligned && (!blob.size || blob.file_offset % 4096 == 0);
  };
  for (const auto& net : model.nets) {
    for (const auto& stage : net.stages) {
      if (stage.coefficients) check(stage.coefficients->data);
      for (const auto& subnet : stage.subnets) {
        for (const auto& group : subnet.groups) {
          check(group.tiu);
          check(group.gdma);
        }
      }
    }
  }
  return aligned;
}

std::string info(const bmodel::Model& model, ByteView) {
  std::string out = "bmodel version: " + model.type + "." + model.version + "\nchip: " + model.chip +
                    "\ncreate time: " + model.time + (model.time.ends_with('\n') ? "" : "\n") + "\n";
  const auto& module = model.kernel_module;
  out += "kernel_module name: " + (module ? module->file_name : "") + "\n";
  out += text("kernel_module size: %llu\n", static_cast<ull>(module ? module->data.size : 0)) + "kernel mode: normal\n";
  for (std::size_t n = 0; n < model.nets.size(); ++n) {
    const auto& net = model.nets[n];
    const bool varies = dynamic(net);
    out += "==========================================\n";
    out += text("net %zu: [%s]  %s\n", n, net.name.c_str(), varies ? "dynamic" : "static");
    if (net.addr_mode != 0) out += text("addr mode: %d\n", net.addr_mode);
    for (std::size_t s = 0; s < net.stages.size(); ++s) {
      const auto& stage = net.stages[s];
      out += text("------------\nstage %zu, core num: %u\n", s, std::max(stage.core_num, 1u));
      if (stage.subnets.size() > 1) out += text("subnet number: %zu\n", stage.subnets.size());
      for (const auto& each : stage.inputs) out += tensor_line("input", each, varies);
      for (const auto& each : stage.outputs) out += tensor_line("output", each, false);
    }
  }
  const Memory memory = memory_of(model);
  out += text("\ndevice mem size: %llu (weight: %llu, instruct: %llu, runtime: %llu)\n",
              static_cast<ull>(memory.weight + memory.instruct + memory.runtime), static_cast<ull>(memory.weight),
              static_cast<ull>(memory.instruct), static_cast<ull>(memory.runtime));
  return out + "host mem size: 0 (weight: 0, runtime: 0)\n" +
         text("estimated SoC CPU peak: %llu\nestimated PCIE CPU peak: %llu\nbmodel is %s4k aligned\n",
              static_cast<ull>(cpu_peak(model, 0)), static_cast<ull>(cpu_peak(model, memory.weight)),
              page_aligned(model) ? "" : "not ");
}

std::string weights(const bmodel::Model& model, ByteView) {
  std::string out;
  for (std::size_t n = 0; n < model.nets.size(); ++n) {
    for (std::size_t s = 0; s < model.nets[n].stages.size(); ++s) {
      const auto& stage = model.nets[n].stages[s];
      if (!stage.coefficients || stage.coefficients->locations.empty()) continue;
      out += text("net %zu : \"%s\", stage:%zu\n-------------------------------\n", n, model.nets[n].name.c_str(), s);
      for (const auto& each : stage.coefficients->locations) {
        out += text("%s : [0x%llx, 0x%llx)\n", each.name.c_str(), static_cast<ull>(each.offset),
                    static_cast<ull>(each.offset + each.size));
      }
      out += "==========================================\n";
    }
  }
  return out;
}

// A file of the board as bytes; printed why when it cannot be read. The tool logs to stdout.
std::optional<std::string> open_file(devices::Process& process, const std::string& path) {
  auto file = read_whole(process, path);
  if (!file) process.print("[BMODEL][ModelCtx:509] FATAL: File[" + path + "] open failed.\n");
  return file;
}

int broken(devices::Process& process, const std::string& path, const Error& error) {
  process.print("[BMODEL][ModelCtx:528] FATAL: File[" + path + "] is broken .. (" + error.what() + ")\n");
  return failed;
}

std::string now(devices::Process& process) {
  return devices::commands::time_text("%a %b %e %H:%M:%S %Y\n", process.board.now_ns());
}

bool save(devices::Process& process, const std::string& path, ByteView bytes) {
  const std::string data(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return process.files().write_file(process.user, process.path(path), data) == devices::Errno::ok;
}

int extract(devices::Process& process, const std::string& path) {
  const auto file = open_file(process, path);
  if (!file) return failed;
  try {
    bool saved = true;
    bmodel::extract(view_of(*file), now(process), [&](std::size_t net, std::size_t stage, const Bytes& one) {
      if (!saved) return;
      const std::string name = text("bm_net%zu_stage%zu.bmodel", net, stage);
      process.print("Generate file [" + name + "] ......\n");
      saved = save(process, name, ByteView(one));
      if (!saved) process.print("Save file[" + name + "] failed.\n");
    });
    if (!saved) return failed;
  } catch (const Error& error) {
    return broken(process, path, error);
  }
  process.print("Success: all files have been generated!\n");
  return 0;
}

int combine(devices::Process& process) {
  std::string target = "bm_combined.bmodel";
  std::vector<std::string> names, files;
  for (std::size_t i = 2; i < process.argv.size(); ++i) {
    if (process.argv[i] != "-o") {
      names.push_back(process.argv[i]);
    } else if (++i < process.argv.size()) {
      target = process.argv[i];
    } else {
      process.print("[combine_bmodels:912] Error : there is no output filename\n");
      return failed;
    }
  }
  std::vector<ByteView> views;
  for (const auto& name : names) {
    auto file = open_file(process, name);
    if (!file) return failed;
    files.push_back(std::move(*file));
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    views.push_back(view_of(files[i]));
    try {
      bmodel::read(views.back());
    } catch (const Error& error) {
      return broken(process, names[i], error);
    }
  }
  try {
    if (!save(process, target, ByteView(bmodel::combined(views, now(process))))) {
      process.print("Save file[" + target + "] failed.\n");
      return failed;
    }
  } catch (const Error& error) {
    process.print("[BMODEL][IsTensorConflict:298] ERROR: tensor shape should not be the same\n");
    process.print(std::string("[BMODEL][AddNet:172] FATAL: ") + error.what() + "\n");
    return failed;
  }
  process.print("Success: combined to [" + target + "].\n");
  return 0;
}

std::optional<std::uint64_t> number(const std::string& words) {
  const bool hexadecimal = words.starts_with("0x") || words.starts_with("0X");
  const char* begin = words.data() + (hexadecimal ? 2 : 0);
  const char* end = words.data() + words.size();
  std::uint64_t out = 0;
  const auto [last, error] = std::from_chars(begin, end, out, hexadecimal ? 16 : 10);
  if (error != std::errc{} || last != end) return std::nullopt;
  return out;
}

// Bytes of the binary section.
int dump(devices::Process& process) {
  const auto& argv = process.argv;
  const auto start = argv.size() == 6 ? number(argv[3]) : std::nullopt;
  const auto size = argv.size() == 6 ? number(argv[4]) : std::nullopt;
  if (!start || !size) {
    process.print("[bm_dump_binary:1340] Error : --dump parameter error.\n");
    return failed;
  }
  const auto file = open_file(process, argv[2]);
  if (!file) return failed;
  try {
    const bmodel::Model model = bmodel::read(view_of(*file));
    if (*size == 0 || *start >= model.binary_bytes || *size > model.binary_bytes - *start) {
      process.print(text("[bm_dump_binary:1349] Error : start[0x%llx] size[0x%llx] is not supproted\n",
                         static_cast<ull>(*start), static_cast<ull>(*size)));
      return failed;
    }
    const auto from = std::uint64_t{bmodel::header_bytes} + model.flatbuffer_bytes + *start;
    if (!save(process, argv[5], view_of(*file).sub(from, *size, "dump"))) {
      process.print("[bm_dump_binary:1356] Error : save file[" + argv[5] + "] failed\n");
      return failed;
    }
  } catch (const Error& error) {
    return broken(process, argv[2], error);
  }
  process.print("save file[" + argv[5] + "] success\n");
  return 0;
}

}  // namespace

int model_tool(devices::Process& process) {
  const auto& argv = process.argv;
  const std::string what = argv.size() > 1 ? argv[1] : "";
  using Show = std::string (*)(const bmodel::Model&, ByteView);
  static const std::map<std::string, Show> shows{
      {"--info", info},
      {"--chip", [](const bmodel::Model& model, ByteView) { return model.chip; }},
      {"--dynamic", [](const bmodel::Model& model,
                       ByteView) { return std::string(std::ranges::any_of(model.nets, dynamic) ? "true" : "false"); }},
      {"--print", [](const bmodel::Model&, ByteView file) { return bmodel::as_text(file) + "\n\n"; }},
      {"--weight", weights}};
  if (argv.size() < 3) {
    process.print(usage);
    return failed;
  }
  if (what == "--extract") return extract(process, argv[2]);
  if (what == "--combine") return combine(process);
  if (what == "--dump") return dump(process);
  const auto show = shows.find(what);
  if (show == shows.end()) {
    process.print(usage);
    return failed;
  }
  const auto file = open_file(process, argv[2]);
  if (!file) return failed;
  try {
    process.print(show->second(bmodel::read(view_of(*file)), view_of(*file)));
    return 0;
  } catch (const Error& error) {
    return broken(process, argv[2], error);
  }
}

}  // namespace vnpu::sophon
