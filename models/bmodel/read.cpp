// Header and flatbuffer as structs, each value checked where its place in the file is still known.
#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "base/budget.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/flatbuffer_check.h"
#include "bmodel_generated.h"
#include "models/bmodel/model.h"

namespace vnpu::bmodel {
namespace {

constexpr std::uint64_t header_size_at = 4, flatbuffer_bytes_at = 8, binary_bytes_at = 12;
constexpr std::uint64_t max_tensor_bytes = std::uint64_t{1} << 36;
// By the file's codes; i4 and u4 are stored as bytes.
constexpr std::array dtypes{DType::f32, DType::f16, DType::i8,   DType::u8, DType::i16, DType::u16,
                            DType::i32, DType::u32, DType::bf16, DType::i8, DType::u8};

[[noreturn]] void damaged(std::uint64_t offset, const std::string& field, const std::string& message) {
  throw Error(ErrorKind::damaged, offset, field, message);
}

std::string hex(const flatbuffers::Vector<std::uint8_t>& bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const std::uint8_t byte : bytes) (out += digits[byte >> 4]) += digits[byte & 15];
  return out;
}

class Reader {
 public:
  Reader(ByteView flatbuffer, ByteView binary, Budget& budget)
      : flatbuffer_(flatbuffer), binary_(binary), budget_(budget) {}

  void model(const fb::Model& in, Model& out) {
    out.type = text(in.type(), "type");
    out.version = text(in.version(), "version");
    out.time = text(in.time(), "time");
    out.chip = text(in.chip(), "chip");
    if (out.chip != "BM1684X") {
      throw Error(ErrorKind::unsupported, in.chip() ? at(in.chip()) : at(&in), "chip",
                  out.chip.empty() ? std::string("the model names no chip")
                                   : "the model is built for " + out.chip + "; only BM1684X is supported");
    }
    out.neuron_size = in.neuron_size();
    out.device_num = in.device_num();
    out.bmodel_type = in.bmodel_type();
    if (const auto* module = in.kernel_module()) out.kernel_module = this->module(*module, "kernel_module");
    if (const auto* module = in.cpuop_module()) out.cpuop_module = this->module(*module, "cpuop_module");
    check_range(in.lib_backend(), "lib_backend");
    if (!in.net() || in.net()->size() == 0) damaged(at(&in), "net", "the model has no net");
    each(in.net(), out.nets, "net", [&](const fb::Net& n, const std::string& where) { return net(n, where); });
    std::set<std::string_view> names;
    for (const Net& net : out.nets) {
      if (!names.insert(net.name).second) damaged(at(in.net()), "net", "two nets are named \"" + net.name + "\"");
    }
  }

 private:
  std::uint64_t at(const void* place) const {
    return flatbuffer_.file_offset() +
           static_cast<std::uint64_t>(static_cast<const std::uint8_t*>(place) - flatbuffer_.data());
  }

  std::string text(const flatbuffers::String* in, const std::string& field) {
    if (!in) return {};
    budget_.charge(in->size() + 1, at(in), field);
    return in->str();
  }

  // Every element of a vector of tables, with its name in errors.
  template <class In, class Out, class Make>
  void each(const flatbuffers::Vector<flatbuffers::Offset<In>>* in, std::vector<Out>& out, const std::string& field,
            const Make& make) {
    if (!in) return;
    budget_.charge(std::uint64_t{in->size()} * (sizeof(Out) + 8), at(in), field);
    out.reserve(in->size());
    for (std::uint32_t i = 0; i < in->size(); ++i)
      out.push_back(make(*in->Get(i), field + "[" + std::to_string(i) + "]"));
  }

  void check_range(const fb::Binary* in, const std::string& field) const {
    if (!in) return;
    if (in->start() > binary_.size() || in->size() > binary_.size() - in->start()) {
      damaged(at(in), field,
              std::to_string(in->size()) + " bytes from " + std::to_string(in->start()) +
                  " leave the binary section of " + std::to_string(binary_.size()) + " bytes");
    }
  }

