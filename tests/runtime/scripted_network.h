// A network whose steps are a script: what memory holds after each.
#pragma once

#include <functional>
#include <map>
#include <utility>

#include "base/error.h"
#include "sim/core/network.h"

namespace vnpu {

class ScriptedNetwork final : public Network {
 public:
  struct Step {
    std::optional<std::uint32_t> layer;
    std::function<void(ScriptedNetwork&)> run;
  };

  std::vector<Step> script;
  std::map<std::string, Tensor, std::less<>> memory;  // by tensor name
  std::map<std::uint64_t, Tensor> local;              // by address
  std::vector<TensorInfo> infos;

  std::vector<TensorInfo> inputs() const override { return {}; }
  std::vector<TensorInfo> outputs() const override { return infos; }
  std::vector<TensorInfo> tensors() const override { return infos; }
  void set_input(std::string_view, std::span<const std::uint8_t>) override {}
  void run() override {
    while (step()) {
    }
  }
  std::optional<StepReport> next() const override {
    if (at_ == script.size()) return std::nullopt;
    return StepReport{0, at_, "step", script[at_].layer};
  }
  std::optional<StepReport> step() override {
    const auto report = next();
    if (!report) {
      at_ = 0;
      return report;
    }
    script[at_++].run(*this);
    return report;
  }
  Tensor get(std::string_view name) const override {
    const auto at = memory.find(name);
    if (at == memory.end()) throw Error(ErrorKind::usage, "no tensor '" + std::string(name) + "'");
    return at->second;
  }
  Bytes read_local(std::uint64_t, std::uint64_t) const override { return {}; }
  unsigned lanes() const override { return 8; }
  Tensor get_local(std::uint64_t address, DType dtype, const Shape& shape) const override {
    const auto at = local.find(address);
    if (at == local.end() || at->second.dtype != dtype || at->second.shape != shape) {
      throw Error(ErrorKind::fault, "nothing of that shape at " + std::to_string(address));
    }
    return at->second;
  }

 private:
  std::size_t at_ = 0;
};

}  // namespace vnpu
