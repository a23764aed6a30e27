#include "devices/maix/kpu_task.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "isa/k210/layer.h"
#include "sim/runtime/registry.h"

namespace vnpu::devices::maix {

namespace {

namespace v3 = kmodel::v3;

constexpr std::uint32_t magic_v3 = 3, magic_encrypted_v3 = 10003, magic_v4 = 0x4B4D444C,
                        magic_encrypted_v4 = 0x534D444C, magic_e = 0x454D444C;
constexpr std::uint64_t v3_header = 28, v4_header = 40;

k210::Layer layer_of(const v3::Conv& conv) {
  std::array<std::uint8_t, k210::layer_bytes> words;
  std::memcpy(words.data(), conv.descriptor.data(), words.size());
  return k210::decode_layer(words);
}

// Where the model ends in a flash that goes on; 0 when its tables already leave it.
std::uint64_t v3_size(ByteView file) {
  const std::uint64_t outputs = file.u32(24, "outputs"), layers = file.u32(12, "layers");
  std::uint64_t at = v3_header + 8 * outputs, body = at + 8 * layers;
  for (std::uint64_t i = 0; i < layers; ++i, at += 8) {
    if (at + 8 > file.size()) return 0;
    body += file.u32(at + 4, "body size");
  }
  return body;
}

std::uint64_t v4_size(ByteView file) {
  const std::uint64_t constants = file.u32(16, "constants"), nodes = file.u32(24, "nodes");
  const std::uint64_t inputs = file.u32(28, "inputs"), outputs = file.u32(32, "outputs");
  std::uint64_t at = v4_header + 32 * inputs + 16 * outputs + constants, body = at + 8 * nodes;
  for (std::uint64_t i = 0; i < nodes; ++i, at += 8) {
    if (at + 8 > file.size()) return 0;
    body += file.u32(at + 4, "body size");
  }
  return body;
}

// The checks of the firmware's loader that look at the file; the memory it wants, for the caller.
int check(ByteView file, std::uint64_t& main_memory, bool& version4) {
  if (file.size() < 4) return kpu_error::read_file;
  const std::uint32_t magic = file.u32(0, "magic");
  if (file.size() < v3_header) return kpu_error::read_file;
  if (magic == magic_encrypted_v3 || magic == magic_encrypted_v4 || magic == magic_e) return kpu_error::decrypt;
  version4 = magic == magic_v4;
  if (magic == magic_v3) {
    const std::uint64_t layers = file.u32(12, "layers"), table = v3_header + 8 * std::uint64_t{file.u32(24, "outputs")};
    for (std::uint64_t i = 0; i < layers; ++i) {
      if (table + 8 * i + 8 > file.size()) return kpu_error::read_file;
      if (static_cast<std::int32_t>(file.u32(table + 8 * i + 4, "body size")) <= 0) return kpu_error::kmodel_format;
    }
    main_memory = file.u32(20, "main memory");
    return 0;
  }
  if (!version4) return kpu_error::kmodel_version;
  if (file.size() < v4_header || file.u32(4, "version") != 4 || file.u32(12, "target") > 1) return kpu_error::no_mem;
  main_memory = file.u32(20, "main memory");
  return 0;
}

const char* layer_name(v3::LayerType type) {
  switch (type) {
    case v3::LayerType::add: return "KL_ADD";
    case v3::LayerType::quantized_add: return "KL_QUANTIZED_ADD";
    case v3::LayerType::global_max_pool: return "KL_GLOBAL_MAX_POOL2D";
    case v3::LayerType::quantized_global_max_pool: return "KL_QUANTIZED_GLOBAL_MAX_POOL2D";
    case v3::LayerType::global_average_pool: return "KL_GLOBAL_AVERAGE_POOL2D";
    case v3::LayerType::quantized_global_average_pool: return "KL_QUANTIZED_GLOBAL_AVERAGE_POOL2D";
    case v3::LayerType::max_pool: return "KL_MAX_POOL2D";
    case v3::LayerType::quantized_max_pool: return "KL_QUANTIZED_MAX_POOL2D";
    case v3::LayerType::average_pool: return "KL_AVERAGE_POOL2D";
    case v3::LayerType::quantized_average_pool: return "KL_QUANTIZED_AVERAGE_POOL2D";
    case v3::LayerType::quantize: return "KL_QUANTIZE";
    case v3::LayerType::dequantize: return "KL_DEQUANTIZE";
    case v3::LayerType::requantize: return "KL_REQUANTIZE";
    case v3::LayerType::l2_normalization: return "KL_L2_NORMALIZATION";
    case v3::LayerType::softmax: return "KL_SOFTMAX";
    case v3::LayerType::concat: return "KL_CONCAT";
    case v3::LayerType::quantized_concat: return "KL_QUANTIZED_CONCAT";
    case v3::LayerType::fully_connected: return "KL_FULLY_CONNECTED";
    case v3::LayerType::quantized_fully_connected: return "KL_QUANTIZED_FULLY_CONNECTED";
    case v3::LayerType::flatten: return "KL_TENSORFLOW_FLATTEN";
    case v3::LayerType::quantized_flatten: return "KL_QUANTIZED_TENSORFLOW_FLATTEN";
    case v3::LayerType::resize_nearest: return "KL_RESIZE_NEAREST_NEIGHBOR";
    case v3::LayerType::quantized_resize_nearest: return "KL_QUANTIZED_RESIZE_NEAREST_NEIGHBOR";
    case v3::LayerType::channelwise_dequantize: return "KL_CHANNELWISE_DEQUANTIZE";
    case v3::LayerType::logistic: return "KL_LOGISTIC";
    case v3::LayerType::conv: return "KL_K210_CONV";
    case v3::LayerType::add_padding: return "KL_K210_ADD_PADDING";
    case v3::LayerType::remove_padding: return "KL_K210_REMOVE_PADDING";
    case v3::LayerType::upload: return "KL_K210_UPLOAD";
  }
  return "KL_INVALID";
}

char type_of(v3::LayerType type) {
  switch (static_cast<std::uint32_t>(type)) {
    case 1:
    case 5:
    case 9:
    case 12:
    case 14:
    case 15:
    case 16:
    case 18:
    case 20:
    case 22:
    case 24:
    case 25: return 'f';
    case 2:
    case 8:
    case 10:
    case 11:
    case 13:
    case 17:
    case 19:
    case 21:
    case 23:
    case 10240:
    case 10241:
    case 10242:
    case 10243: return 'B';
    default: return 0;
  }
}

}  // namespace

const char* kpu_error_text(int code) {
  switch (code) {
    case 0: return "ERR_NONE";
    case kpu_error::param: return "ERR_PARAM: please check param, load address or kmodel file name";
    case kpu_error::kmodel_version: return "ERR_KMODEL_VERSION: only support kmodel V3/V4 now";
    case kpu_error::kmodel_format: return "ERR_KMODEL_FORMAT: layer_header.body_size <=0";
    case kpu_error::decrypt: return "ERR_DECRYPT: check smodel match with your board";
    case kpu_error::read_file: return "ERR_READ_FILE: read file failed";
    case kpu_error::no_mem: return "ERR_NO_MEM: memory not enough";
    case kpu_error::get_conv_layer: return "ERR_GET_CONV_LAYER: first layer should be conv layer";
    case kpu_error::run_model: return "ERR_RUN_MODEL: maybe model dirty";
    case kpu_error::models_full: return "ERR_MODELS_FULL: we only support load 5 models in the same time";
    case kpu_error::permission: return "ERR_PERMITION";
    case kpu_error::index_out_of_range: return "SIPEED_KPU_ERR_IDX_OUTRANGE";
    case kpu_error::size_not_match: return "SIPEED_KPU_ERR_SIZE_NOTMATCH";
    case kpu_error::outputs_not_done: return "ERR_OUTPUTS_SET: need kpu.set_outputs() to set shape";
    case kpu_error::not_implement: return "ERR_NOT_IMPLEMENT";
    default: return "ERR_UNKNOWN";
  }
}

int KpuTask::load(ByteView bytes, bool in_flash, SystemHeap& heap, std::unique_ptr<KpuTask>& task) {
  std::uint64_t main_memory = 0;
  bool version4 = false;
  if (const int code = check(bytes, main_memory, version4)) return code;
  std::uint64_t size = bytes.size();
  if (in_flash) {
    size = version4 ? v4_size(bytes) : v3_size(bytes);
    if (size == 0 || size > bytes.size()) return kpu_error::read_file;
  }
  auto made = std::make_unique<KpuTask>();
  auto file_memory = heap.take(size);
  if (!file_memory) return kpu_error::no_mem;
  made->file_memory_ = std::move(*file_memory);
  auto main_block = heap.take(main_memory);
  if (!main_block) return kpu_error::no_mem;
  made->main_memory_ = std::move(*main_block);
  if (!version4 && bytes.u32(8, "arch") != 0) return kpu_error::kmodel_version;
  const ByteView file = bytes.sub(0, size, "model");
  try {
    made->model_ = std::make_shared<kmodel::Model>(kmodel::read(file));
    made->file_ = open_model(file);
  } catch (const Error&) {
    // What the loader does not look at and the simulator cannot make sense of.
    return version4 ? kpu_error::no_mem : kpu_error::unknown;
  }
  try {
    made->network_ = made->file_->instantiate({.engine = "fast", .quirks = "board", .program = 0});
  } catch (const Error& error) {  // the firmware finds out when it runs
    made->refusal_ = error;
  }
  try {
    const Profile profile = made->file_->profile({});
    made->time_ns_ = static_cast<std::uint64_t>((profile.ms(profile.cycles) + profile.runtime_ms) * 1e6);
  } catch (const Error&) {  // no time model, or not of this model
  }
  task = std::move(made);
  return 0;
}

std::optional<KpuTask::Input> KpuTask::picture() const {
  if (const auto* model = model_->as_v4()) {
    if (model->inputs.empty()) return std::nullopt;
    const auto& shape = model->inputs[0].shape;
    return Input{static_cast<std::uint32_t>(shape[3]), static_cast<std::uint32_t>(shape[2]),
                 static_cast<std::uint32_t>(shape[1])};
  }
  const auto& layers = model_->as_v3()->layers;
  if (layers.empty()) return std::nullopt;
  const auto* conv = std::get_if<v3::Conv>(&layers[0].body);
  if (!conv) return std::nullopt;
  const k210::Layer layer = layer_of(*conv);
  return Input{layer.in_width(), layer.in_height(), layer.in_channels()};
}

std::optional<std::uint32_t> KpuTask::floats() const {
  if (version4()) return std::nullopt;
  const auto& layers = model_->as_v3()->layers;
  if (layers.empty()) return std::nullopt;
  const auto* full = std::get_if<v3::FullyConnected>(&layers[0].body);
  return full ? std::optional(full->in_channels) : std::nullopt;
}

std::size_t KpuTask::layers() const {
  return version4() ? model_->as_v4()->nodes.size() : model_->as_v3()->layers.size();
}

std::size_t KpuTask::outputs() const {
  return version4() ? model_->as_v4()->outputs.size() : model_->as_v3()->outputs.size();
}

std::uint64_t KpuTask::output_bytes(std::size_t index) const {
  return version4() ? model_->as_v4()->outputs.at(index).size : model_->as_v3()->outputs.at(index).size;
}

void KpuTask::run(std::span<const std::uint8_t> input, std::size_t layers) {
  if (refusal_) throw *refusal_;
  const auto inputs = network_->inputs();
  if (inputs.size() != 1 || inputs[0].byte_size != input.size())
    throw Error(ErrorKind::unsupported, "the model does not take one picture");
  network_->set_input(inputs[0].name, input);
  cut_.reset();
  ran_ = std::min(layers, this->layers());
  if (ran_ == this->layers()) {
    network_->run();
  } else {
    for (std::size_t i = 0; i < ran_; ++i) network_->step();
    cut_ = network_->last_result();
  }
  done_ = true;
}

KpuOutput KpuTask::output(std::size_t index) const {
  KpuOutput out;
  if (cut_) {
    out.bytes = *cut_;
  } else {
    const auto outputs = network_->outputs();
    out.bytes = network_->get(outputs.at(index).name).bytes;
  }
  out.width = static_cast<std::uint32_t>(out.bytes.size());
  if (version4()) {
    out.width = 0;
    return out;
  }
  const auto& last = model_->as_v3()->layers.at(ran_ - 1);
  out.type = type_of(last.type);
  if (const auto* conv = std::get_if<v3::Conv>(&last.body)) {
    const k210::Layer layer = layer_of(*conv);
    out.width = layer.out_width();
    out.height = layer.out_height();
    out.channels = layer.out_channels();
  } else {
    out.width &= 0xffff;
  }
  return out;
}

std::vector<KpuTask::LayerInfo> KpuTask::netinfo() const {
  std::vector<LayerInfo> out;
  if (version4()) return out;
  for (const auto& layer : model_->as_v3()->layers) {
    LayerInfo info;
    info.name = layer_name(layer.type);
    info.type = static_cast<std::uint32_t>(layer.type);
    info.body_bytes = info.para_size = layer.size;
    if (const auto* conv = std::get_if<v3::Conv>(&layer.body)) {
      const k210::Layer l = layer_of(*conv);
      info.wi = l.in_width();
      info.hi = l.in_height();
      info.wo = l.out_width();
      info.ho = l.out_height();
      info.chi = l.in_channels();
      info.cho = l.out_channels();
      info.dw = l.depthwise();
      info.kernel_type = static_cast<std::uint32_t>(l.kernel_type);
      info.pool_type = static_cast<std::uint32_t>(l.pool_type);
      info.para_size = static_cast<std::uint32_t>(l.para_size);
    }
    out.push_back(info);
  }
  return out;
}

}  // namespace vnpu::devices::maix
