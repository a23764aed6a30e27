// bmrt_test: runs a .bmodel's nets, reports the time, compares with stored results. Log lines as the vendor's; the
// numbers behind the function names are source lines of its release 0.5.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/error.h"
#include "devices/sophon/bm_runtime.h"
#include "devices/sophon/profile_folder.h"
#include "devices/sophon/programs.h"
#include "devices/text.h"

namespace vnpu::sophon {
namespace {

using devices::text;

constexpr int failed = 255;
constexpr int most_loops = 100'000, most_threads = 512;
constexpr std::size_t shown_values = 16;

constexpr const char* usage =
    "Usage:\n"
    "  --context_dir : The dir of context files: compilation.bmodel, input_ref_data.dat, output_ref_data.dat\n"
    "  --bmodel      : The path of bmodel, just test performance\n"
    "  --devid       : The number of device, 0 as default\n"
    "  --compare     : If need result compare, 0:no compare, 1:compare; 1 with context_dir, 0 with bmodel\n"
    "  --accuracy_f  : Accuracy for float data, 0.01 as default\n"
    "  --accuracy_i  : Accuracy for int data, 0 as default\n"
    "  --shapes      : Input shapes of the stage to test, as \"[1,3,224,224],[1,10]\"\n"
    "  --loopnum     : Loop number of net inference, 1 as default\n"
    "  --thread_num  : Thread number of net inference, 1 as default\n"
    "  --net_idx     : Index of the net to test, all as default\n"
    "  --stage_idx   : Index of the stage to test, all as default\n"
    "  --core_list   : Cores to run on; this chip has core 0\n";

struct Options {
  std::string context, bmodel;
  std::optional<int> compare, net, stage;
  int loops = 1, threads = 1, device = 0;
  double accuracy_f = 0.01, accuracy_i = 0;
  std::vector<Shape> shapes;
};

class Log {
 public:
  explicit Log(devices::Process& process) : process_(process) {}
  void operator()(const char* place, const std::string& words, const char* level = "INFO") {
    process_.print("[BMRT][" + std::string(place) + "] " + level + ":" + words + "\n");
  }

 private:
  devices::Process& process_;
};

template <class Number>
bool parse_number(const std::string& words, Number& out) {
  const auto [end, error] = std::from_chars(words.data(), words.data() + words.size(), out);
  return error == std::errc{} && end == words.data() + words.size();
}

// "[1,3,224,224],[1,10]"
bool parse_shapes(const std::string& words, std::vector<Shape>& out) {
  std::size_t at = 0;
  while (at < words.size()) {
    if (words[at] == ',' || words[at] == ' ') {
      ++at;
      continue;
    }
    const auto end = words.find(']', at);
    if (words[at] != '[' || end == std::string::npos) return false;
    Shape shape;
    std::string number;
    for (std::size_t i = at + 1; i <= end; ++i) {
      if (words[i] == ',' || words[i] == ']') {
        std::int64_t value = 0;
        if (!parse_number(number, value) || value < 0) return false;
        shape.push_back(value);
        number.clear();
      } else if (words[i] != ' ') {
        number += words[i];
      }
    }
    out.push_back(shape);
    at = end + 1;
  }
  return !out.empty();
}

// The exit status when the program ends at once.
std::optional<int> parse(devices::Process& process, Options& out) {
  Log log(process);
  std::string wrong;
  const auto whole = [&](const std::string& name, const std::string& value, int least, int most) {
    int number = 0;
    if (!parse_number(value, number) || number < least || number > most) wrong = name + " " + value;
    return number;
  };
  for (std::size_t i = 1; i < process.argv.size() && wrong.empty(); ++i) {
    std::string name = process.argv[i], value;
    if (name == "--help" || name == "-h") {
      process.print(usage);
      return 0;
    }
    if (name == "--version") {
      process.print("bmrt_test 0.5.1\n");
      return 0;
    }
    const bool known = std::ranges::any_of(
        std::initializer_list<const char*>{"--context_dir", "--bmodel", "--devid", "--compare", "--accuracy_f",
                                           "--accuracy_i", "--shapes", "--loopnum", "--thread_num", "--net_idx",
                                           "--stage_idx", "--dev", "--core_list"},
        [&](const char* each) { return name.substr(0, name.find('=')) == each; });
    if (!known) {
      wrong = name;
      break;
    }
    if (const auto equals = name.find('='); equals != std::string::npos) {
      value = name.substr(equals + 1);
      name.resize(equals);
    } else if (++i < process.argv.size()) {
      value = process.argv[i];
    } else {
      wrong = name;
      break;
    }
    if (name == "--context_dir") out.context = value;
    if (name == "--bmodel") out.bmodel = value;
    if (name == "--devid" || name == "--dev") out.device = whole(name, value, 0, 1023);
    if (name == "--compare") out.compare = whole(name, value, 0, 1);
    if (name == "--loopnum") out.loops = whole(name, value, 1, most_loops);
    if (name == "--thread_num") out.threads = whole(name, value, 1, most_threads);
    if (name == "--net_idx") out.net = whole(name, value, 0, 1'000'000);
    if (name == "--stage_idx") out.stage = whole(name, value, 0, 1'000'000);
    if (name == "--accuracy_f" && !parse_number(value, out.accuracy_f)) wrong = name + " " + value;
    if (name == "--accuracy_i" && !parse_number(value, out.accuracy_i)) wrong = name + " " + value;
    if (name == "--core_list" && value != "0" && value != "[0]") wrong = name + " " + value + ": this chip has core 0";
    if (name == "--shapes" && !parse_shapes(value, out.shapes)) wrong = name + " " + value;
  }
  if (!wrong.empty()) {
    log("deal_with_options:1420", "invalid option " + wrong, "FATAL");
    process.print(usage);
    return failed;
  }
  if (out.context.empty() == out.bmodel.empty()) {
    log("check_options:1239", "no context files", "FATAL");
    process.print(usage);
    return failed;
  }
  if (out.device != 0) {
    log("bmrt_test:700", text("device %d does not exist", out.device), "FATAL");
    return failed;
  }
  return std::nullopt;
}

// "< 0 0 0 ... > len=N"
std::string values_text(const Tensor& tensor) {
  const auto count = tensor.count();
  std::string out = "< ";
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, shown_values); ++i)
    out += text("%g ", element_as_double(tensor, i));
  if (count > shown_values) out += "... ";
  return out + "> len=" + std::to_string(count);
}

