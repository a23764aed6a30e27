#include "sim/ax620/weights.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace vnpu::ax620 {
namespace {

constexpr std::size_t taps = window_taps, block = channel_block;
constexpr std::size_t max_window = 60'000;  // bytes: the sum fits 32 bits

std::size_t padded_channels(const pb::FetchCmd& command) {
  const int bits = command.w_bit();
  if (bits != 8 && bits != 2) {
    throw Error(ErrorKind::unsupported, "fetch: weights of " + std::to_string(bits) + " bits");
  }
  if (command.oc() <= 0 || command.oc() > 1 << 16) {
    throw Error(ErrorKind::damaged, "fetch: output channels of " + std::to_string(command.oc()));
  }
  const std::size_t multiple = 64 / static_cast<std::size_t>(bits);
  return (static_cast<std::size_t>(command.oc()) + multiple - 1) / multiple * multiple;
}

// The weights as numbers, from their digits in stored order.
class Digits {
 public:
  Digits(const LoadedWeights& weights, std::size_t wanted) : channels_(weights.channels) {
    const auto nibbles = std::span(weights.fetched).first(weights.fetched.size() - channels_ * 8);
    if (nibbles.size() * 2 != wanted) {
      throw Error(ErrorKind::damaged, "conv: weights of " + std::to_string(nibbles.size() * 2) +
                                          " digits were fetched, " + std::to_string(wanted) + " expected");
    }
    digits_.resize(wanted);
    auto* to = digits_.data();
    for (const auto byte : nibbles) {
      *to++ = byte & 3;
      *to++ = byte >> 4 & 3;
    }
  }

  // 16 digits of one plane and tap, of a block of input channels.
  const std::uint8_t* at(std::size_t input_block, std::size_t channel, std::size_t depth, std::size_t tap) const {
    return digits_.data() + (((input_block * channels_ + channel) * depth) * taps + tap) * block;
  }

 private:
  std::size_t channels_;
  Bytes digits_;
};

std::int8_t of_planes(int d0, int d1, int d2, int d3) {
  return static_cast<std::int8_t>(d0 + 4 * d1 + 16 * d2 + 64 * (d3 - 2));
}

void fill_1x1(const LoadedWeights& weights, Filter& out) {
  if (weights.bits != 2) {
    throw Error(ErrorKind::unsupported, "conv: a 1x1 layer with weights of " + std::to_string(weights.bits) + " bits");
  }
  const auto channels_in = out.channels_in;
  if (channels_in % 2 != 0) {
    throw Error(ErrorKind::damaged, "conv: a 1x1 layer of " + std::to_string(channels_in) + " channels");
  }
  const std::size_t half = channels_in / 2, blocks = (half + block - 1) / block;
  const Digits digits(weights, blocks * weights.channels * taps * block);
  out.rows = 1;
  out.row_bytes = channels_in;
  out.values.resize(weights.channels * channels_in);
  for (std::size_t c = 0; c < weights.channels; ++c) {
    for (std::size_t b = 0; b < blocks; ++b) {
      // Stored taps 8 7 6 5 are the planes of the lower half of the channels, 3 2 1 0 those of the upper one.
      const auto* d = digits.at(b, c, 1, 0);
      auto* lower = out.values.data() + c * channels_in + b * block;
      for (std::size_t i = 0; i < std::min(block, half - b * block); ++i) {
        const auto plane = [&](std::size_t tap) { return d[tap * block + i]; };
        lower[i] = of_planes(plane(8), plane(7), plane(6), plane(5));
        lower[half + i] = of_planes(plane(3), plane(2), plane(1), plane(0));
      }
    }
  }
}

void fill_3x3(const LoadedWeights& weights, Filter& out) {
  const auto channels_in = out.channels_in;
  const std::size_t blocks = (channels_in + block - 1) / block, depth = weights.bits == 8 ? 4 : 1;
  const Digits digits(weights, blocks * weights.channels * depth * taps * block);
  out.rows = 3;
  out.row_bytes = 3 * channels_in;
  out.values.resize(weights.channels * taps * channels_in);
  for (std::size_t c = 0; c < weights.channels; ++c) {
    for (std::size_t b = 0; b < blocks; ++b) {
      const auto count = std::min(block, channels_in - b * block);
      for (std::size_t position = 0; position < taps; ++position) {  // 3 ky + kx; stored last first
        const auto* d = digits.at(b, c, depth, taps - 1 - position);
        auto* to = out.values.data() + (c * taps + position) * channels_in + b * block;
        constexpr auto plane = taps * block;
        for (std::size_t i = 0; i < count; ++i) {
          to[i] = weights.bits == 8 ? of_planes(d[i], d[i + plane], d[i + 2 * plane], d[i + 3 * plane])
                                    : static_cast<std::int8_t>(d[i] - 2);
        }
      }
    }
  }
}

}  // namespace

bool LoadedWeights::are(const pb::FetchCmd& command, std::span<const std::uint8_t> bytes) const {
  return command.w_bit() == bits && padded_channels(command) == channels && std::ranges::equal(bytes, fetched);
}

LoadedWeights load_weights(const pb::FetchCmd& command, std::span<const std::uint8_t> bytes) {
  LoadedWeights out;
  out.channels = padded_channels(command);
  out.bits = command.w_bit();
  const auto table = out.channels * 8;
  if (bytes.size() < table) {
    throw Error(ErrorKind::damaged, "fetch: " + std::to_string(bytes.size()) + " bytes for a table of " +
                                        std::to_string(out.channels) + " channels");
  }
  out.fetched.assign(bytes.begin(), bytes.end());
  out.bias.resize(out.channels);
  out.scale.resize(out.channels);
  const auto* rows = bytes.data() + bytes.size() - table;
  for (std::size_t c = 0; c < out.channels; ++c) {
    std::memcpy(&out.bias[c], rows + c * 8, 4);
    std::memcpy(&out.scale[c], rows + c * 8 + 4, 4);
  }
  return out;
}

const Filter& filter_of(LoadedWeights& weights, bool one_by_one, std::size_t channels_in, SimdLevel level) {
  Filter& out = weights.filter;
  if (out.channels_in == channels_in && out.one_by_one == one_by_one) return out;
  out = {};
  Filter made;
  made.one_by_one = one_by_one;
  made.channels_in = channels_in;
  (one_by_one ? fill_1x1 : fill_3x3)(weights, made);
  const auto window = made.window();
  if (window > max_window) {
    throw Error(ErrorKind::unsupported, "conv: a window of " + std::to_string(window) + " bytes");
  }
  made.sums.resize(weights.channels);
  for (std::size_t c = 0; c < weights.channels; ++c) {
    for (std::size_t i = 0; i < window; ++i) made.sums[c] += made.values[c * window + i];
  }
  if (level != SimdLevel::scalar) {
    made.packed = pack_filter(made.values, weights.channels, made.rows, made.row_bytes);
    made.values = {};
  }
  return out = std::move(made);
}

}  // namespace vnpu::ax620
