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

std::string escaped(const std::string& text) { return Json(text).dump(-1, ' ', true, Json::error_handler_t::replace); }

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
    j["costliest"].push_back({{"layer", layer.name},
                              {"ms", rounded(p.ms(layer.critical_cycles))},
                              {"share", rounded(share(layer.critical_cycles, p.cycles))},
                              {"why", why(p, layer)}});
  }
  j["layers"] = Json::array();
  for (const auto& layer : p.layers) {
    Json l;
    l["id"] = layer.id ? Json(*layer.id) : Json();
    l["name"] = layer.name;
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

void write_trace(const Profile& p, std::ostream& out) {
  const double us = 1 / p.mhz;
  const auto time = [us](std::uint64_t cycles) {
    char text[40];
    std::snprintf(text, sizeof text, "%.4f", static_cast<double>(cycles) * us);
    return std::string(text);
  };
  out << "{\"displayTimeUnit\":\"ns\",\"otherData\":{\"chip\":" << escaped(p.chip) << ",\"board\":" << escaped(p.board)
      << ",\"tpu_mhz\":\"" << p.mhz << "\"},\"traceEvents\":[\n";
  out << "{\"ph\":\"M\",\"pid\":1,\"tid\":0,\"name\":\"process_name\",\"args\":{\"name\":"
      << escaped(p.board + " (" + p.chip + ")") << "}}";
  const std::size_t layer_track = p.engines.size() + 1;
  for (std::size_t e = 0; e <= p.engines.size(); ++e) {
    const std::string name = e < p.engines.size() ? p.engines[e].name : "layers";
    out << ",\n{\"ph\":\"M\",\"pid\":1,\"tid\":" << e + 1
        << ",\"name\":\"thread_name\",\"args\":{\"name\":" << escaped(name) << "}}";
    out << ",\n{\"ph\":\"M\",\"pid\":1,\"tid\":" << e + 1
        << ",\"name\":\"thread_sort_index\",\"args\":{\"sort_index\":" << (e == p.engines.size() ? 0 : e + 1) << "}}";
  }
  for (const auto& c : p.commands) {
    out << ",\n{\"ph\":\"X\",\"pid\":1,\"tid\":" << c.engine + 1 << ",\"ts\":" << time(c.start)
        << ",\"dur\":" << time(c.end - c.start) << ",\"name\":" << escaped(p.texts[c.text])
        << ",\"cat\":" << escaped(p.engines[c.engine].name) << ",\"args\":{\"id\":" << c.id
        << ",\"layer\":" << escaped(p.layers[c.layer].name) << ",\"cycles\":" << c.end - c.start
        << ",\"bound\":" << escaped(p.texts[c.bound]) << ",\"macs\":" << c.macs << ",\"bytes\":" << c.data_bytes
        << ",\"critical\":" << (c.critical ? "true" : "false") << "}}";
  }
  // Layers overlap: nestable asynchronous slices keep each on a line of its own.
  for (std::size_t i = 0; i < p.layers.size(); ++i) {
    const auto& layer = p.layers[i];
    for (const char phase : {'b', 'e'}) {
      out << ",\n{\"ph\":\"" << phase << "\",\"pid\":1,\"tid\":" << layer_track << ",\"cat\":\"layer\",\"id\":" << i + 1
          << ",\"ts\":" << time(phase == 'b' ? layer.start : layer.end) << ",\"name\":" << escaped(layer.name) << "}";
    }
  }
  // Bytes a microsecond on the memory bus, over about 400 steps.
  const std::uint64_t step = std::max<std::uint64_t>(1, p.cycles / 400);
  std::vector<double> bytes(p.cycles / step + 1, 0);
  for (const auto& c : p.commands) {
    if (c.bus_bytes == 0 || c.end <= c.start) continue;
    const double rate = static_cast<double>(c.bus_bytes) / static_cast<double>(c.end - c.start);
    for (std::uint64_t at = c.start; at < c.end;) {
      const std::uint64_t slot = at / step, until = std::min(c.end, (slot + 1) * step);
      bytes[slot] += rate * static_cast<double>(until - at);
      at = until;
    }
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    char value[40];
    std::snprintf(value, sizeof value, "%.3f", bytes[i] / (static_cast<double>(step) * us));
    out << ",\n{\"ph\":\"C\",\"pid\":1,\"tid\":0,\"ts\":" << time(i * step)
        << ",\"name\":\"DRAM MB/s\",\"args\":{\"MB/s\":" << value << "}}";
  }
  out << "\n]}\n";
}

void write_vcd(const Profile& p, std::ostream& out) {
  out << "$comment vnpu profile: " << p.board << ", " << p.chip << " at " << p.mhz << " MHz $end\n"
      << "$timescale 1 ps $end\n$scope module " << p.chip << " $end\n";
  const auto code = [](std::size_t engine, std::size_t signal) {
    return std::string(1, static_cast<char>('!' + engine * 3 + signal));
  };
  for (std::size_t e = 0; e < p.engines.size(); ++e) {
    out << "$scope module " << p.engines[e].name << " $end\n"
        << "$var wire 1 " << code(e, 0) << " busy $end\n"
        << "$var wire 16 " << code(e, 1) << " id $end\n"
        << "$var wire 16 " << code(e, 2) << " layer $end\n"
        << "$upscope $end\n";
  }
  out << "$upscope $end\n$enddefinitions $end\n";
  const auto binary = [](std::uint32_t value) {
    std::string text = "b";
    for (int bit = 15; bit >= 0; --bit) text += static_cast<char>('0' + (value >> bit & 1));
    return text;
  };
  struct Edge {
    std::uint64_t cycle;
    bool rises;
    const ProfiledCommand* command;
  };
  std::vector<Edge> edges;
  for (const auto& c : p.commands) {
    edges.push_back({c.start, true, &c});
    edges.push_back({c.end, false, &c});
  }
  std::ranges::stable_sort(
      edges, [](const Edge& a, const Edge& b) { return a.cycle != b.cycle ? a.cycle < b.cycle : a.rises < b.rises; });
  out << "#0\n";
  for (std::size_t e = 0; e < p.engines.size(); ++e)
    out << "0" << code(e, 0) << "\n"
        << binary(0) << " " << code(e, 1) << "\n"
        << binary(0) << " " << code(e, 2) << "\n";
  std::uint64_t now = 0;
  for (const Edge& edge : edges) {
    const auto time = static_cast<std::uint64_t>(std::llround(static_cast<double>(edge.cycle) * 1e6 / p.mhz));
    if (time != now) out << "#" << time << "\n";
    now = time;
    const std::size_t e = edge.command->engine;
    out << (edge.rises ? "1" : "0") << code(e, 0) << "\n";
    if (!edge.rises) continue;
    out << binary(edge.command->id) << " " << code(e, 1) << "\n";
    out << binary(p.layers[edge.command->layer].id.value_or(0)) << " " << code(e, 2) << "\n";
  }
}

}  // namespace vnpu
