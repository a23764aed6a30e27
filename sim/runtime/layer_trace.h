// Results of the source layers at the time they are produced, with the converter's own "*_tensor_info.txt" as the map.
//
// The file has a line for each piece of work of the compiled program:
//   Cmdbuf1: layer_id, tensor_name, inGroup, ignore, gaddr, g_shape, lg_idx_slice, laddr, qtype, qscale.
//   3 relu_4_Relu true false x 1,8,24,24 0,1,0,24 0 int8 0.034796
// A layer inside a group lives in local memory only and is computed in slices of n and h (n start, n count, h start,
// h count); its whole is put together from them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/network.h"

namespace vnpu {

struct LayerRow {
  std::uint32_t id = 0;
  std::string name;
  bool in_group = false;
  bool ignored = true;  // loads of weights, stores: no result of their own
  // Of rows that are not ignored:
  Shape shape;  // of the whole tensor, four dimensions
  std::optional<std::uint64_t> local_address;
  std::int64_t n_start = 0, n_count = 0, h_start = 0, h_count = 0;  // the slice; whole tensor outside of groups
  DType dtype = DType::f32;
  double scale = 1;  // value = stored number * scale
};

// Throws Error(damaged) with the line and the field.
std::vector<LayerRow> parse_layer_table(ByteView text);

// A layer's whole result as the memory held it.
struct LayerResult {
  std::string name;
  std::uint32_t layer_id = 0;  // of the row that completed it
  double scale = 1;
  Tensor tensor;
};

// Numbers of a stored tensor: integers as (float32(number) - zero_point) * float32(scale), rounded once; bf16, f16, f32
// as they are.
Tensor dequantise(const Tensor& stored, double scale, int zero_point = 0);

// Runs one inference step by step (the inputs must be set) and hands out every layer of the table when its last slice
// is done, in the order of execution. Commands are expected in the order of their layer ids, as compilers write them.
// Throws Error(usage) when the table names a tensor outside of groups that the model does not have.
void trace_layers(Network& network, const std::vector<LayerRow>& table,
                  const std::function<void(LayerResult&&)>& visit);

}  // namespace vnpu
