// run_joint: loads a .joint, runs it, tells times. Texts and their order: docs/board_axera_pi.md.
#include <algorithm>
#include <cstdlib>

#include "devices/axera/joint_runtime.h"
#include "devices/axera/programs.h"
#include "devices/axera/samples.h"
#include "devices/axera/text.h"
#include "devices/board.h"

namespace vnpu::axera {
namespace {

constexpr std::int64_t most_rounds = 1'000'000;

struct Options {
  std::string file, mode, data, out;
  std::uint64_t repeat = 1, warmup = 0, stride = 0, table = 0;
  bool truncate = false;
};

// The exit status when the program ends at once.
std::optional<int> parse(devices::Process& process, Options& out) {
  const auto number = OptionType::number;
  const auto flag = OptionType::flag;
  CommandLine line({{"mode", 0, "NPU mode, disable for no virtual npu; 1_1 for AX_NPU_VIRTUAL_1_1"},
                    {"data", 'd',
                     "The format is file0;file1... to specify data files for input vars.\n'file*' would be directly "
                     "loaded in binary "
                     "format to tensor in order"},
                    {"bin-out-dir", 0, "Dump output tensors in binary format"},
                    {"repeat", 0, "Repeat times for inference", number, "1"},
                    {"warmup", 0, "Repeat times for warmup", number, "0"},
                    {"stride_w", 0, "mock input data with extra width stride", number, "0"},
                    {"override_batch_size", 0, "override batch size for dynamic batch model", number, "0"},
                    {"wbt_index", 0, "select WBT for inference", number, "0"},
                    {"manual_alloc", 'p', "manually alloc buffer with ax sys api instead of joint api", flag},
                    {"enable_trunc", 't',
                     "truncate input data size to model required size when using a larger input data, experimental "
                     "function, will be "
                     "removed in future release",
                     flag},
                    {"cache-mode", 0,
                     "'CACHED' means use only cached CMM memory; 'NONE-CACHED' means use only none-cached CMM memory; "
                     "'SMART_CACHED' "
                     "means use cached and none-cached CMM memory in turn",
                     OptionType::text, "CACHED"}},
                   "joint-file");
  if (const auto status = line.parse(process)) return status;
  const auto count = [&](const char* name) {
    return static_cast<std::uint64_t>(std::clamp<std::int64_t>(line.number(name), 0, most_rounds));
  };
  if (!line.others().empty()) out.file = line.others().front();
  out.mode = line.text("mode");
  out.data = line.text("data");
  out.out = line.text("bin-out-dir");
  out.repeat = count("repeat");
  out.warmup = count("warmup");
  out.stride = count("stride_w");
  out.table = count("wbt_index");
  out.truncate = line.given("enable_trunc");
  return std::nullopt;
}

void list(devices::Process& process, const char* word, const std::vector<Border>& borders, bool inputs) {
  for (std::size_t i = 0; i < borders.size(); ++i) {
    const Border& border = borders[i];
    std::string shape;
    for (const auto dim : border.shape) shape += (shape.empty() ? "" : ", ") + std::to_string(dim);
    process.print(text("%s[%zu]: %s\n", word, i, border.name.c_str()));
    process.print("    Shape [" + shape + "] " + border.layout + " " + border.dtype +
                  (inputs ? " " + border.colour : "") + " \n");
    process.print(border.on_cpu ? "    Memory Virtual\n" : "    Memory Physical\n");
    process.print(text("    Size %llu\n", static_cast<unsigned long long>(border.bytes)));
  }
}

// What an allocator returns is not the program's: the same bytes every time serve as well.
Bytes filler(std::uint64_t size) {
  Bytes out(size);
  std::uint32_t state = 1;
  for (auto& byte : out) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::uint8_t>(state >> 24);
  }
  return out;
}

void fill_inputs(devices::Process& process, JointRuntime& runtime, const std::string& data, bool truncate) {
  std::vector<std::string> files;
  for (std::size_t at = 0; !data.empty() && at <= data.size();) {
    const auto end = std::min(data.find(';', at), data.size());
    files.push_back(data.substr(at, end - at));
    at = end + 1;
  }
  for (std::size_t i = 0; i < runtime.inputs().size(); ++i) {
    const Border& input = runtime.inputs()[i];
    if (i >= files.size() || files[i].empty()) {
      process.print(text("input[%zu] %s data not provided, using random data\n", i, input.name.c_str()));
      runtime.set_input(i, filler(input.bytes));
      continue;
    }
    const auto bytes = process.files().read_file(process.user, process.path(files[i]));
    if (!bytes) {
      process.print(text("read file %s for input[%zu] %s data failed, using random data\n", files[i].c_str(), i,
                         input.name.c_str()));
      runtime.set_input(i, filler(input.bytes));
    } else if (truncate ? bytes->size() < input.bytes : bytes->size() != input.bytes) {
      process.print(text("read file %s for input[%zu] %s data size wrong, using random data\n", files[i].c_str(), i,
                         input.name.c_str()));
      runtime.set_input(i, filler(input.bytes));
    } else {
      runtime.set_input(i, {reinterpret_cast<const std::uint8_t*>(bytes->data()), input.bytes});
    }
  }
}

void dump_outputs(devices::Process& process, const JointRuntime& runtime, const std::string& folder) {
  for (std::size_t i = 0; i < runtime.outputs().size(); ++i) {
    std::string name = runtime.outputs()[i].name;
    std::replace(name.begin(), name.end(), '/', '_');
    const auto bytes = runtime.output(i);
    const std::string path = folder + "/" + name + ".bin";
    const bool written = process.files().write_file(process.user, process.path(path),
                                                    {reinterpret_cast<const char*>(bytes.data()), bytes.size()},
                                                    0644) == devices::Errno::ok;
    process.print(text("dump output[%zu] %s as %s %s\n", i, runtime.outputs()[i].name.c_str(), path.c_str(),
                       written ? "success" : "failed"));
  }
}

}  // namespace

