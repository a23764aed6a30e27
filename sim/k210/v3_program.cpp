// Version 3: layers one after the other, on AI RAM and one buffer of main memory.
#include <cstring>

#include "base/error.h"
#include "sim/k210/kpu.h"
#include "sim/k210/main_memory.h"
#include "sim/k210/program.h"
#include "sim/k210/v3_layers.h"

namespace vnpu::k210 {
namespace {

using namespace kmodel::v3;
using K210Layer = vnpu::k210::Layer;

K210Layer descriptor(const Conv& conv) { return decode_layer(conv.descriptor); }

class V3Program final : public Program {
 public:
  V3Program(std::shared_ptr<const kmodel::Model> model, const ProgramOptions& options)
      : file_(std::move(model)),
        model_(*file_->as_v3()),
        options_(options),
        memory_(model_.main_memory),
        kpu_layers_(model_.layers.size()) {
    if (model_.layers.empty()) throw Error(ErrorKind::fault, "the model has no layer");
    const auto& first = model_.layers[0];
    if (const auto* conv = std::get_if<Conv>(&first.body)) {
      const auto& layer = kpu_layer(0);
      input_ = info("input0", DType::u8, {1, layer.input().channels, layer.input().height, layer.input().width});
      input_.memory = "ai_ram";
      input_.address = static_cast<std::uint64_t>(descriptor(*conv).image_src_addr) * line_bytes;
      input_.image.shape = {1, layer.input().channels, layer.input().height, layer.input().width};
      if (layer.input().channels == 3) input_.image.pixel_format = "RGB_PLANAR";
      if (layer.input().channels == 1) input_.image.pixel_format = "GRAYSCALE";
    } else if (const auto* connected = std::get_if<FullyConnected>(&first.body)) {
      input_ = info("input0", DType::f32, {connected->in_channels});
      input_.memory = "main";
      input_.address = connected->in;
    } else {
      throw Error(ErrorKind::fault, "the first layer is '" + std::string(name(first.type)) +
                                        "': the chip's run time starts with conv or fully_connected only");
    }
    input_.is_input = true;
  }

  std::vector<TensorInfo> inputs() const override { return {input_}; }

  std::vector<TensorInfo> outputs() const override {
    std::vector<TensorInfo> all;
    for (std::size_t i = 0; i < model_.outputs.size(); ++i) {
      const auto& output = model_.outputs[i];
      bool is_float = false;
      for (const auto& layer : model_.layers) {  // the last that writes there decides
        const auto out = output_of(layer);
        if (out && out->address == output.address) is_float = out->is_float;
      }
      is_float = is_float && output.size % 4 == 0;
      TensorInfo each = info("output" + std::to_string(i), is_float ? DType::f32 : DType::u8,
                             {static_cast<std::int64_t>(is_float ? output.size / 4 : output.size)});
      each.memory = "main";
      each.address = output.address;
      all.push_back(std::move(each));
    }
    return all;
  }

  void set_input(std::size_t, std::span<const std::uint8_t> bytes) override {
    if (input_.dtype == DType::u8) {
      const auto& first = kpu_layer(0);
      ram_.write(static_cast<std::uint64_t>(first.layer().image_src_addr), first.input(), bytes);
    } else {
      std::ranges::copy(bytes, memory_.range(*input_.address, bytes.size()).begin());
    }
  }

  Tensor output(std::size_t index) const override {
    const TensorInfo about = outputs().at(index);
    const auto bytes = memory_.range(*about.address, about.byte_size);
    return {about.dtype, about.shape, Bytes(bytes.begin(), bytes.end())};
  }

  bool at_end() const override { return at_ == model_.layers.size(); }

  StepReport next() const override {
    StepReport report;
    report.command = at_;
    report.layer_id = static_cast<std::uint32_t>(at_);
    const auto& layer = model_.layers[at_];
    const bool on_kpu = std::holds_alternative<Conv>(layer.body);
    report.text = (on_kpu ? "kpu." : "cpu.") + std::string(name(layer.type));
    return report;
  }

  void step() override {
    const std::size_t at = at_;
    try {
      execute(at);
      at_ = at + 1;
    } catch (const Error& error) {
      restart();
      throw with_context(error, "layer " + std::to_string(at) + " (" + std::string(name(model_.layers[at].type)) + ")");
    }
  }

