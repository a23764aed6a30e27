#include "sim/k210/timing/profile.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "isa/k210/print.h"
#include "sim/core/profile_build.h"
#include "sim/k210/kpu.h"
#include "sim/k210/timing/cost.h"
#include "sim/k210/timing/work.h"

namespace vnpu::k210 {
namespace {

enum EngineIndex : std::uint32_t { at_kpu = 0, at_dma = 1, at_cpu = 2 };

constexpr double dense_macs_per_cycle = 576;  // 64 kernels of 3x3

class Builder {
 public:
  Builder(const kmodel::Model& model, const ProfileOptions& options)
      : model_(model),
        board_(timing_board(options.board.empty() ? default_timing_board : options.board, options.settings)) {
    if (options.program != 0) throw Error(ErrorKind::usage, "a kmodel has one program");
    lists_ = {{"kpu", 0, 0, {}}, {"dma", 0, 0, {}}, {"cpu", 0, 0, {}}};
    per_engine_.resize(lists_.size());
  }

  Profile build();

 private:
  const TimingValues& values() const { return board_.values; }

  void begin_layer(std::optional<std::uint32_t> id, const std::string& name) {
    ProfiledLayer layer;
    layer.id = id;
    layer.name = name;
    profile_.layers.push_back(std::move(layer));
  }

  // One step after the other: the run time starts the next when the last is done.
  void add(EngineIndex engine, TimedCommand timed, const std::string& what, const std::string& bound,
           std::uint64_t macs, std::uint64_t bytes) {
    for (std::size_t e = 0; e < lists_.size(); ++e)
      timed.after[e] = static_cast<std::uint32_t>(lists_[e].commands.size());
    ProfiledCommand command;
    command.engine = engine;
    command.text = text_(what);
    command.bound = text_(bound);
    command.layer = static_cast<std::uint32_t>(profile_.layers.size() - 1);
    command.id = next_id_++;
    command.macs = macs;
    command.data_bytes = bytes;
    command.bus_bytes = timed.access[0].bytes;
    command.bursts = bytes == 0 ? 0 : 1;
    lists_[engine].commands.push_back(timed);
    per_engine_[engine].push_back(command);
  }

  static std::uint64_t whole(double cycles) { return static_cast<std::uint64_t>(std::llround(std::min(cycles, 1e15))); }
  std::uint64_t of_cpu(double cycles) const { return whole(cycles / values().cpu_mhz * values().kpu_mhz); }

  void add_cpu(const CpuWork& work, const std::string& what) {
    TimedCommand timed;
    timed.work_cycles = of_cpu(work.cycles(values()));
    add(at_cpu, timed, what, "cpu", work.products, 0);
  }

  void add_kpu(const Layer& layer, bool wide, std::uint32_t batches, Arithmetic arithmetic) {
    for (const LayerNote& note : check_layer(layer, arithmetic, batches)) {
      if (note.refused) throw Error(ErrorKind::unsupported, "layer descriptor, " + note.field + ": " + note.text);
    }
    const LayerTime time = layer_time(layer, wide, values());
    const double loading = static_cast<double>(time.later_bytes) / values().weights_mbps * values().kpu_mhz;
    for (std::uint32_t batch = 0; batch < batches; ++batch) {
      TimedCommand timed;
      timed.start_cycles = whole(time.start);
      timed.work_cycles = whole(time.compute);
      timed.access[0] = {time.later_bytes, time.later_bytes == 0 ? 0u : 1u, 0, false};
      const bool starting = time.start > loading;
      add(at_kpu, timed, mnemonic(layer),
          starting                 ? "start"
          : loading > time.compute ? "weights"
                                   : "multiply",
          time.macs, time.first_bytes + time.later_bytes);
    }
  }

  void add_dma(double nanoseconds, const std::string& what, std::uint64_t bytes) {
    TimedCommand timed;
    timed.work_cycles = whole(nanoseconds * values().kpu_mhz / 1e3);
    add(at_dma, timed, what, "dma", 0, bytes);
  }

