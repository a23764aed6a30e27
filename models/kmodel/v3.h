// kmodel version 3 (nncase 0.1) as plain structs. Source of the facts: docs/kmodel.md.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "models/kmodel/parts.h"

namespace vnpu::kmodel::v3 {

enum class LayerType : std::uint32_t {
  add = 1,
  quantized_add = 2,
  global_max_pool = 3,            // numbered, never implemented by any runtime
  quantized_global_max_pool = 4,  // likewise
  global_average_pool = 5,
  quantized_global_average_pool = 6,  // likewise
  max_pool = 7,                       // likewise
  quantized_max_pool = 8,
  average_pool = 9,
  quantized_average_pool = 10,  // likewise
  quantize = 11,
  dequantize = 12,
  requantize = 13,
  l2_normalization = 14,
  softmax = 15,
  concat = 16,
  quantized_concat = 17,
  fully_connected = 18,
  quantized_fully_connected = 19,  // likewise
  flatten = 20,
  quantized_flatten = 21,  // likewise
  resize_nearest = 22,
  quantized_resize_nearest = 23,
  channelwise_dequantize = 24,
  logistic = 25,
  conv = 10240,
  add_padding = 10241,
  remove_padding = 10242,
  upload = 10243,
};

// "quantized_add"; empty for a number that no runtime knows.
std::string_view name(LayerType type);

// All addresses named in, in_a, in_b, out are bytes in the main buffer; kpu_out is a line (64 bytes) of the AI RAM.
struct Dims {
  std::uint32_t width = 0, height = 0, channels = 0;
};
struct Add {  // float
  std::uint32_t in_a = 0, in_b = 0, out = 0, count = 0;
};
struct QuantizedAdd {
  std::uint32_t in_a = 0, in_b = 0, out = 0, count = 0;
  std::int32_t a_offset = 0, a_mul = 0, a_shift = 0, b_offset = 0, b_mul = 0, b_shift = 0;
  std::int32_t out_offset = 0, out_mul = 0, out_shift = 0;
};
struct GlobalAveragePool {
  std::uint32_t in = 0, out = 0, kernel_size = 0, channels = 0;  // kernel_size: elements of one channel
};
struct Pool {  // quantized_max_pool and average_pool
  std::uint32_t in = 0, out = 0;
  Dims in_shape, out_shape;
  std::uint32_t kernel_w = 0, kernel_h = 0, stride_w = 0, stride_h = 0, padding_w = 0, padding_h = 0;
  std::uint32_t act = 0;  // average_pool only: 0 linear, 1 relu, 2 relu6; runtimes ignore it
};
struct Quantize {  // and dequantize
  std::uint32_t in = 0, out = 0, count = 0;
  float scale = 0, bias = 0;
};
struct Requantize {
  std::uint32_t in = 0, out = 0, count = 0;
  std::array<std::uint8_t, 256> table{};
};
struct Channelwise {  // l2_normalization, softmax, logistic
  std::uint32_t in = 0, out = 0, channels = 0;
};
struct Concat {  // and quantized_concat: bytes, in this order
  struct Piece {
    std::uint32_t start = 0, size = 0;
  };
  std::uint32_t out = 0;
  std::vector<Piece> pieces;
};
struct FullyConnected {
  std::uint32_t in = 0, out = 0, in_channels = 0, out_channels = 0;
  std::uint32_t act = 0;  // 0 linear, 1 relu, 2 relu6
  Array weights;          // f32 [out][in]
  Array bias;             // f32 [out]
};
struct Flatten {
  std::uint32_t in = 0, out = 0;
  Dims shape;
};
struct Resize {  // float and quantized
  std::uint32_t in = 0, out = 0;
  Dims shape;
  std::uint32_t out_width = 0, out_height = 0, align_corners = 0;  // runtimes ignore align_corners
};
struct ChannelwiseDequantize {
  struct Range {
    float scale = 0, bias = 0;
  };
  std::uint32_t in = 0, out = 0, channels = 0, channel_size = 0;
  std::vector<Range> ranges;  // one a channel
};
struct Conv {
  std::uint32_t main_out = 0;  // used when the layer's flags say so
  // File offsets. Reading checks that they lie in the file and that 96 bytes follow layer_offset; how many bytes of
  // weights and tables are needed is said by the descriptor, whose bits are not this room's.
  std::uint32_t layer_offset = 0, weights_offset = 0, bn_offset = 0, activation_offset = 0;
  Descriptor descriptor{};
};
struct AddPadding {
  std::uint32_t in = 0, kpu_out = 0, channels = 0;
};
struct RemovePadding {
  std::uint32_t in = 0, out = 0, channels = 0;
};
struct Upload {
  std::uint32_t in = 0, kpu_out = 0;
  Dims shape;
};
struct Unknown {};  // a type that runtimes refuse when they come to it

struct Layer {
  LayerType type{};
  std::uint64_t offset = 0;  // of the body in the file
  std::uint32_t size = 0;    // of the body, as its header says
  bool main_memory_output = false;
  std::uint32_t flags = 0;
  std::variant<Unknown, Add, QuantizedAdd, GlobalAveragePool, Pool, Quantize, Requantize, Channelwise, Concat,
               FullyConnected, Flatten, Resize, ChannelwiseDequantize, Conv, AddPadding, RemovePadding, Upload>
      body;
};

struct Output {
  std::uint32_t address = 0, size = 0;  // bytes in the main buffer
};

struct Model {
  std::uint32_t flags = 0;
  bool eight_bit_weights = false;       // else 16
  std::uint32_t max_start_address = 0;  // lowest AI RAM line the compiler allocated; information only
  std::uint32_t main_memory = 0;        // bytes of the main buffer
  std::vector<Output> outputs;
  std::vector<Layer> layers;
  std::uint32_t missing_bytes = 0;  // 0..7: how much of the last body's padding the file lacks
};

}  // namespace vnpu::kmodel::v3
