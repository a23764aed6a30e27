// Version 4: nodes one after the other, on AI RAM, main memory and constants.
#include <cstring>

#include "base/error.h"
#include "sim/k210/kpu.h"
#include "sim/k210/program.h"
#include "sim/k210/v4_memory.h"
#include "sim/k210/v4_nodes.h"

namespace vnpu::k210 {
namespace {

using namespace kmodel::v4;

struct BatchedMap {
  std::uint64_t line = 0, batches = 1;
  MapShape shape;
};

BatchedMap map_at(const MemoryRange& range, const kmodel::v4::Shape& shape) {
  if (range.memory != Memory::kpu || range.start % line_bytes != 0) {
    throw Error(ErrorKind::fault, "a map is uploaded to what is no line of the AI RAM");
  }
  BatchedMap map;
  map.line = range.start / line_bytes;
  map.batches = static_cast<std::uint64_t>(shape[0]);
  map.shape = {static_cast<std::uint32_t>(shape[1]), static_cast<std::uint32_t>(shape[2]),
               static_cast<std::uint32_t>(shape[3])};
  AiRam::require(map.line, map.shape, "the uploaded map");
  if (map.batches > line_count) throw Error(ErrorKind::fault, "more maps than the AI RAM has lines");
  AiRam::require(map.line + (map.batches - 1) * map.shape.lines(), map.shape, "the last uploaded map");
  return map;
}

void upload(AiRam& ram, const BatchedMap& map, std::span<const std::uint8_t> bytes) {
  for (std::uint64_t batch = 0; batch < map.batches; ++batch) {
    ram.write(map.line + batch * map.shape.lines(), map.shape,
              bytes.subspan(batch * map.shape.count(), map.shape.count()));
  }
}

class V4Program final : public Program {
 public:
  V4Program(std::shared_ptr<const kmodel::Model> model, const ProgramOptions& options)
      : file_(std::move(model)),
        model_(*file_->as_v4()),
        options_(options),
        memory_(*file_),
        kpu_layers_(model_.nodes.size()) {
    for (std::size_t i = 0; i < model_.inputs.size(); ++i) {
      const auto& input = model_.inputs[i];
      TensorInfo info = about("input" + std::to_string(i), input.range);
      info.shape = {input.shape[0], input.shape[1], input.shape[2], input.shape[3]};
      info.byte_size = element_count(info.shape) * size_of(info.dtype);
      if (input.range.memory == Memory::kpu && !options_.quirks.flat_kpu_input) {
        map_at(input.range, input.shape);
      } else if (info.byte_size != input.range.size) {
        throw Error(ErrorKind::fault, info.name + " of " + std::to_string(info.byte_size) +
                                          " bytes has a memory range of " + std::to_string(input.range.size));
      }
      info.is_input = true;
      info.image.shape = info.shape;
      if (info.dtype == DType::u8 && input.shape[1] == 3) info.image.pixel_format = "RGB_PLANAR";
      if (info.dtype == DType::u8 && input.shape[1] == 1) info.image.pixel_format = "GRAYSCALE";
      inputs_.push_back(std::move(info));
    }
    for (std::size_t i = 0; i < model_.outputs.size(); ++i) {
      TensorInfo info = about("output" + std::to_string(i), model_.outputs[i]);
      info.shape = {static_cast<std::int64_t>(model_.outputs[i].size / size_of(info.dtype))};
      info.byte_size = element_count(info.shape) * size_of(info.dtype);
      outputs_.push_back(std::move(info));
    }
  }

  std::vector<TensorInfo> inputs() const override { return inputs_; }
  std::vector<TensorInfo> outputs() const override { return outputs_; }

  void set_input(std::size_t index, std::span<const std::uint8_t> bytes) override {
    const auto& input = model_.inputs.at(index);
    if (input.range.memory == Memory::kpu && !options_.quirks.flat_kpu_input) {
      upload(memory_.ram(), map_at(input.range, input.shape), bytes);
    } else {
      memory_.put(input.range, bytes);
    }
  }

  Tensor output(std::size_t index) const override {
    const auto bytes = memory_.read(model_.outputs.at(index)).first(outputs_[index].byte_size);
    return {outputs_[index].dtype, outputs_[index].shape, Bytes(bytes.begin(), bytes.end())};
  }

  bool at_end() const override { return at_ == model_.nodes.size(); }

  StepReport next() const override {
    const auto& node = model_.nodes[at_];
    StepReport report;
    report.command = at_;
    report.layer_id = static_cast<std::uint32_t>(at_);
    const std::string text(name(node.opcode));
    report.text = std::holds_alternative<KpuConv2d>(node.body) ? "kpu.conv" : "cpu." + text;
    return report;
  }

