// kmodel version 4 (nncase 0.2) as plain structs. Source of the facts: docs/kmodel.md.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

#include "models/kmodel/parts.h"

namespace vnpu::kmodel::v4 {

enum class Memory : std::uint32_t { constant = 0, main = 1, kpu = 2 };
enum class DataType : std::uint32_t { float32 = 0, uint8 = 1 };

// Reading checks that it lies within its memory.
struct MemoryRange {
  Memory memory{};
  DataType type{};
  std::uint32_t start = 0, size = 0;  // bytes
};

using Shape = std::array<std::int32_t, 4>;  // NCHW, every dimension 1 or more
struct Padding {
  std::int32_t before = 0, after = 0;  // negative: cropped
};
struct Range {
  float min = 0, max = 0;
};
struct Window {  // of convolutions and window reductions
  Padding pad_h, pad_w;
  std::int32_t filter_h = 1, filter_w = 1, stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
};

enum class Opcode : std::uint32_t {
  binary = 0x00,
  concat = 0x01,
  conv2d = 0x02,
  dequantize = 0x03,
  matmul = 0x04,
  pad = 0x05,
  quantize = 0x06,
  reduce = 0x07,
  reduce_window2d = 0x08,
  memory_copy = 0x09,
  resize_image = 0x0A,
  softmax = 0x0B,
  transpose = 0x0C,
  strided_slice = 0x0D,
  unary = 0x0E,
  quantized_conv2d = 0x0F,
  quantized_matmul = 0x10,
  quantized_binary = 0x11,
  table_lookup1d = 0x12,
  conv2d_transpose = 0x13,
  nnil_unary_method = 0x14,
  cpu_conv2d = 0x1001,
  cpu_depthwise_conv2d = 0x1002,
  cpu_reduce_window2d = 0x1003,
  cpu_quantized_conv2d = 0x1004,
  cpu_quantized_depthwise_conv2d = 0x1005,
  kpu_upload = 0x2001,
  kpu_conv2d = 0x2002,
};

// "kpu_conv2d"; empty for a number that no runtime knows.
std::string_view name(Opcode opcode);

// Kinds of operation stay the numbers of the file; executors refuse those they do not know.
struct Binary {
  MemoryRange a, b, out;
  std::int32_t op = 0;  // 0 add, 1 sub, 2 mul, 3 div, 4 min, 5 max
  Shape a_shape{}, b_shape{}, out_shape{};
  Range act;
};
struct Concat {
  MemoryRange out;
  std::uint32_t inner_size = 0, outer_size = 0;  // inner in bytes
  struct Input {
    MemoryRange range;
    std::int32_t dim = 0;
  };
  std::vector<Input> inputs;
};
struct Conv2d {  // conv2d, cpu_conv2d, cpu_depthwise_conv2d (those NHWC, groups = 1 and = channels)
  MemoryRange in, out;
  Shape in_shape{};
  std::int32_t groups = 1, out_channels = 1;
  Window window;
  Range act;
  Array weights;  // f32 [oc][ic/groups][h][w]; those of the CPU target in their own orders
  Array bias;     // f32 [oc]
};
struct Quantization {  // dequantize, quantize
  MemoryRange in, out;
  std::int32_t zero_point = 0;
  float scale = 0;
};
struct Matmul {
  MemoryRange a, b, out;
  std::int32_t a_rows = 1, a_cols = 1, b_cols = 1;
  Range act;
  Array bias;  // f32 [b_cols]
};
struct Pad {
  MemoryRange in, out;
  Shape in_shape{};
  std::array<Padding, 4> paddings{};
  DataType value_type{};
  std::array<std::uint8_t, 4> value{};
};
struct Reduce {
  MemoryRange in, out;
  std::int32_t op = 0;  // 0 mean, 1 min, 2 max, 3 sum
  Shape in_shape{}, out_shape{};
  float init = 0;
};
struct ReduceWindow2d {
  MemoryRange in, out;
  std::int32_t op = 0;
  Shape in_shape{};
  Window window;
  float init = 0;
  Range act;
};
struct MemoryCopy {
  MemoryRange in, out;
};
struct ResizeImage {
  MemoryRange in, out;
  Shape in_shape{};
  std::int32_t out_h = 1, out_w = 1;
  std::int32_t mode = 0;  // 0 bilinear, 1 nearest
  bool align_corners = false;
};
struct Softmax {
  MemoryRange in, out;
  std::int32_t inner_size = 1, outer_size = 1;
  float beta = 1;
};
struct Transpose {
  MemoryRange in, out;
  Shape in_shape{}, perm{};  // perm: a permutation of 0..3, checked
};
struct StridedSlice {
  MemoryRange in, out;
  Shape in_shape{}, begin{}, end{}, strides{};  // begin and end as they are, checked by the executor
  std::array<std::int32_t, 5> masks{};          // begin, end, ellipsis, new axis, shrink axis; unused by runtimes
};
struct Unary {
  MemoryRange in, out;
  std::int32_t op = 0;  // 0 abs 1 ceil 2 cos 3 exp 4 floor 5 log 6 neg 7 rsqrt 8 sin 9 square
};
struct QuantizedConv2d {  // quantized_conv2d, cpu_quantized_conv2d, cpu_quantized_depthwise_conv2d
  MemoryRange in, out;
  Shape in_shape{};
  std::int32_t groups = 1, out_channels = 1;
  Window window;
  std::int32_t input_offset = 0, filter_offset = 0, output_mul = 0, output_shift = 0, output_offset = 0;
  Array bias;     // i32 [oc]
  Array weights;  // u8
};
struct QuantizedMatmul {
  MemoryRange a, b, out;
  std::int32_t a_rows = 1, a_cols = 1, b_cols = 1;
  std::int32_t a_offset = 0, b_offset = 0, output_mul = 0, output_shift = 0, output_offset = 0;
  Array bias;  // i32 [b_cols]
};
struct QuantizedBinary {
  MemoryRange a, b, out;
  std::int32_t op = 0;
  Shape a_shape{}, b_shape{}, out_shape{};
  std::int32_t a_offset = 0, a_mul = 0, a_shift = 0, b_offset = 0, b_mul = 0, b_shift = 0;
  std::int32_t output_offset = 0, output_mul = 0, output_shift = 0;
};
struct TableLookup1d {
  MemoryRange in, table, out;
};
struct Conv2dTranspose {
  MemoryRange in, out;
  Shape in_shape{}, out_shape{};
  std::int32_t groups = 1;
  Window window;
  Range act;
  Array weights;  // f32 [oc][ic/groups][h][w]
  Array bias;     // f32 [oc]; runtimes never add it
};
struct NnilUnary {
  MemoryRange in, out;
  Array code;  // bytes
};
struct KpuUpload {
  MemoryRange in, out;
  Shape in_shape{};
};
struct KpuConv2d {
  MemoryRange main_memory_output;  // size 0: none
  std::int32_t batches = 1;
  std::int32_t reserved = 0;
  Descriptor descriptor{};  // its three address fields hold the bytes of padding before each array
  Array tail;               // bytes behind the descriptor to the end of the body: padding, bn table, padding,
                            // activation table, padding, weights
};
struct Unknown {};

struct Node {
  Opcode opcode{};
  std::uint64_t offset = 0;  // of the body in the file
  std::uint32_t size = 0;    // of the body, as its header says
  std::variant<Unknown, Binary, Concat, Conv2d, Quantization, Matmul, Pad, Reduce, ReduceWindow2d, MemoryCopy,
               ResizeImage, Softmax, Transpose, StridedSlice, Unary, QuantizedConv2d, QuantizedMatmul, QuantizedBinary,
               TableLookup1d, Conv2dTranspose, NnilUnary, KpuUpload, KpuConv2d>
      body;
};

struct Input {
  MemoryRange range;
  Shape shape{};
};

struct Model {
  std::uint32_t flags = 0;
  std::uint32_t target = 1;       // 0 cpu, 1 k210
  std::uint32_t main_memory = 0;  // bytes
  std::vector<Input> inputs;
  std::vector<MemoryRange> outputs;
  Array constants;  // bytes
  std::vector<Node> nodes;
  std::uint32_t missing_bytes = 0;  // 0..7: how much of the last body the file lacks
  std::uint64_t foreign_bytes = 0;  // behind the last body
};

}  // namespace vnpu::kmodel::v4
