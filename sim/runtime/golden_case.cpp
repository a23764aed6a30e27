#include "sim/runtime/golden_case.h"

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "base/digest.h"
#include "base/error.h"
#include "base/npz.h"
#include "sim/runtime/layer_trace.h"
#include "sim/runtime/numbered_case.h"
#include "sim/runtime/registry.h"
#include "sim/runtime/run_case.h"
#include "sim/runtime/step_trace.h"

namespace vnpu {
namespace {

using Json = nlohmann::json;

Json parse_json(const CaseFiles& files, const std::string& file) {
  try {
    const auto bytes = files.read(file);
    return Json::parse(bytes.begin(), bytes.end());
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::damaged, file + ": " + error.what());
  }
}

std::string value_text(const Tensor& tensor, std::uint64_t i) {
  char text[64];
  const double value = element_as_double(tensor, i);
  const std::size_t size = size_of(tensor.dtype);
  if (tensor.dtype == DType::f32 || tensor.dtype == DType::bf16 || tensor.dtype == DType::f16) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, tensor.bytes.data() + i * size, size);
    std::snprintf(text, sizeof text, "%.9g (0x%0*x)", value, static_cast<int>(size * 2), bits);
  } else {
    std::snprintf(text, sizeof text, "%.17g", value);
  }
  return text;
}

std::string index_text(const Shape& shape, std::uint64_t i) {
  std::string out;
  for (std::size_t d = shape.size(); d-- > 0;) {
    const auto dim = static_cast<std::uint64_t>(std::max<std::int64_t>(shape[d], 1));
    out = std::to_string(i % dim) + (out.empty() ? "" : ",") + out;
    i /= dim;
  }
  return "[" + out + "]";
}

// What is wrong with a case so far; the first thing found is what is reported.
struct Findings {
  std::optional<std::string> failure;

  void fail(const std::string& text) {
    if (!failure) failure = text;
  }
};

bool ends_with_case(const std::string& case_name, std::string_view last) {
  return std::string_view(case_name).substr(case_name.rfind('/') + 1) == last;
}

std::string suffix(unsigned program) { return program == 0 ? "" : "_" + std::to_string(program); }

void set_inputs(Network& network, const NamedTensors& inputs) {
  std::set<std::string> missing;
  for (const auto& info : network.inputs()) missing.insert(info.name);
  for (const auto& [name, tensor] : inputs) {
    network.set_input(name, tensor.bytes);
    missing.erase(name);
  }
  if (!missing.empty()) throw Error(ErrorKind::damaged, "input file: no array '" + *missing.begin() + "'");
}

class CaseRun {
 public:
  CaseRun(const CaseFiles& files, const NetworkOptions& options, CaseResult& result)
      : files_(files), options_(options), result_(result) {}

  void run() {
    const auto info = parse_json(files_, "case.json");
    const auto bytes = files_.read(files_.model_file());
    const auto model = open_model(ByteView(bytes));
    if (info.contains("runs") && info["runs"].is_number()) return run_numbers(info, *model);
    if (info.contains("runs") && info["runs"].is_array()) return run_nets(*model, info["runs"]);
    unsigned programs = 0;
    while (files_.has("output" + suffix(programs) + ".npz")) ++programs;
    if (programs == 0) throw Error(ErrorKind::damaged, "the case has no output.npz");
    if (info.contains("programs") && info["programs"].size() != programs) {
      throw Error(ErrorKind::damaged, "case.json lists " + std::to_string(info["programs"].size()) + " programs, " +
                                          std::to_string(programs) + " output files are there");
    }
    if (files_.has("traces.json")) traces_ = parse_json(files_, "traces.json");
    for (unsigned program = 0; program < programs; ++program) run_program(*model, program, suffix(program));
    if (is_step_trace(traces_)) run_steps(*model, info.at("trace"));
    if (files_.has("layers.json") && files_.has("tensor_info.txt")) run_layers(*model);
    conclude();
  }

