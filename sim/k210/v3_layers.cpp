#include "sim/k210/v3_layers.h"

#include <cfloat>
#include <cmath>

#include "sim/k210/float_law.h"
#include "sim/k210/law.h"

namespace vnpu::k210 {
namespace {

using namespace kmodel::v3;
using Done = std::optional<std::span<const std::uint8_t>>;

struct Run {
  const kmodel::Model& model;
  const kmodel::v3::Layer& layer;
  MainMemory& memory;
  const Quirks& quirks;

  std::vector<float> floats(std::uint64_t address, std::uint64_t count) const {
    return numbers<float>(memory.range(address, 4 * count));
  }
  std::vector<float> file_floats(const kmodel::Array& array, const char* field) const {
    return numbers<float>(model.bytes(array.offset, 4 * array.count, field).span());
  }
  Bytes bytes(std::uint64_t address, std::uint64_t count) const {
    const auto from = memory.range(address, count);
    return {from.begin(), from.end()};
  }
  template <class T>
  Done put(std::uint64_t address, const std::vector<T>& values) const {
    const auto from = bytes_of(values);
    const auto to = memory.range(address, from.size());
    std::ranges::copy(from, to.begin());
    return to;
  }
  bool is(LayerType type) const { return layer.type == type; }

  Done operator()(const Unknown&) const {
    const auto number = std::to_string(static_cast<std::uint32_t>(layer.type));
    throw Error(ErrorKind::unsupported, "layer type " + number + " (" + std::string(name(layer.type)) +
                                            ") is not implemented by the chip's run time");
  }

  Done operator()(const Add& l) const {
    auto a = floats(l.in_a, l.count);
    const auto b = floats(l.in_b, l.count);
    for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
    return put(l.out, a);
  }

  Done operator()(const QuantizedAdd& l) const {
    for (const std::int32_t shift : {l.a_shift, l.b_shift, l.out_shift}) {
      if (shift < 0 || shift > 63) throw Error(ErrorKind::unsupported, "a shift by " + std::to_string(shift));
    }
    // The run time works through eight elements at a time, the last ones of them beyond `count`.
    const std::uint64_t inside = std::min<std::uint64_t>(
        (std::uint64_t{l.count} + 7) / 8 * 8,
        memory.size() - std::min<std::uint64_t>(memory.size(), std::max({l.in_a, l.in_b, l.out})));
    const std::uint64_t n = std::max<std::uint64_t>(l.count, inside);
    const Bytes a = bytes(l.in_a, n), b = bytes(l.in_b, n);
    Bytes out(n);
    for (std::size_t i = 0; i < n; ++i) {
      const std::int64_t x = (std::int64_t{a[i]} + l.a_offset) * l.a_mul,
                         y = (std::int64_t{b[i]} + l.b_offset) * l.b_mul;
      const std::int64_t sum =
          l.a_shift == l.b_shift ? wrapping_add(x, y) >> l.a_shift : wrapping_add(x >> l.a_shift, y >> l.b_shift);
      const std::int64_t scaled =
          rounded_shift(wrapping_mul(sum, l.out_mul), static_cast<std::uint32_t>(l.out_shift), Arithmetic::v3);
      out[i] = static_cast<std::uint8_t>(std::clamp<std::int64_t>(wrapping_add(scaled, l.out_offset), 0, 255));
    }
    put(l.out, out);
    return memory.range(l.out, l.count);
  }

  Done operator()(const GlobalAveragePool& l) const {
    const auto in = floats(l.in, std::uint64_t{l.kernel_size} * l.channels);
    std::vector<float> out(l.channels);
    for (std::size_t c = 0; c < out.size(); ++c) {
      float sum = 0;
      for (std::size_t i = 0; i < l.kernel_size; ++i) sum += in[c * l.kernel_size + i];
      out[c] = sum / static_cast<float>(l.kernel_size);
    }
    return put(l.out, out);
  }

