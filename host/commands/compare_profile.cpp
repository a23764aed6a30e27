// vnpu compare-profile: what changed between two profiles, and whether it fits a budget.
#include <cmath>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/bytes.h"
#include "base/error.h"
#include "host/cli.h"

namespace vnpu::cli {
namespace {

using nlohmann::json;

struct Options {
  std::string before, after, max_regression;
};

json read_profile(const std::string& path) {
  const Bytes bytes = read_file(path);
  json j = json::parse(bytes.begin(), bytes.end(), nullptr, false);
  const auto number = [&](const char* key) {
    if (!j.is_object() || !j.contains(key) || !j[key].is_number() || j[key].get<double>() < 0) {
      throw Error(ErrorKind::damaged,
                  path + ": is no profile (vnpu profile --json): no number '" + std::string(key) + "'");
    }
  };
  for (const char* key : {"inference_ms", "forward_ms", "mac_efficiency", "bus_bytes", "macs", "commands"}) number(key);
  if (!j.contains("layers") || !j["layers"].is_array())
    throw Error(ErrorKind::damaged, path + ": is no profile: no list 'layers'");
  for (const auto& layer : j["layers"]) {
    if (!layer.is_object() || !layer.contains("name") || !layer["name"].is_string() || !layer.contains("critical_ms") ||
        !layer["critical_ms"].is_number())
      throw Error(ErrorKind::damaged, path + ": a layer has no name or no critical_ms");
  }
  return j;
}

double parse_percent(const std::string& text) {
  std::size_t used = 0;
  double value = -1;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
  }
  if (used < text.size() && text[used] == '%') ++used;
  if (used != text.size() || !std::isfinite(value) || value < 0)
    throw Error(ErrorKind::usage, "--max-regression '" + text + "': use a percentage such as 3%");
  return value;
}

// Layers by name; those of one name are numbered, so that each finds its counterpart.
std::map<std::string, double> by_name(const json& profile) {
  std::map<std::string, int> seen;
  std::map<std::string, double> out;
  for (const auto& layer : profile["layers"]) {
    const std::string name = layer["name"];
    const int n = ++seen[name];
    out[n == 1 ? name : name + " #" + std::to_string(n)] = layer["critical_ms"];
  }
  return out;
}

double change(double before, double after) {
  if (before == after) return 0;
  return before > 0 ? 100 * (after / before - 1) : std::numeric_limits<double>::infinity();
}

void run_compare(const Options& options, const Common& common, int& status) {
  const json a = read_profile(options.before), b = read_profile(options.after);
  const double slower = change(a["inference_ms"], b["inference_ms"]);
  bool over = false;
  if (!options.max_regression.empty()) over = slower > parse_percent(options.max_regression);
  const auto before = by_name(a), after = by_name(b);
  struct Row {
    std::string name;
    double before, after;
  };
  std::vector<Row> rows;
  for (const auto& [name, ms] : before) {
    const auto found = after.find(name);
    rows.push_back({name, ms, found == after.end() ? 0 : found->second});
  }
  for (const auto& [name, ms] : after) {
    if (!before.contains(name)) rows.push_back({name, 0, ms});
  }
  std::erase_if(rows, [](const Row& row) { return row.before == row.after; });
  std::ranges::stable_sort(rows, std::ranges::greater{},
                           [](const Row& row) { return std::abs(row.after - row.before); });
  if (common.json) {
    nlohmann::ordered_json j;
    for (const char* key : {"inference_ms", "forward_ms", "mac_efficiency", "bus_bytes", "macs", "commands"})
      j[key] = {{"before", a[key]}, {"after", b[key]}};
    j["inference_change_percent"] = std::isfinite(slower) ? json(slower) : json();
    j["over_budget"] = over;
    j["layers"] = json::array();
    for (const Row& row : rows)
      j["layers"].push_back({{"name", row.name}, {"before", row.before}, {"after", row.after}});
    std::cout << j.dump(1, ' ', false, json::error_handler_t::replace) << "\n";
  } else {
    char text[200];
    for (const char* key : {"inference_ms", "forward_ms", "mac_efficiency", "bus_bytes", "macs", "commands"}) {
      std::snprintf(text, sizeof text, "%-16s %14.6g %14.6g %+8.2f %%\n", key, a[key].get<double>(),
                    b[key].get<double>(), change(a[key], b[key]));
      std::cout << text;
    }
    if (!rows.empty())
      std::cout << "\n" << paint(common, "bold", "layers (critical ms)    before      after     change\n");
    const std::size_t shown = common.verbose > 0 ? rows.size() : std::min<std::size_t>(rows.size(), 20);
    for (std::size_t i = 0; i < shown; ++i) {
      std::snprintf(text, sizeof text, "%30.4f %10.4f %+10.4f  ", rows[i].before, rows[i].after,
                    rows[i].after - rows[i].before);
      std::cout << text << rows[i].name << "\n";
    }
    if (shown < rows.size()) std::cout << rows.size() - shown << " more changed (-v lists them)\n";
    if (over) {
      std::snprintf(text, sizeof text, "slower by %.2f %%: more than %s\n", slower, options.max_regression.c_str());
      std::cout << paint(common, "red", text);
    }
  }
  if (over) status = 1;
}

}  // namespace

void add_compare_profile(CLI::App& app, Common& common, int& status) {
  auto* command = app.add_subcommand("compare-profile", "what changed between two profiles (vnpu profile --json)");
  auto options = std::make_shared<Options>();
  command->add_option("BEFORE", options->before, "profile as JSON")->required();
  command->add_option("AFTER", options->after, "profile as JSON")->required();
  command->add_option("--max-regression", options->max_regression,
                      "exit status 1 when the inference got slower by more than this, such as 3%");
  command->footer("Example:\n  vnpu compare-profile old.json new.json --max-regression 3%");
  command->callback([options, &common, &status] { run_compare(*options, common, status); });
}

}  // namespace vnpu::cli