 private:
  void run_numbers(const Json& info, const ModelFile& model) {
    const auto failure = run_numbered(files_, info, model, options_, result_);
    if (!failure) return;
    result_.verdict = Verdict::failed;
    result_.message = *failure;
  }

  void conclude() {
    if (!findings_.failure) return;
    result_.verdict = Verdict::failed;
    result_.message = *findings_.failure;
    if (!depends_on_local_memory_) return;
    result_.verdict = Verdict::skipped;
    result_.message = "the outputs depend on what local memory held before the first command; " + result_.message;
  }

  void run_nets(const ModelFile& model, const Json& runs) {
    for (std::size_t i = 0; i < runs.size(); ++i)
      run_program(model, program_of_run(model, runs[i]), "_" + std::to_string(i));
    conclude();
  }

  // The files are input_ENDING.npz and output_ENDING.npz.
  void run_program(const ModelFile& model, unsigned program, const std::string& ending) {
    auto options = options_;
    options.program = program;
    const auto network = model.instantiate(options);
    const auto inputs = read_npz(ByteView(files_.read("input" + ending + ".npz")));
    set_inputs(*network, inputs);
    network->run();
    const std::string where = program == 0 ? "" : "program " + std::to_string(program) + ", ";
    const auto expected = read_npz(ByteView(files_.read("output" + ending + ".npz")));
    compare_outputs(*network, expected, where);
    if (findings_.failure && !depends_on_local_memory_) {
      // Commands that read local memory which none of them wrote give the vendor's result by chance alone.
      options.local_fill = 0xA5;
      const auto other = model.instantiate(options);
      set_inputs(*other, inputs);
      other->run();
      for (const auto& [name, tensor] : expected)
        depends_on_local_memory_ |= network->get(name).bytes != other->get(name).bytes;
    }
    if (traces_.is_array() && !is_step_trace(traces_) && program < traces_.size())
      compare_traces(*network, traces_[program], where);
  }

  void compare_outputs(const Network& network, const NamedTensors& expected, const std::string& where) {
    for (const auto& info : network.outputs()) {
      if (!find(expected, info.name)) findings_.fail(where + "output " + info.name + " is not in the output file");
    }
    for (const auto& [name, tensor] : expected) {
      const auto difference = first_difference(tensor, network.get(name));
      ++result_.outputs;
      if (!difference) continue;
      findings_.fail(where + "output " + name + *difference);
    }
  }

  // Every command's effect on whole memories.
  void run_steps(const ModelFile& model, const Json& info) {
    const auto network = model.instantiate(options_);
    set_inputs(*network, read_npz(ByteView(files_.read("input.npz"))));
    const auto difference = compare_steps(*network, traces_, info, result_.traces);
    if (difference) findings_.failure = *difference + (findings_.failure ? "; " + *findings_.failure : "");
  }

  // In the order of the model's tensors, so that the first difference reported is the earliest.
  void compare_traces(const Network& network, const Json& entries, const std::string& where) {
    std::map<std::string, const Json*> expected;
    for (const auto& entry : entries) expected.emplace(entry.at("name").get<std::string>(), &entry);
    for (const auto& info : network.tensors()) {
      const auto at = expected.find(info.name);
      if (at == expected.end()) continue;
      const auto crc = crc32_hex(network.get(info.name).bytes);
      const auto wanted = at->second->at("crc32").get<std::string>();
      ++result_.traces;
      if (crc == wanted) continue;
      const std::string text =
          where + "tensor " + info.name + ": CRC-32 of its memory after the run is " + crc + ", expected " + wanted;
      if (findings_.failure && !trace_named_) *findings_.failure += "; first wrong in the model's order: " + text;
      findings_.fail(text);
      trace_named_ = true;
    }
  }