// How far a value may be from its reference: floating point relative to the smaller one when one of them is above 1.
bool close(double wanted, double got, bool floating, const Options& options) {
  if (wanted == got || (std::isnan(wanted) && std::isnan(got))) return true;
  const double difference = std::abs(wanted - got);
  if (!floating) return difference <= options.accuracy_i;
  const double larger = std::max(std::abs(wanted), std::abs(got)), smaller = std::min(std::abs(wanted), std::abs(got));
  return larger > 1 ? smaller >= 1e-20 && difference / smaller <= options.accuracy_f : difference <= options.accuracy_f;
}

// Data of a context folder, taken piece by piece.
class Reference {
 public:
  explicit Reference(std::string bytes) : bytes_(std::move(bytes)) {}
  std::optional<Bytes> take(std::uint64_t size) {
    if (size > bytes_.size() - at_) return std::nullopt;
    const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(at_);
    at_ += size;
    return Bytes(begin, begin + static_cast<std::ptrdiff_t>(size));
  }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

class Test {
 public:
  Test(devices::Process& process, const Options& options) : process_(process), options_(options), log_(process) {}
  int run();

 private:
  void show(const std::vector<Net>& nets);
  bool wanted(std::size_t net, const Stage& stage) const;
  int run_stage(std::size_t index, const Net& net, const Stage& stage);
  bool compare(std::size_t output, const Tensor& got, const Bytes& expected);
  std::string place(const Net& net, const Stage& stage) const {
    return "net[" + net.name + "] stage[" + std::to_string(stage.index) + "]";
  }

