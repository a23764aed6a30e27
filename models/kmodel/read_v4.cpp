#include <algorithm>

#include "models/kmodel/cursor.h"
#include "models/kmodel/read.h"

namespace vnpu::kmodel {
namespace {

using v4::Opcode;

constexpr std::uint64_t target_at = 12, constants_at = 16, main_memory_at = 20, nodes_at = 24, inputs_at = 28,
                        outputs_at = 32, header_bytes = 40;
constexpr std::uint64_t input_bytes = 32, output_bytes = 16;
constexpr std::int64_t elements_limit = std::int64_t{1} << 28;  // of one tensor

// One field behind the other, with the sizes of the model's memories at hand.
class NodeReader {
 public:
  NodeReader(Cursor in, const v4::Model& model) : in_(in), model_(model) {}

  Cursor& in() { return in_; }

  v4::MemoryRange range(const char* field) {
    const auto at = in_.offset();
    v4::MemoryRange out;
    const auto memory = in_.u32(field), type = in_.u32(field);
    out.start = in_.u32(field);
    out.size = in_.u32(field);
    if (memory > 2) damaged(at, field, "memory type " + std::to_string(memory) + " is not known");
    if (type > 1) damaged(at + 4, field, "data type " + std::to_string(type) + " is not known");
    out.memory = static_cast<v4::Memory>(memory);
    out.type = static_cast<v4::DataType>(type);
    const std::uint64_t limit = out.memory == v4::Memory::constant ? model_.constants.count
                                : out.memory == v4::Memory::main   ? model_.main_memory
                                                                   : ai_ram_bytes;
    if (std::uint64_t{out.start} + out.size > limit) {
      damaged(at + 8, field,
              "bytes " + std::to_string(out.start) + " to " + std::to_string(std::uint64_t{out.start} + out.size) +
                  " are outside of their memory of " + std::to_string(limit));
    }
    return out;
  }

  v4::Shape shape(const char* field) {
    const auto at = in_.offset();
    const auto out = in_.four(field);
    std::int64_t count = 1;
    for (const auto dim : out) {
      if (dim < 1) damaged(at, field, "a dimension is " + std::to_string(dim));
      count *= dim;
      if (count > elements_limit) unsupported(at, field, "the tensor has more than 2^28 elements");
    }
    return out;
  }

  // Between 1 and 2^24.
  std::int32_t positive(const char* field) {
    const auto at = in_.offset();
    const auto out = in_.i32(field);
    if (out < 1 || out > 1 << 24) damaged(at, field, std::to_string(out) + " is outside of 1..2^24");
    return out;
  }

  v4::Padding padding(const char* field) {
    const auto at = in_.offset();
    v4::Padding out;
    out.before = in_.i32(field);
    out.after = in_.i32(field);
    for (const auto side : {out.before, out.after}) {
      if (side < -(1 << 24) || side > 1 << 24) damaged(at, field, std::to_string(side) + " is outside of +-2^24");
    }
    return out;
  }

  v4::Window window() {
    v4::Window out;
    out.pad_h = padding("padding_h");
    out.pad_w = padding("padding_w");
    out.filter_h = positive("filter_h");
    out.filter_w = positive("filter_w");
    out.stride_h = positive("stride_h");
    out.stride_w = positive("stride_w");
    out.dilation_h = positive("dilation_h");
    out.dilation_w = positive("dilation_w");
    return out;
  }

  v4::Range activation() {
    v4::Range out;
    out.min = in_.f32("act.min");
    out.max = in_.f32("act.max");
    return out;
  }

  Array floats(std::uint64_t count, const char* field) { return in_.array(count, 4, field); }

