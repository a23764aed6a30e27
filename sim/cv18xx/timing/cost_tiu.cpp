// Cycles of TIU commands.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "isa/cv18xx/chip.h"
#include "sim/cv18xx/timing/cost.h"

namespace vnpu::cv18xx {
namespace {

constexpr std::uint64_t word_bytes = 16;
constexpr std::uint32_t sampled_pixels = 4096;  // of a plane, to find its mean of words a group
constexpr double longest = 4e12;                // cycles: above an hour at any clock

std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return (a + b - 1) / b; }

bool is_bf16(const TiuCommand& c) { return c.opd_typ != 0; }

// A 12-bit size of 0 stands for 4096.
std::uint64_t size(std::uint32_t field) { return field ? field : 4096; }

std::uint64_t channel_groups(const TiuCommand& c, std::uint32_t lanes) {
  return ceil_div(c.res0_addr / lane_bytes % lanes + size(c.res0_c), lanes);
}

// Groups of pixels that the execution units of a lane work on at once; they run on through row ends.
std::uint64_t pixel_groups(const TiuCommand& c) {
  return ceil_div(size(c.res0_h) * size(c.res0_w), is_bf16(c) ? eu_num / 2 : eu_num);
}

std::uint64_t groups(const TiuCommand& c, std::uint32_t lanes) {
  return size(c.res0_n) * channel_groups(c, lanes) * pixel_groups(c);
}

double partial_sums(const TiuCommand& c) {
  constexpr double cycles[] = {0, 4, 4, 8};
  return cycles[c.ps32_md & 3];
}

// Cycles a group of 16 bytes (8 bf16 values).
double element_cycles(const TiuCommand& c) {
  if (is_bf16(c)) {
    switch (c.tsk_eu_typ) {
      case arith_mac: return 3.75;
      case arith_copy: return 2.5;
      default: return 3;
    }
  }
  const bool strided = c.opd0_w_str > 1 || (c.opd1_w_str > 1 && !c.opt_opd1_const);
  const bool wide = c.opt_res0_seg != 1 || c.opt_opd0_seg != 1;
  switch (c.tsk_eu_typ) {
    case arith_mul: return strided ? 5.0 : 3.5;
    case arith_mac: return strided ? 10.0 : 8.0;
    case arith_copy: return strided ? 3.5 : 2.5;
    case arith_add:
    case arith_sub: return 5.0 + (wide ? 2 : 0) + (strided ? 1 : 0);
    case arith_shift: return 4.0 + (wide ? 2 : 0) + (strided ? 1 : 0);
    default: return 3.0 + (wide ? 2 : 0) + (strided ? 1 : 0);
  }
}

}  // namespace

const char* name(Bound bound) {
  constexpr const char* names[] = {"start-up",     "multiply", "operand fetch", "requantise", "element-wise",
                                   "local memory", "DRAM",     "transposition", "CPU"};
  return names[static_cast<std::size_t>(bound)];
}

std::uint64_t macs_of(const TiuCommand& c) {
  const std::uint64_t results = size(c.res0_n) * size(c.res0_c) * size(c.res0_h) * size(c.res0_w);
  if (c.tsk_typ == tsk_conv) return results * size(c.opd0_c) * c.opd1_h * c.opd1_w;
  if (c.tsk_typ == tsk_pool && c.tsk_eu_typ == pool_depthwise) return results * c.opd1_h * c.opd1_w;
  if (c.tsk_typ == tsk_matmul) return results * c.opd1_n;
  return 0;
}

CostModel::CostModel(const TimingValues& values) : v_(values), lanes_(static_cast<std::uint32_t>(values.lanes)) {}

const CostModel::Fetch& CostModel::fetch(const TiuCommand& c, std::uint32_t element) {
  const auto width = static_cast<std::uint32_t>(size(c.opd0_w));
  const std::uint32_t row = c.short_opd0_str || !c.opd0_h_str ? width * element : c.opd0_h_str;
  const auto ow = static_cast<std::uint32_t>(size(c.res0_w)), oh = static_cast<std::uint32_t>(size(c.res0_h));
  const std::uint32_t sx = std::max(1u, c.conv_op_x_str), sy = std::max(1u, c.conv_op_y_str);
  const FetchKey key{ow,
                     oh,
                     sx << 8 | sy,
                     c.conv_opd0_x_ins0 << 8 | (c.conv_opd1_x_ins0 + 1),
                     c.opd1_w,
                     c.conv_opd0_lf_pad,
                     width,
                     row,
                     c.opd0_addr % 16,
                     element,
                     0};
  const auto [at, is_new] = fetches_.try_emplace(key);
  Fetch& out = at->second;
  if (!is_new) return out;
  const std::uint32_t pixels = std::min<std::uint64_t>(std::uint64_t{ow} * oh, sampled_pixels);
  const std::uint32_t per_group = eu_num / element;
  const std::uint32_t all_groups = (pixels + per_group - 1) / per_group;
  for (std::uint32_t k = 0; k < c.opd1_w; ++k) {
    std::uint64_t words = 0;
    for (std::uint32_t p = 0; p < pixels; p += per_group) {
      // Within a group addresses only grow from pixel to pixel of a row; another row is another piece.
      std::uint64_t last = ~std::uint64_t{0};
      for (std::uint32_t q = p; q < std::min(pixels, p + per_group); ++q) {
        const std::int64_t x = q % ow, y = q / ow;
        std::int64_t column = x * sx + k * (c.conv_opd1_x_ins0 + 1) - c.conv_opd0_lf_pad;
        column = std::clamp<std::int64_t>(column < 0 ? 0 : column / (c.conv_opd0_x_ins0 + 1), 0, width - 1);
        const std::uint64_t word = (c.opd0_addr % 16 + static_cast<std::uint64_t>(y) * sy * row +
                                    static_cast<std::uint64_t>(column) * element) /
                                   word_bytes;
        if (word != last) ++words;
        last = word;
      }
    }
    out.column.push_back(static_cast<double>(words) / all_groups);
    out.sum += out.column.back();
  }
  return out;
}

