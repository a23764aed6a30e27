#include "models/kmodel/cursor.h"
#include "models/kmodel/read.h"

namespace vnpu::kmodel {
namespace {

using v3::LayerType;

constexpr std::uint64_t arch_at = 8, layers_at = 12, main_memory_at = 20, outputs_at = 24, header_bytes = 28;
constexpr std::uint32_t flag_main_memory_output = 1, flag_eight_bit = 1;

v3::Dims dims(Cursor& in, const char* field) {
  v3::Dims out;
  out.width = in.u32(field);
  out.height = in.u32(field);
  out.channels = in.u32(field);
  return out;
}

template <class T>
T in_out(Cursor& in) {
  T out;
  out.in = in.u32("in");
  out.out = in.u32("out");
  return out;
}

v3::QuantizedAdd quantized_add(Cursor& in) {
  v3::QuantizedAdd out;
  for (auto* field : {&out.in_a, &out.in_b, &out.out, &out.count}) *field = in.u32("quantized_add");
  for (auto* field : {&out.a_offset, &out.a_mul, &out.a_shift, &out.b_offset, &out.b_mul, &out.b_shift, &out.out_offset,
                      &out.out_mul, &out.out_shift}) {
    *field = in.i32("quantized_add");
  }
  return out;
}

v3::Pool pool(Cursor& in, bool has_act) {
  auto out = in_out<v3::Pool>(in);
  out.in_shape = dims(in, "in_shape");
  out.out_shape = dims(in, "out_shape");
  for (auto* field : {&out.kernel_w, &out.kernel_h, &out.stride_w, &out.stride_h, &out.padding_w, &out.padding_h}) {
    *field = in.u32("window");
  }
  if (has_act) out.act = in.u32("act");
  return out;
}

v3::Quantize quantize(Cursor& in) {
  auto out = in_out<v3::Quantize>(in);
  out.count = in.u32("count");
  out.scale = in.f32("scale");
  out.bias = in.f32("bias");
  return out;
}

v3::Requantize requantize(Cursor& in) {
  auto out = in_out<v3::Requantize>(in);
  out.count = in.u32("count");
  for (auto& value : out.table) value = in.u8("table");
  return out;
}

v3::Concat concat(Cursor& in) {
  v3::Concat out;
  out.out = in.u32("out");
  const auto at = in.offset();
  const auto count = in.u32("input_count");
  if (count > in.left() / 8) {
    damaged(at, "input_count", std::to_string(count) + " inputs need more bytes than the body has");
  }
  out.pieces.resize(count);
  for (auto& piece : out.pieces) {
    piece.start = in.u32("input.start");
    piece.size = in.u32("input.size");
  }
  return out;
}

v3::FullyConnected fully_connected(Cursor& in) {
  auto out = in_out<v3::FullyConnected>(in);
  out.in_channels = in.u32("in_channels");
  out.out_channels = in.u32("out_channels");
  out.act = in.u32("act");
  out.weights = in.array(std::uint64_t{out.in_channels} * out.out_channels, 4, "weights");
  out.bias = in.array(out.out_channels, 4, "bias");
  return out;
}

v3::Resize resize(Cursor& in) {
  auto out = in_out<v3::Resize>(in);
  out.shape = dims(in, "in_shape");
  out.out_width = in.u32("out_width");
  out.out_height = in.u32("out_height");
  out.align_corners = in.u32("align_corners");
  return out;
}

v3::ChannelwiseDequantize channelwise_dequantize(Cursor& in) {
  auto out = in_out<v3::ChannelwiseDequantize>(in);
  const auto at = in.offset();
  out.channels = in.u32("channels");
  out.channel_size = in.u32("channel_size");
  if (out.channels > in.left() / 8) {
    damaged(at, "channels", std::to_string(out.channels) + " channels need more bytes than the body has");
  }
  out.ranges.resize(out.channels);
  for (auto& range : out.ranges) {
    range.scale = in.f32("scale");
    range.bias = in.f32("bias");
  }
  return out;
}

v3::Conv conv(Cursor& in, ByteView file) {
  v3::Conv out;
  out.main_out = in.u32("main_out");
  const std::pair<std::uint32_t*, const char*> places[] = {{&out.layer_offset, "layer_off"},
                                                           {&out.weights_offset, "weights_off"},
                                                           {&out.bn_offset, "bn_off"},
                                                           {&out.activation_offset, "act_off"}};
  for (const auto& [place, field] : places) {
    const auto at = in.offset();
    *place = in.u32(field);
    if (*place >= file.size()) {
      damaged(at, field,
              "byte " + std::to_string(*place) + " is behind the end of the file of " + std::to_string(file.size()));
    }
  }
  out.descriptor = Cursor(file, out.layer_offset).descriptor("layer");
  return out;
}

template <class Layer>
void read_body(Cursor in, ByteView file, Layer& layer) {
  layer.flags = in.u32("flags");
  layer.main_memory_output = (layer.flags & flag_main_memory_output) != 0;
  switch (layer.type) {
    case LayerType::add: {
      v3::Add add;
      for (auto* field : {&add.in_a, &add.in_b, &add.out, &add.count}) *field = in.u32("add");
      layer.body = add;
      break;
    }
    case LayerType::quantized_add: layer.body = quantized_add(in); break;
    case LayerType::global_average_pool: {
      auto out = in_out<v3::GlobalAveragePool>(in);
      out.kernel_size = in.u32("kernel_size");
      out.channels = in.u32("channels");
      layer.body = out;
      break;
    }
    case LayerType::quantized_max_pool: layer.body = pool(in, false); break;
    case LayerType::average_pool: layer.body = pool(in, true); break;
    case LayerType::quantize:
    case LayerType::dequantize: layer.body = quantize(in); break;
    case LayerType::requantize: layer.body = requantize(in); break;
    case LayerType::l2_normalization:
    case LayerType::softmax:
    case LayerType::logistic: {
      auto out = in_out<v3::Channelwise>(in);
      out.channels = in.u32("channels");
      layer.body = out;
      break;
    }
    case LayerType::concat:
    case LayerType::quantized_concat: layer.body = concat(in); break;
    case LayerType::fully_connected: layer.body = fully_connected(in); break;
    case LayerType::flatten: {
      auto out = in_out<v3::Flatten>(in);
      out.shape = dims(in, "shape");
      layer.body = out;
      break;
    }
    case LayerType::resize_nearest:
    case LayerType::quantized_resize_nearest: layer.body = resize(in); break;
    case LayerType::channelwise_dequantize: layer.body = channelwise_dequantize(in); break;
    case LayerType::conv: layer.body = conv(in, file); break;
    case LayerType::add_padding: {
      v3::AddPadding out;
      for (auto* field : {&out.in, &out.kpu_out, &out.channels}) *field = in.u32("add_padding");
      layer.body = out;
      break;
    }
    case LayerType::remove_padding: {
      auto out = in_out<v3::RemovePadding>(in);
      out.channels = in.u32("channels");
      layer.body = out;
      break;
    }
    case LayerType::upload: {
      v3::Upload out;
      out.in = in.u32("in");
      out.kpu_out = in.u32("kpu_out");
      out.shape = dims(in, "shape");
      layer.body = out;
      break;
    }
    default: break;  // stays Unknown: the runtime loads it and fails on coming to it
  }
}

}  // namespace

v3::Model read_v3(ByteView file) {
  v3::Model model;
  Cursor in(file, 4);
  model.flags = in.u32("flags");
  model.eight_bit_weights = (model.flags & flag_eight_bit) != 0;
  if (const auto arch = in.u32("arch"); arch != 0) {
    unsupported(arch_at, "arch", "architecture " + std::to_string(arch) + " is not known, only 0 (K210) is");
  }
  const auto layers = in.u32("layers_length");
  model.max_start_address = in.u32("max_start_address");
  model.main_memory = in.u32("main_mem_usage");
  const auto outputs = in.u32("output_count");
  check_main_memory(model.main_memory, main_memory_at, "main_mem_usage");
  check_count(outputs, outputs_at, 8, file.size() - header_bytes, "output_count");
  check_count(layers, layers_at, 8, file.size() - header_bytes, "layers_length");
  if (layers == 0) damaged(layers_at, "layers_length", "the model has no layers");

  model.outputs.resize(outputs);
  for (auto& output : model.outputs) {
    const auto at = in.offset();
    output.address = in.u32("output.address");
    output.size = in.u32("output.size");
    if (std::uint64_t{output.address} + output.size > model.main_memory) {
      damaged(at, "output.address",
              "bytes " + std::to_string(output.address) + " to " +
                  std::to_string(std::uint64_t{output.address} + output.size) + " are outside of the main buffer of " +
                  std::to_string(model.main_memory));
    }
  }
  model.layers.resize(layers);
  std::uint64_t position = in.at() + std::uint64_t{8} * layers;
  for (std::uint32_t i = 0; i < layers; ++i) {
    auto& layer = model.layers[i];
    layer.type = static_cast<LayerType>(in.u32("layer_header.type"));
    const auto size_at = in.offset();
    layer.size = in.u32("layer_header.body_size");
    if (static_cast<std::int32_t>(layer.size) <= 0) {
      damaged(size_at, "layer_header.body_size",
              "layer " + std::to_string(i) + " has a body of " + std::to_string(static_cast<std::int32_t>(layer.size)) +
                  " bytes");
    }
    const auto place =
        place_body(file, position, layer.size, size_at, i + 1 == layers, model.missing_bytes, "layer_header.body_size");
    layer.offset = place.offset;
    try {
      read_body(Cursor(file.sub(place.offset, place.bytes, "layer body")), file, layer);
    } catch (const Error& error) {
      const auto known = name(layer.type);
      throw with_context(
          error, "layer " + std::to_string(i) + " (" +
                     (known.empty() ? std::to_string(static_cast<std::uint32_t>(layer.type)) : std::string(known)) +
                     ")");
    }
  }
  return model;
}

}  // namespace vnpu::kmodel