  ResultType last_result_type() const override {
    if (result_layer_) {
      const MapShape& map = result_layer_->output();
      return {DType::u8, {1, map.channels, map.height, map.width}};
    }
    return {result_is_float_ ? DType::f32 : DType::u8,
            {static_cast<std::int64_t>(result_.size() / (result_is_float_ ? 4 : 1))}};
  }

  const AiRam* ai_ram() const override { return &ram_; }
  void restart() override { at_ = 0; }

  std::optional<Bytes> last_result() const override {
    if (!result_layer_) return result_;
    Bytes out(result_layer_->output().count());
    result_layer_->read_output(ram_, out);
    return out;
  }

 private:
  static TensorInfo info(std::string name, DType dtype, Shape shape) {
    TensorInfo out;
    out.name = std::move(name);
    out.dtype = dtype;
    out.shape = std::move(shape);
    out.byte_size = element_count(out.shape) * size_of(dtype);
    return out;
  }

  const KpuLayer& kpu_layer(std::size_t at) {
    if (kpu_layers_[at]) return *kpu_layers_[at];
    const auto& conv = std::get<Conv>(model_.layers[at].body);
    const K210Layer layer = descriptor(conv);
    KpuParameters parameters;
    parameters.wide_weights = !model_.eight_bit_weights;
    const std::uint64_t weights = layer.weight_count() * (parameters.wide_weights ? 2 : 1);
    parameters.weights = file_->bytes(conv.weights_offset, weights, "weights").span();
    parameters.bn = file_->bytes(conv.bn_offset, bn_bytes * layer.out_channels(), "bn table").span();
    parameters.activation = file_->bytes(conv.activation_offset, activation_bytes, "activation table").span();
    kpu_layers_[at] = std::make_unique<KpuLayer>(layer, parameters, 1, Arithmetic::v3, options_.level);
    return *kpu_layers_[at];
  }

  void execute(std::size_t at) {
    const auto& layer = model_.layers[at];
    result_layer_ = nullptr;
    const auto output = output_of(layer);
    result_is_float_ = output && output->is_float;
    if (const auto* conv = std::get_if<Conv>(&layer.body)) {
      const KpuLayer& kpu = kpu_layer(at);
      kpu.run(ram_);
      if (layer.main_memory_output) kpu.read_output(ram_, memory_.range(conv->main_out, kpu.output().count()));
      result_layer_ = &kpu;
    } else if (const auto* padding = std::get_if<AddPadding>(&layer.body)) {
      const auto in = memory_.range(padding->in, padding->channels);
      const MapShape map{padding->channels, 4, 4};  // only the first element of each channel is written
      AiRam::require(padding->kpu_out, map, "the padded map");
      std::uint8_t* to = ram_.bytes().data() + std::uint64_t{padding->kpu_out} * line_bytes;
      for (std::uint32_t c = 0; c < padding->channels; ++c) to[map.channel_offset(c)] = in[c];
      result_ = Bytes(in.begin(), in.end());
    } else if (const auto* upload = std::get_if<Upload>(&layer.body)) {
      const MapShape map{upload->shape.channels, upload->shape.height, upload->shape.width};
      AiRam::require(upload->kpu_out, map, "the uploaded map");
      const auto in = memory_.range(upload->in, map.count());
      ram_.write(upload->kpu_out, map, in);
      result_ = Bytes(in.begin(), in.end());
    } else {
      const auto done = run_cpu_layer(*file_, layer, memory_, options_.quirks);
      result_ = Bytes(done->begin(), done->end());
    }
  }

  std::shared_ptr<const kmodel::Model> file_;
  const kmodel::v3::Model& model_;
  ProgramOptions options_;
  mutable MainMemory memory_;
  AiRam ram_;
  std::vector<std::unique_ptr<KpuLayer>> kpu_layers_;
  TensorInfo input_;
  std::size_t at_ = 0;
  Bytes result_;
  bool result_is_float_ = false;
  const KpuLayer* result_layer_ = nullptr;
};

}  // namespace

std::unique_ptr<Program> make_v3_program(std::shared_ptr<const kmodel::Model> model, const ProgramOptions& options) {
  return std::make_unique<V3Program>(std::move(model), options);
}

}  // namespace vnpu::k210