// One group of a convolution: all kernel positions of all input channels, then the result.
double CostModel::conv_loop(const TiuCommand& c, Bound& bound) {
  const bool bf16 = is_bf16(c);
  const auto channels = size(c.opd0_c);
  // Two int8 input channels a cycle when the command asks for it.
  const auto products = static_cast<double>(c.double_conv && !bf16 ? ceil_div(channels, 2) : channels);
  const auto channel_rows = static_cast<double>(ceil_div(channels, lanes_));
  const Fetch& words = fetch(c, bf16 ? 2 : 1);
  const double extra = v_.fetch_extra + v_.fetch_conflict / v_.lanes;
  double loop = 0, fetching = 0;
  for (const double column : words.column) {
    const double needed = (column + extra) * channel_rows;
    loop += std::max(products, needed);
    if (needed > products) fetching += needed;
  }
  bound = fetching * 2 > loop ? Bound::fetch : Bound::products;
  loop *= c.opd1_h;
  const bool bias = c.tsk_opd_num == 3;
  loop += (c.opt_chl_quan ? 1 : 4) + partial_sums(c) + (bias && !c.opt_chl_quan ? 2 : 0);
  if (c.opt_chl_quan && !bf16 && loop < v_.conv_floor) {
    loop = v_.conv_floor;
    bound = Bound::requantise;
  }
  return loop;
}

// One group of a pooling or depthwise command.
double CostModel::window_loop(const TiuCommand& c, Bound& bound) {
  const bool bf16 = is_bf16(c);
  const double loop = c.opd1_h * fetch(c, bf16 ? 2 : 1).sum;
  bound = Bound::fetch;
  if (c.tsk_eu_typ == pool_max || c.tsk_eu_typ == pool_min) return loop;
  if (c.tsk_eu_typ == pool_avg) return loop + (bf16 ? 2 : 4);
  if (v_.depthwise_tail > loop) bound = Bound::requantise;
  return loop + v_.depthwise_tail;
}

CommandCost CostModel::tiu(const TiuCommand& c) {
  CommandCost cost;
  double start = v_.element_start, work = 0;
  switch (c.tsk_typ) {
    case tsk_conv:
      start = v_.conv_start;
      work = static_cast<double>(groups(c, lanes_)) * conv_loop(c, cost.bound);
      break;
    case tsk_pool:
      start = v_.pool_start;
      work = static_cast<double>(groups(c, lanes_)) * window_loop(c, cost.bound);
      break;
    case tsk_matmul: {
      const std::uint64_t loops = size(c.res0_n) * ceil_div(size(c.res0_c), lanes_) *
                                  ceil_div(size(c.res0_w), is_bf16(c) ? eu_num / 2 : eu_num);
      start = v_.matmul_start + (c.opt_chl_quan ? 25 : 0);
      work = static_cast<double>(loops) * c.opd1_n;
      cost.bound = Bound::products;
      break;
    }
    default:
      cost.bound = Bound::elements;
      if (c.tsk_eu_typ == arith_lut) {
        work = static_cast<double>(groups(c, lanes_)) * (c.opd1_h * v_.lut_row + 1);
      } else {
        start -= is_bf16(c) || c.tsk_eu_typ == arith_copy ? 1 : 0;
        work = static_cast<double>(groups(c, lanes_)) * element_cycles(c);
      }
  }
  if (work < start) cost.bound = Bound::start;
  if (start + work > longest) throw Error(ErrorKind::fault, "the command would take hours");
  cost.timed.start_cycles = 0;
  cost.timed.work_cycles = static_cast<std::uint64_t>(std::llround(std::max(0.0, start + work)));
  cost.macs = macs_of(c);
  return cost;
}

}  // namespace vnpu::cv18xx