  devices::Process& process_;
  const Options& options_;
  Log log_;
  BmRuntime runtime_{process_};
  std::string model_path_;
  std::optional<Reference> inputs_, outputs_;
};

void Test::show(const std::vector<Net>& nets) {
  const auto tensors = [&](const char* place, const char* word, const std::vector<Border>& borders) {
    for (std::size_t i = 0; i < borders.size(); ++i) {
      const Border& one = borders[i];
      log_(place, text("   %s %zu) '%s' shape=[ %s ] dtype=%s scale=%g zero_point=%d", word, i, one.name.c_str(),
                       shape_text(one.shape, " ").c_str(), dtype_text(one.dtype), static_cast<double>(one.scale),
                       one.zero_point));
    }
  };
  for (std::size_t n = 0; n < nets.size(); ++n) {
    log_("show_net_info:1520", " ########################");
    log_("show_net_info:1521", text(" NetName: %s, Index=%zu", nets[n].name.c_str(), n));
    for (const Stage& stage : nets[n].stages) {
      log_("show_net_info:1523", text(" ---- stage %zu ----", stage.index));
      tensors("show_net_info:1532", "Input", stage.inputs);
      tensors("show_net_info:1542", "Output", stage.outputs);
    }
    log_("show_net_info:1545", " ########################");
  }
}

bool Test::wanted(std::size_t net, const Stage& stage) const {
  if (options_.net && static_cast<std::size_t>(*options_.net) != net) return false;
  if (options_.stage && static_cast<std::size_t>(*options_.stage) != stage.index) return false;
  if (options_.shapes.empty()) return true;
  return std::ranges::equal(options_.shapes, stage.inputs, {}, {}, &Border::shape);
}

bool Test::compare(std::size_t output, const Tensor& got, const Bytes& expected) {
  log_("bmrt_test:1271", text("==>comparing output in mem #%zu ... ", output));
  const Tensor reference{got.dtype, got.shape, expected};
  const bool floating = got.dtype == DType::f32 || got.dtype == DType::f16 || got.dtype == DType::bf16;
  for (std::uint64_t i = 0; i < got.count(); ++i) {
    const double a = element_as_double(reference, i), b = element_as_double(got, i);
    if (close(a, b, floating, options_)) continue;
    log_("array_cmp:640",
         text("output #%zu first difference at index %llu: exp %g, got %g", output, static_cast<unsigned long long>(i),
              a, b),
         "WRONG");
    return false;
  }
  return true;
}

int Test::run_stage(std::size_t index, const Net& net, const Stage& stage) {
  const auto loaded = runtime_.open(stage);
  const bool compares = options_.compare.value_or(!options_.context.empty()) != 0 && outputs_;
  std::vector<Bytes> inputs, expected;
  for (std::size_t i = 0; i < loaded->inputs().size(); ++i) {
    const auto size = loaded->inputs()[i].byte_size;
    auto bytes = inputs_ ? inputs_->take(size) : Bytes(size);
    if (!bytes) {
      log_("bmrt_test:880", text("input_ref_data.dat is too short for input #%zu of ", i) + place(net, stage), "FATAL");
      return failed;
    }
    inputs.push_back(std::move(*bytes));
    loaded->set_input(i, inputs.back());
  }
  for (std::size_t i = 0; compares && i < loaded->outputs().size(); ++i) {
    auto bytes = outputs_->take(loaded->outputs()[i].byte_size);
    if (!bytes) {
      log_("bmrt_test:1260", text("output_ref_data.dat is too short for output #%zu of ", i) + place(net, stage),
           "FATAL");
      return failed;
    }
    expected.push_back(std::move(*bytes));
  }
  for (int loop = 0; loop < options_.loops * options_.threads; ++loop) {
    log_("bmrt_test:782",
         text("==> running network #%zu, name: %s, loop: %d", index, net.name.c_str(), loop % options_.loops));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const TensorInfo& info = loaded->inputs()[i];
      log_("bmrt_test:868",
           text("reading input #%zu, bytesize=%llu", i, static_cast<unsigned long long>(info.byte_size)));
      log_("print_array:706", "  --> input_data: " + values_text({info.dtype, info.shape, inputs[i]}));
    }
    loaded->run();
    const auto& time = loaded->time();
    using ull = unsigned long long;
    if (time) {
      const ull npu = time->npu_us, rest = time->launch_us - time->npu_us;
      log_("bmrt_test:1022", place(net, stage) + text(", launch total time is %llu us (npu %llu us, cpu %llu us), "
                                                      "(launch func time %llu us, sync %llu us)",
                                                      static_cast<ull>(time->launch_us), npu, rest, rest, npu));
    } else {
      log_("bmrt_test:1022", place(net, stage) + ", launch total time is not known: " + loaded->no_time(), "WARNING");
    }
    log_("bmrt_test:1025",
         "+++ The network[" + net.name + "] stage[" + std::to_string(stage.index) + "] output_data +++");
    bool same = true;
    for (std::size_t i = 0; i < loaded->outputs().size(); ++i) {
      const Tensor got = loaded->output(i);
      log_("print_array:766",
           text("output data #%zu shape: [%s ] ", i, shape_text(got.shape, " ").c_str()) + values_text(got));
      if (compares) same = compare(i, got, expected[i]) && same;
    }
    if (compares) {
      log_("bmrt_test:1069",
           "+++ The network[" + net.name + "] stage[" + std::to_string(stage.index) + "] cmp " +
               (same ? "success" : "failed") + " +++",
           same ? "INFO" : "WRONG");
      if (!same) return failed;
    }
    // Files and comparison take no time of the simulated board.
    log_("bmrt_test:1083", "load input time(s): 0.000000");
    log_("bmrt_test:1084", "pre alloc  time(s): 0.000000");
    if (time) {
      log_("bmrt_test:1085", text("calculate  time(s): %.6f", static_cast<double>(time->launch_us) / 1e6));
    } else {
      log_("bmrt_test:1085", "calculate  time is not known", "WARNING");
    }
    log_("bmrt_test:1086", "get output time(s): 0.000000");
    log_("bmrt_test:1087", "compare    time(s): 0.000000");
  }
  const auto* save = process_.variable("BMRT_SAVE_IO_TENSORS");
  if (save && *save == "1") {
    std::string in, out;
    for (const Bytes& bytes : inputs) in.append(bytes.begin(), bytes.end());
    for (std::size_t i = 0; i < loaded->outputs().size(); ++i) {
      const Tensor got = loaded->output(i);
      out.append(got.bytes.begin(), got.bytes.end());
    }
    process_.files().write_file(process_.user, process_.path("input_ref_data.dat.bmrt"), in);
    process_.files().write_file(process_.user, process_.path("output_ref_data.dat.bmrt"), out);
  }
  const auto* profile = process_.variable("BMRUNTIME_ENABLE_PROFILE");
  if (profile && *profile == "1") write_profile_folder(process_, model_path_, net.name, stage, *loaded);
  return 0;
}