  void run_layers(const ModelFile& model) {
    std::map<std::string, std::string> expected;
    const auto layers = parse_json(files_, "layers.json");
    for (const auto& entry : layers) {
      expected.emplace(entry.at("name").get<std::string>(), entry.at("crc32").get<std::string>());
    }
    const auto network = model.instantiate(options_);
    set_inputs(*network, read_npz(ByteView(files_.read("input.npz"))));
    bool named = false;
    const auto check = [&](const std::string& name, std::uint32_t id, const Tensor& values) {
      const auto at = expected.find(name);
      if (at == expected.end()) return;
      ++result_.layers;
      const auto crc = crc32_hex(values.bytes);
      if (crc != at->second && !named) {
        named = true;
        const std::string text = "layer " + std::to_string(id) + " " + name +
                                 ": CRC-32 of its values when produced is " + crc + ", expected " + at->second;
        if (findings_.failure) *findings_.failure += "; first wrong layer: " + text;
        findings_.fail(text);
      }
      expected.erase(at);
    };
    trace_layers(*network, parse_layer_table(ByteView(files_.read("tensor_info.txt"))), [&](LayerResult&& layer) {
      check(layer.name, layer.layer_id, dequantise(layer.tensor, layer.scale));
    });
    // Tensors of host functions are not in the table; they keep their memory to the end.
    for (const auto& info : network->tensors()) {
      if (expected.contains(info.name))
        check(info.name, 0, dequantise(network->get(info.name), info.qscale, info.zero_point));
    }
    if (!expected.empty()) findings_.fail("layer " + expected.begin()->first + " is neither in the table nor a tensor");
  }

  const CaseFiles& files_;
  const NetworkOptions& options_;
  CaseResult& result_;
  Json traces_;
  Findings findings_;
  bool trace_named_ = false;
  bool depends_on_local_memory_ = false;
};

void run_with_result(const CaseFiles& files, const NetworkOptions& options, CaseResult& result) {
  try {
    CaseRun(files, options, result).run();
  } catch (const Error& error) {
    // Models that only the chip's firmware can run pass by being refused; there is nothing to compare.
    if (error.kind() != ErrorKind::unsupported || !parse_json(files, "case.json").value("dynamic", false)) throw;
    result.verdict = Verdict::skipped;
    result.message = std::string("refused as it must be: ") + error.what();
  }
}

// ---- broken files ----

struct Expectation {
  std::optional<std::string> sha256;  // over all outputs, inputs all 1
  unsigned program = 0;
};

Expectation parse_expectation(const Json& json) {
  Expectation out;
  for (const auto& line : json.at("runtime_output")) {
    const auto text = line.get<std::string>();
    if (text.starts_with("RAN ")) out.sha256 = text.substr(4);
  }
  const std::string note = json.value("note", "");
  if (unsigned program = 0; std::sscanf(note.c_str(), "program_id %u", &program) == 1) out.program = program;
  return out;
}

// One element of value 1.
Bytes one(DType dtype) {
  Bytes out(size_of(dtype));
  if (dtype == DType::f32) {
    const float value = 1;
    std::memcpy(out.data(), &value, sizeof value);
  } else {
    out[0] = 1;
  }
  return out;
}

void run_broken(const CaseFiles& files, NetworkOptions options, CaseResult& result) {
  const auto expected = parse_expectation(parse_json(files, "expect.json"));
  const auto bytes = files.read(files.model_file());
  options.program = expected.program;
  const bool intact = ends_with_case(files.name(), "good");
  const auto fail = [&result](const std::string& message) {
    result.verdict = Verdict::failed;
    result.message = message;
  };
  try {
    const auto hash = hash_with_ones(*open_model(ByteView(bytes)), options);
    ++result.outputs;
    if (!expected.sha256) {
      fail("the broken file was run without an error");
    } else if (hash != *expected.sha256) {
      fail("SHA-256 of the outputs is " + hash + ", expected " + *expected.sha256);
    }
  } catch (const Error& error) {
    if (intact || error.kind() == ErrorKind::internal) {
      fail(std::string(name(error.kind())) + " error: " + error.what());
    }
  }
}

}  // namespace