  void step() override {
    const std::size_t at = at_;
    try {
      execute(at);
      at_ = at + 1;
    } catch (const Error& error) {
      restart();
      throw with_context(error, "node " + std::to_string(at) + " (" + std::string(name(model_.nodes[at].opcode)) + ")");
    }
  }

  ResultType last_result_type() const override {
    if (result_layer_) {
      const MapShape& map = result_layer_->output();
      return {DType::u8, {result_layer_->batches(), map.channels, map.height, map.width}};
    }
    return {result_is_float_ ? DType::f32 : DType::u8,
            {static_cast<std::int64_t>(result_.size() / (result_is_float_ ? 4 : 1))}};
  }

  const AiRam* ai_ram() const override { return &memory_.ram(); }
  void restart() override { at_ = 0; }

  std::optional<Bytes> last_result() const override {
    if (!result_layer_) return result_;
    Bytes out(result_layer_->output().count() * result_layer_->batches());
    result_layer_->read_output(memory_.ram(), out);
    return out;
  }

 private:
  static TensorInfo about(std::string name, const MemoryRange& range) {
    constexpr const char* memories[] = {"constant", "main", "ai_ram"};
    TensorInfo info;
    info.name = std::move(name);
    info.dtype = range.type == DataType::float32 ? DType::f32 : DType::u8;
    info.memory = memories[static_cast<std::uint32_t>(range.memory)];
    info.address = range.start;
    return info;
  }

  const KpuLayer& kpu_layer(std::size_t at) {
    if (kpu_layers_[at]) return *kpu_layers_[at];
    const auto& conv = std::get<KpuConv2d>(model_.nodes[at].body);
    const auto layer = decode_layer(conv.descriptor);
    if (conv.batches < 1) throw Error(ErrorKind::fault, std::to_string(conv.batches) + " batches");
    const ByteView tail = file_->bytes(conv.tail.offset, conv.tail.count, "kpu_conv2d");
    // The address fields hold the padding before each array until the run time puts addresses there.
    std::uint64_t place = 0;
    const auto take = [&](std::int64_t padding, std::uint64_t size, const char* field) {
      place += static_cast<std::uint64_t>(padding);
      const auto bytes = tail.sub(place, size, field).span();
      place += size;
      return bytes;
    };
    KpuParameters parameters;
    parameters.bn = take(layer.bwsx_base_addr, bn_bytes * layer.out_channels(), "bn table");
    parameters.activation = take(layer.active_addr, activation_bytes, "activation table");
    parameters.weights = take(layer.para_start_addr, layer.weight_count(), "weights");
    kpu_layers_[at] = std::make_unique<KpuLayer>(layer, parameters, static_cast<std::uint32_t>(conv.batches),
                                                 Arithmetic::v4, options_.level);
    return *kpu_layers_[at];
  }

  void execute(std::size_t at) {
    const auto& node = model_.nodes[at];
    result_layer_ = nullptr;
    if (const auto* conv = std::get_if<KpuConv2d>(&node.body)) {
      const KpuLayer& kpu = kpu_layer(at);
      kpu.run(memory_.ram());
      if (conv->main_memory_output.size != 0) {
        const std::uint64_t size = kpu.output().count() * kpu.batches();
        V4Memory::require(conv->main_memory_output, size, 1);
        kpu.read_output(memory_.ram(), memory_.write(conv->main_memory_output).first(size));
      }
      result_layer_ = &kpu;
    } else if (const auto* from = std::get_if<KpuUpload>(&node.body)) {
      const BatchedMap map = map_at(from->out, from->in_shape);
      result_ = memory_.bytes(from->in, map.batches * map.shape.count());
      upload(memory_.ram(), map, result_);
      result_is_float_ = false;
    } else {
      const auto done = run_cpu_node(*file_, node, memory_, options_.quirks);
      result_ = Bytes(done->begin(), done->end());
      result_is_float_ = std::visit(
          []<class Body>(const Body& body) {
            if constexpr (requires { body.out; }) return body.out.type == DataType::float32;
            return false;
          },
          node.body);
    }
  }

  std::shared_ptr<const kmodel::Model> file_;
  const Model& model_;
  ProgramOptions options_;
  mutable V4Memory memory_;
  std::vector<std::unique_ptr<KpuLayer>> kpu_layers_;
  std::vector<TensorInfo> inputs_, outputs_;
  std::size_t at_ = 0;
  Bytes result_;
  bool result_is_float_ = false;
  const KpuLayer* result_layer_ = nullptr;
};

}  // namespace

std::unique_ptr<Program> make_v4_program(std::shared_ptr<const kmodel::Model> model, const ProgramOptions& options) {
  return std::make_unique<V4Program>(std::move(model), options);
}

}  // namespace vnpu::k210
