#include "sim/runtime/numbered_case.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/error.h"
#include "base/npz.h"
#include "sim/runtime/region_layer.h"

namespace vnpu {
namespace {

using Json = nlohmann::json;

constexpr unsigned most_runs = 1000;

[[noreturn]] void damaged(const std::string& text) { throw Error(ErrorKind::damaged, text); }

std::string key(char letter, unsigned run, std::size_t index) {
  return letter + std::to_string(run) + "_" + std::to_string(index);
}

const Tensor& array(const NamedTensors& arrays, const std::string& name) {
  const auto* found = find(arrays, name);
  if (!found) damaged("no array '" + name + "'");
  return *found;
}

// "images/a.npz x" or "images/a.npz x[3]": that entry of the first dimension.
Bytes picture(const CaseFiles& files, const std::string& text) {
  const auto space = text.find(' ');
  if (space == std::string::npos) damaged("input '" + text + "' names no array");
  auto name = text.substr(space + 1);
  std::optional<std::uint64_t> entry;
  if (const auto bracket = name.find('['); bracket != std::string::npos) {
    unsigned long long value = 0;
    if (std::sscanf(name.c_str() + bracket, "[%llu]", &value) != 1) damaged("input '" + text + "' has a wrong index");
    entry = value;
    name.resize(bracket);
  }
  const auto arrays = read_npz(ByteView(files.read_beside(text.substr(0, space))));
  const auto& tensor = array(arrays, name);
  if (!entry) return tensor.bytes;
  const auto entries = tensor.shape.empty() ? 0 : static_cast<std::uint64_t>(tensor.shape[0]);
  if (*entry >= entries) damaged("input '" + text + "' is behind the array's end");
  const auto size = tensor.bytes.size() / entries;
  const auto start = tensor.bytes.begin() + static_cast<std::ptrdiff_t>(*entry * size);
  return Bytes(start, start + static_cast<std::ptrdiff_t>(size));
}

Bytes floats(const Json& numbers) {
  Bytes out(numbers.size() * sizeof(float));
  std::size_t at = 0;
  for (const auto& number : numbers) {
    const auto value = number.get<float>();
    std::memcpy(out.data() + at, &value, sizeof value);
    at += sizeof value;
  }
  return out;
}

const Json* trace_of(const Json& info) {
  for (const char* name : {"trace", "trace_run0", "kpu_trace"}) {
    if (info.contains(name)) return &info[name];
  }
  return nullptr;
}

class NumberedRun {
 public:
  NumberedRun(const CaseFiles& files, const Json& info, const ModelFile& model, const NetworkOptions& options,
              CaseResult& result)
      : files_(files), info_(info), result_(result), network_(model.instantiate(options)) {}

  std::optional<std::string> run() {
    const auto runs = info_.at("runs").get<unsigned>();
    if (runs == 0 || runs > most_runs) damaged("case.json asks for " + std::to_string(runs) + " runs");
    expected_ = read_npz(ByteView(files_.read("output.npz")));
    if (files_.has("input.npz")) inputs_ = read_npz(ByteView(files_.read("input.npz")));
    for (unsigned run = 0; run < runs; ++run) {
      set_inputs(run);
      if (const auto* trace = trace_of(info_); trace && run == 0) {
        compare_trace(*trace);
      } else {
        network_->run();
      }
      compare_outputs(run);
      if (info_.contains("yolo2")) compare_objects(info_["yolo2"], run);
    }
    return failure_;
  }

 private:
  void fail(const std::string& text) {
    if (!failure_) failure_ = text;
  }

  void set_inputs(unsigned run) {
    const auto infos = network_->inputs();
    for (std::size_t i = 0; i < infos.size(); ++i) {
      if (files_.has("input.npz")) {
        network_->set_input(infos[i].name, array(inputs_, key('x', run, i)).bytes);
        continue;
      }
      const auto& input = info_.at("inputs").at(run);
      network_->set_input(infos[i].name, input.is_string() ? picture(files_, input.get<std::string>()) : floats(input));
    }
  }

