#include "models/bmodel/write.h"

#include <cstring>
#include <map>

#include "base/digest.h"
#include "bmodel_generated.h"

namespace vnpu::bmodel {
namespace {

constexpr std::size_t alignment = 4096;  // of ranges and of the whole, as the converter's files have it

class Writer {
 public:
  Bytes write(const Model& model) {
    const auto nets = list<fb::Net>(model.nets, [&](const Net& each) { return net(each); });
    const auto kernel = module<fb::KernelModule, fb::KernelModuleBuilder>(model.kernel_module);
    const auto cpuop = module<fb::CpuopModule, fb::CpuopModuleBuilder>(model.cpuop_module);
    const auto type = text(model.type), version = text(model.version), time = text(model.time), chip = text(model.chip);
    fb::ModelBuilder out(fbb_);
    out.add_type(type);
    out.add_version(version);
    out.add_time(time);
    out.add_chip(chip);
    out.add_net(nets);
    out.add_neuron_size(model.neuron_size);
    if (!kernel.IsNull()) out.add_kernel_module(kernel);
    out.add_device_num(model.device_num);
    if (!cpuop.IsNull()) out.add_cpuop_module(cpuop);
    out.add_bmodel_type(model.bmodel_type);
    fbb_.Finish(out.Finish());
    return file();
  }

 private:
  template <class T>
  using Ref = flatbuffers::Offset<T>;

  Bytes file() const {
    const std::size_t table_bytes = fbb_.GetSize();
    Bytes out((header_bytes + table_bytes + alignment - 1) / alignment * alignment);
    std::memcpy(out.data() + header_bytes, fbb_.GetBufferPointer(), table_bytes);
    const auto put = [&](std::size_t at, auto value) { std::memcpy(out.data() + at, &value, sizeof value); };
    put(0, magic);
    put(4, header_bytes);
    put(8, static_cast<std::uint32_t>(out.size() - header_bytes));
    put(12, static_cast<std::uint64_t>(binary_.size()));
    out.insert(out.end(), binary_.begin(), binary_.end());
    return out;
  }

  Ref<flatbuffers::String> text(const std::string& in) { return fbb_.CreateString(in); }

  template <class Out, class In, class Make>
  Ref<flatbuffers::Vector<Ref<Out>>> list(const std::vector<In>& in, const Make& make) {
    std::vector<Ref<Out>> out;
    for (const In& each : in) out.push_back(make(each));
    return fbb_.CreateVector(out);
  }

  fb::Binary binary(const Blob& blob) {
    if (!blob.bytes) return {0, 0};
    const auto [at, is_new] = places_.try_emplace(blob.bytes.get(), binary_.size());
    if (is_new) {
      binary_.insert(binary_.end(), blob.bytes->begin(), blob.bytes->end());
      binary_.resize((binary_.size() + alignment - 1) / alignment * alignment);
    }
    return {at->second, blob.bytes->size()};
  }

  template <class Table, class Builder>
  Ref<Table> module(const std::optional<Module>& in) {
    if (!in) return {};
    const auto name = text(in->file_name);
    const fb::Binary place(0, 0);
    Builder out(fbb_);
    out.add_file_name(name);
    out.add_binary(&place);
    return out.Finish();
  }

  Ref<fb::Tensor> tensor(const Tensor& in) {
    const auto shapes = list<fb::Shape>(in.shapes, [&](const Shape& shape) {
      return fb::CreateShape(fbb_, fbb_.CreateVector(std::vector<std::uint64_t>(shape.begin(), shape.end())));
    });
    return fb::CreateTensor(fbb_, text(in.name), in.data_type, in.gmem_stmode, in.device_addr, in.size, shapes,
                            in.mem_type, in.scale, in.cpu_addr, in.pad_h, in.zero_point, in.hidden, in.index);
  }
  auto tensors(const std::vector<Tensor>& in) {
    return list<fb::Tensor>(in, [&](const Tensor& each) { return tensor(each); });
  }

  Ref<fb::CmdGroup> group(const CommandGroup& in) {
    const fb::Binary tiu = binary(in.tiu), gdma = binary(in.gdma);
    std::vector<fb::RelEntry> entries;
    for (const auto& each : in.relocations) entries.emplace_back(each.base_id, each.addr_offset, each.cmd_offset);
    const auto relocations = entries.empty() ? 0 : fbb_.CreateVectorOfStructs(entries);
    return fb::CreateCmdGroup(fbb_, in.tiu_count, in.gdma_count, &tiu, &gdma, in.tiu_bytes, in.gdma_bytes, relocations);
  }

