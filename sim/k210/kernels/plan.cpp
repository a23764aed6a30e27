#include "sim/k210/kernels/plan.h"

#include <algorithm>
#include <limits>

#include "sim/k210/law.h"

namespace vnpu::k210::kernels {
namespace {

using Limits = std::numeric_limits<std::int32_t>;
// Room for the rounding constants, thresholds and differences that the kernels add.
constexpr std::int64_t lowest = Limits::min() / 2, highest = Limits::max() / 2;

bool fits(std::int64_t v) { return v >= lowest && v <= highest; }

struct Piece {
  std::int64_t from = 0, to = 0;  // values, both included
  Segment segment;
};

// The table as the pieces that values in [low, high] really meet, in rising order; empty when some value meets none.
std::vector<Piece> pieces_of(const Activation& table, Arithmetic arithmetic, std::int64_t low, std::int64_t high) {
  std::vector<Piece> pieces;
  std::int64_t to = high;
  for (std::size_t i = segment_count; i-- > 0 && to >= low;) {
    const std::int64_t from = std::max(low, table[i].x_start + (arithmetic == Arithmetic::v3 ? 0 : 1));
    if (from > to) continue;
    pieces.push_back({from, to, table[i]});
    to = from - 1;
  }
  if (to >= low) return {};
  std::ranges::reverse(pieces);
  return pieces;
}

}  // namespace

ActivationPlan plan_activation(const Activation& table, Arithmetic arithmetic, std::int64_t low, std::int64_t high) {
  ActivationPlan plan;
  plan.to_even = arithmetic == Arithmetic::v4;
  for (const Piece& piece : pieces_of(table, arithmetic, low, high)) {
    std::int64_t mul = piece.segment.y_mul, shift = piece.segment.shift_number;
    std::int64_t start = piece.segment.x_start;
    for (; shift > 0 && mul != 0 && mul % 2 == 0; mul /= 2) --shift;  // v * 2^n >> (s + n) rounds as v >> s
    if (mul == 0) start = shift = 0;
    if (shift == 0) {
      mul *= 2;
      shift = 1;
    }
    if (shift > 30 || !fits(start)) return plan;
    // From some distance on the result is 0 or 255, whatever the bias.
    const std::int64_t steep = mul < 0 ? -mul : mul;
    std::int64_t cap = mul == 0 ? 0 : piece.to - start;
    if (shift <= 21 && mul != 0) cap = std::min(cap, (std::int64_t{257} << shift) / steep + 1);
    if (cap > highest || cap * steep > highest - (std::int64_t{1} << shift)) return plan;

    const auto n = static_cast<std::size_t>(plan.count);
    const bool same = n > 0 && mul == 0 && plan.mul[n - 1] == 0 && plan.bias[n - 1] == piece.segment.result_bias;
    if (same) continue;
    plan.after[n] = static_cast<std::int32_t>(piece.from - 1);
    plan.start[n] = static_cast<std::int32_t>(start);
    plan.cap[n] = static_cast<std::int32_t>(cap);
    plan.mul[n] = static_cast<std::int32_t>(mul);
    plan.shift[n] = static_cast<std::int32_t>(shift);
    plan.sign[n] = mul < 0 ? -1 : 1;
    plan.bias[n] = piece.segment.result_bias;
    ++plan.count;
  }
  plan.valid = plan.count > 0;
  const bool relu = plan.count == 2 && plan.mul[0] == 0 && plan.bias[0] == plan.bias[1] && plan.mul[1] >= 0;
  if (relu) {
    for (auto* column : {&plan.start, &plan.cap, &plan.mul, &plan.shift, &plan.sign, &plan.bias}) {
      (*column)[0] = (*column)[1];
    }
  }
  plan.single = relu || (plan.count == 1 && plan.mul[0] >= 0);
  return plan;
}

FinishPlan plan_finish(const Layer& layer, const KpuParameters& parameters, Arithmetic arithmetic) {
  FinishPlan plan;
  const std::uint64_t each = layer.weights_per_output();
  const std::int64_t most_x = static_cast<std::int64_t>(255 * each);
  const std::int64_t x_term = (layer.arg_x * most_x) >> layer.shr_x;
  std::int64_t low = 0, high = 0;
  bool any = false;
  for (std::uint32_t o = 0; o < layer.out_channels(); ++o) {
    std::int64_t sum_w = 0;
    for (std::uint64_t i = each * o; i < each * (o + 1); ++i) {
      sum_w += parameters.wide_weights ? parameters.weights[2 * i] | parameters.weights[2 * i + 1] << 8
                                       : parameters.weights[i];
    }
    const BnEntry bn = decode_bn(parameters.bn.subspan(bn_bytes * o).first<bn_bytes>());
    const std::int64_t constant = zero_point_terms(layer, 0, 0, sum_w);
    const std::int64_t a_low = constant + std::min<std::int64_t>(x_term, 0);
    const std::int64_t a_high = constant + 255 * sum_w + std::max<std::int64_t>(x_term, 0);
    bool narrow = fits(a_low) && fits(a_high);
    if (narrow) {
      std::int64_t b_low = batch_norm(bn, a_low), b_high = batch_norm(bn, a_high);
      if (b_low > b_high) std::swap(b_low, b_high);
      narrow = fits(b_low - bn.norm_add) && fits(b_high - bn.norm_add) && fits(b_low) && fits(b_high);
      if (narrow) {
        low = any ? std::min(low, b_low) : b_low;
        high = any ? std::max(high, b_high) : b_high;
        any = true;
      }
    }
    plan.sums_of_w.push_back(sum_w);
    plan.narrow.push_back(narrow);
    plan.channels.push_back({static_cast<std::int32_t>(constant), static_cast<std::int32_t>(bn.norm_mul),
                             static_cast<std::int32_t>(bn.norm_shift), static_cast<std::int32_t>(bn.norm_add)});
  }
  if (any) {
    plan.activation =
        plan_activation(decode_activation(parameters.activation.first<activation_bytes>()), arithmetic, low, high);
  }
  if (!plan.activation.valid) std::ranges::fill(plan.narrow, std::uint8_t{0});
  return plan;
}

}  // namespace vnpu::k210::kernels