  Blob blob(const fb::Binary* in, const std::string& field, bool keep = true) {
    Blob out;
    if (!in) return out;
    check_range(in, field);
    out.size = in->size();
    out.file_offset = binary_.file_offset() + in->start();
    if (!keep) return out;
    auto& shared = blobs_[{in->start(), in->size()}];
    if (!shared) {
      budget_.charge(in->size() + 64, at(in), field);
      const auto bytes = binary_.sub(in->start(), in->size(), field.c_str()).span();
      shared = std::make_shared<const Bytes>(bytes.begin(), bytes.end());
    }
    out.bytes = shared;
    return out;
  }

  template <class In>
  Module module(const In& in, const std::string& field) {
    return {text(in.file_name(), field + ".file_name"), blob(in.binary(), field + ".binary", false)};
  }

  Shape shape(const fb::Shape& in, const std::string& field) {
    Shape out;
    if (!in.dim()) return out;
    if (in.dim()->size() > 8) damaged(at(in.dim()), field, "has " + std::to_string(in.dim()->size()) + " dimensions");
    for (const std::uint64_t dim : *in.dim()) {
      if (dim == 0 || dim > max_tensor_bytes) damaged(at(in.dim()), field, std::to_string(dim) + " is no size");
      out.push_back(static_cast<std::int64_t>(dim));
    }
    return out;
  }

  Tensor tensor(const fb::Tensor& in, const std::string& where) {
    Tensor out;
    out.name = text(in.name(), where + ".name");
    if (out.name.empty()) damaged(at(&in), where + ".name", "the tensor has no name");
    out.data_type = in.data_type();
    if (out.data_type >= dtypes.size())
      damaged(at(&in), where + ".data_type", "element type " + std::to_string(out.data_type) + " is not known");
    out.dtype = dtypes[out.data_type];
    out.gmem_stmode = in.gmem_stmode();
    out.device_addr = in.device_addr();
    out.size = in.size();
    each(in.shape(), out.shapes, where + ".shape",
         [&](const fb::Shape& s, const std::string& here) { return shape(s, here); });
    if (out.shapes.empty()) damaged(at(&in), where + ".shape", "the tensor has no shape");
    std::uint64_t bytes = size_of(out.dtype);
    for (const std::int64_t dim : out.shape()) {
      bytes *= static_cast<std::uint64_t>(dim);
      if (bytes > max_tensor_bytes) damaged(at(&in), where + ".shape", "the tensor is too large");
    }
    if (out.size > max_tensor_bytes) damaged(at(&in), where + ".size", "the tensor is too large");
    out.mem_type = in.mem_type();
    out.scale = in.scale();
    out.cpu_addr = in.cpu_addr();
    out.pad_h = in.pad_h();
    out.zero_point = in.zero_point();
    out.hidden = in.hidden();
    out.index = in.index();
    return out;
  }

  void tensors(const flatbuffers::Vector<flatbuffers::Offset<fb::Tensor>>* in, std::vector<Tensor>& out,
               const std::string& field) {
    each(in, out, field, [&](const fb::Tensor& t, const std::string& where) { return tensor(t, where); });
    std::set<std::string_view> names;
    for (const Tensor& each : out)
      if (!names.insert(each.name).second) damaged(at(in), field, "two tensors are named \"" + each.name + "\"");
  }

  CommandGroup group(const fb::CmdGroup& in, const std::string& where) {
    CommandGroup out;
    out.tiu_count = in.bdc_num();
    out.gdma_count = in.gdma_num();
    out.tiu_bytes = in.bdc_cmd_byte();
    out.gdma_bytes = in.gdma_cmd_byte();
    out.tiu = blob(in.binary_bdc(), where + ".binary_bdc");
    out.gdma = blob(in.binary_gdma(), where + ".binary_gdma");
    if (const auto* entries = in.reloc_entries()) {
      budget_.charge(std::uint64_t{entries->size()} * sizeof(Relocation), at(entries), where + ".reloc_entries");
      for (const fb::RelEntry* entry : *entries)
        out.relocations.push_back({entry->base_addr_id(), entry->addr_offset(), entry->cmd_offset()});
    }
    return out;
  }

  void groups(const flatbuffers::Vector<flatbuffers::Offset<fb::CmdGroup>>* in, std::vector<CommandGroup>& out,
              const std::string& field) {
    each(in, out, field, [&](const fb::CmdGroup& g, const std::string& where) { return group(g, where); });
  }

