// run_joint: loads a .joint, runs it, tells times. Texts and their order: docs/board_axera_pi.md.
#include <cstdarg>
#include <cstdlib>

#include "devices/axera/joint_runtime.h"
#include "devices/axera/programs.h"
#include "devices/axera/text.h"
#include "devices/board.h"

namespace vnpu::axera {
namespace {

constexpr const char* version = "0.5.10";
constexpr std::uint64_t most_rounds = 1'000'000;

struct Options {
  std::string file, mode, data, out;
  std::uint64_t repeat = 1, warmup = 0, stride = 0, batch = 0, table = 0;
  bool help = false, ok = true;
};

const char* usage =
    "run_joint [options] ... joint-file\n"
    "options:\n"
    "      --mode                    virtual npu mode: disable, 1_1 (string [=])\n"
    "  -d, --data                    input data file(s), separated by ';' (string [=])\n"
    "      --bin-out-dir             folder for the outputs (string [=])\n"
    "      --repeat                  number of runs (int [=1])\n"
    "      --warmup                  runs before them (int [=0])\n"
    "      --stride_w                alignment of rows (int [=0])\n"
    "      --override_batch_size     batch size (int [=0])\n"
    "      --wbt_index               weight table (int [=0])\n"
    "  -p, --manual_alloc            allocate buffers by hand\n"
    "  -t, --enable_trunc            cut data files that are too long\n"
    "  -?, --help                    print this message\n";

Options parse(devices::Process& process) {
  Options out;
  const auto& argv = process.argv;
  const auto wrong = [&](const std::string& message) {
    process.complain(message + "\n" + usage);
    out.ok = false;
  };
  for (std::size_t i = 1; i < argv.size() && out.ok; ++i) {
    std::string name = argv[i], value;
    bool has = false;
    if (const auto equals = name.find('='); name.starts_with("--") && equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
      has = true;
    }
    const auto text = [&]() -> std::string {
      if (has) return value;
      if (i + 1 < argv.size()) return argv[++i];
      wrong("option needs value: " + name);
      return {};
    };
    const auto number = [&](std::uint64_t& to) {
      const std::string digits = text();
      char* end = nullptr;
      const auto parsed = std::strtoll(digits.c_str(), &end, 10);
      if (out.ok && (digits.empty() || *end || parsed < 0)) wrong("option value is invalid: " + name + "=" + digits);
      to = static_cast<std::uint64_t>(std::max<long long>(parsed, 0));
    };
    if (name == "--mode") {
      out.mode = text();
    } else if (name == "-d" || name == "--data") {
      out.data = text();
    } else if (name == "--bin-out-dir") {
      out.out = text();
    } else if (name == "--repeat") {
      number(out.repeat);
    } else if (name == "--warmup") {
      number(out.warmup);
    } else if (name == "--stride_w") {
      number(out.stride);
    } else if (name == "--override_batch_size") {
      number(out.batch);
    } else if (name == "--wbt_index") {
      number(out.table);
    } else if (name == "--cache-mode") {
      text();
    } else if (name == "-p" || name == "--manual_alloc" || name == "-t" || name == "--enable_trunc") {
    } else if (name == "-?" || name == "--help") {
      out.help = true;
    } else if (name.starts_with("--")) {
      wrong("undefined option: " + name);
    } else if (name.size() > 1 && name[0] == '-') {
      wrong("undefined short option: " + name);
    } else {
      out.file = name;
    }
  }
  if (out.repeat > most_rounds || out.warmup > most_rounds) wrong("option value is invalid: --repeat");
  return out;
}

void list(devices::Process& process, const char* word, const std::vector<Border>& borders, bool inputs) {
  for (std::size_t i = 0; i < borders.size(); ++i) {
    const Border& border = borders[i];
    std::string shape;
    for (const auto dim : border.shape) shape += (shape.empty() ? "" : ", ") + std::to_string(dim);
    process.print(text("%s[%zu]: %s\n", word, i, border.name.c_str()));
    process.print("    Shape [" + shape + "] " + border.layout + " " + border.dtype +
                  (inputs ? " " + border.colour : "") + " \n");
    process.print("    Memory Physical\n");
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

void fill_inputs(devices::Process& process, JointRuntime& runtime, const std::string& data) {
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
    } else if (bytes->size() != input.bytes) {
      process.print(text("read file %s for input[%zu] %s data size wrong, using random data\n", files[i].c_str(), i,
                         input.name.c_str()));
      runtime.set_input(i, filler(input.bytes));
    } else {
      runtime.set_input(i, {reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()});
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
  const Options options = parse(process);
  if (!options.ok) return 255;
  if (options.help) {
    process.print(usage);
    return 0;
  }
  process.print(text("run joint version: %s\n", version));
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
  fill_inputs(process, runtime, options.data);
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
  process.print(
      text("\tRun NEU took an average of %llu us (overhead %llu us)\n\n", static_cast<ull>(time.neu_us), 9ULL));
  process.print(text("NPU perf cnt total: %llu\n", static_cast<ull>(time.cycles)));
  for (std::size_t e = 0; e < time.unit_cycles.size(); ++e) {
    process.print(text("\tNPU perf cnt of eu(%zu): %llu\n", e, static_cast<ull>(time.unit_cycles[e])));
  }
  if (!options.out.empty()) dump_outputs(process, runtime, options.out);
  return 0;
}

}  // namespace vnpu::axera