int Test::run() {
  log_("deal_with_options:1446", text("Loop num: %d", options_.loops));
  if (options_.threads > 1) log_("deal_with_options:1450", text("Thread num: %d", options_.threads));
  if (process_.user.uid != 0) log_("bmrt_test:723", "setpriority failed, cpu time might flutuate.", "WARNING");
  log_("bmcpu_setup:406", "cpu_lib 'libcpuop.so' is loaded.");
  process_.print("bmcpu init: skip cpu_user_defined\nopen usercpu.so, init user_cpu_init \n");
  model_path_ = options_.context.empty() ? options_.bmodel : options_.context + "/compilation.bmodel";
  log_("load_bmodel:1084", "Loading bmodel from [" + model_path_ + "]. Thanks for your patience...");
  if (!runtime_.load(model_path_)) {
    if (!runtime_.other_chip().empty()) {
      log_("load_bmodel:1019",
           "Error: runtime arch[BM1684X] is not the same with bmodel arch[" + runtime_.other_chip() + "]", "WRONG");
    } else {
      process_.print("[BMODEL][ModelCtx:528] FATAL: " + runtime_.error() + "\n");
    }
    log_("bmrt_test:760", "Load bmodel[" + model_path_ + "] failed", "FATAL");
    return failed;
  }
  const auto& nets = runtime_.nets();
  log_("load_bmodel:1023", text("pre net num: 0, load net num: %zu", nets.size()));
  show(nets);
  if (!options_.context.empty()) {
    auto in = read_whole(process_, options_.context + "/input_ref_data.dat");
    auto out = read_whole(process_, options_.context + "/output_ref_data.dat");
    if (!in || (!out && options_.compare.value_or(1) != 0)) {
      log_("check_options:1239", "no context files", "FATAL");
      return failed;
    }
    inputs_.emplace(std::move(*in));
    if (out) outputs_.emplace(std::move(*out));
  } else if (options_.compare.value_or(0) != 0) {
    log_("check_options:1239", "no context files", "FATAL");
    return failed;
  }
  bool any = false;
  for (std::size_t n = 0; n < nets.size(); ++n) {
    for (const Stage& stage : nets[n].stages) {
      if (!wanted(n, stage)) continue;
      any = true;
      try {
        if (const int status = run_stage(n, nets[n], stage)) return status;
      } catch (const Error& error) {
        log_("bmrt_test:1010", place(nets[n], stage) + " launch failed: " + error.what(), "WRONG");
        return failed;
      }
    }
  }
  if (any) return 0;
  log_("bmrt_test:790", "no net and stage of the bmodel fits --net_idx, --stage_idx and --shapes", "FATAL");
  return failed;
}

}  // namespace

int bmrt_test(devices::Process& process) {
  Options options;
  if (const auto status = parse(process, options)) return *status;
  return Test(process, options).run();
}

}  // namespace vnpu::sophon