  CpuParam cpu(const fb::CpuParam& in, const std::string& where) {
    CpuParam out;
    out.op_type = in.op_type();
    out.is_custom = in.is_custom() != 0;
    out.param = blob(in.binary_param(), where + ".binary_param");
    each(in.cpu_const(), out.consts, where + ".cpu_const", [&](const fb::CpuConst& c, const std::string& here) {
      return CpuConst{text(c.name(), here + ".name"), blob(c.const_data(), here + ".const_data")};
    });
    return out;
  }

  std::uint64_t stream_bytes(const flatbuffers::Vector<const fb::Binary*>* in, const std::string& field) const {
    std::uint64_t total = 0;
    if (!in) return 0;
    for (const fb::Binary* each : *in) {
      check_range(each, field);
      total += each->size();
    }
    return total;
  }

  Subnet subnet(const fb::SubNet& in, const std::string& where) {
    Subnet out;
    out.file_offset = at(&in);
    out.mode = in.subnet_mode();
    out.id = in.id();
    out.is_dynamic = in.is_dynamic() != 0;
    out.ir_offset = in.ir_offset();
    out.ir_bytes = in.ir_len();
    tensors(in.input_tensor(), out.inputs, where + ".input_tensor");
    tensors(in.output_tensor(), out.outputs, where + ".output_tensor");
    each(in.cpu_param(), out.cpu, where + ".cpu_param",
         [&](const fb::CpuParam& c, const std::string& here) { return cpu(c, here); });
    const auto* cores = in.core_commands();
    if (cores && cores->size() != 0) {
      for (std::uint32_t i = 0; i < cores->size(); ++i) {
        const auto here = where + ".core_commands[" + std::to_string(i) + "]";
        const fb::CoreCommands& core = *cores->Get(i);
        if (i == 0) {
          groups(core.gdma_tiu_commands(), out.groups, here + ".gdma_tiu_commands");
        } else if (core.gdma_tiu_commands() && core.gdma_tiu_commands()->size() != 0) {
          throw Error(ErrorKind::unsupported, at(&core), here, "commands of a second core; this chip has one");
        }
        out.other_commands += stream_bytes(core.sdma_commands(), here + ".sdma_commands");
        out.other_commands += stream_bytes(core.hau_commands(), here + ".hau_commands");
        out.other_commands += stream_bytes(core.cdma_commands(), here + ".cdma_commands");
      }
    }
    if (out.groups.empty()) groups(in.cmd_group(), out.groups, where + ".cmd_group");
    if (const auto* next = in.next_subnet_ids()) {
      budget_.charge(std::uint64_t{next->size()} * 4, at(next), where + ".next_subnet_ids");
      out.next_ids.assign(next->begin(), next->end());
    }
    return out;
  }

  Coefficients coefficients(const fb::CoeffMem& in, const std::string& where) {
    Coefficients out;
    out.address = in.address();
    out.data = blob(in.binary_coeff(), where + ".binary_coeff");
    out.encrypt_mode = in.encrypt_mode();
    if (const auto* code = in.check_code(); code && code->size() != 0) {
      if (code->size() != 32) damaged(at(code), where + ".check_code", "is not 32 bytes long");
      out.sha256 = hex(*code);
      auto& known = digests_[{out.data.file_offset, out.data.size}];
      if (out.data.bytes && known.empty()) known = sha256_hex(*out.data.bytes);
      if (out.data.bytes && out.sha256 != known)
        damaged(at(code), where + ".check_code",
                "the coefficients' SHA-256 is " + known + ", the file says " + out.sha256);
    }
    each(in.location(), out.locations, where + ".location", [&](const fb::Location& l, const std::string& here) {
      return CoeffLocation{text(l.name(), here + ".name"), l.offset(), l.size()};
    });
    return out;
  }