  // A map on its way to AI RAM or from there.
  void add_upload(std::uint64_t bytes, std::uint64_t width) {
    if (width % line_bytes == 0) {
      add_dma(static_cast<double>(bytes) / values().upload_mbps * 1e3, "dma.upload", bytes);
    } else {
      CpuWork work;
      work.uploaded = bytes;
      add_cpu(work, "cpu.upload");
    }
  }
  void add_download(std::uint64_t bytes) {
    TimedCommand timed;
    timed.work_cycles = of_cpu(static_cast<double>(bytes) * values().download_byte);
    add(at_cpu, timed, "cpu.download", "download", 0, 0);
  }

  void take(const kmodel::v3::Model& model);
  void take(const kmodel::v4::Model& model);
  void take(const kmodel::v5::Model& model);
  void take_function(const kmodel::v5::Model& model, std::size_t module, std::size_t function, unsigned depth);

  const kmodel::Model& model_;
  TimingBoard board_;
  Profile profile_;
  std::vector<EngineList> lists_;
  std::vector<std::vector<ProfiledCommand>> per_engine_;
  TextIndex text_{profile_.texts};
  std::uint32_t next_id_ = 0;
  std::uint64_t steps_ = 0;
};

void Builder::take(const kmodel::v3::Model& model) {
  for (std::size_t i = 0; i < model.layers.size(); ++i) {
    const auto& layer = model.layers[i];
    const auto* conv = std::get_if<kmodel::v3::Conv>(&layer.body);
    if (i == 0 && conv) {
      const Layer first = decode_layer(conv->descriptor);
      begin_layer({}, "input");
      profile_.input_bytes = input_shape(first).count();
      add_upload(profile_.input_bytes, first.in_width());
    }
    const std::string name =
        conv ? mnemonic(decode_layer(conv->descriptor)) : "cpu." + std::string(kmodel::v3::name(layer.type));
    begin_layer(static_cast<std::uint32_t>(i), name);
    if (conv) {
      const Layer kpu = decode_layer(conv->descriptor);
      add_kpu(kpu, !model.eight_bit_weights, 1, Arithmetic::v3);
      const std::uint64_t bytes = output_shape(kpu, Arithmetic::v3).count();
      if (layer.main_memory_output) {
        add_dma(static_cast<double>((bytes + 7) / 8) * values().output_word_ns, "dma.output", bytes);
      }
    } else {
      add_cpu(work_of(layer), name);
    }
  }
  for (const auto& output : model.outputs) profile_.output_bytes += output.size;
}

void Builder::take(const kmodel::v4::Model& model) {
  begin_layer({}, "input");
  for (const auto& input : model.inputs) {
    profile_.input_bytes += input.range.size;
    if (input.range.memory != kmodel::v4::Memory::kpu) {
      CpuWork work;
      work.moved = input.range.size;
      add_cpu(work, "cpu.copy");
    } else {
      std::uint64_t bytes = 1;
      for (const std::int32_t dim : input.shape) bytes *= static_cast<std::uint64_t>(dim);
      add_upload(bytes, static_cast<std::uint64_t>(input.shape[3]));
    }
  }
  for (std::size_t i = 0; i < model.nodes.size(); ++i) {
    const auto& node = model.nodes[i];
    const auto* conv = std::get_if<kmodel::v4::KpuConv2d>(&node.body);
    const auto* upload = std::get_if<kmodel::v4::KpuUpload>(&node.body);
    const std::string name =
        conv ? mnemonic(decode_layer(conv->descriptor)) : "cpu." + std::string(kmodel::v4::name(node.opcode));
    begin_layer(static_cast<std::uint32_t>(i), name);
    if (conv) {
      if (conv->batches < 1 || conv->batches > static_cast<std::int32_t>(line_count)) {
        throw Error(ErrorKind::unsupported, std::to_string(conv->batches) + " batches");
      }
      add_kpu(decode_layer(conv->descriptor), false, static_cast<std::uint32_t>(conv->batches), Arithmetic::v4);
      if (conv->main_memory_output.size != 0) add_download(conv->main_memory_output.size);
    } else if (upload) {
      add_upload(work_of(node).uploaded, static_cast<std::uint64_t>(upload->in_shape[3]));
    } else {
      add_cpu(work_of(node), name);
    }
  }
  for (const auto& output : model.outputs) profile_.output_bytes += output.size;
}

void Builder::take_function(const kmodel::v5::Model& model, std::size_t module_index, std::size_t function_index,
                            unsigned depth) {
  constexpr std::uint64_t most_steps = 1 << 20;
  if (module_index >= model.modules.size() || function_index >= model.modules[module_index].functions.size()) {
    throw Error(ErrorKind::fault, "a call of a function that does not exist");
  }
  if (depth > 16) throw Error(ErrorKind::unsupported, "calls deeper than 16");
  const auto& module = model.modules[module_index];
  const auto& function = module.functions[function_index];
  if (module.type == kmodel::v5::ModuleType::k210) {
    for (const auto& record : read_records(model_, function)) {
      const auto* conv = std::get_if<kmodel::v5::Conv2d>(&record.body);
      begin_layer(static_cast<std::uint32_t>(steps_++), conv ? mnemonic(decode_layer(conv->descriptor)) : "transfer");
      if (conv) {
        if (conv->batches > line_count) throw Error(ErrorKind::unsupported, std::to_string(conv->batches) + " batches");
        add_kpu(decode_layer(conv->descriptor), false, conv->batches, Arithmetic::v4);
        if (conv->main_out.size != 0) add_download(conv->main_out.size);
      } else if (const auto* transfer = std::get_if<kmodel::v5::Transfer>(&record.body)) {
        if (record.type == kmodel::v5::RecordType::upload) {
          add_upload(transfer->in.size, transfer->shape[3]);
        } else {
          add_download(transfer->out.size);
        }
      } else {
        CpuWork work;
        work.moved = std::get<kmodel::v5::Copy>(record.body).out.size;
        add_cpu(work, "cpu.copy");
      }
    }
    return;
  }
  VmSizes sizes;
  for (const VmInstruction& instruction :
       decode_function(model_.bytes(function.text.offset, function.text.count, "text"))) {
    if (++steps_ > most_steps) throw Error(ErrorKind::unsupported, "more than 2^20 steps");
    const CpuWork work = sizes.take(instruction);
    if (!instruction.is_tensor()) continue;
    if (instruction.function == TensorFunction::call) {
      take_function(model, static_cast<std::size_t>(instruction.values[1]),
                    static_cast<std::size_t>(instruction.values[0]), depth + 1);
      continue;
    }
    begin_layer(static_cast<std::uint32_t>(steps_), "cpu." + std::string(instruction.name));
    add_cpu(work, "cpu." + std::string(instruction.name));
  }
}

void Builder::take(const kmodel::v5::Model& model) {
  begin_layer({}, "input");
  CpuWork work;
  for (const auto& input : model.entry().inputs) work.moved += input.range.size;
  profile_.input_bytes = work.moved;
  add_cpu(work, "cpu.copy");
  take_function(model, model.entry_module, model.entry_function, 0);
  for (const auto& output : model.entry().outputs) profile_.output_bytes += output.range.size;
}

Profile Builder::build() {
  if (model_.as_v3()) take(*model_.as_v3());
  if (model_.as_v4()) take(*model_.as_v4());
  if (model_.as_v5()) take(*model_.as_v5());

  MachineTiming machine;
  machine.mhz = values().kpu_mhz;
  machine.dram.bus_bits = 8;  // the rate of the weights' DMA is what is known
  machine.dram.mega_transfers = values().weights_mbps;

  for (const EngineList& list : lists_) profile_.engines.push_back({list.name, true});
  profile_.engines[at_cpu].accelerator = false;
  finish_profile(profile_, lists_, std::move(per_engine_), simulate(lists_, machine));
  profile_.mhz = values().kpu_mhz;
  profile_.peak_macs_per_cycle = dense_macs_per_cycle;
  profile_.memory_bytes_per_second = machine.dram.bytes_per_ns() * 1e9;
  profile_.runtime_ms = values().run_us / 1e3;
  describe_board(profile_, board_);
  return std::move(profile_);
}

}  // namespace

Profile profile_model(const kmodel::Model& model, const ProfileOptions& options) {
  return Builder(model, options).build();
}

}  // namespace vnpu::k210
