// Convolution: the input to planes of cells, the weights to rows of cells, then one sum for all results.
#include <algorithm>
#include <cstring>
#include <vector>

#include "sim/cv18xx/kernels/job.h"
#include "sim/cv18xx/kernels/planes.h"

namespace vnpu::cv18xx::kernels {
namespace {

// A plane of cells that is a multiple of the page size would put all groups of a pixel into one set of the cache.
std::ptrdiff_t plane_pitch(std::ptrdiff_t cells) {
  const std::ptrdiff_t pitch = round_up(cells, 16);
  return pitch % 1024 == 0 ? pitch + 16 : pitch;
}

struct Layout {
  Planes planes;
  std::ptrdiff_t inner, taps, groups, pitch, pixels, row;

  Layout(const WindowOperands& o, int channels_of_cell)
      : planes(o.window, o.in),
        inner(o.in.c),
        taps(planes.taps().size()),
        groups(round_up(o.in.c, channels_of_cell) / channels_of_cell),
        pitch(plane_pitch(planes.size())),
        pixels((std::ptrdiff_t{o.out.h} - 1) * planes.width() + o.out.w),
        row(round_up(pixels, row_unit)) {}

  bool fits(const TensorView& out) const {
    const std::uint64_t results = static_cast<std::uint64_t>(row) * out.c * out.n;
    return planes.fits() && static_cast<std::uint64_t>(groups) * pitch * out.n * 4 < buffer_limit &&
           results * 4 < buffer_limit && worthwhile(pixels, std::uint64_t{out.h} * out.w, results * taps * inner);
  }
  std::size_t cell_count() const { return groups * pitch + planes.width() + row_unit; }
};

ConvJob conv_job(const Layout& layout, const std::int32_t* cells, const std::uint8_t* const* weights,
                 std::ptrdiff_t channels) {
  ConvJob job;
  job.cells = cells;
  job.tap = layout.planes.taps().data();
  job.taps = layout.taps;
  job.groups = layout.groups;
  job.plane = layout.pitch;
  job.pixels = layout.pixels;
  job.channels = channels;
  job.weights = weights;
  job.row = layout.row;
  return job;
}

// Rows of `width` (4 or 2) channels a cell: bytes, or int16 of the given sign.
std::vector<const std::uint8_t*> int_weights(const KernelJob& k, const TensorView& view, const Layout& layout,
                                             int width) {
  const TiuCommand& c = k.command();
  const std::ptrdiff_t inner = layout.inner;
  const std::ptrdiff_t padded = layout.groups * width;
  const std::ptrdiff_t element = 4 / width;
  const std::ptrdiff_t length = layout.taps * inner;
  std::vector<const std::uint8_t*> rows(view.c);
  if (!c.opt_opd1_const && width == 4 && inner == padded) {
    for (std::uint32_t o = 0; o < view.c; ++o) rows[o] = k.at(view.channel(o));
    return rows;
  }
  const std::ptrdiff_t different = c.opt_opd1_const ? 1 : view.c;
  auto* packed = k.workspace.take<std::uint8_t>(different * layout.taps * padded * element);
  auto* wide = k.workspace.take<std::int16_t>(length);
  std::vector<std::uint8_t> constant;
  if (c.opt_opd1_const) constant.assign(length, static_cast<std::uint8_t>(c.opd1_addr));
  for (std::ptrdiff_t o = 0; o < different; ++o) {
    const std::uint8_t* from = c.opt_opd1_const ? constant.data() : k.at(view.channel(o));
    std::uint8_t* to = packed + o * layout.taps * padded * element;
    rows[o] = to;
    if (width == 2) {
      k.ops.widen_bytes(wide, from, length, c.opt_opd1_sign);
      from = reinterpret_cast<const std::uint8_t*>(wide);
    }
    if (inner == padded) {
      std::memcpy(to, from, length * element);
      continue;
    }
    for (std::ptrdiff_t t = 0; t < layout.taps; ++t, from += inner * element, to += padded * element) {
      std::memcpy(to, from, inner * element);
      std::memset(to + inner * element, 0, (padded - inner) * element);
    }
  }
  for (std::uint32_t o = different; o < view.c; ++o) rows[o] = rows[0];
  return rows;
}

bool conv_int(const KernelJob& k) {
  const TiuCommand& c = k.command();
  IntFinish finish;
  if (c.ps32_md != 0 || !int_finish(c, finish)) return false;
  const WindowOperands operands = checked_conv(k.job);
  const bool bytes = k.ops.conv_bytes && c.opt_opd1_sign;
  const int width = bytes ? 4 : 2;
  const Layout layout(operands, width);
  if (!layout.fits(operands.out)) return false;
  const TensorView &in = operands.in, &out = operands.out;

  const std::vector<ChannelParams> params = load_channel_params(k.job);
  std::vector<ChannelFinish> channels(out.c);
  for (std::uint32_t o = 0; o < out.c; ++o) {
    if (!channel_finish(k, params[o], channels[o])) return false;
  }
  const std::vector<const std::uint8_t*> weights = int_weights(k, operands.weights, layout, width);
  // Signed input goes in as input + 128; 128 times the sum of the weights has to come off.
  const std::uint8_t flip = bytes && c.opt_opd0_sign ? 0x80 : 0;
  if (flip) {
    for (std::uint32_t o = 0; o < out.c; ++o) {
      const std::int32_t sum = k.ops.sum_bytes(weights[o], layout.taps * layout.groups * 4);
      channels[o].bias = wrap_add(channels[o].bias, static_cast<std::int32_t>(-128u * static_cast<std::uint32_t>(sum)));
    }
  }

  auto* cells = k.workspace.take<std::int32_t>(layout.cell_count());
  auto* plane_bytes = k.workspace.take<std::uint8_t>(layout.planes.size() * width);
  auto* results = k.workspace.take<std::uint8_t>(std::size_t{out.n} * out.c * layout.row);
  const std::uint8_t fill = static_cast<std::uint8_t>(c.opd0_ins_val);
  for (std::uint32_t n = 0; n < out.n; ++n) {
    for (std::ptrdiff_t g = 0; g < layout.groups; ++g) {
      const std::uint8_t* planes[4];
      for (int i = 0; i < width; ++i) {
        const std::ptrdiff_t channel = g * width + i;
        if (channel >= layout.inner) {
          planes[i] = planes[0];  // its weights are 0
        } else if (const std::uint8_t* from = k.at(in.at(n, channel, 0, 0)); layout.planes.direct()) {
          planes[i] = from;
        } else {
          std::uint8_t* to = plane_bytes + i * layout.planes.size();
          layout.planes.gather(to, from, fill);
          planes[i] = to;
        }
      }
      if (bytes) {
        k.ops.pack_bytes(cells + g * layout.pitch, planes, layout.planes.size(), flip);
      } else {
        k.ops.pack_words(cells + g * layout.pitch, planes, layout.planes.size(), c.opt_opd0_sign);
      }
    }
    ConvJob job = conv_job(layout, cells, weights.data(), out.c);
    job.result = results + std::size_t{n} * out.c * layout.row;
    job.kind = finish.kind;
    job.finish = channels.data();
    job.integer = finish;
    (bytes ? k.ops.conv_bytes : k.ops.conv_words)(job);
  }
  scatter_rows(k, out, results, layout.planes.width(), layout.row);
  return true;
}

// fp32 rows, and the range of their exponents.
std::vector<const std::uint8_t*> float_weights(const KernelJob& k, const TensorView& view, std::ptrdiff_t length,
                                               ExponentRange& range) {
  const TiuCommand& c = k.command();
  const std::ptrdiff_t different = c.opt_opd1_const ? 1 : view.c;
  auto* halves = k.workspace.take<std::uint16_t>(length);
  auto* wide = k.workspace.take<float>(different * length);
  std::vector<const std::uint8_t*> rows(view.c);
  for (std::ptrdiff_t o = 0; o < different; ++o, wide += length) {
    if (c.opt_opd1_const) std::fill_n(halves, length, static_cast<std::uint16_t>(c.opd1_addr));
    k.ops.widen_bf16(wide, c.opt_opd1_const ? static_cast<const void*>(halves) : k.at(view.channel(o)), length, range);
    rows[o] = reinterpret_cast<const std::uint8_t*>(wide);
  }
  for (std::uint32_t o = different; o < view.c; ++o) rows[o] = rows[0];
  return rows;
}

// Partial sums with subnormals as 0; the largest of their exponents.
std::uint32_t flush_starts(std::uint32_t* sums, std::size_t count) {
  std::uint32_t high = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t exponent = sums[i] >> 23 & 0xFF;
    sums[i] = exponent == 0 ? 0 : sums[i];
    high = std::max(high, exponent);
  }
  return high;
}

bool conv_float(const KernelJob& k) {
  const TiuCommand& c = k.command();
  const Quirks& quirks = k.job.quirks;
  std::uint16_t fill = 0;
  if (!quirks.bf16_overflow_positive || !quirks.conv_psum_flushes_subnormals) return false;
  const WindowOperands operands = checked_conv(k.job);
  const Layout layout(operands, 1);
  if (!layout.fits(operands.out)) return false;
  if (!insert_pattern(k.job, fill) && layout.planes.filled()) return false;
  const TensorView &in = operands.in, &out = operands.out;
  const bool from_sums = c.ps32_md & 1, to_sums = c.ps32_md & 2;
  if (c.ps32_md) require_inside(out, 2, k.job.operation);
  const std::vector<float> biases = to_sums ? std::vector<float>{} : load_channel_biases(k.job);

  const std::ptrdiff_t length = layout.taps * layout.inner;
  ExponentRange weight_range, cell_range;
  const std::vector<const std::uint8_t*> weights = float_weights(k, operands.weights, length, weight_range);

  const std::size_t results = std::size_t{out.n} * out.c * layout.row;
  std::uint32_t* starts = nullptr;
  std::uint32_t start_high = 0;
  if (from_sums) {
    starts = k.workspace.take<std::uint32_t>(results);
    std::fill_n(starts, results, 0);
    gather_words(k, out, starts, layout.planes.width(), layout.row);
    start_high = flush_starts(starts, results);
  }
  void* result = to_sums ? static_cast<void*>(k.workspace.take<std::uint32_t>(results))
                         : static_cast<void*>(k.workspace.take<std::uint16_t>(results));

  auto* cells = k.workspace.take<float>(layout.cell_count());
  auto* halves = k.workspace.take<std::uint16_t>(layout.planes.size());
  for (std::uint32_t n = 0; n < out.n; ++n) {
    for (std::ptrdiff_t i = 0; i < layout.inner; ++i) {
      const std::uint8_t* from = k.at(in.at(n, i, 0, 0));
      const void* plane = from;
      if (!layout.planes.direct()) {
        layout.planes.gather(halves, from, fill);
        plane = halves;
      }
      k.ops.widen_bf16(cells + i * layout.pitch, plane, layout.planes.size(), cell_range);
    }
    if (!sums_stay_finite(cell_range, weight_range, length, start_high)) return false;
    ConvJob job = conv_job(layout, reinterpret_cast<const std::int32_t*>(cells), weights.data(), out.c);
    const std::size_t first = std::size_t{n} * out.c * layout.row;
    if (starts) job.start = reinterpret_cast<const std::int32_t*>(starts + first);
    job.kind = to_sums ? Finish::raw : Finish::shift;
    job.result = to_sums ? static_cast<void*>(static_cast<std::uint32_t*>(result) + first)
                         : static_cast<void*>(static_cast<std::uint16_t*>(result) + first);
    job.bias = biases.empty() ? nullptr : biases.data();
    job.relu = c.opt_relu_typ == 1;
    const FloatScope scope;
    (products_stay_normal(cell_range, weight_range) ? k.ops.conv_fma : k.ops.conv_float)(job);
  }
  if (to_sums) {
    auto* sums = static_cast<std::uint32_t*>(result);
    flush_starts(sums, results);
    scatter_words(k, out, sums, layout.planes.width(), layout.row);
  } else {
    scatter_rows(k, out, static_cast<const std::uint16_t*>(result), layout.planes.width(), layout.row);
  }
  return true;
}

}  // namespace

bool conv(const KernelJob& k) { return k.command().opd_typ == 0 ? conv_int(k) : conv_float(k); }

}  // namespace vnpu::cv18xx::kernels
