// Timelines as JSON and as waveforms.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "sim/core/profile_report.h"

namespace vnpu {
namespace {

using Json = nlohmann::ordered_json;

std::string escaped(const std::string& text) { return Json(text).dump(-1, ' ', true, Json::error_handler_t::replace); }

}  // namespace

std::vector<MemoryRate> memory_rate(const Profile& p, std::size_t slices) {
  const std::uint64_t step = std::max<std::uint64_t>(1, p.cycles / std::max<std::size_t>(1, slices));
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
  std::vector<MemoryRate> out;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    out.push_back({i * step, bytes[i] / (static_cast<double>(step) / p.mhz)});
  return out;
}

void write_trace_json(const Profile& p, std::ostream& out) {
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
  for (const MemoryRate& rate : memory_rate(p, 400)) {
    char value[40];
    std::snprintf(value, sizeof value, "%.3f", rate.mb_per_s);
    out << ",\n{\"ph\":\"C\",\"pid\":1,\"tid\":0,\"ts\":" << time(rate.cycle)
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
