// vnpu pulsar: what the vendor's `pulsar info` and `pulsar version` print about a .joint (docs/joint.md).
#include <cmath>
#include <filesystem>
#include <iostream>

#include "base/error.h"
#include "host/cli.h"
#include "host/text_table.h"
#include "sim/runtime/registry.h"

namespace vnpu::cli {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;
using Rows = std::vector<std::vector<std::string>>;

struct Options {
  std::string model, folder, json_file, form = "simple";
  bool mapping = false, performance = false, parts = false;
};

json described(const std::string& path) {
  const auto file = open_model(fs::path(path));
  if (file->family() != "ax620") throw Error(ErrorKind::unsupported, path + ": pulsar's files are .joint models");
  return file->describe();
}

std::string shape_text(const json& shape) {
  std::string text;
  for (const auto& dim : shape) text += (text.empty() ? "" : ", ") + dim.dump();
  return "[" + text + "]";
}

// Decimal units, two digits behind the point.
std::string size_text(double bytes) {
  constexpr const char* units[] = {"B", "KB", "MB", "GB"};
  std::size_t unit = 0;
  while (bytes >= 1000 && unit < 3) bytes /= 1000, ++unit;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.2f %s", bytes, units[unit]);
  return text;
}

std::string version_text(const json& info) {
  const std::string version = info.value("tool_version", "Unknown"), commit = info.value("tool_commit", "");
  return commit.empty() ? version : version + "\n" + commit;
}

std::string joined(const json& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name.get<std::string>();
  return text;
}

std::string report(const json& info, const Options& options) {
  Rows borders;
  for (const char* side : {"model_inputs", "model_outputs"}) {
    for (const auto& one : info.value(side, json::array())) {
      borders.push_back({one.at("name").get<std::string>(), side[6] == 'i' ? "INPUT" : "OUTPUT",
                         shape_text(one.value("shape", json::array())), one.value("dtype", ""),
                         one.value("layout", "")});
    }
  }
  double system = 0, standard = 0;
  for (const auto& [place, regions] : info.at("memory_map").items()) {
    for (const auto& region : regions) system += region.at("bytes").get<double>();
  }
  for (const auto& step : info.value("cpu_steps", json::array())) standard += step.at("bytes").get<double>();
  std::string mode = info.at("virtual_npu").get<std::string>();
  if (mode.starts_with("MODE_")) mode.erase(0, 5);
  std::string out = "Information of " + fs::path(options.model).filename().string() + ":\nIO Meta Info:\n" +
                    text_table({"NAME", "I/O?", "SHAPE", "DTYPE", "LAYOUT"}, borders, options.form) +
                    "\n\nApprox System Memory: " + size_text(system) +
                    "\nApprox Standard Memory: " + size_text(standard) +
                    "\nApprox Memory: " + size_text(system + standard) + "\n\nVirtual NPU: AX620_VNPU_" + mode +
                    "\nStatic Batch: 1\nToolchain Version: " + version_text(info) + "\n";
  if (options.mapping) {
    const auto rows = info.value("layer_mapping", json::array()).get<Rows>();
    out += "\nLayer Mapping:\n" + text_table({"ORIGIN NAMES", "LAVA NAMES"}, rows, options.form) + "\n";
  }
  if (options.performance) {
    auto header = std::vector<std::string>{};
    Rows rows;
    if (info.contains("performance")) {
      header = info["performance"].at("header").get<std::vector<std::string>>();
      rows = info["performance"].at("rows").get<Rows>();
    }
    for (auto& row : rows) row.resize(header.size());
    out += "\nPerformance:\n" + text_table(header, rows, options.form) + "\n";
  }
  if (options.parts) {
    Rows rows;
    for (const auto& part : info.value("parts", json::array())) {
      rows.push_back({part.at("name").get<std::string>(), part.at("type").get<std::string>(),
                      part.at("runs_on").get<std::string>(), joined(part.at("inputs")), joined(part.at("outputs"))});
    }
    out += "\nPart Info:\n" + text_table({"NAME", "TYPE", "RUNS ON", "INPUTS", "OUTPUTS"}, rows, options.form) + "\n";
  }
  return out;
}

void write_text(const fs::path& path, const std::string& text) {
  write_file(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void run_info(const Options& options, const Common& common) {
  const json info = described(options.model);
  const std::string whole = info.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
  const std::string text = report(info, options);
  if (!options.json_file.empty()) write_text(options.json_file, whole);
  if (!options.folder.empty()) {
    fs::create_directories(options.folder);
    write_text(fs::path(options.folder) / (fs::path(options.model).stem().string() + ".txt"), text);
  }
  std::cout << (common.json ? whole : text);
}

}  // namespace

void add_pulsar(CLI::App& app, Common& common, int&) {
  auto* command = app.add_subcommand("pulsar", "what the vendor's tool prints about a .joint: info, version");
  command->require_subcommand(1);
  auto options = std::make_shared<Options>();
  auto* info = command->add_subcommand("info", "inputs and outputs, memory, layers");
  info->add_option("MODEL", options->model, ".joint file")->required();
  info->add_option("--output", options->folder, "folder that gets the text as well");
  info->add_option("--output_json", options->json_file, "file for everything as JSON");
  info->add_flag("--layer_mapping", options->mapping, "which compiled layers do the work of which source layers");
  info->add_flag("--performance", options->performance, "the converter's estimate a layer");
  info->add_flag("--part_info", options->parts, "the model's parts");
  info->add_option("--tablefmt", options->form, "simple, grid, html, jira")->capture_default_str();
  info->callback([options, &common] { run_info(*options, common); });
  auto* version =
      command->add_subcommand("version", "the toolchain that made a .joint, as `pulsar version` prints itself");
  version->add_option("MODEL", options->model, ".joint file")->required();
  version->callback([options, &common] {
    const json about = described(options->model);
    if (common.json) {
      std::cout << json{{"tool_version", about.value("tool_version", "Unknown")},
                        {"tool_commit", about.value("tool_commit", "")}}
                       .dump(2, ' ', false, json::error_handler_t::replace)
                << "\n";
    } else {
      std::cout << version_text(about) << "\n";
    }
  });
  command->footer("Examples:\n  vnpu pulsar info model.joint --layer_mapping\n  vnpu pulsar version model.joint");
}

}  // namespace vnpu::cli
