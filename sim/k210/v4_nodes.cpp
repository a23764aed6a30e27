#include "sim/k210/v4_nodes.h"

#include <cmath>
#include <limits>

#include "sim/k210/float_law.h"
#include "sim/k210/float_windows.h"
#include "sim/k210/law.h"
#include "sim/k210/nnil.h"
#include "sim/k210/v4_tensors.h"

namespace vnpu::k210 {
namespace {

using namespace kmodel::v4;
using Done = std::optional<std::span<const std::uint8_t>>;

std::int32_t wrapped(std::int64_t value) { return static_cast<std::int32_t>(static_cast<std::uint64_t>(value)); }

std::uint8_t limited(std::int64_t value) { return static_cast<std::uint8_t>(std::clamp<std::int64_t>(value, 0, 255)); }

ImageShape image(const Shape& shape) { return {shape[0], shape[1], shape[2], shape[3]}; }

std::uint64_t count_of(const Shape& shape) {
  return static_cast<std::uint64_t>(shape[0]) * shape[1] * shape[2] * shape[3];
}

// Sizes in a file are 32-bit numbers; what would run for minutes is refused.
void limit_work(std::initializer_list<double> factors) {
  double work = 1;
  for (const double factor : factors) work *= factor;
  if (work > 0x1p36) throw Error(ErrorKind::unsupported, "a node of more than 2^36 steps");
}

ReduceOp reduce_op(std::int32_t op) {
  if (op < 0 || op > 3) throw Error(ErrorKind::unsupported, "reduce operation " + std::to_string(op) + " is not known");
  return static_cast<ReduceOp>(op);
}

struct Run {
  const kmodel::Model& model;
  const Node& node;
  V4Memory& memory;
  const Quirks& quirks;

  template <class T>
  std::vector<T> file_numbers(const kmodel::Array& array, const char* field) const {
    return numbers<T>(model.bytes(array.offset, sizeof(T) * array.count, field).span());
  }
  template <class T>
  Done put(const MemoryRange& range, const std::vector<T>& values) const {
    return memory.put(range, bytes_of(values));
  }
  static std::uint64_t floats_in(const MemoryRange& range) { return range.size / 4; }
  static bool is_float(const MemoryRange& range) { return range.type == DataType::float32; }
  // Where the elements of `range` (bytes or floats) go, told by `order`: output element i is input element order[i].
  Done rearranged(const MemoryRange& from, std::uint64_t count, const MemoryRange& to,
                  const std::vector<std::uint32_t>& order) const {
    return is_float(from) ? put(to, reordered(memory.floats(from, count), order))
                          : put(to, reordered(memory.bytes(from, count), order));
  }
  template <class T>
  static std::vector<T> reordered(const std::vector<T>& in, const std::vector<std::uint32_t>& order) {
    std::vector<T> out(order.size());
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = in[order[i]];
    return out;
  }

  [[noreturn]] void unknown() const {
    const auto text = std::string(name(node.opcode));
    throw Error(ErrorKind::unsupported, "opcode " + std::to_string(static_cast<std::uint32_t>(node.opcode)) +
                                            (text.empty() ? "" : " (" + text + ")") + " is not implemented");
  }

  Done operator()(const Unknown&) const { unknown(); }
  Done operator()(const KpuUpload&) const { return std::nullopt; }
  Done operator()(const KpuConv2d&) const { return std::nullopt; }

  Done operator()(const Binary& n) const {
    auto a = memory.floats(n.a, count_of(n.a_shape)), b = memory.floats(n.b, count_of(n.b_shape));
    if (n.a_shape != n.b_shape) {
      V4Memory::require(n.out, count_of(n.out_shape), 4);
      a = reordered(a, broadcast_order(n.a_shape, n.out_shape));
      b = reordered(b, broadcast_order(n.b_shape, n.out_shape));
    }
    apply_binary(n.op, a, b);
    for (float& v : a) v = clamp(v, n.act);
    return put(n.out, a);
  }