  Stage stage(const fb::NetParameter& in, const std::string& where) {
    Stage out;
    out.file_offset = at(&in);
    tensors(in.input_tensor(), out.inputs, where + ".input_tensor");
    tensors(in.output_tensor(), out.outputs, where + ".output_tensor");
    if (out.outputs.empty()) damaged(at(&in), where + ".output_tensor", "the stage has no output");
    out.ctx_addr = in.ctx_addr();
    out.ctx_size = in.ctx_size();
    if (const auto* sizes = in.ctx_sizes()) {
      budget_.charge(std::uint64_t{sizes->size()} * 8, at(sizes), where + ".ctx_sizes");
      out.ctx_sizes.assign(sizes->begin(), sizes->end());
    }
    out.io_addr = in.io_addr();
    out.io_size = in.io_size();
    if (const auto* coeff = in.coeff_mem()) out.coefficients = coefficients(*coeff, where + ".coeff_mem");
    out.is_dynamic = in.is_dynamic() != 0;
    out.cpu_mem_size = in.cpu_mem_size();
    out.core_num = in.core_num();
    out.net_profile = blob(in.net_profile(), where + ".net_profile");
    check_range(in.net_stat(), where + ".net_stat");
    check_range(in.tensor_loc(), where + ".tensor_loc");
    check_range(in.binary_ir(), where + ".binary_ir");
    if (in.binary_ir()) out.ir_bytes = in.binary_ir()->size();
    each(in.sub_net(), out.subnets, where + ".sub_net",
         [&](const fb::SubNet& s, const std::string& here) { return subnet(s, here); });
    if (in.cmd_group() && in.cmd_group()->size() != 0) {
      // Files without sub-networks have their commands here; files with them may repeat those of the first.
      if (out.subnets.empty()) {
        Subnet only;
        only.file_offset = out.file_offset;
        only.inputs = out.inputs;
        only.outputs = out.outputs;
        only.is_dynamic = out.is_dynamic;
        out.subnets.push_back(std::move(only));
      }
      const auto first = std::ranges::find_if(out.subnets, [](const Subnet& s) {
        return s.mode == static_cast<std::int32_t>(SubnetMode::tpu) && !s.is_dynamic;
      });
      if (first != out.subnets.end() && first->groups.empty())
        groups(in.cmd_group(), first->groups, where + ".cmd_group");
    }
    if (out.subnets.empty()) damaged(at(&in), where + ".sub_net", "the stage has neither sub-networks nor commands");
    return out;
  }

  Net net(const fb::Net& in, const std::string& where) {
    Net out;
    out.name = text(in.name(), where + ".name");
    if (out.name.empty()) damaged(at(&in), where + ".name", "the net has no name");
    out.addr_mode = in.addr_mode();
    if (const auto* c = in.cascade())
      out.cascade = Cascade{c->device_id(), c->step(), text(c->main_name(), where + ".cascade.main_name")};
    each(in.parameter(), out.stages, where + ".parameter",
         [&](const fb::NetParameter& p, const std::string& here) { return stage(p, here); });
    if (out.stages.empty()) damaged(at(&in), where + ".parameter", "the net has no stage");
    return out;
  }

  ByteView flatbuffer_, binary_;
  Budget& budget_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::shared_ptr<const Bytes>> blobs_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::string> digests_;  // of blobs
};

void read_header(ByteView file, Model& model) {
  if (file.size() < header_bytes) {
    damaged(file.size(), "header",
            "the file ends after " + std::to_string(file.size()) + " of the header's " + std::to_string(header_bytes) +
                " bytes (truncated?)");
  }
  if (file.u32(0, "magic") != magic) damaged(0, "magic", "this is no .bmodel, which starts with ee aa 55 ff");
  const auto header_size = file.u32(header_size_at, "header_size");
  if (header_size != header_bytes)
    damaged(header_size_at, "header_size", std::to_string(header_size) + " is not " + std::to_string(header_bytes));
  model.flatbuffer_bytes = file.u32(flatbuffer_bytes_at, "flatbuffers_size");
  model.binary_bytes = file.u64(binary_bytes_at, "binary_size");
  const auto left = file.size() - header_bytes;
  const auto claimed = [&](std::uint64_t where, const char* field, std::uint64_t size, std::uint64_t there) {
    if (size > there)
      damaged(where, field,
              std::to_string(size) + " bytes, of which the file holds " + std::to_string(there) + " (truncated?)");
  };
  claimed(flatbuffer_bytes_at, "flatbuffers_size", model.flatbuffer_bytes, left);
  claimed(binary_bytes_at, "binary_size", model.binary_bytes, left - model.flatbuffer_bytes);
  if (model.flatbuffer_bytes < 8 || model.flatbuffer_bytes > 0x7ffffff0)
    damaged(flatbuffer_bytes_at, "flatbuffers_size", "is not the size of a flatbuffer");
}

}  // namespace

