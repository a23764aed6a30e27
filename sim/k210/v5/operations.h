// The tensor functions, in groups. Each takes its operands off the stack in the order of docs/stackvm_k210.md.
// Not for use outside this folder.
#pragma once

#include "sim/k210/v5/machine.h"

namespace vnpu::k210::v5 {

// Element by element.
void binary(TensorJob& job);
void unary(TensorJob& job);
void sigmoid(TensorJob& job);
void quantize(TensorJob& job);
void dequantize(TensorJob& job);
void convert(TensorJob& job);
void lut1d(TensorJob& job);

// Movements.
void broadcast_copy(TensorJob& job);
void copy(TensorJob& job);
void pad(TensorJob& job);
void slice(TensorJob& job);
void transpose(TensorJob& job);
void resize_image(TensorJob& job);

// Sums.
void conv2d(TensorJob& job);
void matmul(TensorJob& job);
void reduce(TensorJob& job);
void reduce_window2d(TensorJob& job);
void softmax(TensorJob& job);

// A float as a 32-bit integer: cut towards zero; what has no such integer, NaN included, gives the smallest one.
std::int64_t to_integer(double value);

}  // namespace vnpu::k210::v5