  Done operator()(const QuantizedBinary& n) const {
    auto a = memory.bytes(n.a, count_of(n.a_shape)), b = memory.bytes(n.b, count_of(n.b_shape));
    if (n.a_shape != n.b_shape) {
      V4Memory::require(n.out, count_of(n.out_shape), 1);
      a = reordered(a, broadcast_order(n.a_shape, n.out_shape));
      b = reordered(b, broadcast_order(n.b_shape, n.out_shape));
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
      const std::int64_t x = mul_and_shift(std::int64_t{a[i]} + n.a_offset, n.a_mul, n.a_shift);
      const std::int64_t y = mul_and_shift(std::int64_t{b[i]} + n.b_offset, n.b_mul, n.b_shift);
      const std::int32_t value = wrapped(combined(n.op, x, y));
      a[i] = limited(std::int64_t{mul_and_shift(value, n.output_mul, n.output_shift)} + n.output_offset);
    }
    return put(n.out, a);
  }
  static std::int64_t combined(std::int32_t op, std::int64_t x, std::int64_t y) {
    switch (op) {
      case 0: return x + y;
      case 1: return x - y;
      case 2: return x * y;
      case 3:
        if (y == 0) throw Error(ErrorKind::fault, "quantized_binary divides by zero");
        return (x + y / 2) / y;
      case 4: return std::min(x, y);
      case 5: return std::max(x, y);
      default: throw Error(ErrorKind::unsupported, "binary operation " + std::to_string(op) + " is not known");
    }
  }

  Done operator()(const Concat& n) const {
    std::uint64_t total = 0;
    for (const auto& input : n.inputs) {
      if (input.dim < 0) throw Error(ErrorKind::fault, "concat of a negative size");
      const std::uint64_t piece = std::uint64_t{n.inner_size} * static_cast<std::uint32_t>(input.dim);
      V4Memory::require(input.range, piece, 1);
      V4Memory::require(input.range, piece * n.outer_size, 1);
      total += piece;
    }
    if (total > n.out.size || total * n.outer_size > n.out.size)
      V4Memory::require(n.out, std::uint64_t{n.out.size} + 1, 1);
    Bytes out;
    out.reserve(total * n.outer_size);
    for (std::uint64_t outer = 0; outer < n.outer_size && total != 0; ++outer) {
      for (const auto& input : n.inputs) {
        const std::uint64_t piece = std::uint64_t{n.inner_size} * static_cast<std::uint32_t>(input.dim);
        const auto from = memory.read(input.range).subspan(outer * piece, piece);
        out.insert(out.end(), from.begin(), from.end());
      }
    }
    return put(n.out, out);
  }

  Done operator()(const Conv2d& n) const {
    if (node.opcode != Opcode::conv2d) unknown();
    const ImageShape shape = image(n.in_shape);
    const auto in = memory.floats(n.in, count_of(n.in_shape));
    const auto out_shape = checked_output(shape, n.window, n.out_channels, n.out, 4);
    std::vector<float> out(static_cast<std::size_t>(out_shape.count()));
    conv2d(in, shape, file_numbers<float>(n.weights, "weights"), file_numbers<float>(n.bias, "bias"), n.groups,
           n.out_channels, n.window, n.act, out);
    return put(n.out, out);
  }

  static ImageShape checked_output(const ImageShape& shape, const Window& window, std::int64_t channels,
                                   const MemoryRange& range, std::uint64_t element) {
    const ImageShape out = window_output(shape, window, channels);
    for (const Padding& side : {window.pad_h, window.pad_w}) {
      if (side.before < 0 || side.after < 0) throw Error(ErrorKind::unsupported, "a window with negative padding");
    }
    if (out.height <= 0 || out.width <= 0) throw Error(ErrorKind::fault, "the window fits nowhere in the input");
    const auto most = static_cast<std::int64_t>(range.size);
    if (out.height > most || out.width > most || out.height * out.width > most)
      V4Memory::require(range, range.size + 1ull, 1);
    V4Memory::require(range, static_cast<std::uint64_t>(out.count()), element);
    limit_work({static_cast<double>(out.count()), static_cast<double>(shape.channels),
                static_cast<double>(window.filter_h), static_cast<double>(window.filter_w)});
    return out;
  }

