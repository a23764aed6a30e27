#include "sim/runtime/case_set.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/npz.h"
#include "sim/runtime/numbered_case.h"
#include "sim/runtime/region_layer.h"
#include "sim/runtime/registry.h"

namespace vnpu {
namespace {

using Json = nlohmann::json;

constexpr const char* errors_file = "errors.json";
constexpr const char* tried_file = "expected.json";
constexpr const char* regions_file = "cases.json";

// Runs `check`, which gives a failure or nothing.
template <class F>
CaseResult timed(const std::string& name, F&& check) {
  CaseResult result;
  result.name = name;
  const auto start = std::chrono::steady_clock::now();
  try {
    if (const std::optional<std::string> failure = check(result)) result.message = *failure;
  } catch (const Error& error) {
    result.message = std::string(vnpu::name(error.kind())) + " error: " + error.what();
  } catch (const Json::exception& error) {
    result.message = std::string("damaged error: ") + error.what();
  }
  if (!result.message.empty()) result.verdict = Verdict::failed;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

// Every file must be refused, when it is opened or when it is run, with an error that is no defect of the program; but
// those of which the list says that the vendor's runtime loads them must run.
class BrokenFiles final : public CaseSet {
 public:
  BrokenFiles(const CaseFiles& files, const Json& list) : files_(files) {
    for (const auto& [name, entry] : list.items())
      entries_.push_back({name, entry.is_object() && entry.value("loads", false)});
  }

  std::size_t size() const override { return entries_.size(); }
  std::string name(std::size_t i) const override { return files_.name() + "/" + entries_[i].name; }

  CaseResult run(std::size_t i, const NetworkOptions& options) const override {
    return timed(name(i), [&](CaseResult&) -> std::optional<std::string> {
      const auto& [file, loads] = entries_[i];
      const auto bytes = files_.read(files_.has(file) ? file : files_.only_file(file));
      try {
        (void)hash_with_ones(*open_model(ByteView(bytes)), options);
      } catch (const Error& error) {
        if (!loads && error.kind() != ErrorKind::internal) return std::nullopt;
        throw;
      }
      if (loads) return std::nullopt;
      return "the broken file was run without an error";
    });
  }

 private:
  CaseFiles files_;
  struct Entry {
    std::string name;
    bool loads = false;
  };
  std::vector<Entry> entries_;
};

class RegionOutputs final : public CaseSet {
 public:
  RegionOutputs(const CaseFiles& files, const Json& list)
      : name_(files.name()), arrays_(read_npz(ByteView(files.read("outputs.npz")))) {
    anchors_ = list.at("anchors").get<std::vector<float>>();
    cases_ = list.at("cases");
    if (!cases_.is_array()) throw Error(ErrorKind::damaged, "cases.json: cases is no list");
  }

  std::size_t size() const override { return cases_.size(); }
  std::string name(std::size_t i) const override {
    return name_ + "/" + (cases_[i].is_object() ? cases_[i].value("output", "") : std::to_string(i));
  }

  CaseResult run(std::size_t i, const NetworkOptions&) const override {
    return timed(name(i), [&](CaseResult& result) -> std::optional<std::string> {
      const auto& entry = cases_[i];
      const auto* output = find(arrays_, entry.at("output").get<std::string>());
      if (!output) throw Error(ErrorKind::damaged, "outputs.npz has no such array");
      RegionLayer layer;
      layer.image_width = entry.at("image").at(0);
      layer.image_height = entry.at("image").at(1);
      layer.width = entry.at("layer").at(0);
      layer.height = entry.at("layer").at(1);
      layer.channels = entry.at("layer").at(2);
      layer.anchors = anchors_;
      layer.threshold = entry.at("threshold").get<float>();
      layer.nms = entry.at("nms").get<float>();
      ++result.outputs;
      return object_difference(*output, layer, entry.at("objects"));
    });
  }

 private:
  std::string name_;
  NamedTensors arrays_;
  std::vector<float> anchors_;
  Json cases_;
};

}  // namespace

bool is_set_file(const std::string& file_name) {
  return file_name == errors_file || file_name == tried_file || file_name == regions_file;
}

std::unique_ptr<CaseSet> open_set(const CaseFiles& files) {
  const char* const file = files.has(errors_file) ? errors_file : files.has(tried_file) ? tried_file : regions_file;
  const auto bytes = files.read(file);
  try {
    const auto list = Json::parse(bytes.begin(), bytes.end());
    if (!list.is_object()) throw Error(ErrorKind::damaged, "the list of the set is no JSON object");
    if (file != regions_file) return std::make_unique<BrokenFiles>(files, list);
    return std::make_unique<RegionOutputs>(files, list);
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::damaged, std::string(file) + ": " + error.what());
  }
}

}  // namespace vnpu
