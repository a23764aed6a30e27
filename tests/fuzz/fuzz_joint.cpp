// A container, a bare part, or a command list: reading it ends with a value or an error, in bounded memory.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "isa/ax620/print.h"
#include "models/joint/joint.h"
#include "sim/ax620/cpu_parts.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vnpu;
  const ByteView file(std::span(data, size));
  try {
    const auto joint = joint::read(file);
    for (const auto& neu : joint.neus) {
      const auto list = ax620::read_command_list(ByteView(neu.command_list));
      ax620::order(ax620::jobs(list));
      const auto plan = ax620::plan_cpu_parts(joint, neu, list);
      if (plan.steps.size() > 16) continue;
      std::vector<Bytes> results;
      for (const auto& step : plan.steps) {
        std::vector<Bytes> zeros;
        std::vector<std::span<const std::uint8_t>> sources;
        zeros.reserve(step.sources.size());
        for (const auto& source : step.sources) {
          if (!source.is_region) {
            sources.emplace_back(results.at(source.index));
            continue;
          }
          const auto bytes = list.outputs.at(source.index).size();
          if (bytes > (1 << 20)) return 0;
          sources.emplace_back(zeros.emplace_back(bytes));
        }
        results.push_back(ax620::run_step(step, sources));
      }
    }
  } catch (const Error&) {
  }
  try {
    const auto list = ax620::read_command_list(file);
    for (const auto& command : list.commands) {
      ax620::print(command);
      ax620::to_json(command);
    }
    ax620::order(ax620::jobs(list));
  } catch (const Error&) {
  }
  return 0;
}