  Done operator()(const QuantizedConv2d& n) const {
    if (node.opcode != Opcode::quantized_conv2d) unknown();
    const ImageShape shape = image(n.in_shape);
    const auto in = memory.bytes(n.in, count_of(n.in_shape));
    const ImageShape to = checked_output(shape, n.window, n.out_channels, n.out, 1);
    const auto bias = file_numbers<std::int32_t>(n.bias, "bias");
    const auto weights = file_numbers<std::uint8_t>(n.weights, "weights");
    const std::int64_t group_in = shape.channels / n.groups, group_out = n.out_channels / n.groups;
    const Window& w = n.window;
    Bytes out;
    out.reserve(static_cast<std::size_t>(to.count()));
    for (std::int64_t batch = 0; batch < shape.batches; ++batch) {
      for (std::int64_t oc = 0; oc < n.out_channels; ++oc) {
        for (std::int64_t y = 0; y < to.height; ++y) {
          for (std::int64_t x = 0; x < to.width; ++x) {
            std::int64_t sum = bias[static_cast<std::size_t>(oc)];
            for (std::int64_t ic = 0; ic < group_in; ++ic) {
              const auto plane = (batch * shape.channels + oc / group_out * group_in + ic) * shape.height;
              for (std::int64_t ky = 0; ky < w.filter_h; ++ky) {
                const auto iy = y * w.stride_h + ky * w.dilation_h - w.pad_h.before;
                if (iy < 0 || iy >= shape.height) continue;
                for (std::int64_t kx = 0; kx < w.filter_w; ++kx) {
                  const auto ix = x * w.stride_w + kx * w.dilation_w - w.pad_w.before;
                  if (ix < 0 || ix >= shape.width) continue;
                  const auto weight = weights[((oc * group_in + ic) * w.filter_h + ky) * w.filter_w + kx];
                  sum = wrapping_add(sum, (std::int64_t{in[(plane + iy) * shape.width + ix]} + n.input_offset) *
                                              (std::int64_t{weight} + n.filter_offset));
                }
              }
            }
            out.push_back(
                limited(std::int64_t{mul_and_shift(wrapped(sum), n.output_mul, n.output_shift)} + n.output_offset));
          }
        }
      }
    }
    return put(n.out, out);
  }

  Done operator()(const Conv2dTranspose& n) const {
    const ImageShape from = image(n.in_shape), to = image(n.out_shape);
    const auto in = memory.floats(n.in, count_of(n.in_shape));
    V4Memory::require(n.out, count_of(n.out_shape), 4);
    limit_work({static_cast<double>(from.count()), static_cast<double>(to.channels),
                static_cast<double>(n.window.filter_h), static_cast<double>(n.window.filter_w)});
    const auto weights = file_numbers<float>(n.weights, "weights");
    const std::int64_t group_in = from.channels / n.groups, group_out = to.channels / n.groups;
    const Window& w = n.window;
    std::vector<float> out(static_cast<std::size_t>(to.count()));
    // The bias is stored, and never added.
    for (std::int64_t batch = 0; batch < from.batches; ++batch) {
      for (std::int64_t c = 0; c < from.channels; ++c) {
        const auto group = c / group_in, ic = c % group_in;
        if (group >= n.groups) break;
        for (std::int64_t iy = 0; iy < from.height; ++iy) {
          for (std::int64_t ix = 0; ix < from.width; ++ix) {
            const float value = in[((batch * from.channels + c) * from.height + iy) * from.width + ix];
            for (auto oc = group * group_out; oc < (group + 1) * group_out; ++oc) {
              for (std::int64_t ky = 0; ky < w.filter_h; ++ky) {
                const auto oy = iy * w.stride_h - w.pad_h.before + w.dilation_h * ky;
                if (oy < 0 || oy >= to.height) continue;
                for (std::int64_t kx = 0; kx < w.filter_w; ++kx) {
                  const auto ox = ix * w.stride_w - w.pad_w.before + w.dilation_w * kx;
                  if (ox < 0 || ox >= to.width) continue;
                  out[((batch * to.channels + oc) * to.height + oy) * to.width + ox] +=
                      value * weights[((oc * group_in + ic) * w.filter_h + ky) * w.filter_w + kx];
                }
              }
            }
          }
        }
      }
    }
    for (float& v : out) v = clamp(v, n.act);
    return put(n.out, out);
  }

  Done operator()(const Quantization& n) const {
    if (node.opcode == Opcode::dequantize) {
      const Bytes in = memory.bytes(n.in, n.in.size);
      std::vector<float> out(in.size());
      const float factor = 1.0f / n.scale, zero = static_cast<float>(-n.zero_point) * factor;
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = quirks.dequantize_difference
                     ? static_cast<float>(static_cast<std::int32_t>(in[i]) - std::int64_t{n.zero_point}) * factor
                     : std::fma(static_cast<float>(in[i]), factor, zero);
      }
      return put(n.out, out);
    }
    const auto in = memory.floats(n.in, floats_in(n.in));
    Bytes out(in.size());
    const auto zero = static_cast<float>(n.zero_point);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const bool board_pair = !quirks.quantize_half_away && (i + 1 != in.size() || in.size() % 2 == 0);
      out[i] = to_byte(board_pair ? std::nearbyint(std::fma(in[i], n.scale, zero)) : std::round(in[i] * n.scale + zero),
                       quirks);
    }
    return put(n.out, out);
  }

