#include "devices/sophon/bm_runtime.h"

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "devices/board.h"
#include "sim/runtime/registry.h"

namespace vnpu::sophon {
namespace {

constexpr std::uint64_t largest_file = std::uint64_t{4} << 30;

std::vector<Border> borders(const nlohmann::json& described) {
  std::vector<Border> out;
  for (const auto& one : described) {
    out.push_back({one.at("name").get<std::string>(), one.at("dtype").get<std::string>(), one.at("shape").get<Shape>(),
                   one.value("qscale", 1.0f), one.value("zero_point", 0)});
  }
  return out;
}

// Inputs, outputs, neurons, coefficients and commands of all stages, as the loader takes them.
std::uint64_t device_bytes(const nlohmann::json& described) {
  std::uint64_t most = 0, commands = 0;
  std::map<std::uint64_t, std::uint64_t> coefficients;  // stages share ranges of the file
  for (const auto& program : described.at("programs")) {
    std::uint64_t bytes = program.at("neurons").at("bytes").get<std::uint64_t>();
    if (program.contains("io")) bytes += program["io"].at("bytes").get<std::uint64_t>();
    most = std::max(most, bytes);
    if (program.contains("coefficients")) {
      const auto& one = program["coefficients"];
      coefficients[one.at("file_offset").get<std::uint64_t>()] = one.at("bytes").get<std::uint64_t>();
    }
    for (const auto& subnet : program.at("subnets")) {
      for (const auto& group : subnet.value("groups", nlohmann::json::array()))
        commands += group.at("tiu_queue").at("bytes").get<std::uint64_t>() +
                    group.at("gdma_queue").at("bytes").get<std::uint64_t>();
    }
  }
  std::uint64_t sum = most + commands;
  for (const auto& [offset, bytes] : coefficients) sum += bytes;
  return sum;
}

}  // namespace

Loaded::Loaded(devices::Process& process, const ModelFile& file, unsigned program) : process_(process) {
  NetworkOptions options;
  options.program = program;
  network_ = file.instantiate(options);
  inputs_ = network_->inputs();
  outputs_ = network_->outputs();
  try {
    ProfileOptions wanted;
    wanted.program = program;
    Profile profile = file.profile(wanted);
    Time time;
    time.npu_us = static_cast<std::uint64_t>(std::llround(profile.ms(profile.inference_cycles()) * 1000));
    time.cpu_us = static_cast<std::uint64_t>(std::llround(profile.ms(profile.host_cycles()) * 1000));
    const double call_ms = profile.runtime_ms - profile.copy_in_ms - profile.copy_out_ms;  // tensors are in place
    time.launch_us =
        time.npu_us + time.cpu_us + static_cast<std::uint64_t>(std::llround(std::max(call_ms, 0.0) * 1000));
    time_ = time;
    profile_ = std::move(profile);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unsupported) throw;
    no_time_ = error.what();
  }
}

void Loaded::run() {
  process_.check_signals();
  process_.board.tpu().run(*process_.task, [&] {
    if (!ran_) network_->run();
    ran_ = true;
    return time_ ? time_->launch_us * 1000 : 0;
  });
}

bool BmRuntime::load(const std::string& path) {
  const auto bytes = read_whole(process_, path);
  if (!bytes) {
    error_ = "open file " + path + " failed";
    return false;
  }
  try {
    file_ = open_model(view_of(*bytes));
    if (file_->chip() != process_.board.data().chip) {
      error_ = "File[" + path + "] is broken ..";
      return false;
    }
    const auto info = file_->describe();
    unsigned program = 0;
    for (const auto& one : info.at("programs")) {
      const auto name = one.at("net").get<std::string>();
      if (nets_.empty() || nets_.back().name != name) nets_.push_back({name, {}});
      nets_.back().stages.push_back(
          {program++, one.at("stage").get<std::size_t>(), borders(one.at("inputs")), borders(one.at("outputs"))});
    }
    memory_ = process_.board.ion().allocate(device_bytes(info), process_.task->pid, "bmrt");
    if (!memory_) {
      error_ = "device mem alloc failed: size = " + std::to_string(device_bytes(info));
      return false;
    }
  } catch (const Error& error) {
    // The reader refuses other chips by name.
    const std::string what = error.what(), before = "the model is built for ";
    if (const auto at = what.find(before); error.kind() == ErrorKind::unsupported && at != std::string::npos) {
      const auto start = at + before.size();
      other_chip_ = what.substr(start, what.find(';', start) - start);
    }
    error_ = "File[" + path + "] is broken .. (" + what + ")";
    return false;
  }
  return true;
}

std::optional<std::string> read_whole(devices::Process& process, const std::string& path) {
  auto bytes = process.files().read_file(process.user, process.path(path), largest_file);
  if (!bytes) return std::nullopt;
  return std::move(*bytes);
}

ByteView view_of(const std::string& bytes) {
  return ByteView({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

std::string shape_text(const Shape& shape, const char* between) {
  std::string out;
  for (const auto dimension : shape) out += (out.empty() ? "" : between) + std::to_string(dimension);
  return out;
}

const char* dtype_text(const std::string& dtype) {
  static const std::map<std::string, const char*> names{
      {"f32", "FLOAT32"}, {"f16", "FLOAT16"}, {"bf16", "BFLOAT16"}, {"i8", "INT8"}, {"u8", "UINT8"}, {"i16", "INT16"},
      {"u16", "UINT16"},  {"i32", "INT32"},   {"u32", "UINT32"},    {"i4", "INT4"}, {"u4", "UINT4"}};
  const auto found = names.find(dtype);
  return found == names.end() ? "UNKNOWN" : found->second;
}

}  // namespace vnpu::sophon
