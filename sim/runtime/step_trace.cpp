#include "sim/runtime/step_trace.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/block_crc.h"
#include "base/error.h"

namespace vnpu {
namespace {

using Json = nlohmann::json;

std::string hex(std::uint32_t crc) {
  char text[12];
  std::snprintf(text, sizeof text, "%08x", crc);
  return text;
}

}  // namespace

bool is_step_trace(const Json& traces) { return traces.is_array() && !traces.empty() && traces[0].contains("lmem"); }

std::optional<std::string> compare_steps(Network& network, const Json& traces, const Json& info,
                                         std::size_t& compared) {
  const auto from = std::stoull(info.at("ddr_crc_from").get<std::string>(), nullptr, 16);
  const auto size = info.at("ddr_crc_size").get<std::uint64_t>();
  BlockCrc local, global;
  std::size_t i = 0;
  for (const Json& row : traces) {
    const auto next = network.next();
    if (!next)
      return "the network ended after " + std::to_string(i) + " of " + std::to_string(traces.size()) + " commands";
    const std::string where = "command " + std::to_string(i++) + " (" + row.at("e").get<std::string>() + " " +
                              std::to_string(row.at("id").get<std::uint64_t>()) + ", " + next->text + ")";
    try {
      network.step();
    } catch (const Error& error) {
      return where + ": " + error.what();
    }
    ++compared;
    const auto check = [&](const char* what, std::uint32_t crc,
                           const std::string& wanted) -> std::optional<std::string> {
      if (hex(crc) == wanted) return std::nullopt;
      return where + ": CRC-32 of " + what + " memory afterwards is " + hex(crc) + ", expected " + wanted;
    };
    const auto local_crc = local.update(network.view(MemoryKind::local, 0, whole_memory));
    if (auto text = check("local", local_crc, row.at("lmem").get<std::string>())) return text;
    const auto global_crc = global.update(network.view(MemoryKind::global, from, size));
    if (auto text = check("global", global_crc, row.at("ddr").get<std::string>())) return text;
  }
  if (network.next()) return "the network has more commands than the " + std::to_string(i) + " traced ones";
  return std::nullopt;
}

}  // namespace vnpu
