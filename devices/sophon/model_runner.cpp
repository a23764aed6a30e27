// model_runner: an .npz of inputs through the first net of a .bmodel to an .npz of outputs.
#include "base/error.h"
#include "base/npz.h"
#include "devices/sophon/bm_runtime.h"
#include "devices/sophon/lowering.h"
#include "devices/sophon/programs.h"

namespace vnpu::sophon {
namespace {

constexpr const char* usage =
    "usage: model_runner [-h] --input INPUT --model MODEL [--output OUTPUT] [--dump_all_tensors] [--out_fixed]\n";

struct Options {
  std::string input, model, output = "_output.npz";
  bool fixed = false;
};

// The exit status when the program ends at once.
std::optional<int> parse(devices::Process& process, Options& out) {
  const auto refuse = [&](const std::string& why) {
    process.complain(usage);
    process.complain("model_runner: error: " + why + "\n");
    return 2;
  };
  for (std::size_t i = 1; i < process.argv.size(); ++i) {
    std::string name = process.argv[i], value;
    if (name == "-h" || name == "--help") {
      process.print(usage);
      return 0;
    }
    if (name == "--out_fixed") {
      out.fixed = true;
      continue;
    }
    if (name == "--dump_all_tensors") return refuse("only inputs and outputs of a .bmodel have names on the board");
    const auto equals = name.find('=');
    if (equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    }
    std::string* into = name == "--input"    ? &out.input
                        : name == "--model"  ? &out.model
                        : name == "--output" ? &out.output
                                             : nullptr;
    if (!into) return refuse("unrecognized arguments: " + process.argv[i]);
    if (equals == std::string::npos) {
      if (++i >= process.argv.size()) return refuse("argument " + name + ": expected one argument");
      value = process.argv[i];
    }
    *into = value;
  }
  if (out.input.empty() || out.model.empty()) {
    return refuse(std::string("the following arguments are required: ") +
                  (out.input.empty() ? out.model.empty() ? "--input, --model" : "--input" : "--model"));
  }
  return std::nullopt;
}

// The folder that `bmrt_test --context_dir` takes, beside the model.
void write_context(devices::Process& process, const std::string& model, const std::string& in, const std::string& out) {
  const auto folder = process.path(model.substr(0, model.size() - std::string(".bmodel").size()));
  const auto file = read_whole(process, model);
  if (!file) return;
  process.files().make_directories(process.user, folder);
  process.files().write_file(process.user, folder + "/compilation.bmodel", *file);
  process.files().write_file(process.user, folder + "/input_ref_data.dat", in);
  process.files().write_file(process.user, folder + "/output_ref_data.dat", out);
}

int run(devices::Process& process, const Options& options) {
  const auto file = read_whole(process, options.input);
  if (!file) {
    process.complain("FileNotFoundError: [Errno 2] No such file or directory: '" + options.input + "'\n");
    return 1;
  }
  if (!options.model.ends_with(".bmodel")) {
    process.complain("RuntimeError: not support modle file:" + options.model + "\n");
    return 1;
  }
  const NamedTensors arrays = read_npz(view_of(*file));
  BmRuntime runtime(process);
  if (!runtime.load(options.model)) {
    process.complain("RuntimeError: " + runtime.error() + "\n");
    return 1;
  }
  const auto loaded = runtime.open(runtime.nets().front().stages.front());
  const auto& inputs = loaded->inputs();
  const bool only_one = arrays.size() == 1;
  if (only_one && inputs.size() != 1) {
    process.complain("RuntimeError: Input num not the same\n");
    return 1;
  }
  std::string context_in, context_out;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor* value = only_one ? &arrays.front().second : find(arrays, inputs[i].name);
    if (!value) {
      process.complain("AssertionError: input '" + inputs[i].name + "' is not in " + options.input + "\n");
      return 1;
    }
    const Bytes bytes = lowered(*value, inputs[i]);
    loaded->set_input(i, bytes);
    context_in.append(bytes.begin(), bytes.end());
  }
  loaded->run();
  NamedTensors results;
  for (std::size_t i = 0; i < loaded->outputs().size(); ++i) {
    const TensorInfo& info = loaded->outputs()[i];
    const Tensor got = loaded->output(i);
    context_out.append(got.bytes.begin(), got.bytes.end());
    results.emplace_back(info.name, raised(got, info, options.fixed));
  }
  write_context(process, options.model, context_in, context_out);
  const Bytes npz = write_npz(results);
  const auto written = process.files().write_file(process.user, process.path(options.output),
                                                  {reinterpret_cast<const char*>(npz.data()), npz.size()});
  if (written == devices::Errno::ok) return 0;
  process.complain("OSError: cannot write '" + options.output + "'\n");
  return 1;
}

}  // namespace

int model_runner(devices::Process& process) {
  Options options;
  if (const auto status = parse(process, options)) return *status;
  try {
    return run(process, options);
  } catch (const Error& error) {
    process.complain(std::string("RuntimeError: ") + error.what() + "\n");
    return 1;
  }
}

}  // namespace vnpu::sophon