int run_joint(devices::Process& process) {
  Options options;
  if (const auto status = parse(process, options)) return *status;
  process.print(text("run joint version: %s\n", runtime_version));
  if (options.file.empty()) {
    process.complain("must specify joint file\n");
    return 255;
  }
  const auto file = process.files().read_file(process.user, process.path(options.file));
  if (!file) {
    process.complain(text("read file %s failed\n", options.file.c_str()));
    return 255;
  }
  if (!options.mode.empty() && options.mode != "disable" && options.mode != "1_1") {
    process.complain(text("unknown npu mode %s\n", options.mode.c_str()));
    abort_with(process, "false", "npu_mode");
  }
  JointRuntime runtime(process);
  if (const auto code = runtime.load(Bytes(file->begin(), file->end()))) {
    assert_failed(process, "AX_JOINT_CreateHandle", code, runtime.error());
  }
  const HardMode mode = options.mode == "disable" || (options.mode.empty() && runtime.mode() == ModelMode::whole)
                            ? HardMode::disable
                            : HardMode::one_one;
  if (options.mode.empty()) {
    process.print(mode == HardMode::disable ? "\nvirtual npu disable!\n\n" : "\nvirtual npu mode is 1_1\n\n");
  } else {
    process.print("\nvirtual npu " + options.mode + "\n\n");
  }
  if (const auto code = runtime.open(mode))
    assert_failed(process, "AX_NPU_SDK_EX_Init_with_attr", code, runtime.error());
  if (const auto code = runtime.create()) assert_failed(process, "AX_JOINT_CreateHandle", code, runtime.error());

  process.print("tools version: " + runtime.tool_version() + "\n");
  process.print(text("Using wbt %llu\n", static_cast<unsigned long long>(options.table)));
  process.print("Max Batch Size 1\nSupport Dynamic Batch? No\nIs FilterMode? No\n\n");
  process.print("Quantization Type is " + runtime.quantisation() + "\n\n");
  list(process, "Input", runtime.inputs(), true);
  list(process, "Output", runtime.outputs(), false);
  if (options.stride)
    process.print(text("alloc buffer with stride %llu\n", static_cast<unsigned long long>(options.stride)));
  process.print("\nUsing batch size 1\n");
  fill_inputs(process, runtime, options.data, options.truncate);
  const auto* memory = process.variable("AX_JOINT_MEMORY_DETAIL");
  if (!memory || *memory != "ON") process.print("\nNot set environment variable to report memory usage!\n\n");
  process.print(text("CMM usage: %llu\n\n", static_cast<unsigned long long>(runtime.cmm_bytes())));

  const std::uint64_t rounds = std::max<std::uint64_t>(options.repeat, 1);
  for (std::uint64_t i = 0; i < options.warmup + rounds; ++i) {
    process.check_signals();
    if (const auto code = runtime.run()) assert_failed(process, "AX_JOINT_RunSync", code, runtime.error());
  }
  const CreateTime& created = runtime.create_time();
  process.print(text("Create handle took %.2f ms (neu %.2f ms, onnx %.2f ms, axe %.2f ms, overhead %.2f ms)\n",
                     created.total, created.neu, created.onnx, created.axe, created.overhead));
  const RunTime& time = runtime.run_time();
  using ull = unsigned long long;
  process.print(text("Run task took %llu us (%llu rounds for average)\n", static_cast<ull>(time.us),
                     static_cast<ull>(rounds > 1 ? rounds - 1 : 1)));  // the first of several does not count
  process.print(text("\tRun NEU took an average of %llu us (overhead %llu us)\n", static_cast<ull>(time.neu_us), 9ULL));
  if (time.axe_us) {
    process.print(
        text("\tRun AXE took an average of %llu us (overhead %llu us)\n", static_cast<ull>(time.axe_us), 4ULL));
  }
  process.print("\n");
  process.print(text("NPU perf cnt total: %llu\n", static_cast<ull>(time.cycles)));
  for (std::size_t e = 0; e < time.unit_cycles.size(); ++e) {
    process.print(text("\tNPU perf cnt of eu(%zu): %llu\n", e, static_cast<ull>(time.unit_cycles[e])));
  }
  if (!options.out.empty()) dump_outputs(process, runtime, options.out);
  return 0;
}

}  // namespace vnpu::axera
