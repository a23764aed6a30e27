#include "random_layer.h"

#include <algorithm>
#include <cmath>

namespace vnpu::k210 {
namespace {

std::uint32_t pick(std::mt19937& random, std::uint32_t low, std::uint32_t high) {
  return std::uniform_int_distribution<std::uint32_t>(low, high)(random);
}

bool chance(std::mt19937& random, unsigned percent) { return pick(random, 1, 100) <= percent; }

double fraction(std::mt19937& random) { return pick(random, 0, 1 << 20) / double{1 << 20}; }

std::uint32_t some_width(std::mt19937& random, std::uint32_t most) {
  const std::uint32_t borders[] = {1, 4, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 192, 256, 320};
  std::uint32_t width = chance(random, 40) ? borders[pick(random, 0, std::size(borders) - 1)] : pick(random, 1, most);
  return std::min(width, most);
}

Segment segment_at(std::mt19937& random, std::int64_t start, std::int64_t span) {
  Segment s;
  s.x_start = start;
  s.shift_number = pick(random, 1, 20);
  const double rise = 60 * fraction(random) * (chance(random, 60) ? 1 : -1);
  s.y_mul = std::clamp<std::int64_t>(std::llround(rise / static_cast<double>(span) * std::ldexp(1, s.shift_number)),
                                     -32768, 32767);
  if (chance(random, 15)) {
    s.shift_number = 0;
    s.y_mul = static_cast<std::int64_t>(pick(random, 0, 4)) - 2;
  }
  s.result_bias = static_cast<std::uint8_t>(pick(random, 0, 255));
  return s;
}

Activation random_activation(std::mt19937& random, std::int64_t reach) {
  Activation table;
  table[0].x_start = -(std::int64_t{1} << 35);
  table[0].result_bias = static_cast<std::uint8_t>(chance(random, 50) ? 0 : pick(random, 0, 255));
  if (chance(random, 40)) {  // relu as version 3 writes it
    for (std::size_t i = 1; i < 10; ++i) table[i].x_start = -(std::int64_t{1} << 31) + static_cast<std::int64_t>(i);
    for (std::size_t i = 1; i < 10; ++i) table[i].result_bias = table[0].result_bias;
    const auto shift = std::max<std::int64_t>(1, std::ilogb(static_cast<double>(reach)) - 7);
    for (std::size_t i = 10; i < segment_count; ++i) {
      table[i].x_start = i == 10 ? 0 : (std::int64_t{1} << 32) + static_cast<std::int64_t>(i);
      table[i].y_mul = 1024;
      table[i].shift_number = shift + 10;
      table[i].result_bias = table[0].result_bias;
    }
    return table;
  }
  std::vector<std::int64_t> starts;
  for (int i = 0; i < 15; ++i) starts.push_back(static_cast<std::int64_t>((3 * fraction(random) - 1.5) * reach));
  if (!chance(random, 10)) std::ranges::sort(starts);
  for (std::size_t i = 0; i < 15; ++i) {
    const std::int64_t next = i < 14 ? starts[i + 1] : reach;
    table[i + 1] = segment_at(random, starts[i], std::max<std::int64_t>(1, std::abs(next - starts[i])));
  }
  return table;
}

}  // namespace

Layer make_layer(const MapShape& in, std::uint32_t out_channels, std::uint32_t kernel, bool depthwise,
                 std::int64_t pool, Arithmetic) {
  const PoolShape& shape = *pool_shape(pool);
  const MapShape out{out_channels, in.height / shape.stride, in.width / shape.stride};
  Layer l;
  l.depth_wise_layer = depthwise;
  l.i_ch_num = in.channels - 1;
  l.o_ch_num = l.o_ch_num_coef = out_channels - 1;
  l.i_row_wid = in.width - 1;
  l.i_col_high = in.height - 1;
  l.o_row_wid = out.width - 1;
  l.o_col_high = out.height - 1;
  l.kernel_type = kernel == 3;
  l.pool_type = pool;
  l.load_para = l.load_coor = l.load_act = 1;
  l.dma_burst_size = 15;
  l.channel_switch_addr = static_cast<std::int64_t>(in.group_lines() & 0x7FFF);
  l.row_switch_addr = row_layout(in.width).row_lines;
  l.coef_group = row_layout(in.width).groups;
  l.wb_channel_switch_addr = static_cast<std::int64_t>(out.group_lines() & 0x7FFF);
  l.wb_row_switch_addr = row_layout(out.width).row_lines;
  l.wb_group = row_layout(out.width).groups;
  return l;
}

RandomLayer random_layer(std::mt19937& random, const RandomOptions& options) {
  for (;;) {
    RandomLayer r;
    r.arithmetic = chance(random, 50) ? Arithmetic::v3 : Arithmetic::v4;
    r.wide_weights = r.arithmetic == Arithmetic::v3 && chance(random, 30);
    const std::int64_t pool = chance(random, 35) ? 0 : pick(random, 1, 9);
    const std::uint32_t kernel = chance(random, 50) ? 3 : 1;
    const bool depthwise = chance(random, 30);
    const std::uint32_t most = chance(random, 5) ? 1024 : options.most_channels;
    const MapShape in{pick(random, 1, most), pick(random, 1, options.most_height),
                      some_width(random, options.most_width)};
    const std::uint32_t outs = depthwise ? in.channels : pick(random, 1, most);
    const PoolShape& shape = *pool_shape(pool);
    if (in.width < shape.stride || in.height < shape.stride) continue;
    r.layer = make_layer(in, outs, kernel, depthwise, pool, r.arithmetic);
    if (r.arithmetic == Arithmetic::v3 && chance(random, 20) && shape.stride > 1) {  // windows cut off by the border
      const MapShape out{outs, (in.height + shape.stride - 1) / shape.stride,
                         (in.width + shape.stride - 1) / shape.stride};
      r.layer.o_row_wid = out.width - 1;
      r.layer.o_col_high = out.height - 1;
      r.layer.wb_channel_switch_addr = static_cast<std::int64_t>(out.group_lines());
      r.layer.wb_row_switch_addr = row_layout(out.width).row_lines;
      r.layer.wb_group = row_layout(out.width).groups;
    }
    if (r.layer.weight_count() * in.height * in.width > options.most_work) continue;
    r.batches = chance(random, 15) ? pick(random, 2, 3) : 1;
    const MapShape out = output_shape(r.layer, r.arithmetic);
    const std::uint64_t lines_in = in.lines() * r.batches, lines_out = out.lines() * r.batches;
    if (lines_in > line_count || lines_out > line_count) continue;
    r.layer.image_src_addr =
        pick(random, 0, static_cast<std::uint32_t>(std::min<std::uint64_t>(line_count - lines_in, 0x7FFF)));
    r.layer.image_dst_addr =
        pick(random, 0, static_cast<std::uint32_t>(std::min<std::uint64_t>(line_count - lines_out, 0x7FFF)));
    if (chance(random, 15)) {  // over its own input
      const std::int64_t near = r.layer.image_src_addr + static_cast<std::int64_t>(pick(random, 0, 4)) - 2;
      r.layer.image_dst_addr = std::clamp<std::int64_t>(
          near, 0, static_cast<std::int64_t>(std::min<std::uint64_t>(line_count - lines_out, 0x7FFF)));
    }

    const int bits = r.wide_weights ? 16 : 8;
    const std::int64_t zw = pick(random, 0, (1u << bits) - 1);
    r.layer.pad_value = pick(random, 0, 255);
    r.layer.shr_x = r.arithmetic == Arithmetic::v3 ? pick(random, 0, bits == 8 ? 11 : 6) : 0;
    r.layer.shr_w = r.arithmetic == Arithmetic::v3 ? pick(random, 0, 11) : 0;
    r.layer.arg_x =
        std::max<std::int64_t>(-(zw << r.layer.shr_x) - pick(random, 0, (1u << r.layer.shr_x) - 1), -(1 << 23));
    r.layer.arg_w = -(r.layer.pad_value << r.layer.shr_w) - pick(random, 0, (1u << r.layer.shr_w) - 1);
    r.layer.arg_add = std::int64_t{kernel} * kernel * zw * r.layer.pad_value;
    if (chance(random, 5)) r.layer.arg_add = (std::int64_t{1} << 39) - 1;  // far beyond 32 bits

    r.weights.resize(r.layer.weight_count() * bits / 8);
    for (auto& byte : r.weights) byte = static_cast<std::uint8_t>(random());
    if (chance(random, 10)) std::ranges::fill(r.weights, std::uint8_t{255});
    const double n = static_cast<double>(r.layer.weights_per_output());
    const double a = n * 255 * ((1 << bits) - 1) / 3 / std::sqrt(n);
    const double reach = std::exp2(10 + 12 * fraction(random));
    for (std::uint32_t o = 0; o < outs; ++o) {
      BnEntry e;
      e.norm_shift = pick(random, 0, 15);
      const double sign = chance(random, 75) ? 1 : -1;
      e.norm_mul = std::clamp<std::int64_t>(
          std::llround(reach / a * std::ldexp(1, e.norm_shift) * (0.3 + 1.4 * fraction(random)) * sign), -(1 << 23),
          (1 << 23) - 1);
      e.norm_add = static_cast<std::int64_t>((2 * fraction(random) - 1) * reach);
      if (chance(random, 2)) e.norm_mul = (1 << 23) - 1;
      e.bn_rsv = pick(random, 0, 15);
      const auto word = encode(e);
      r.bn.insert(r.bn.end(), word.begin(), word.end());
    }
    const auto table = encode(random_activation(random, static_cast<std::int64_t>(reach)));
    r.activation.assign(table.begin(), table.end());
    bool good = true;
    for (const auto& note : check_layer(r.layer, r.arithmetic, r.batches)) good = good && !note.refused;
    if (good) return r;
  }
}

}  // namespace vnpu::k210