std::string hash_with_ones(const ModelFile& model, const NetworkOptions& options) {
  const auto network = model.instantiate(options);
  for (const auto& info : network->inputs()) {
    const auto element = one(info.dtype);
    Bytes bytes(info.byte_size);
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = element[i % element.size()];
    network->set_input(info.name, bytes);
  }
  network->run();
  Sha256 sha;
  for (const auto& info : network->outputs()) sha.update(network->get(info.name).bytes);
  return sha.hex();
}

CaseFiles::CaseFiles(std::string name, std::filesystem::path folder)
    : name_(std::move(name)), folder_(std::move(folder)) {
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    if (entry.is_regular_file()) files_.emplace(entry.path().filename().string(), Bytes());
  }
}

CaseFiles::CaseFiles(std::string name, std::map<std::string, Bytes> files)
    : name_(std::move(name)), files_(std::move(files)) {}

Bytes CaseFiles::read(const std::string& file) const {
  const auto at = files_.find(file);
  if (at == files_.end()) throw Error(ErrorKind::damaged, "the case has no " + file);
  return folder_.empty() ? at->second : read_file(folder_ / file);
}

Bytes CaseFiles::read_beside(const std::string& file) const {
  const auto path = std::filesystem::path(file).lexically_normal();
  if (folder_.empty()) throw Error(ErrorKind::damaged, "a case in an archive cannot have " + file + " beside it");
  if (path.is_absolute() || path.empty() || *path.begin() == "..") {
    throw Error(ErrorKind::damaged, file + " is not beside the case");
  }
  return read_file(std::filesystem::absolute(folder_).lexically_normal() / ".." / path);
}

std::string CaseFiles::only_file(const std::string& stem) const {
  std::string found;
  for (const auto& [file, bytes] : files_) {
    if (!file.starts_with(stem + ".")) continue;
    if (!found.empty()) throw Error(ErrorKind::damaged, "the case has " + found + " and " + file);
    found = file;
  }
  if (found.empty()) throw Error(ErrorKind::damaged, "the case has no " + stem + " file");
  return found;
}

bool is_case_file(const std::string& file_name) { return file_name == "case.json" || file_name == "expect.json"; }

std::optional<std::string> first_difference(const Tensor& expected, const Tensor& got) {
  if (expected.bytes == got.bytes) return std::nullopt;
  if (expected.bytes.size() != got.bytes.size()) {
    return ": expected " + std::to_string(expected.bytes.size()) + " bytes (" + std::string(name(expected.dtype)) +
           " " + to_string(expected.shape) + "), got " + std::to_string(got.bytes.size()) + " (" +
           std::string(name(got.dtype)) + " " + to_string(got.shape) + ")";
  }
  // Files have no bf16: their uint16 is shown as what the network says it is.
  Tensor left = expected;
  if (size_of(got.dtype) == size_of(left.dtype)) left.dtype = got.dtype;
  Tensor right = got;
  right.dtype = left.dtype;
  const auto size = size_of(left.dtype);
  const std::uint64_t count = left.bytes.size() / size;
  std::uint64_t first = count, differing = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (std::memcmp(left.bytes.data() + i * size, right.bytes.data() + i * size, size) == 0) continue;
    if (differing++ == 0) first = i;
  }
  return index_text(left.shape, first) + ": expected " + value_text(left, first) + ", got " + value_text(right, first) +
         "; " + std::to_string(differing) + " of " + std::to_string(count) + " elements differ";
}

CaseResult run_case(const CaseFiles& files, const NetworkOptions& options) {
  CaseResult result;
  result.name = files.name();
  const auto start = std::chrono::steady_clock::now();
  const auto fail = [&result](const std::string& message) {
    result.verdict = Verdict::failed;
    result.message = message;
  };
  try {
    if (files.has("case.json")) {
      run_with_result(files, options, result);
    } else {
      run_broken(files, options, result);
    }
  } catch (const Error& error) {
    fail(std::string(name(error.kind())) + " error: " + error.what());
  } catch (const Json::exception& error) {
    fail(std::string("damaged error: ") + error.what());
  } catch (const std::filesystem::filesystem_error& error) {
    fail(std::string("damaged error: ") + error.what());
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace vnpu
