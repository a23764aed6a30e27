// Works on the tables themselves, so that everything survives, also what read() does not keep.
#include "models/bmodel/edit.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>

#include "base/budget.h"
#include "base/error.h"
#include "bmodel_generated.h"
#include "models/bmodel/model.h"

namespace vnpu::bmodel {
namespace {

constexpr std::size_t alignment = 4096;  // of ranges and of the whole, as the converter's files have it

struct Opened {
  std::unique_ptr<fb::ModelT> model;
  ByteView binary;
};

Opened open(ByteView file) {
  const Model checked = read(file);  // every table; ranges it does not keep are checked when taken
  const auto body = file.sub(header_bytes, checked.flatbuffer_bytes, "flatbuffer").span();
  const Bytes aligned(body.begin(), body.end());  // flatbuffers are read through typed pointers
  return {std::unique_ptr<fb::ModelT>(fb::GetModel(aligned.data())->UnPack()),
          file.sub(header_bytes + checked.flatbuffer_bytes, checked.binary_bytes, "binary section")};
}

// A module's name is written also when it is empty, which the generated Pack() leaves out.
template <class Builder, class Module>
auto module_of(flatbuffers::FlatBufferBuilder& builder, const Module& module, const auto& more) {
  const auto name = builder.CreateString(module.file_name);
  Builder out(builder);
  out.add_file_name(name);
  out.add_binary(module.binary.get());
  more(out);
  return out.Finish();
}

Bytes file_of(const fb::ModelT& model, const Bytes& binary) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<flatbuffers::Offset<fb::Net>> nets;
  for (const auto& net : model.net) nets.push_back(fb::Net::Pack(builder, net.get()));
  flatbuffers::Offset<fb::KernelModule> kernel;
  if (model.kernel_module)
    kernel = module_of<fb::KernelModuleBuilder>(builder, *model.kernel_module,
                                                [&](auto& out) { out.add_mode(model.kernel_module->mode); });
  flatbuffers::Offset<fb::CpuopModule> cpuop;
  if (model.cpuop_module) cpuop = module_of<fb::CpuopModuleBuilder>(builder, *model.cpuop_module, [](auto&) {});
  builder.Finish(fb::CreateModel(builder, builder.CreateString(model.type), builder.CreateString(model.version),
                                 builder.CreateString(model.time), builder.CreateString(model.chip),
                                 builder.CreateVector(nets), model.neuron_size, kernel, model.device_num, cpuop,
                                 model.bmodel_type, model.lib_backend.get()));
  const std::size_t bytes = builder.GetSize();
  Bytes out((header_bytes + bytes + alignment - 1) / alignment * alignment);
  std::memcpy(out.data() + header_bytes, builder.GetBufferPointer(), bytes);
  const auto put = [&](std::size_t at, auto value) { std::memcpy(out.data() + at, &value, sizeof value); };
  put(0, magic);
  put(4, header_bytes);
  put(8, static_cast<std::uint32_t>(out.size() - header_bytes));
  put(12, static_cast<std::uint64_t>(binary.size()));
  out.insert(out.end(), binary.begin(), binary.end());
  return out;
}

// Takes ranges over from one file's binary section to another's. Ranges that were one stay one.
class Ranges {
 public:
  Ranges(ByteView from, Bytes& to, bool empty_at_end)
      : from_(from), to_(to), empty_at_end_(empty_at_end), budget_(2 * from.size() + (24u << 20)) {}

  void take(fb::Binary& range) {
    if (range.size() == 0) {
      range = fb::Binary(empty_at_end_ ? to_.size() : 0, 0);
      return;
    }
    if (range.start() > from_.size() || range.size() > from_.size() - range.start()) {
      throw Error(ErrorKind::damaged, from_.file_offset(), "range",
                  std::to_string(range.size()) + " bytes at byte " + std::to_string(range.start()) +
                      " of the binary section, which has " + std::to_string(from_.size()));
    }
    const auto [place, is_new] = places_.try_emplace({range.start(), range.size()}, to_.size());
    if (is_new) {
      budget_.charge(range.size() + alignment, from_.file_offset() + range.start(), "range");
      const auto bytes = from_.sub(range.start(), range.size(), "range").span();
      to_.insert(to_.end(), bytes.begin(), bytes.end());
      to_.resize((to_.size() + alignment - 1) / alignment * alignment);
    }
    range = fb::Binary(place->second, range.size());
  }
  void take(const std::unique_ptr<fb::Binary>& range) {
    if (range) take(*range);
  }
  void take(std::vector<fb::Binary>& ranges) {
    for (auto& each : ranges) take(each);
  }
  void take(const std::vector<std::unique_ptr<fb::CmdGroupT>>& groups) {
    for (const auto& each : groups) {
      take(each->binary_bdc);
      take(each->binary_gdma);
    }
  }