 private:
  Cursor in_;
  const v4::Model& model_;
};

template <class T>
T in_out(NodeReader& node) {
  T out;
  out.in = node.range("input");
  out.out = node.range("output");
  return out;
}

// Input channels of one group; both counts must be whole multiples of the groups.
std::uint64_t group_channels(NodeReader& node, std::int32_t in_channels, std::int32_t out_channels,
                             std::int32_t groups) {
  if (in_channels % groups != 0 || out_channels % groups != 0) {
    damaged(node.in().offset(), "groups",
            std::to_string(in_channels) + " and " + std::to_string(out_channels) + " channels do not divide into " +
                std::to_string(groups) + " groups");
  }
  return static_cast<std::uint64_t>(in_channels / groups);
}

std::uint64_t filter_count(std::uint64_t channels, const v4::Window& window) {
  const auto area = static_cast<std::uint64_t>(window.filter_h) * static_cast<std::uint64_t>(window.filter_w);
  return area > (std::uint64_t{1} << 32) / channels ? std::uint64_t{1} << 32 : area * channels;
}

v4::Binary binary(NodeReader& node) {
  v4::Binary out;
  out.a = node.range("input_a");
  out.b = node.range("input_b");
  out.out = node.range("output");
  out.op = node.in().i32("op");
  out.a_shape = node.shape("input_a.shape");
  out.b_shape = node.shape("input_b.shape");
  out.out_shape = node.shape("output.shape");
  out.act = node.activation();
  return out;
}

v4::QuantizedBinary quantized_binary(NodeReader& node) {
  v4::QuantizedBinary out;
  out.a = node.range("input_a");
  out.b = node.range("input_b");
  out.out = node.range("output");
  out.op = node.in().i32("op");
  out.a_shape = node.shape("input_a.shape");
  out.b_shape = node.shape("input_b.shape");
  out.out_shape = node.shape("output.shape");
  for (auto* field : {&out.a_offset, &out.a_mul, &out.a_shift, &out.b_offset, &out.b_mul, &out.b_shift,
                      &out.output_offset, &out.output_mul, &out.output_shift}) {
    *field = node.in().i32("quantization");
  }
  return out;
}

v4::Concat concat(NodeReader& node) {
  v4::Concat out;
  out.out = node.range("output");
  out.inner_size = node.in().u32("inner_size");
  out.outer_size = node.in().u32("outer_size");
  const auto at = node.in().offset();
  const auto count = node.in().u32("inputs");
  if (count > node.in().left() / 20) {
    damaged(at, "inputs", std::to_string(count) + " inputs need more bytes than the body has");
  }
  out.inputs.resize(count);
  for (auto& input : out.inputs) input.range = node.range("input");
  for (auto& input : out.inputs) input.dim = node.positive("dim");
  return out;
}

enum class Layout { nchw, nhwc, nhwc_depthwise };

Layout layout_of(Opcode opcode) {
  switch (opcode) {
    case Opcode::cpu_conv2d:
    case Opcode::cpu_quantized_conv2d: return Layout::nhwc;
    case Opcode::cpu_depthwise_conv2d:
    case Opcode::cpu_quantized_depthwise_conv2d: return Layout::nhwc_depthwise;
    default: return Layout::nchw;
  }
}

// Everything of a convolution before its arithmetic; returns how many weights it has.
template <class T>
std::uint64_t convolution_head(NodeReader& node, T& out, Layout layout) {
  out = in_out<T>(node);
  out.in_shape = node.shape("input.shape");
  const auto in_channels = out.in_shape[layout == Layout::nchw ? 1 : 3];
  if (layout == Layout::nchw) out.groups = node.positive("groups");
  out.out_channels = layout == Layout::nhwc_depthwise ? in_channels : node.positive("out_channels");
  if (layout == Layout::nhwc_depthwise) out.groups = in_channels;
  const auto channels = group_channels(node, in_channels, out.out_channels, out.groups);
  out.window = node.window();
  return filter_count(channels * static_cast<std::uint64_t>(out.out_channels), out.window);
}

v4::Conv2d conv2d(NodeReader& node, Layout layout) {
  v4::Conv2d out;
  const auto weights = convolution_head(node, out, layout);
  out.act = node.activation();
  out.weights = node.floats(weights, "weights");
  out.bias = node.floats(static_cast<std::uint64_t>(out.out_channels), "bias");
  return out;
}

v4::QuantizedConv2d quantized_conv2d(NodeReader& node, Layout layout) {
  v4::QuantizedConv2d out;
  const auto weights = convolution_head(node, out, layout);
  for (auto* field : {&out.input_offset, &out.filter_offset, &out.output_mul, &out.output_shift, &out.output_offset}) {
    *field = node.in().i32("quantization");
  }
  const auto channels = static_cast<std::uint64_t>(out.out_channels);
  if (layout == Layout::nchw) {
    out.bias = node.in().array(channels, 4, "bias");
    out.weights = node.in().array(weights, 1, "weights");
  } else {
    out.weights = node.in().array(weights, 1, "weights");
    out.bias = node.in().array(channels, 4, "bias");
  }
  return out;
}

v4::Conv2dTranspose conv2d_transpose(NodeReader& node) {
  auto out = in_out<v4::Conv2dTranspose>(node);
  out.in_shape = node.shape("input.shape");
  out.out_shape = node.shape("output.shape");
  out.groups = node.positive("groups");
  const auto channels = group_channels(node, out.in_shape[1], out.out_shape[1], out.groups);
  out.window = node.window();
  out.act = node.activation();
  const auto out_channels = static_cast<std::uint64_t>(out.out_shape[1]);
  out.weights = node.floats(filter_count(channels * out_channels, out.window), "weights");
  out.bias = node.floats(out_channels, "bias");
  return out;
}

v4::Quantization quantization(NodeReader& node) {
  auto out = in_out<v4::Quantization>(node);
  out.zero_point = node.in().i32("zero_point");
  out.scale = node.in().f32("scale");
  return out;
}

v4::Matmul matmul(NodeReader& node) {
  v4::Matmul out;
  out.a = node.range("input_a");
  out.b = node.range("input_b");
  out.out = node.range("output");
  out.a_rows = node.positive("a_rows");
  out.a_cols = node.positive("a_cols");
  out.b_cols = node.positive("b_cols");
  out.act = node.activation();
  out.bias = node.floats(static_cast<std::uint64_t>(out.b_cols), "bias");
  return out;
}

v4::QuantizedMatmul quantized_matmul(NodeReader& node) {
  v4::QuantizedMatmul out;
  out.a = node.range("input_a");
  out.b = node.range("input_b");
  out.out = node.range("output");
  out.a_rows = node.positive("a_rows");
  out.a_cols = node.positive("a_cols");
  out.b_cols = node.positive("b_cols");
  for (auto* field : {&out.a_offset, &out.b_offset, &out.output_mul, &out.output_shift, &out.output_offset}) {
    *field = node.in().i32("quantization");
  }
  out.bias = node.in().array(static_cast<std::uint64_t>(out.b_cols), 4, "bias");
  return out;
}

v4::Pad pad(NodeReader& node) {
  auto out = in_out<v4::Pad>(node);
  out.in_shape = node.shape("input.shape");
  for (auto& padding : out.paddings) padding = node.padding("paddings");
  const auto at = node.in().offset();
  const auto type = node.in().u32("pad_value.type");
  if (type > 1) damaged(at, "pad_value.type", "data type " + std::to_string(type) + " is not known");
  out.value_type = static_cast<v4::DataType>(type);
  for (auto& byte : out.value) byte = node.in().u8("pad_value");
  return out;
}

v4::Reduce reduce(NodeReader& node) {
  auto out = in_out<v4::Reduce>(node);
  out.op = node.in().i32("op");
  out.in_shape = node.shape("input.shape");
  out.out_shape = node.shape("output.shape");
  out.init = node.in().f32("init");
  return out;
}

v4::ReduceWindow2d reduce_window2d(NodeReader& node) {
  auto out = in_out<v4::ReduceWindow2d>(node);
  out.op = node.in().i32("op");
  out.in_shape = node.shape("input.shape");
  out.window = node.window();
  out.init = node.in().f32("init");
  out.act = node.activation();
  return out;
}

v4::ResizeImage resize_image(NodeReader& node) {
  auto out = in_out<v4::ResizeImage>(node);
  out.in_shape = node.shape("input.shape");
  out.out_h = node.positive("out_h");
  out.out_w = node.positive("out_w");
  out.mode = node.in().i32("mode");
  out.align_corners = node.in().u8("align_corners") != 0;
  return out;
}

v4::Softmax softmax(NodeReader& node) {
  auto out = in_out<v4::Softmax>(node);
  out.inner_size = node.positive("inner_size");
  out.outer_size = node.positive("outer_size");
  out.beta = node.in().f32("beta");
  return out;
}

v4::Transpose transpose(NodeReader& node) {
  auto out = in_out<v4::Transpose>(node);
  out.in_shape = node.shape("input.shape");
  const auto at = node.in().offset();
  out.perm = node.in().four("perm");
  auto sorted = out.perm;
  std::ranges::sort(sorted);
  if (sorted != v4::Shape{0, 1, 2, 3}) damaged(at, "perm", "is no permutation of 0, 1, 2, 3");
  return out;
}

v4::StridedSlice strided_slice(NodeReader& node) {
  auto out = in_out<v4::StridedSlice>(node);
  out.in_shape = node.shape("input.shape");
  out.begin = node.in().four("begin");
  out.end = node.in().four("end");
  const auto at = node.in().offset();
  out.strides = node.in().four("strides");
  if (std::ranges::find(out.strides, 0) != out.strides.end()) damaged(at, "strides", "a stride is 0");
  for (auto& mask : out.masks) mask = node.in().i32("mask");
  return out;
}

v4::Unary unary(NodeReader& node) {
  auto out = in_out<v4::Unary>(node);
  out.op = node.in().i32("op");
  return out;
}

v4::KpuConv2d kpu_conv2d(NodeReader& node) {
  v4::KpuConv2d out;
  out.main_memory_output = node.range("main_memory_output");
  out.batches = node.positive("batches");
  out.reserved = node.in().i32("reserved");
  out.descriptor = node.in().descriptor("layer");
  out.tail = node.in().array(node.in().left(), 1, "tables");
  return out;
}

void read_node(NodeReader& reader, v4::Node& node) {
  switch (node.opcode) {
    case Opcode::binary: node.body = binary(reader); break;
    case Opcode::concat: node.body = concat(reader); break;
    case Opcode::conv2d:
    case Opcode::cpu_conv2d:
    case Opcode::cpu_depthwise_conv2d: node.body = conv2d(reader, layout_of(node.opcode)); break;
    case Opcode::dequantize:
    case Opcode::quantize: node.body = quantization(reader); break;
    case Opcode::matmul: node.body = matmul(reader); break;
    case Opcode::pad: node.body = pad(reader); break;
    case Opcode::reduce: node.body = reduce(reader); break;
    case Opcode::reduce_window2d:
    case Opcode::cpu_reduce_window2d: node.body = reduce_window2d(reader); break;
    case Opcode::memory_copy: node.body = in_out<v4::MemoryCopy>(reader); break;
    case Opcode::resize_image: node.body = resize_image(reader); break;
    case Opcode::softmax: node.body = softmax(reader); break;
    case Opcode::transpose: node.body = transpose(reader); break;
    case Opcode::strided_slice: node.body = strided_slice(reader); break;
    case Opcode::unary: node.body = unary(reader); break;
    case Opcode::quantized_conv2d:
    case Opcode::cpu_quantized_conv2d:
    case Opcode::cpu_quantized_depthwise_conv2d: node.body = quantized_conv2d(reader, layout_of(node.opcode)); break;
    case Opcode::quantized_matmul: node.body = quantized_matmul(reader); break;
    case Opcode::quantized_binary: node.body = quantized_binary(reader); break;
    case Opcode::table_lookup1d: {
      v4::TableLookup1d out;
      out.in = reader.range("input");
      out.table = reader.range("table");
      out.out = reader.range("output");
      node.body = out;
      break;
    }
    case Opcode::conv2d_transpose: node.body = conv2d_transpose(reader); break;
    case Opcode::nnil_unary_method: {
      auto out = in_out<v4::NnilUnary>(reader);
      out.code = reader.in().array(reader.in().left(), 1, "code");
      node.body = out;
      break;
    }
    case Opcode::kpu_upload: {
      auto out = in_out<v4::KpuUpload>(reader);
      out.in_shape = reader.shape("input.shape");
      node.body = out;
      break;
    }
    case Opcode::kpu_conv2d: node.body = kpu_conv2d(reader); break;
    default: break;  // stays Unknown: the runtime loads it and fails on coming to it
  }
}

}  // namespace

v4::Model read_v4(ByteView file) {
  v4::Model model;
  Cursor in(file, 8);
  model.flags = in.u32("flags");
  model.target = in.u32("target");
  if (model.target > 1) {
    unsupported(target_at, "target",
                "target " + std::to_string(model.target) + " is not known, only 0 (cpu) and 1 (k210) are");
  }
  const auto constants = in.u32("constants");
  model.main_memory = in.u32("main_mem");
  const auto nodes = in.u32("nodes"), inputs = in.u32("inputs"), outputs = in.u32("outputs");
  in.u32("reserved");
  check_main_memory(model.main_memory, main_memory_at, "main_mem");
  const auto behind = file.size() - header_bytes;
  check_count(nodes, nodes_at, 8, behind, "nodes");
  check_count(inputs, inputs_at, input_bytes, behind, "inputs");
  check_count(outputs, outputs_at, output_bytes, behind, "outputs");

  // The constants come behind the ranges that may lie in them.
  const auto constants_offset = header_bytes + inputs * input_bytes + outputs * output_bytes;
  if (constants > file.size() - std::min(file.size(), constants_offset)) {
    damaged(constants_at, "constants",
            std::to_string(constants) + " bytes of constants from byte " + std::to_string(constants_offset) +
                " reach behind the end of the file of " + std::to_string(file.size()) + " (truncated?)");
  }
  model.constants = {constants_offset, constants};

  NodeReader reader(in, model);
  model.inputs.resize(inputs);
  model.outputs.resize(outputs);
  for (auto& input : model.inputs) input.range = reader.range("input");
  for (auto& input : model.inputs) input.shape = reader.shape("input.shape");
  for (auto& output : model.outputs) output = reader.range("output");

  Cursor headers(file, constants_offset + constants);
  model.nodes.resize(nodes);
  std::uint64_t position = headers.at() + std::uint64_t{8} * nodes;
  for (std::uint32_t i = 0; i < nodes; ++i) {
    auto& node = model.nodes[i];
    node.opcode = static_cast<Opcode>(headers.u32("node_header.opcode"));
    const auto size_at = headers.offset();
    node.size = headers.u32("node_header.body_size");
    const auto place =
        place_body(file, position, node.size, size_at, i + 1 == nodes, model.missing_bytes, "node_header.body_size");
    node.offset = place.offset;
    try {
      NodeReader body(Cursor(file.sub(place.offset, place.bytes, "node body")), model);
      read_node(body, node);
    } catch (const Error& error) {
      const auto known = name(node.opcode);
      throw with_context(
          error, "node " + std::to_string(i) + " (" +
                     (known.empty() ? std::to_string(static_cast<std::uint32_t>(node.opcode)) : std::string(known)) +
                     ")");
    }
  }
  model.foreign_bytes = file.size() > position ? file.size() - position : 0;
  return model;
}

}  // namespace vnpu::kmodel