  Ref<fb::CpuParam> cpu(const CpuParam& in) {
    const auto consts = list<fb::CpuConst>(in.consts, [&](const CpuConst& each) {
      const fb::Binary data = binary(each.data);
      return fb::CreateCpuConst(fbb_, text(each.name), &data);
    });
    const fb::Binary param = binary(in.param);
    return fb::CreateCpuParam(fbb_, in.op_type, &param, consts, in.is_custom);
  }

  Ref<fb::SubNet> subnet(const Subnet& in) {
    const auto groups = list<fb::CmdGroup>(in.groups, [&](const CommandGroup& each) { return group(each); });
    const auto params = list<fb::CpuParam>(in.cpu, [&](const CpuParam& each) { return cpu(each); });
    const auto inputs = tensors(in.inputs), outputs = tensors(in.outputs);
    const auto next = fbb_.CreateVector(in.next_ids);
    fb::SubNetBuilder out(fbb_);
    out.add_subnet_mode(in.mode);
    out.add_cmd_group(groups);
    out.add_cpu_param(params);
    out.add_input_tensor(inputs);
    out.add_output_tensor(outputs);
    out.add_is_dynamic(in.is_dynamic);
    out.add_ir_offset(in.ir_offset);
    out.add_ir_len(in.ir_bytes);
    out.add_id(in.id);
    out.add_next_subnet_ids(next);
    return out.Finish();
  }

  Ref<fb::CoeffMem> coefficients(const Coefficients& in) {
    const fb::Binary data = binary(in.data);
    Ref<flatbuffers::Vector<std::uint8_t>> code;
    if (!in.sha256.empty() && in.data.bytes) {
      const std::string hex = sha256_hex(*in.data.bytes);
      std::vector<std::uint8_t> bytes;
      for (std::size_t i = 0; i < hex.size(); i += 2)
        bytes.push_back(static_cast<std::uint8_t>(std::stoul(hex.substr(i, 2), nullptr, 16)));
      code = fbb_.CreateVector(bytes);
    }
    const auto locations = list<fb::Location>(in.locations, [&](const CoeffLocation& each) {
      return fb::CreateLocation(fbb_, text(each.name), each.offset, each.size);
    });
    return fb::CreateCoeffMem(fbb_, in.address, code, &data, locations, in.encrypt_mode);
  }

  Ref<fb::NetParameter> stage(const Stage& in) {
    const auto inputs = tensors(in.inputs), outputs = tensors(in.outputs);
    const auto subnets = list<fb::SubNet>(in.subnets, [&](const Subnet& each) { return subnet(each); });
    const auto sizes = fbb_.CreateVector(in.ctx_sizes);
    const auto coeff = in.coefficients ? coefficients(*in.coefficients) : Ref<fb::CoeffMem>();
    fb::NetParameterBuilder out(fbb_);
    out.add_input_tensor(inputs);
    out.add_output_tensor(outputs);
    out.add_ctx_addr(in.ctx_addr);
    out.add_ctx_size(in.ctx_size);
    if (!coeff.IsNull()) out.add_coeff_mem(coeff);
    out.add_is_dynamic(in.is_dynamic);
    out.add_sub_net(subnets);
    out.add_cpu_mem_size(in.cpu_mem_size);
    out.add_ctx_sizes(sizes);
    out.add_core_num(in.core_num);
    out.add_io_addr(in.io_addr);
    out.add_io_size(in.io_size);
    return out.Finish();
  }

  Ref<fb::Net> net(const Net& in) {
    const auto name = text(in.name);
    const auto stages = list<fb::NetParameter>(in.stages, [&](const Stage& each) { return stage(each); });
    Ref<fb::Cascade> cascade;
    if (in.cascade)
      cascade = fb::CreateCascade(fbb_, in.cascade->device_id, in.cascade->step, text(in.cascade->main_name));
    fb::NetBuilder out(fbb_);
    out.add_name(name);
    out.add_parameter(stages);
    if (!cascade.IsNull()) out.add_cascade(cascade);
    out.add_addr_mode(in.addr_mode);
    return out.Finish();
  }

  flatbuffers::FlatBufferBuilder fbb_;
  Bytes binary_;
  std::map<const Bytes*, std::uint64_t> places_;
};

}  // namespace

Blob make_blob(Bytes bytes) {
  Blob blob;
  blob.size = bytes.size();
  blob.bytes = std::make_shared<const Bytes>(std::move(bytes));
  return blob;
}

Bytes write(const Model& model) { return Writer().write(model); }

}  // namespace vnpu::bmodel