  // Coefficients with the same check code as some that were taken share their range.
  using CheckCodes = std::map<std::string, fb::Binary>;
  void take(const fb::NetParameterT& stage, CheckCodes* known = nullptr) {
    if (const auto* coeff = stage.coeff_mem.get(); coeff && coeff->binary_coeff) {
      const std::string code(coeff->check_code.begin(), coeff->check_code.end());
      const auto there = known ? known->find(code) : CheckCodes::iterator{};
      if (known && there != known->end() && there->second.size() == coeff->binary_coeff->size()) {
        *coeff->binary_coeff = there->second;
      } else {
        take(*coeff->binary_coeff);
        if (known && !code.empty()) known->emplace(code, *coeff->binary_coeff);
      }
    }
    take(stage.cmd_group);
    for (const auto& subnet : stage.sub_net) {
      take(subnet->cmd_group);
      for (const auto& cpu : subnet->cpu_param) {
        take(cpu->binary_param);
        for (const auto& constant : cpu->cpu_const) take(constant->const_data);
      }
      for (const auto& core : subnet->core_commands) {
        take(core->gdma_tiu_commands);
        take(core->sdma_commands);
        take(core->hau_commands);
        take(core->cdma_commands);
      }
    }
    take(stage.binary_ir);
    take(stage.net_profile);
    take(stage.net_stat);
    take(stage.tensor_loc);
  }

 private:
  ByteView from_;
  Bytes& to_;
  bool empty_at_end_;  // where a range of no bytes points: behind what is there so far, or to 0
  Budget budget_;      // ranges may overlap
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> places_;
};

bool same_shapes(const fb::NetParameterT& a, const fb::NetParameterT& b) {
  return std::ranges::equal(a.input_tensor, b.input_tensor, [](const auto& x, const auto& y) {
    return std::ranges::equal(x->shape, y->shape, [](const auto& p, const auto& q) { return p->dim == q->dim; });
  });
}

// A model without nets and with modules of no bytes.
std::unique_ptr<fb::ModelT> frame_of(const fb::ModelT& model, const std::string& time, std::uint64_t end) {
  auto out = std::make_unique<fb::ModelT>();
  out->type = model.type;
  out->version = model.version;
  out->chip = model.chip;
  out->time = time;
  out->bmodel_type = model.bmodel_type;
  out->kernel_module = std::make_unique<fb::KernelModuleT>();
  out->cpuop_module = std::make_unique<fb::CpuopModuleT>();
  out->kernel_module->binary = std::make_unique<fb::Binary>(end, 0);
  out->cpuop_module->binary = std::make_unique<fb::Binary>(end, 0);
  out->lib_backend = std::make_unique<fb::Binary>(end, 0);
  return out;
}

}  // namespace

Bytes combined(const std::vector<ByteView>& files, const std::string& time) {
  if (files.empty()) throw Error(ErrorKind::usage, "no files to combine");
  std::unique_ptr<fb::ModelT> out;
  Bytes binary;
  Ranges::CheckCodes known;
  for (const ByteView file : files) {
    auto [model, from] = open(file);
    Ranges ranges(from, binary, false);
    if (!out) {
      out = frame_of(*model, time, 0);
      // The first file's kernel module stands before everything; the tool gives its name to the other module too.
      if (model->kernel_module) {
        *out->kernel_module = *model->kernel_module;
        ranges.take(out->kernel_module->binary);
        out->cpuop_module->file_name = out->kernel_module->file_name;
      }
    }
    for (auto& net : model->net) {
      for (const auto& stage : net->parameter) ranges.take(*stage, &known);
    }
    out->device_num = std::max(out->device_num, model->device_num);
    out->neuron_size = std::max(out->neuron_size, model->neuron_size);
    for (auto& net : model->net) {
      const auto there = std::ranges::find(out->net, net->name, [](const auto& each) { return each->name; });
      if (there == out->net.end()) {
        out->net.push_back(std::move(net));
        continue;
      }
      if ((*there)->addr_mode != net->addr_mode)
        throw Error(ErrorKind::usage, "net[" + net->name + "] addr mode is conflict");
      for (auto& stage : net->parameter) {
        if (std::ranges::any_of((*there)->parameter, [&](const auto& each) { return same_shapes(*each, *stage); }))
          throw Error(ErrorKind::usage, "net[" + net->name + "] input tensors is conflict");
        (*there)->parameter.push_back(std::move(stage));
      }
    }
  }
  return file_of(*out, binary);
}

void extract(ByteView file, const std::string& time, const ExtractSink& sink) {
  auto [model, from] = open(file);
  for (std::size_t n = 0; n < model->net.size(); ++n) {
    auto& net = *model->net[n];
    for (std::size_t s = 0; s < net.parameter.size(); ++s) {
      auto alone = std::make_unique<fb::NetT>();
      alone->name = net.name;
      // The tool forgets the mode of addressing, which only a loader that moves the model needs.
      if (net.cascade) alone->cascade = std::make_unique<fb::CascadeT>(*net.cascade);
      alone->parameter.push_back(std::move(net.parameter[s]));
      Bytes binary;
      Ranges(from, binary, true).take(*alone->parameter[0]);
      auto one = frame_of(*model, time, binary.size());  // modules stay behind
      one->neuron_size = alone->parameter[0]->ctx_size;
      one->net.push_back(std::move(alone));
      sink(n, s, file_of(*one, binary));
    }
  }
}

}  // namespace vnpu::bmodel