  // Step by step; the first step whose result differs is what is reported.
  void compare_trace(const Json& trace) {
    std::size_t at = 0;
    const auto skip_silent = [&] {
      while (at < trace.size() && trace[at].at(3) == 0) ++at;
    };
    while (network_->next()) {
      const auto report = network_->step();
      const auto produced = network_->last_result();
      if (!produced) continue;
      skip_silent();
      if (at == trace.size()) return fail("more steps than the trace has; the first is " + report->text);
      const auto& entry = trace[at++];
      ++result_.traces;
      char wanted[16];
      std::snprintf(wanted, sizeof wanted, "%08x", entry.at(2).get<std::uint32_t>());
      const auto got = crc32_hex(*produced);
      if (got == wanted && produced->size() == entry.at(3).get<std::uint64_t>()) continue;
      fail("step " + std::to_string(at - 1) + " (" + report->text + "): CRC-32 of its " +
           std::to_string(produced->size()) + " bytes is " + got + ", expected " + wanted + " of " +
           entry.at(3).dump());
    }
    skip_silent();
    if (at != trace.size()) {
      fail("the trace has " + std::to_string(trace.size()) + " steps, only " + std::to_string(at) + " were made");
    }
  }

  void compare_outputs(unsigned run) {
    const auto infos = network_->outputs();
    for (std::size_t i = 0; i < infos.size(); ++i) {
      const auto difference = first_difference(array(expected_, key('y', run, i)), network_->get(infos[i].name));
      ++result_.outputs;
      if (difference) fail("run " + std::to_string(run) + ", output " + std::to_string(i) + *difference);
    }
    if (find(expected_, key('y', run, infos.size()))) {
      fail("output.npz has more outputs than the model's " + std::to_string(infos.size()));
    }
  }

  void compare_objects(const Json& yolo, unsigned run) {
    const auto shape = network_->inputs().at(0).shape;
    if (shape.size() < 2) damaged("the input is no picture");
    RegionLayer layer;
    layer.image_width = static_cast<std::uint32_t>(shape.back());
    layer.image_height = static_cast<std::uint32_t>(shape[shape.size() - 2]);
    layer.anchors = yolo.at("anchors").get<std::vector<float>>();
    layer.threshold = yolo.at("threshold").get<float>();
    layer.nms = yolo.at("nms").get<float>();
    const auto output = network_->get(network_->outputs().at(0).name);
    const auto count = output.bytes.size() / sizeof(float);
    if (!find_grid(layer, count)) damaged("an output of " + std::to_string(count) + " elements is no region layer's");
    ++result_.outputs;
    if (const auto difference = object_difference(output, layer, yolo.at("results").at(run))) {
      fail("run " + std::to_string(run) + ", objects: " + *difference);
    }
  }

  const CaseFiles& files_;
  const Json& info_;
  CaseResult& result_;
  std::unique_ptr<Network> network_;
  NamedTensors inputs_, expected_;
  std::optional<std::string> failure_;
};

}  // namespace

std::optional<std::string> run_numbered(const CaseFiles& files, const Json& info, const ModelFile& model,
                                        const NetworkOptions& options, CaseResult& result) {
  return NumberedRun(files, info, model, options, result).run();
}

std::optional<std::string> object_difference(const Tensor& output, const RegionLayer& layer, const Json& expected) {
  std::vector<float> values(output.bytes.size() / sizeof(float));
  if (!values.empty()) std::memcpy(values.data(), output.bytes.data(), values.size() * sizeof(float));
  const auto objects = region_objects(values, layer);
  const auto text = [](const RegionObject& object) {
    char out[160];
    std::snprintf(out, sizeof out, "x %u, y %u, w %u, h %u, class %u, value %.9g", object.x, object.y, object.w,
                  object.h, object.class_id, static_cast<double>(object.value));
    return std::string(out);
  };
  for (std::size_t i = 0; i < std::min<std::size_t>(objects.size(), expected.size()); ++i) {
    const auto& entry = expected[i];
    const RegionObject wanted{entry.at("x"), entry.at("y"),       entry.at("w"),
                              entry.at("h"), entry.at("classid"), entry.at("value").get<float>()};
    if (text(wanted) != text(objects[i])) {
      return "object " + std::to_string(i) + " is " + text(objects[i]) + ", expected " + text(wanted);
    }
  }
  if (objects.size() == expected.size()) return std::nullopt;
  return std::to_string(objects.size()) + " objects, expected " + std::to_string(expected.size());
}

}  // namespace vnpu
