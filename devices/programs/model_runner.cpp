#include <algorithm>
#include <charconv>
#include <cstring>
#include <sstream>

#include "devices/programs/arguments.h"
#include "devices/programs/cvi_runtime.h"
#include "devices/programs/vendor_npz.h"
#include "devices/programs/vendor_programs.h"

namespace vnpu::programs {
namespace {

// std::stoi, whose exception nobody catches.
int number(Output& out, const Arguments& arguments, const std::string& name, int otherwise) {
  if (!arguments.has(name)) return otherwise;
  const std::string text = arguments.value(name);
  int value = 0;
  const char* begin = text.c_str() + std::strspn(text.c_str(), " \t\n\v\f\r");
  const auto [end, error] = std::from_chars(begin + (*begin == '+'), text.c_str() + text.size(), value);
  if (error == std::errc{} && end != begin) return value;
  const char* type = error == std::errc::result_out_of_range ? "std::out_of_range" : "std::invalid_argument";
  out.complain("terminate called after throwing an instance of '" + std::string(type) + "'\n  what():  stoi\n");
  abort_program();
}

struct Tolerances {
  float cosine = 0.99f, correlation = 0.99f, euclidean = 0.90f;
};

Tolerances parse_tolerances(const std::string& text) {
  Tolerances t;
  float* fields[] = {&t.cosine, &t.correlation, &t.euclidean};
  std::istringstream in(text);
  std::string part;
  for (std::size_t i = 0; i < 3 && std::getline(in, part, ','); ++i) *fields[i] = std::strtof(part.c_str(), nullptr);
  return t;
}

void list(Output& out, const std::vector<RuntimeTensor>& tensors, bool inputs) {
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const RuntimeTensor& t = tensors[i];
    out.format("  [%d] ", static_cast<int>(i));
    out.print(t.name);
    out.format(" <%d,%d,%d,%d>,%s", static_cast<int>(t.shape[0]), static_cast<int>(t.shape[1]),
               static_cast<int>(t.shape[2]), static_cast<int>(t.shape[3]), t.format_name());
    if (inputs) out.format(", qscale:%f, zero_point: %d", static_cast<double>(t.qscale), t.zero_point);
    out.print("\n");
    if (!inputs || t.pixel_format.empty()) continue;
    out.print("           pixel_format:" + t.pixel_format + ", aligned:" + (t.aligned ? "True" : "False") + "\n");
    out.format("           scale:<%f, %f, %f>, mean:<%f, %f, %f>\n", static_cast<double>(t.scale[0]),
               static_cast<double>(t.scale[1]), static_cast<double>(t.scale[2]), static_cast<double>(t.mean[0]),
               static_cast<double>(t.mean[1]), static_cast<double>(t.mean[2]));
  }
}

bool compare(ProgramHost& host, Output& out, const std::vector<RuntimeTensor>& tensors, const std::string& reference,
             const Tolerances& limits) {
  bool all = true;
  for (const auto& tensor : tensors) {
    const Similarity s = similarity(tensor, load_array(host, out, reference, tensor.name));
    const bool pass =
        s.cosine >= limits.cosine && s.correlation >= limits.correlation && s.euclidean >= limits.euclidean;
    all = all && pass;
    out.print(std::string(pass ? "Pass" : "Error") + ", [" + tensor.name + "]");
    out.format(" cosine:%f correlation:%f euclidean:%f\n", static_cast<double>(s.cosine),
               static_cast<double>(s.correlation), static_cast<double>(s.euclidean));
  }
  out.print(all ? "Compare Pass.\n" : "Compare Failed.\n");
  return all;
}

void report_time(Output& out, std::uint64_t ns, int count) {
  const std::uint64_t us = ns / 1000;
  const double each = static_cast<double>(us / static_cast<std::uint64_t>(count)) / 1000.0;
  std::ostringstream first;  // six significant digits, as C++ streams print
  first << static_cast<double>(us) / 1000.0;
  out.print("Performance result: " + std::to_string(count) + " runs take " + first.str() + " ms, each run takes " +
            std::to_string(each) + " ms, fps " + std::to_string(1000.0 / each) + "\n");
}

int run(ProgramHost& host, Output& out, const Arguments& arguments) {
  Tolerances limits;
  if (arguments.has("tolerances")) {
    limits = parse_tolerances(arguments.value("tolerances"));
    out.format("Tolerance, cosine:%f, correlation:%f, euclidean:%f\n", static_cast<double>(limits.cosine),
               static_cast<double>(limits.correlation), static_cast<double>(limits.euclidean));
  }
  const int program = number(out, arguments, "program-id", 0), count = number(out, arguments, "count", 1);
  Runtime runtime(host, out);
  if (arguments.has("pmu")) runtime.set_pmu_output(arguments.value("pmu"));
  int code = 0;
  const auto model = runtime.register_model(arguments.value("model"), code);
  if (!model) {
    out.print("failed to register cvimodel\n");
    return 1;
  }
  if (arguments.has("load-from-memory")) out.print("load cvimodel from memory\n");
  const auto& version = model->file().version;
  out.format("cvimodel's version:%d.%d\n", version[0], version[1]);
  model->set_program(static_cast<std::uint32_t>(program));
  model->set_all_tensors(arguments.has("dump-all-tensors"));
  std::vector<RuntimeTensor>*inputs = nullptr, *outputs = nullptr;
  if (model->get_tensors(inputs, outputs) != cvi_success) {
    out.print("get input output tensors failed\n");
    return 1;
  }
  out.print("Inputs:\n");
  list(out, *inputs, true);
  out.print("Outputs:\n");
  list(out, *outputs, false);
  if (arguments.has("input")) {
    const auto arrays = read_vendor_npz(host, out, arguments.value("input"));
    if (!arrays) {
      out.print("cannot open input npz file\n");
      return 1;
    }
    fill_inputs(out, *inputs, *arrays);
  }
  int passed = 0;
  std::uint64_t spent = 0;
  for (int i = 0; i < count; ++i) {
    const std::uint64_t start = host.now_ns();
    if (model->forward() != cvi_success) {
      out.print("forward failed\n");
      return 1;
    }
    spent += host.now_ns() - start;
    if (arguments.has("reference")) passed += compare(host, out, *outputs, arguments.value("reference"), limits);
  }
  if (arguments.has("enable-timer") && count > 0) report_time(out, spent, count);
  if (arguments.has("output")) {
    const Bytes npz = vendor_npz(*outputs);
    if (!host.write_file(arguments.value("output"), npz)) out.complain("vnpu: cannot write the output file\n");
  }
  if (!arguments.has("reference")) return 0;
  out.format("Compare result: %d/%d passed.\n", passed, count);
  return passed == count ? 0 : 1;
}

using Takes = Option::Takes;

}  // namespace

