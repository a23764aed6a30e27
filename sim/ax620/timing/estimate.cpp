// performance.json beside a profile: its layers are those of the source network, its mapping tells their compiled ones.
#include <cmath>
#include <unordered_map>

#include "sim/ax620/timing/profile.h"

namespace vnpu::ax620 {
namespace {

double number(const std::vector<std::string>& row, std::size_t column) {
  if (column >= row.size()) return 0;
  const double value = std::strtod(row[column].c_str(), nullptr);  // "-" where a row has none
  return std::isfinite(value) && value > 0 ? std::min(value, 1e18) : 0;
}

std::size_t column_of(const std::vector<std::string>& header, const std::string& begin) {
  std::size_t i = 0;
  while (i < header.size() && !header[i].starts_with(begin)) ++i;
  return i;
}

// "op_12_origin_part3" is a part of op_12, which was too large.
std::string whole_layer(const std::string& name) {
  constexpr std::string_view mark = "_origin_part";
  const auto at = name.rfind(mark);
  const bool is_part = at != std::string::npos && at + mark.size() < name.size() &&
                       name.find_first_not_of("0123456789", at + mark.size()) == std::string::npos;
  return is_part ? name.substr(0, at) : name;
}

}  // namespace

void add_estimate(Profile& profile, const joint::Performance& performance) {
  if (performance.rows.empty()) return;
  ConverterEstimate out;
  out.macs_unit = "2-bit x 4-bit";
  const auto cycles = column_of(performance.header, "Cycle"), macs = column_of(performance.header, "MAC (actual");
  std::unordered_map<std::string, std::size_t> row_of;  // by source name
  for (const auto& row : performance.rows) {
    if (row.empty() || row[0] == "LEAKAGE") continue;
    if (row[0] == "TOTAL") {
      out.total_cycles = number(row, cycles);
      out.total_macs = number(row, macs);
      continue;
    }
    row_of.try_emplace(row[0], out.layers.size());
    EstimatedLayer& made = out.layers.emplace_back();
    made.name = row[0];
    made.cycles = number(row, cycles);
    made.macs = number(row, macs);
  }
  std::unordered_map<std::string, std::size_t> row_of_compiled;
  for (const auto& [source, compiled] : performance.mapping) {
    const auto row = row_of.find(source);
    if (row == row_of.end()) continue;
    for (std::size_t at = 0; at < compiled.size();) {
      const auto end = std::min(compiled.find(", ", at), compiled.size());
      row_of_compiled.try_emplace(compiled.substr(at, end - at), row->second);
      at = end + 2;
    }
  }
  EstimatedLayer rest;
  for (const auto& layer : profile.layers) {
    auto row = row_of_compiled.find(layer.name);
    if (row == row_of_compiled.end()) row = row_of_compiled.find(whole_layer(layer.name));
    EstimatedLayer& to = row == row_of_compiled.end() ? rest : out.layers[row->second];
    for (const auto busy : layer.busy_cycles) to.own_cycles += busy;
    to.own_macs += layer.macs;
    ++to.own_layers;
  }
  if (rest.own_layers > 0) out.layers.push_back(rest);
  profile.estimate = std::move(out);
}

}  // namespace vnpu::ax620
