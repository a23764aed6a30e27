#include "sim/k210/law.h"

#include <algorithm>
#include <vector>

#include "base/error.h"

namespace vnpu::k210 {

std::int64_t wrapping_mul(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}

std::int64_t wrapping_add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

std::int64_t rounded_shift(std::int64_t value, std::uint32_t shift, Arithmetic arithmetic) {
  if (shift == 0) return value;
  const std::int64_t floor = value >> shift;
  const std::uint64_t fraction = static_cast<std::uint64_t>(value) & ((std::uint64_t{1} << shift) - 1);
  const std::uint64_t half = std::uint64_t{1} << (shift - 1);
  const bool up =
      arithmetic == Arithmetic::v3 ? fraction >= half : fraction > half || (fraction == half && (floor & 1) != 0);
  return !up ? floor : value < 0 ? floor - 1 : floor + 1;
}

std::int64_t zero_point_terms(const Layer& layer, std::int64_t sum_xw, std::int64_t sum_x, std::int64_t sum_w) {
  const std::int64_t additions = layer.depthwise() ? 1 : layer.in_channels();
  return sum_xw + ((layer.arg_x * sum_x) >> layer.shr_x) + ((layer.arg_w * sum_w) >> layer.shr_w) +
         layer.arg_add * additions;
}

std::int64_t batch_norm(const BnEntry& entry, std::int64_t value) {
  return wrapping_add(wrapping_mul(value, entry.norm_mul) >> entry.norm_shift, entry.norm_add);
}

std::optional<std::uint8_t> activate(const Activation& table, Arithmetic arithmetic, std::int64_t value) {
  for (std::size_t i = segment_count; i-- > 0;) {
    const Segment& segment = table[i];
    if (arithmetic == Arithmetic::v3 ? value < segment.x_start : value <= segment.x_start) continue;
    const std::int64_t product = wrapping_mul(wrapping_add(value, -segment.x_start), segment.y_mul);
    const auto shift = static_cast<std::uint32_t>(segment.shift_number);
    const std::int64_t scaled = product == 0 ? 0 : rounded_shift(product, shift, arithmetic);
    return static_cast<std::uint8_t>(std::clamp<std::int64_t>(wrapping_add(scaled, segment.result_bias), 0, 255));
  }
  return std::nullopt;
}

void pool_plane(std::int64_t pool_type, Arithmetic arithmetic, const std::uint8_t* in, std::uint32_t height,
                std::uint32_t width, std::uint8_t* out, std::uint32_t out_height, std::uint32_t out_width) {
  const PoolShape& pool = *pool_shape(pool_type);
  const bool is_max = pool_type == pool_max2 || pool_type == pool_max4 || pool_type == pool_max2_stride1;
  const bool is_mean = pool_type == pool_mean2 || pool_type == pool_mean4 || pool_type == pool_mean2_stride1;
  for (std::uint32_t oy = 0; oy < out_height; ++oy) {
    for (std::uint32_t ox = 0; ox < out_width; ++ox) {
      const std::uint32_t y0 = oy * pool.stride, x0 = ox * pool.stride;
      if (!is_max && !is_mean) {
        const std::uint32_t x = x0 + (pool_type == pool_right_top2 ? 1 : 0);
        *out++ = y0 < height && x < width ? in[std::size_t{y0} * width + x] : 0;
        continue;
      }
      std::uint32_t best = 0, sum = 0, inside = 0;
      for (std::uint32_t y = y0; y < y0 + pool.window; ++y) {
        for (std::uint32_t x = x0; x < x0 + pool.window; ++x) {
          // Outside: nothing for a maximum and for version 3's mean; the nearest element for the mean of 4 and 5.
          const bool within = y < height && x < width;
          if (!within && (is_max || arithmetic == Arithmetic::v3)) continue;
          const std::uint32_t value = in[std::size_t{std::min(y, height - 1)} * width + std::min(x, width - 1)];
          best = std::max(best, value);
          sum += value;
          ++inside;
        }
      }
      *out++ = static_cast<std::uint8_t>(is_max ? best : inside == 0 ? 0 : sum / inside);
    }
  }
}

void kpu_law(const Layer& layer, const KpuParameters& parameters, Arithmetic arithmetic,
             std::span<const std::uint8_t> in, std::span<std::uint8_t> out) {
  const MapShape shape = input_shape(layer), to = output_shape(layer, arithmetic);
  const std::int64_t kernel = layer.kernel(), edge = kernel / 2;
  const std::int64_t height = shape.height, width = shape.width;
  const std::size_t plane = shape.count() / shape.channels;
  const std::uint32_t window_channels = layer.depthwise() ? 1 : shape.channels;
  const Activation activation = decode_activation(parameters.activation.first<activation_bytes>());
  const auto weight = [&](std::uint64_t i) -> std::int64_t {
    return parameters.wide_weights ? parameters.weights[2 * i] | parameters.weights[2 * i + 1] << 8
                                   : parameters.weights[i];
  };
  std::vector<std::int64_t> sum_xw(plane), sum_x(plane);
  Bytes activated(plane);
  for (std::uint32_t o = 0; o < layer.out_channels(); ++o) {
    std::ranges::fill(sum_xw, 0);
    std::ranges::fill(sum_x, 0);
    std::int64_t sum_w = 0;
    for (std::uint32_t i = 0; i < window_channels; ++i) {
      const std::uint8_t* x = in.data() + plane * (layer.depthwise() ? o : i);
      for (std::int64_t ky = 0; ky < kernel; ++ky) {
        for (std::int64_t kx = 0; kx < kernel; ++kx) {
          const std::int64_t w = weight(((std::uint64_t{o} * window_channels + i) * kernel + ky) * kernel + kx);
          sum_w += w;
          for (std::int64_t y = 0; y < height; ++y) {
            for (std::int64_t at = 0; at < width; ++at) {
              const std::int64_t sy = y + ky - edge, sx = at + kx - edge;
              const bool inside = sy >= 0 && sy < height && sx >= 0 && sx < width;
              const std::int64_t value = inside ? x[sy * width + sx] : layer.pad_value;
              sum_xw[y * width + at] += value * w;
              sum_x[y * width + at] += value;
            }
          }
        }
      }
    }
    const BnEntry bn = decode_bn(parameters.bn.subspan(bn_bytes * o).first<bn_bytes>());
    for (std::size_t p = 0; p < plane; ++p) {
      const std::int64_t b = batch_norm(bn, zero_point_terms(layer, sum_xw[p], sum_x[p], sum_w));
      const auto result = activate(activation, arithmetic, b);
      if (!result) {
        throw Error(ErrorKind::fault, "output channel " + std::to_string(o) + ": " + std::to_string(b) +
                                          " is below every segment of the activation table");
      }
      activated[p] = *result;
    }
    pool_plane(layer.pool_type, arithmetic, activated.data(), shape.height, shape.width,
               out.data() + to.count() / to.channels * o, to.height, to.width);
  }
}

}  // namespace vnpu::k210
