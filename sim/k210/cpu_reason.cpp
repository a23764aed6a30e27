// What the KPU has not, said of each kind of work that is left to the CPU.
#include "sim/k210/describe.h"
#include "sim/k210/float_windows.h"

namespace vnpu::k210 {
namespace {

using kmodel::v3::LayerType;
using kmodel::v4::Opcode;

constexpr const char* no_float = "the KPU has no floating point";
constexpr const char* no_sum_of_maps = "the KPU adds no two maps";
constexpr const char* no_movement = "the KPU reads and writes whole maps of one layout only";

std::string two(std::int64_t a, std::int64_t b) { return std::to_string(a) + "x" + std::to_string(b); }

std::string pool_reason(std::int64_t kernel_h, std::int64_t kernel_w, std::int64_t stride_h, std::int64_t stride_w) {
  return "the KPU pools only behind its own convolution, 2x2 or 4x4, not " + two(kernel_h, kernel_w) + " by " +
         two(stride_h, stride_w) + " on its own";
}

// The first of the KPU's limits that a convolution breaks; empty when it breaks none.
std::string convolution_limit(const kmodel::v4::Shape& shape, std::int64_t groups, std::int64_t out_channels,
                              const kmodel::v4::Window& window) {
  const std::int64_t channels = shape[1], height = shape[2], width = shape[3];
  if (window.filter_h != window.filter_w || (window.filter_h != 1 && window.filter_h != 3)) {
    return "the KPU has kernels of 1x1 and 3x3, not " + two(window.filter_h, window.filter_w);
  }
  if (window.stride_h != window.stride_w || window.stride_h > 2) {
    return "the KPU has strides of 1 and 2, not " + two(window.stride_h, window.stride_w);
  }
  if (window.dilation_h != 1 || window.dilation_w != 1) {
    return "the KPU has no dilation (" + two(window.dilation_h, window.dilation_w) + ")";
  }
  if (groups != 1 && (groups != channels || out_channels != channels)) {
    return "the KPU has no groups (" + std::to_string(groups) + ") but one or as many as channels";
  }
  if (channels > 1024 || out_channels > 1024) {
    return "the KPU has up to 1024 channels, not " + std::to_string(std::max(channels, out_channels));
  }
  if (width > 320 || height > 240) return "the KPU's input is at most 320x240, not " + two(width, height);
  const auto out = window_output({1, channels, height, width}, window, out_channels);
  if (out.width < 4 || out.height < 4) return "the KPU's output is at least 4x4, not " + two(out.width, out.height);
  const auto ring = (window.filter_h - 1) / 2;
  const bool same = window.pad_h.before == ring && window.pad_w.before == ring;
  if (window.stride_h == 1 && (!same || window.pad_h.after != ring || window.pad_w.after != ring)) {
    return "the KPU pads a 3x3 kernel by one on every side and a 1x1 kernel not at all";
  }
  return "";
}

std::string convolution_reason(const kmodel::v4::Node& node, bool nhwc) {
  if (nhwc) return "the model is built for a CPU alone";
  if (const auto* conv = std::get_if<kmodel::v4::Conv2d>(&node.body)) {
    const auto limit = convolution_limit(conv->in_shape, conv->groups, conv->out_channels, conv->window);
    return limit.empty() ? std::string(no_float) + ", and the converter left this layer in it" : limit;
  }
  if (const auto* conv = std::get_if<kmodel::v4::QuantizedConv2d>(&node.body)) {
    const auto limit = convolution_limit(conv->in_shape, conv->groups, conv->out_channels, conv->window);
    return limit.empty() ? "the converter left it there" : limit;
  }
  return no_float;
}

}  // namespace

std::string cpu_reason(const kmodel::v3::Layer& layer) {
  switch (layer.type) {
    case LayerType::add:
    case LayerType::quantized_add: return no_sum_of_maps;
    case LayerType::global_average_pool: return "the KPU pools 2x2 and 4x4 windows, not whole maps";
    case LayerType::quantized_max_pool:
    case LayerType::average_pool:
      if (const auto* pool = std::get_if<kmodel::v3::Pool>(&layer.body)) {
        return pool_reason(pool->kernel_h, pool->kernel_w, pool->stride_h, pool->stride_w);
      }
      return no_movement;
    case LayerType::requantize: return "the KPU looks nothing up in a table of its own";
    case LayerType::concat:
    case LayerType::quantized_concat:
    case LayerType::flatten: return no_movement;
    case LayerType::resize_nearest:
    case LayerType::quantized_resize_nearest: return "the KPU resizes no maps";
    case LayerType::fully_connected: return "the KPU has convolutions only, and no floating point";
    case LayerType::add_padding: return "the KPU's smallest map is 4x4, and the CPU puts single values into such maps";
    case LayerType::remove_padding:
      return "the KPU's smallest map is 4x4, and the CPU takes single values out of such maps";
    case LayerType::upload: return "a map in main memory is copied to the AI RAM";
    default: return no_float;
  }
}

std::string cpu_reason(const kmodel::v4::Node& node) {
  switch (node.opcode) {
    case Opcode::conv2d:
    case Opcode::quantized_conv2d: return convolution_reason(node, false);
    case Opcode::cpu_conv2d:
    case Opcode::cpu_depthwise_conv2d:
    case Opcode::cpu_reduce_window2d:
    case Opcode::cpu_quantized_conv2d:
    case Opcode::cpu_quantized_depthwise_conv2d: return convolution_reason(node, true);
    case Opcode::conv2d_transpose: return "the KPU has no transposed convolution";
    case Opcode::binary: return no_float;
    case Opcode::quantized_binary: return no_sum_of_maps;
    case Opcode::matmul:
    case Opcode::quantized_matmul: return "the KPU has convolutions only";
    case Opcode::reduce_window2d:
      if (const auto* pool = std::get_if<kmodel::v4::ReduceWindow2d>(&node.body)) {
        const auto& w = pool->window;
        return pool_reason(w.filter_h, w.filter_w, w.stride_h, w.stride_w);
      }
      return no_movement;
    case Opcode::concat:
    case Opcode::memory_copy:
    case Opcode::pad:
    case Opcode::transpose:
    case Opcode::strided_slice: return no_movement;
    case Opcode::resize_image: return "the KPU resizes no maps";
    case Opcode::table_lookup1d: return "the KPU looks nothing up in a table of its own";
    case Opcode::kpu_upload: return "a map in main memory is copied to the AI RAM";
    default: return no_float;
  }
}

std::string cpu_reason(std::string_view tensor_function) {
  for (const auto* moves : {"broadcast", "copy", "pad", "slice", "transpose"}) {
    if (tensor_function == moves) return no_movement;
  }
  if (tensor_function == "resize_image") return "the KPU resizes no maps";
  if (tensor_function == "lut1d") return "the KPU looks nothing up in a table of its own";
  if (tensor_function == "matmul") return "the KPU has convolutions only, and no floating point";
  return no_float;
}

}  // namespace vnpu::k210
