#include "sim/cv18xx/kernels/job.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "sim/cv18xx/kernels/copy.h"

namespace vnpu::cv18xx::kernels {

template <class T>
void gather_dense(const KernelJob& k, const TensorView& view, T* out, unsigned plane) {
  const bool rows_touch = view.w_stride == sizeof(T) && view.h_stride == view.w * sizeof(T);
  const std::size_t rows = rows_touch ? 1 : view.h;
  const std::size_t columns = rows_touch ? std::size_t{view.h} * view.w : view.w;
  for (std::uint32_t n = 0; n < view.n; ++n) {
    for (std::uint32_t c = 0; c < view.c; ++c) {
      const std::uint8_t* row = k.at(view.at(n, c, 0, 0) + plane * view.plane_stride);
      for (std::size_t h = 0; h < rows; ++h, row += view.h_stride, out += columns) {
        if (view.w_stride == sizeof(T)) {
          copy_bytes(out, row, columns * sizeof(T));
        } else {
          for (std::size_t w = 0; w < columns; ++w) std::memcpy(out + w, row + w * view.w_stride, sizeof(T));
        }
      }
    }
  }
}

template <class T>
void scatter_rows(const KernelJob& k, const TensorView& view, const T* values, std::ptrdiff_t pitch,
                  std::ptrdiff_t channel_pitch, unsigned plane) {
  const bool rows_touch = view.w_stride == sizeof(T) && view.h_stride == view.w * sizeof(T) && pitch == view.w;
  const std::size_t rows = rows_touch ? 1 : view.h;
  const std::size_t columns = rows_touch ? std::size_t{view.h} * view.w : view.w;
  for (std::uint32_t n = 0; n < view.n; ++n) {
    for (std::uint32_t c = 0; c < view.c; ++c, values += channel_pitch) {
      std::uint8_t* row = k.at(view.at(n, c, 0, 0) + plane * view.plane_stride);
      const T* in = values;
      for (std::size_t h = 0; h < rows; ++h, row += view.h_stride, in += pitch) {
        if (view.w_stride == sizeof(T)) {
          copy_bytes(row, in, columns * sizeof(T));
        } else {
          for (std::size_t w = 0; w < columns; ++w) std::memcpy(row + w * view.w_stride, in + w, sizeof(T));
        }
      }
    }
  }
}

template void gather_dense(const KernelJob&, const TensorView&, std::uint8_t*, unsigned);
template void gather_dense(const KernelJob&, const TensorView&, std::uint16_t*, unsigned);
template void scatter_rows(const KernelJob&, const TensorView&, const std::uint8_t*, std::ptrdiff_t, std::ptrdiff_t,
                           unsigned);
template void scatter_rows(const KernelJob&, const TensorView&, const std::uint16_t*, std::ptrdiff_t, std::ptrdiff_t,
                           unsigned);

void gather_words(const KernelJob& k, const TensorView& view, std::uint32_t* out, std::ptrdiff_t pitch,
                  std::ptrdiff_t channel_pitch) {
  const std::size_t count = view.count();
  auto* upper = k.workspace.take<std::uint16_t>(count);
  auto* lower = k.workspace.take<std::uint16_t>(count);
  gather_dense(k, view, upper, 0);
  gather_dense(k, view, lower, 1);
  std::size_t from = 0;
  for (std::size_t plane = 0; plane < std::size_t{view.n} * view.c; ++plane) {
    for (std::size_t h = 0; h < view.h; ++h, from += view.w) {
      std::uint32_t* row = out + plane * channel_pitch + h * pitch;
      for (std::size_t w = 0; w < view.w; ++w) row[w] = std::uint32_t{upper[from + w]} << 16 | lower[from + w];
    }
  }
}

void scatter_words(const KernelJob& k, const TensorView& view, const std::uint32_t* values, std::ptrdiff_t pitch,
                   std::ptrdiff_t channel_pitch) {
  const std::size_t count = std::size_t{view.n} * view.c * channel_pitch;
  auto* halves = k.workspace.take<std::uint16_t>(count);
  for (std::size_t i = 0; i < count; ++i) halves[i] = static_cast<std::uint16_t>(values[i] >> 16);
  scatter_rows(k, view, halves, pitch, channel_pitch, 0);
  for (std::size_t i = 0; i < count; ++i) halves[i] = static_cast<std::uint16_t>(values[i]);
  scatter_rows(k, view, halves, pitch, channel_pitch, 1);
}

bool int_finish(const TiuCommand& command, IntFinish& finish) {
  const bool relu = command.opt_relu_typ == 1;
  finish.kind = command.opt_chl_quan ? Finish::qdm : Finish::shift;
  finish.round = command.opt_rshift_typ;
  finish.low = command.opt_res0_sign && !relu ? -128 : 0;
  finish.high = command.opt_res0_sign ? 127 : 255;
  // A logic shift sees the sum as unsigned.
  return command.opt_chl_quan || command.opt_res_shift == 0 || (command.opt_shift_typ && command.opt_res_shift < 32);
}

bool channel_finish(const KernelJob& k, const ChannelParams& params, ChannelFinish& finish) {
  finish.bias = params.bias;
  if (!k.command().opt_chl_quan) {
    finish.right = static_cast<std::int32_t>(k.command().opt_res_shift);
    return true;
  }
  const std::int32_t shift =
      static_cast<std::int32_t>(params.shift & 31) - static_cast<std::int32_t>(params.shift & 32);
  finish.multiplier = static_cast<std::int32_t>(params.multiplier);
  finish.left = shift > 0 ? 0 : -shift & 31;
  finish.right = shift > 0 ? shift : 0;
  return shift != -32 || k.job.quirks.qdm_shift_32_is_0;
}

std::uint32_t lowest(const ExponentRange& range) {
  const std::uint32_t bits = *std::ranges::min_element(range.low_bits);
  return bits == ~std::uint32_t{0} ? 255 : (bits + 1) >> 23;
}
std::uint32_t highest(const ExponentRange& range) { return *std::ranges::max_element(range.high_bits) >> 23; }

bool sums_stay_finite(const ExponentRange& a, const ExponentRange& w, std::uint64_t count, std::uint32_t start_high) {
  const std::uint32_t a_high = highest(a), w_high = highest(w);
  if (a_high == 255 || w_high == 255 || start_high == 255) return false;
  // A number of biased exponent e lies below 2^(e - 126).
  const int products = static_cast<int>(a_high) + static_cast<int>(w_high) - 252 + std::bit_width(count);
  const int start = static_cast<int>(start_high) - 126;
  return std::max(products, start) + 1 <= 126;
}

bool insert_pattern(const TiuJob& job, std::uint16_t& bits) {
  const float value = job.insert_float();
  const std::uint32_t pattern = std::bit_cast<std::uint32_t>(value);
  bits = static_cast<std::uint16_t>(pattern >> 16);
  return (pattern & 0xFFFF) == 0;
}

}  // namespace vnpu::cv18xx::kernels
