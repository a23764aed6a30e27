// Hostile KPU layers: refused or computed, and then alike by the scalar law and the kernels of this CPU.
#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "sim/k210/kpu.h"

using namespace vnpu;
using namespace vnpu::k210;

namespace {

constexpr std::uint64_t most_work = 1 << 20;

// Bytes of the input, again and again.
Bytes filled(std::span<const std::uint8_t> from, std::uint64_t size, std::uint8_t salt) {
  Bytes out(size);
  for (std::uint64_t i = 0; i < size; ++i) {
    out[i] = from.empty() ? salt : static_cast<std::uint8_t>(from[i % from.size()] + salt * (i / from.size()));
  }
  return out;
}

// Half of the inputs: the fields that follow from the shapes are made to fit, so that more layers run.
void repair(Layer& l, Arithmetic arithmetic) {
  l.kernel_type &= 1;
  l.pool_type %= 10;
  l.i_row_wid %= 96;
  l.i_col_high %= 16;
  l.i_ch_num %= 48;
  l.o_ch_num = l.depthwise() ? l.i_ch_num : l.o_ch_num % 48;
  l.image_src_addr %= 8192;
  l.image_dst_addr %= 8192;
  l.ram_flag = l.full_add = l.pad_type = l.first_stride = l.bypass_conv = 0;
  l.coef_column_offset = l.coef_row_offset = l.coef_size = 0;
  const PoolShape& pool = *pool_shape(l.pool_type);
  if (l.in_width() < pool.stride || l.in_height() < pool.stride) l.pool_type = 0;
  const std::uint32_t stride = pool_shape(l.pool_type)->stride;
  l.o_row_wid = l.in_width() / stride - 1;
  l.o_col_high = l.in_height() / stride - 1;
  const auto lines = [](const MapShape& map, std::int64_t& group, std::int64_t& row, std::int64_t& channel) {
    group = row_layout(map.width).groups;
    row = row_layout(map.width).row_lines;
    channel = static_cast<std::int64_t>(map.group_lines());
  };
  lines(input_shape(l), l.coef_group, l.row_switch_addr, l.channel_switch_addr);
  lines(output_shape(l, arithmetic), l.wb_group, l.wb_row_switch_addr, l.wb_channel_switch_addr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1 + layer_bytes + activation_bytes) return 0;
  const std::span<const std::uint8_t> in(data, size);
  const Arithmetic arithmetic = in[0] & 1 ? Arithmetic::v3 : Arithmetic::v4;
  KpuParameters parameters;
  parameters.wide_weights = (in[0] & 2) != 0;
  const std::uint32_t batches = 1 + (in[0] >> 6);
  Layer layer = decode_layer(in.subspan(1).first<layer_bytes>());
  if (in[0] & 4) repair(layer, arithmetic);
  if (layer.weight_count() * layer.in_width() * layer.in_height() * batches > most_work) return 0;
  const auto rest = in.subspan(1 + layer_bytes + activation_bytes);
  const Bytes weights = filled(rest, layer.weight_count() * (parameters.wide_weights ? 2 : 1), 3);
  const Bytes bn = filled(rest, bn_bytes * layer.out_channels(), 1);
  parameters.weights = weights;
  parameters.bn = bn;
  parameters.activation = in.subspan(1 + layer_bytes, activation_bytes);

  static AiRam before, scalar, fast;
  std::string errors[2];
  const Bytes map = filled(rest, 4096, 7);
  for (std::size_t at = 0; at < ai_ram_bytes; at += map.size()) std::ranges::copy(map, before.bytes().begin() + at);
  const auto run = [&](AiRam& ram, SimdLevel level, std::string& error) {
    std::ranges::copy(before.bytes(), ram.bytes().begin());
    try {
      KpuLayer(layer, parameters, batches, arithmetic, level).run(ram);
    } catch (const Error& failure) {
      error = failure.what();
    }
  };
  run(scalar, SimdLevel::scalar, errors[0]);
  run(fast, best_simd_level(), errors[1]);
  // Where both fail they may have come to different channels.
  if (errors[0].empty() != errors[1].empty()) std::abort();
  if (errors[0].empty() && !std::ranges::equal(scalar.bytes(), fast.bytes())) std::abort();
  return 0;
}
