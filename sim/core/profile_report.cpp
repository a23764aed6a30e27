#include "sim/core/profile_report.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

namespace vnpu {
namespace {

using Json = nlohmann::ordered_json;

double share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// Enough digits for a cycle, the same on every machine.
double rounded(double value) { return std::round(value * 1e6) / 1e6; }

}  // namespace

Roofline roofline(const Profile& profile) {
  Roofline out;
  out.peak_macs_per_second = profile.peak_macs_per_cycle * profile.mhz * 1e6;
  out.memory_bytes_per_second = profile.memory_bytes_per_second;
  if (out.memory_bytes_per_second > 0) out.ridge_macs_per_byte = out.peak_macs_per_second / out.memory_bytes_per_second;
  if (profile.bus_bytes() > 0)
    out.macs_per_byte = static_cast<double>(profile.macs()) / static_cast<double>(profile.bus_bytes());
  out.attainable_macs_per_second = std::min(out.peak_macs_per_second, out.macs_per_byte * out.memory_bytes_per_second);
  if (profile.inference_cycles() > 0)
    out.reached_macs_per_second = static_cast<double>(profile.macs()) / (profile.ms(profile.inference_cycles()) / 1e3);
  return out;
}

std::vector<std::size_t> costliest_layers(const Profile& profile, std::size_t count) {
  std::vector<std::size_t> order(profile.layers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater{},
                           [&](std::size_t i) { return profile.layers[i].critical_cycles; });
  order.resize(std::min(count, order.size()));
  return order;
}

std::string why(const Profile& profile, const ProfiledLayer& layer) {
  std::size_t most = 0;
  for (std::size_t e = 1; e < layer.busy_cycles.size(); ++e) {
    if (layer.busy_cycles[e] > layer.busy_cycles[most]) most = e;
  }
  char text[200];
  const std::uint64_t busy = layer.busy_cycles.empty() ? 0 : layer.busy_cycles[most];
  const double ms = profile.ms(busy);
  std::string out = layer.bound;
  std::snprintf(text, sizeof text, "; %s busy %.3f ms",
                profile.engines.empty() ? "-" : profile.engines[most].name.c_str(), ms);
  out += text;
  if (layer.macs > 0 && busy > 0 && profile.peak_macs_per_cycle > 0) {
    std::snprintf(text, sizeof text, ", %.0f %% of the peak",
                  100 * static_cast<double>(layer.macs) / (static_cast<double>(busy) * profile.peak_macs_per_cycle));
    out += text;
  }
  if (layer.bus_bytes > 0) {
    std::snprintf(text, sizeof text, ", %.2f MB", static_cast<double>(layer.bus_bytes) / 1048576);
    out += text;
  }
  return out;
}

Json profile_json(const Profile& p) {
  Json j;
  j["chip"] = p.chip;
  j["board"] = p.board;
  j["board_title"] = p.board_title;
  j["status"] = p.status;
  j["tpu_mhz"] = p.mhz;
  j["inference_ms"] = rounded(p.ms(p.inference_cycles()));
  j["inference_cycles"] = p.inference_cycles();
  j["host_ms"] = rounded(p.ms(p.host_cycles()));
  j["runtime_ms"] = rounded(p.runtime_ms);
  j["copy_in_ms"] = rounded(p.copy_in_ms);
  j["copy_out_ms"] = rounded(p.copy_out_ms);
  j["forward_ms"] = rounded(p.ms(p.cycles) + p.runtime_ms);
  j["commands"] = p.commands.size();
  j["macs"] = p.macs();
  j["mac_efficiency"] = rounded(p.mac_efficiency());
  j["data_bytes"] = p.data_bytes();
  j["bus_bytes"] = p.bus_bytes();
  const Roofline roof = roofline(p);
  j["roofline"] = {{"peak_gmacs", rounded(roof.peak_macs_per_second / 1e9)},
                   {"memory_gbytes", rounded(roof.memory_bytes_per_second / 1e9)},
                   {"macs_per_byte", rounded(roof.macs_per_byte)},
                   {"ridge_macs_per_byte", rounded(roof.ridge_macs_per_byte)},
                   {"attainable_gmacs", rounded(roof.attainable_macs_per_second / 1e9)},
                   {"reached_gmacs", rounded(roof.reached_macs_per_second / 1e9)},
                   {"bound", roof.memory_bound() ? "memory" : "compute"}};
  j["engines"] = Json::array();
  for (const auto& e : p.engines) {
    j["engines"].push_back({{"name", e.name},
                            {"commands", e.commands},
                            {"busy_cycles", e.busy_cycles},
                            {"busy_ms", rounded(p.ms(e.busy_cycles))},
                            {"busy_share", rounded(share(e.busy_cycles, p.cycles))},
                            {"critical_ms", rounded(p.ms(e.critical_cycles))},
                            {"macs", e.macs},
                            {"data_bytes", e.data_bytes},
                            {"bus_bytes", e.bus_bytes}});
  }
  std::map<std::string, std::uint64_t> by_bound;
  for (const auto& c : p.commands) by_bound[p.texts[c.bound]] += c.critical_cycles;
  j["critical_path"] = Json::array();
  std::vector<std::pair<std::string, std::uint64_t>> bounds(by_bound.begin(), by_bound.end());
  std::ranges::stable_sort(bounds, std::ranges::greater{}, [](const auto& each) { return each.second; });
  for (const auto& [bound, cycles] : bounds) {
    if (cycles == 0) continue;
    j["critical_path"].push_back(
        {{"bound", bound}, {"ms", rounded(p.ms(cycles))}, {"share", rounded(share(cycles, p.cycles))}});
  }
  j["costliest"] = Json::array();
  for (const std::size_t i : costliest_layers(p, 5)) {
    const auto& layer = p.layers[i];
    j["costliest"].push_back({{"id", layer.id ? Json(*layer.id) : Json()},
                              {"layer", layer.name},
                              {"ms", rounded(p.ms(layer.critical_cycles))},
                              {"share", rounded(share(layer.critical_cycles, p.cycles))},
                              {"why", why(p, layer)}});
  }
  j["layers"] = Json::array();
  for (const auto& layer : p.layers) {
    Json l;
    l["id"] = layer.id ? Json(*layer.id) : Json();
    l["name"] = layer.name;
    l["pieces"] = layer.pieces;
    l["bound"] = layer.bound;
    l["commands"] = layer.commands;
    l["start_ms"] = rounded(p.ms(layer.start));
    l["end_ms"] = rounded(p.ms(layer.end));
    l["critical_ms"] = rounded(p.ms(layer.critical_cycles));
    for (std::size_t e = 0; e < p.engines.size(); ++e)
      l["busy_ms"][p.engines[e].name] = rounded(p.ms(layer.busy_cycles[e]));
    l["macs"] = layer.macs;
    l["data_bytes"] = layer.data_bytes;
    l["bus_bytes"] = layer.bus_bytes;
    j["layers"].push_back(std::move(l));
  }
  if (p.estimate) {
    Json& e = j["converter_estimate"];
    e["macs_unit"] = p.estimate->macs_unit;
    e["total_cycles"] = p.estimate->total_cycles;
    e["total_ms"] = rounded(p.estimate->total_cycles / p.mhz / 1e3);
    e["total_macs"] = p.estimate->total_macs;
    std::uint64_t own = 0;
    for (const auto& layer : p.estimate->layers) own += layer.own_cycles;
    e["own_cycles"] = own;
    e["own_ms"] = rounded(p.ms(own));
    e["layers"] = Json::array();
    for (const auto& layer : p.estimate->layers) {
      e["layers"].push_back({{"name", layer.name},
                             {"cycles", layer.cycles},
                             {"ms", rounded(layer.cycles / p.mhz / 1e3)},
                             {"macs", layer.macs},
                             {"own_cycles", layer.own_cycles},
                             {"own_ms", rounded(p.ms(layer.own_cycles))},
                             {"own_macs", layer.own_macs},
                             {"own_layers", layer.own_layers}});
    }
  }
  j["memory_masters"] = Json::array();
  for (const auto& m : p.masters) {
    j["memory_masters"].push_back({{"name", m.name},
                                   {"read_bytes", m.read_bytes},
                                   {"written_bytes", m.written_bytes},
                                   {"accesses", m.accesses},
                                   {"busy_ms", rounded(m.busy_ns / 1e6)},
                                   {"waited_ms", rounded(m.waited_ns / 1e6)}});
  }
  j["parameters"] = Json::array();
  for (const auto& each : p.parameters) {
    j["parameters"].push_back(
        {{"key", each.key}, {"value", each.value}, {"unit", each.unit}, {"from", each.from}, {"note", each.note}});
  }
  return j;
}

}  // namespace vnpu