  // value(plane offset, first and one behind the last row and column of the window) for every output.
  template <class T, class Value>
  Done pool(const Pool& l, const std::vector<T>& in, Value value) const {
    const auto &from = l.in_shape, &to = l.out_shape;
    if (to.channels > from.channels) throw Error(ErrorKind::fault, "pooling makes more channels than there are");
    std::vector<T> out;
    memory.range(l.out, std::uint64_t{to.width} * to.height * std::min(to.channels, 0xFFFFu) * sizeof(T));
    for (std::uint64_t c = 0; c < to.channels; ++c) {
      for (std::int64_t y = 0; y < to.height; ++y) {
        for (std::int64_t x = 0; x < to.width; ++x) {
          const auto first = [](std::int64_t at, std::int64_t stride, std::int64_t padding) {
            return at * stride - padding;
          };
          const std::int64_t y0 = first(y, l.stride_h, l.padding_h), x0 = first(x, l.stride_w, l.padding_w);
          const std::int64_t top = std::max<std::int64_t>(0, y0), left = std::max<std::int64_t>(0, x0);
          const std::int64_t bottom = std::min<std::int64_t>(y0 + l.kernel_h, from.height);
          const std::int64_t right = std::min<std::int64_t>(x0 + l.kernel_w, from.width);
          const T* plane = in.data() + c * from.width * from.height;
          out.push_back(value(plane, from.width, top, bottom, left, right));
        }
      }
    }
    return put(l.out, out);
  }

  Done operator()(const Pool& l) const {
    const std::uint64_t plane = std::uint64_t{l.in_shape.width} * l.in_shape.height;
    if (plane > memory.size() || l.in_shape.channels > memory.size()) memory.range(l.in, memory.size() + 1);
    const std::uint64_t count = plane * l.in_shape.channels;
    if (is(LayerType::quantized_max_pool)) {
      return pool(l, bytes(l.in, count),
                  [](const std::uint8_t* in, std::int64_t width, std::int64_t top, std::int64_t bottom,
                     std::int64_t left, std::int64_t right) {
                    std::uint8_t best = 0;
                    for (auto y = top; y < bottom; ++y) {
                      for (auto x = left; x < right; ++x) best = std::max(best, in[y * width + x]);
                    }
                    return best;
                  });
    }
    return pool(l, floats(l.in, count),
                [](const float* in, std::int64_t width, std::int64_t top, std::int64_t bottom, std::int64_t left,
                   std::int64_t right) {
                  float sum = 0;
                  std::int64_t cells = 0;
                  for (auto y = top; y < bottom; ++y) {
                    for (auto x = left; x < right; ++x, ++cells) sum += in[y * width + x];
                  }
                  return sum / static_cast<float>(cells);
                });
  }

  Done operator()(const Quantize& l) const {
    if (is(LayerType::dequantize)) {
      const auto in = memory.range(l.in, l.count);
      std::vector<float> out(l.count);
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = multiply_add(in[i], l.scale, l.bias, quirks);
      return put(l.out, out);
    }
    const auto in = floats(l.in, l.count);
    Bytes out(l.count);
    const float factor = 1.0f / l.scale;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = to_byte(std::round((in[i] - l.bias) * factor), quirks);
    return put(l.out, out);
  }

  Done operator()(const Requantize& l) const {
    Bytes values = bytes(l.in, l.count);
    for (auto& value : values) value = l.table[value];
    return put(l.out, values);
  }

  Done operator()(const Channelwise& l) const {
    auto x = floats(l.in, l.channels);
    if (is(LayerType::logistic)) {
      for (float& v : x) v = 1.0f / (1.0f + std::exp(-v));
    } else if (is(LayerType::l2_normalization)) {
      float sum = 0;
      for (const float v : x) sum = multiply_add(v, v, sum, quirks);
      if (sum < 1e-10f) sum = 1e-10f;
      const float factor = 1.0f / std::sqrt(sum);
      for (float& v : x) v *= factor;
    } else {
      float most = FLT_MIN, sum = 0;  // so of negative values alone this is not their maximum
      for (const float v : x) most = std::max(most, v);
      for (float& v : x) sum += v = std::exp(v - most);
      for (float& v : x) v /= sum;
    }
    return put(l.out, x);
  }

  Done operator()(const Concat& l) const {
    std::uint64_t at = l.out;
    for (const auto& piece : l.pieces) {
      put(at, bytes(piece.start, piece.size));
      at += piece.size;
    }
    return memory.range(l.out, at - l.out);
  }

  Done operator()(const FullyConnected& l) const {
    const auto x = floats(l.in, l.in_channels);
    const auto weights = file_floats(l.weights, "weights"), bias = file_floats(l.bias, "bias");
    std::vector<float> out(l.out_channels);
    for (std::size_t o = 0; o < out.size(); ++o) {
      float sum = 0;
      for (std::size_t i = 0; i < x.size(); ++i) sum = multiply_add(x[i], weights[o * x.size() + i], sum, quirks);
      sum += bias[o];
      if (!quirks.connected_without_activation && l.act != 0) {
        sum = std::max(sum, 0.0f);
        if (l.act == 2) sum = std::min(sum, 6.0f);
      }
      out[o] = sum;
    }
    return put(l.out, out);
  }