int model_runner(ProgramHost& host) {
  Output out(host);
  out.print(runtime_banner);
  Arguments arguments;
  int status = Arguments::wrong;
  if (arguments.parse(host, out,
                      {{'i', "input"},
                       {'m', "model", Takes::one, true},
                       {'o', "output"},
                       {'p', "pmu"},
                       {'s', "program-id"},
                       {'b', "batch-num"},
                       {'c', "count"},
                       {'r', "reference"},
                       {'t', "tolerances"},
                       {'v', "verbose"},
                       {0, "dump-all-tensors", Takes::nothing},
                       {0, "load-from-memory", Takes::nothing},
                       {0, "enable-timer", Takes::nothing}})) {
    status = run(host, out, arguments);
  }
  out.flush();
  return status;
}

int sample_model_runner(ProgramHost& host) {
  Output out(host);
  Arguments arguments;
  int status = Arguments::wrong;
  if (arguments.parse(host, out,
                      {{'i', "input", Takes::one, true},
                       {'m', "model", Takes::one, true},
                       {'o', "output", Takes::one, true},
                       {'p', "pmu"},
                       {'s', "program-id"},
                       {'b', "batch-num"},
                       {'c', "count"},
                       {'r', "reference"},
                       {'t', "tolerances"},
                       {'v', "verbose"},
                       {0, "dump-all-tensors", Takes::nothing},
                       {0, "async-forward", Takes::nothing},
                       {0, "skip-preprocess", Takes::nothing},
                       {0, "enable-timer", Takes::nothing}})) {
    status = run(host, out, arguments);
  }
  out.flush();
  return status;
}

}  // namespace vnpu::programs