bool looks_like_bmodel(ByteView file) { return file.size() >= 4 && file.u32(0, "magic") == magic; }

Model read(ByteView file) {
  Model model;
  read_header(file, model);
  ByteView flatbuffer = file.sub(header_bytes, model.flatbuffer_bytes, "flatbuffer");
  Bytes aligned;  // flatbuffers are read through typed pointers
  if (reinterpret_cast<std::uintptr_t>(flatbuffer.data()) % 8 != 0) {
    aligned.assign(flatbuffer.span().begin(), flatbuffer.span().end());
    flatbuffer = ByteView(aligned, flatbuffer.file_offset());
  }
  check_flatbuffer(flatbuffer, fb::ModelTypeTable());
  flatbuffers::Verifier verifier(flatbuffer.data(), flatbuffer.size(), 16, 1'000'000);
  if (!fb::VerifyModelBuffer(verifier)) damaged(flatbuffer.file_offset(), "flatbuffer", "the flatbuffer is not valid");
  const ByteView binary = file.sub(header_bytes + model.flatbuffer_bytes, model.binary_bytes, "binary section");
  Budget budget(2 * file.size() + (24u << 20));
  Reader(flatbuffer, binary, budget).model(*fb::GetModel(flatbuffer.data()), model);
  return model;
}

std::vector<std::string> Model::refusals(const Net& net, const Stage& stage) const {
  std::vector<std::string> reasons;
  if (net.addr_mode < 0 || net.addr_mode > 1) {
    constexpr const char* modes[] = {"basic", "io alone", "io tag", "io tag fuse", "io relocation"};
    reasons.push_back("address mode " + std::to_string(net.addr_mode) +
                      (net.addr_mode >= 0 && net.addr_mode <= 4 ? std::string(" (") + modes[net.addr_mode] + ")" : "") +
                      " is not supported");
  }
  if (net.cascade && !net.cascade->main_name.empty())
    reasons.push_back("net '" + net.name + "' is one step of the cascade '" + net.cascade->main_name + "'");
  if (stage.core_num > 1) reasons.push_back("commands for " + std::to_string(stage.core_num) + " cores");
  if (stage.coefficients && stage.coefficients->encrypt_mode != 0)
    reasons.emplace_back("the coefficients are encrypted");
  for (std::size_t i = 0; i < stage.subnets.size(); ++i) {
    const Subnet& subnet = stage.subnets[i];
    const std::string which = "sub-network " + std::to_string(i);
    switch (subnet.mode) {
      case static_cast<std::int32_t>(SubnetMode::tpu): break;
      case static_cast<std::int32_t>(SubnetMode::cpu): {
        std::string types;
        for (const CpuParam& cpu : subnet.cpu) types += (types.empty() ? "" : ", ") + std::to_string(cpu.op_type);
        reasons.push_back(which + " runs on the host CPU (layer type " + (types.empty() ? "not told" : types) + ")");
        break;
      }
      case static_cast<std::int32_t>(SubnetMode::merge): reasons.push_back(which + " merges branches"); break;
      case static_cast<std::int32_t>(SubnetMode::switch_): reasons.push_back(which + " is a switch of branches"); break;
      default: reasons.push_back(which + " has the unknown mode " + std::to_string(subnet.mode));
    }
    if (subnet.is_dynamic)
      reasons.push_back(which + " is dynamic: it holds an IR for the chip's firmware and no commands");
    if (subnet.other_commands) reasons.push_back(which + " has commands of engines that this chip does not have");
    for (const CommandGroup& group : subnet.groups)
      if (!group.relocations.empty()) {
        reasons.push_back(which + " has a list of relocations");
        break;
      }
  }
  return reasons;
}

}  // namespace vnpu::bmodel