  Done operator()(const Flatten& l) const {
    const std::uint64_t plane = std::uint64_t{l.shape.width} * l.shape.height, channels = l.shape.channels;
    if (plane > memory.size() || channels > memory.size()) memory.range(l.in, memory.size() + 1);
    const auto in = floats(l.in, plane * channels);
    std::vector<float> out(in.size());
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t p = 0; p < plane; ++p) out[p * channels + c] = in[c * plane + p];
    }
    return put(l.out, out);
  }

  template <class T>
  Done resized(const Resize& l, const std::vector<T>& in) const {
    std::vector<T> out;
    for (std::size_t c = 0; c < l.shape.channels; ++c) {
      for (std::uint32_t y = 0; y < l.out_height; ++y) {
        const T* row = in.data() + (c * l.shape.height + nearest(y, l.shape.height, l.out_height)) * l.shape.width;
        for (std::uint32_t x = 0; x < l.out_width; ++x) out.push_back(row[nearest(x, l.shape.width, l.out_width)]);
      }
    }
    return put(l.out, out);
  }

  Done operator()(const Resize& l) const {
    const std::uint64_t most = memory.size();
    for (const std::uint64_t size : {l.shape.width, l.shape.height, l.shape.channels, l.out_width, l.out_height}) {
      if (size == 0 || size > most) throw Error(ErrorKind::fault, "resizing with a size of " + std::to_string(size));
    }
    const std::uint64_t plane = std::uint64_t{l.shape.width} * l.shape.height;
    const std::uint64_t out_plane = std::uint64_t{l.out_width} * l.out_height;
    if (plane > most || out_plane > most) memory.range(l.in, most + 1);
    const std::uint64_t count = plane * l.shape.channels;
    const bool is_float = is(LayerType::resize_nearest);
    memory.range(l.out, out_plane * l.shape.channels * (is_float ? 4 : 1));
    return is_float ? resized(l, floats(l.in, count)) : resized(l, bytes(l.in, count));
  }

  Done operator()(const ChannelwiseDequantize& l) const {
    const std::uint64_t count = std::uint64_t{l.channels} * l.channel_size;
    const Bytes in = bytes(l.in, count);
    std::vector<float> out(count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto& range = l.ranges[i / l.channel_size];
      out[i] = multiply_add(in[i], range.scale, range.bias, quirks);
    }
    return put(l.out, out);
  }

  Done operator()(const RemovePadding& l) const {
    Bytes out(l.channels);
    for (std::uint64_t c = 0; c < l.channels; ++c) out[c] = memory.range(l.in + 16 * c, 1)[0];
    return put(l.out, out);
  }

  Done operator()(const Conv&) const { return std::nullopt; }
  Done operator()(const AddPadding&) const { return std::nullopt; }
  Done operator()(const Upload&) const { return std::nullopt; }
};

}  // namespace

std::optional<std::span<const std::uint8_t>> run_cpu_layer(const kmodel::Model& model, const kmodel::v3::Layer& layer,
                                                           MainMemory& memory, const Quirks& quirks) {
  return std::visit(Run{model, layer, memory, quirks}, layer.body);
}

std::optional<LayerOutput> output_of(const kmodel::v3::Layer& layer) {
  const bool quantized = layer.type == LayerType::quantized_add || layer.type == LayerType::quantized_max_pool ||
                         layer.type == LayerType::quantize || layer.type == LayerType::requantize ||
                         layer.type == LayerType::quantized_concat || layer.type == LayerType::quantized_resize_nearest;
  return std::visit(
      [&]<class Body>(const Body& body) -> std::optional<LayerOutput> {
        if constexpr (std::is_same_v<Body, Conv>) {
          if (!layer.main_memory_output) return std::nullopt;
          return LayerOutput{false, body.main_out};
        } else if constexpr (std::is_same_v<Body, RemovePadding>) {
          return LayerOutput{false, body.out};
        } else if constexpr (std::is_same_v<Body, Unknown> || std::is_same_v<Body, AddPadding> ||
                             std::is_same_v<Body, Upload>) {
          return std::nullopt;
        } else {
          return LayerOutput{!quantized, body.out};
        }
      },
      layer.body);
}

}  // namespace vnpu::k210
