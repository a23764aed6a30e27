#include <algorithm>

#include "models/kmodel/model.h"

namespace vnpu::kmodel {

std::string_view v3::name(LayerType type) {
  switch (type) {
    case LayerType::add: return "add";
    case LayerType::quantized_add: return "quantized_add";
    case LayerType::global_max_pool: return "global_max_pool";
    case LayerType::quantized_global_max_pool: return "quantized_global_max_pool";
    case LayerType::global_average_pool: return "global_average_pool";
    case LayerType::quantized_global_average_pool: return "quantized_global_average_pool";
    case LayerType::max_pool: return "max_pool";
    case LayerType::quantized_max_pool: return "quantized_max_pool";
    case LayerType::average_pool: return "average_pool";
    case LayerType::quantized_average_pool: return "quantized_average_pool";
    case LayerType::quantize: return "quantize";
    case LayerType::dequantize: return "dequantize";
    case LayerType::requantize: return "requantize";
    case LayerType::l2_normalization: return "l2_normalization";
    case LayerType::softmax: return "softmax";
    case LayerType::concat: return "concat";
    case LayerType::quantized_concat: return "quantized_concat";
    case LayerType::fully_connected: return "fully_connected";
    case LayerType::quantized_fully_connected: return "quantized_fully_connected";
    case LayerType::flatten: return "flatten";
    case LayerType::quantized_flatten: return "quantized_flatten";
    case LayerType::resize_nearest: return "resize_nearest";
    case LayerType::quantized_resize_nearest: return "quantized_resize_nearest";
    case LayerType::channelwise_dequantize: return "channelwise_dequantize";
    case LayerType::logistic: return "logistic";
    case LayerType::conv: return "conv";
    case LayerType::add_padding: return "add_padding";
    case LayerType::remove_padding: return "remove_padding";
    case LayerType::upload: return "upload";
  }
  return "";
}

std::string_view v4::name(Opcode opcode) {
  switch (opcode) {
    case Opcode::binary: return "binary";
    case Opcode::concat: return "concat";
    case Opcode::conv2d: return "conv2d";
    case Opcode::dequantize: return "dequantize";
    case Opcode::matmul: return "matmul";
    case Opcode::pad: return "pad";
    case Opcode::quantize: return "quantize";
    case Opcode::reduce: return "reduce";
    case Opcode::reduce_window2d: return "reduce_window2d";
    case Opcode::memory_copy: return "memory_copy";
    case Opcode::resize_image: return "resize_image";
    case Opcode::softmax: return "softmax";
    case Opcode::transpose: return "transpose";
    case Opcode::strided_slice: return "strided_slice";
    case Opcode::unary: return "unary";
    case Opcode::quantized_conv2d: return "quantized_conv2d";
    case Opcode::quantized_matmul: return "quantized_matmul";
    case Opcode::quantized_binary: return "quantized_binary";
    case Opcode::table_lookup1d: return "table_lookup1d";
    case Opcode::conv2d_transpose: return "conv2d_transpose";
    case Opcode::nnil_unary_method: return "nnil_unary_method";
    case Opcode::cpu_conv2d: return "cpu_conv2d";
    case Opcode::cpu_depthwise_conv2d: return "cpu_depthwise_conv2d";
    case Opcode::cpu_reduce_window2d: return "cpu_reduce_window2d";
    case Opcode::cpu_quantized_conv2d: return "cpu_quantized_conv2d";
    case Opcode::cpu_quantized_depthwise_conv2d: return "cpu_quantized_depthwise_conv2d";
    case Opcode::kpu_upload: return "kpu_upload";
    case Opcode::kpu_conv2d: return "kpu_conv2d";
  }
  return "";
}

bool v5::data_type(std::uint8_t number, DType& out) {
  constexpr DType types[] = {DType::i8,  DType::i16, DType::i32, DType::i64, DType::u8,  DType::u16,
                             DType::u32, DType::u64, DType::f16, DType::f32, DType::f64, DType::bf16};
  if (number >= std::size(types)) return false;
  out = types[number];
  return true;
}

const v5::Section* v5::Module::find(std::string_view section) const {
  const auto at = std::ranges::find(sections, section, &Section::name);
  return at == sections.end() ? nullptr : &*at;
}

std::uint32_t v5::Module::pool_size(Location location) const {
  const auto at = std::ranges::find(pools, location, &Pool::location);
  return at == pools.end() ? 0 : at->size;
}

}  // namespace vnpu::kmodel