  Done operator()(const Matmul& n) const {
    const auto rows = static_cast<std::uint64_t>(n.a_rows), inner = static_cast<std::uint64_t>(n.a_cols),
               columns = static_cast<std::uint64_t>(n.b_cols);
    const auto a = memory.floats(n.a, rows * inner), b = memory.floats(n.b, inner * columns);
    const auto bias = file_numbers<float>(n.bias, "bias");
    V4Memory::require(n.out, rows * columns, 4);
    limit_work({static_cast<double>(rows), static_cast<double>(columns), static_cast<double>(inner)});
    std::vector<float> out(rows * columns);
    for (std::uint64_t y = 0; y < rows; ++y) {
      float* row = out.data() + y * columns;
      std::ranges::copy(bias, row);
      for (std::uint64_t k = 0; k < inner; ++k) {
        for (std::uint64_t x = 0; x < columns; ++x) row[x] += a[y * inner + k] * b[k * columns + x];
      }
    }
    for (float& v : out) v = clamp(v, n.act);
    return put(n.out, out);
  }

  Done operator()(const QuantizedMatmul& n) const {
    const auto rows = static_cast<std::uint64_t>(n.a_rows), inner = static_cast<std::uint64_t>(n.a_cols),
               columns = static_cast<std::uint64_t>(n.b_cols);
    const auto a = memory.bytes(n.a, rows * inner), b = memory.bytes(n.b, inner * columns);
    const auto bias = file_numbers<std::int32_t>(n.bias, "bias");
    V4Memory::require(n.out, rows * columns, 1);
    limit_work({static_cast<double>(rows), static_cast<double>(columns), static_cast<double>(inner)});
    Bytes out(rows * columns);
    for (std::uint64_t y = 0; y < rows; ++y) {
      for (std::uint64_t x = 0; x < columns; ++x) {
        std::int64_t sum = bias[x];
        for (std::uint64_t k = 0; k < inner; ++k) {
          sum = wrapping_add(
              sum, (std::int64_t{a[y * inner + k]} + n.a_offset) * (std::int64_t{b[k * columns + x]} + n.b_offset));
        }
        out[y * columns + x] =
            limited(std::int64_t{mul_and_shift(wrapped(sum), n.output_mul, n.output_shift)} + n.output_offset);
      }
    }
    return put(n.out, out);
  }

  Done operator()(const Pad& n) const {
    const auto order = pad_order(n.in_shape, n.paddings, n.out.size / (is_float(n.in) ? 4 : 1));
    const auto fill = [&]<class T>(const std::vector<T>& in, T value) {
      std::vector<T> out(order.size());
      for (std::size_t i = 0; i < out.size(); ++i) out[i] = order[i] == outside ? value : in[order[i]];
      return put(n.out, out);
    };
    if (!is_float(n.in)) return fill(memory.bytes(n.in, count_of(n.in_shape)), n.value[0]);
    float value;
    std::memcpy(&value, n.value.data(), 4);
    return fill(memory.floats(n.in, count_of(n.in_shape)), value);
  }

  Done operator()(const Reduce& n) const {
    const ReduceOp op = reduce_op(n.op);
    const auto in = memory.floats(n.in, count_of(n.in_shape));
    V4Memory::require(n.out, count_of(n.out_shape), 4);
    std::vector<float> out(count_of(n.out_shape), n.init);
    const auto target = broadcast_order(n.out_shape, n.in_shape);
    for (std::size_t i = 0; i < in.size(); ++i) out[target[i]] = accumulate(op, out[target[i]], in[i]);
    if (op == ReduceOp::mean) {
      const float factor = static_cast<float>(out.size()) / static_cast<float>(in.size());
      for (float& v : out) v *= factor;
    }
    return put(n.out, out);
  }

  Done operator()(const ReduceWindow2d& n) const {
    if (node.opcode != Opcode::reduce_window2d) unknown();
    const ReduceOp op = reduce_op(n.op);
    const ImageShape shape = image(n.in_shape);
    const auto in = memory.floats(n.in, count_of(n.in_shape));
    const ImageShape to = checked_output(shape, n.window, shape.channels, n.out, 4);
    std::vector<float> out(static_cast<std::size_t>(to.count()));
    reduce_window2d(in, shape, op, n.init, n.window, n.act, out);
    return put(n.out, out);
  }

  Done operator()(const MemoryCopy& n) const { return put(n.out, memory.bytes(n.in, n.in.size / 4 * 4)); }

  Done operator()(const ResizeImage& n) const {
    const ImageShape shape = image(n.in_shape);
    const std::uint64_t planes = static_cast<std::uint64_t>(shape.batches * shape.channels);
    const auto most = static_cast<std::int64_t>(n.out.size);
    if (n.out_h > most || n.out_w > most) V4Memory::require(n.out, n.out.size + 1ull, 1);
    const std::uint64_t out_plane =
        std::uint64_t{static_cast<std::uint32_t>(n.out_h)} * static_cast<std::uint32_t>(n.out_w);
    V4Memory::require(n.out, out_plane, 1);
    V4Memory::require(n.out, planes * out_plane, is_float(n.in) ? 4 : 1);
    const ResizeSizes sizes{planes, static_cast<std::uint32_t>(shape.height), static_cast<std::uint32_t>(shape.width),
                            static_cast<std::uint32_t>(n.out_h), static_cast<std::uint32_t>(n.out_w)};
    if (n.mode == 1) return rearranged(n.in, count_of(n.in_shape), n.out, nearest_order(sizes));
    if (n.mode != 0) throw Error(ErrorKind::unsupported, "resize mode " + std::to_string(n.mode) + " is not known");
    if (is_float(n.in))
      return put(n.out, resize_bilinear(memory.floats(n.in, count_of(n.in_shape)), sizes, n.align_corners));
    return put(n.out, resize_bilinear(memory.bytes(n.in, count_of(n.in_shape)), sizes, n.align_corners));
  }

  Done operator()(const Softmax& n) const {
    const auto inner = static_cast<std::uint64_t>(n.inner_size), outer = static_cast<std::uint64_t>(n.outer_size);
    auto x = memory.floats(n.in, inner * outer);
    for (std::uint64_t row = 0; row < outer; ++row) {
      const std::span<float> values = std::span(x).subspan(row * inner, inner);
      const float most = *std::ranges::max_element(values);
      float sum = 0;
      for (float& v : values) sum += v = std::exp((v - most) * n.beta);
      for (float& v : values) v /= sum;
    }
    return put(n.out, x);
  }

  Done operator()(const Transpose& n) const {
    return rearranged(n.in, count_of(n.in_shape), n.out, transpose_order(n.in_shape, n.perm));
  }
  Done operator()(const StridedSlice& n) const {
    return rearranged(n.in, count_of(n.in_shape), n.out, slice_order(n.in_shape, n.begin, n.end, n.strides));
  }

  Done operator()(const Unary& n) const {
    auto x = memory.floats(n.in, floats_in(n.in));
    apply_unary(n.op, x);
    return put(n.out, x);
  }
  Done operator()(const NnilUnary& n) const {
    const auto code = model.bytes(n.code.offset, n.code.count, "nnil");
    return put(n.out, run_nnil(code, memory.floats(n.in, floats_in(n.in))));
  }
  Done operator()(const TableLookup1d& n) const {
    Bytes x = memory.bytes(n.in, n.in.size);
    const Bytes table = memory.bytes(n.table, n.table.size);
    for (auto& v : x) {
      if (v >= table.size()) throw Error(ErrorKind::fault, "value " + std::to_string(v) + " is behind the table");
      v = table[v];
    }
    return put(n.out, x);
  }
};

}  // namespace

std::int32_t mul_and_shift(std::int64_t value, std::int32_t mul, std::int32_t shift) {
  if (shift > 62) throw Error(ErrorKind::unsupported, "a shift by " + std::to_string(shift));
  const std::int64_t product = wrapping_mul(value, mul);
  return wrapped(shift > 0 ? wrapping_add(product, std::int64_t{1} << (shift - 1)) >> shift : product);
}

std::optional<std::span<const std::uint8_t>> run_cpu_node(const kmodel::Model& model, const Node& node,
                                                          V4Memory& memory, const Quirks& quirks) {
  return std::visit(Run{model, node, memory, quirks}, node.body);
}

}  // namespace vnpu::k210
