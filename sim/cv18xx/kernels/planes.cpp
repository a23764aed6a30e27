#include "sim/cv18xx/kernels/planes.h"

#include <emmintrin.h>

#include <algorithm>
#include <cstring>

#include "sim/cv18xx/kernels/copy.h"

namespace vnpu::cv18xx::kernels {

bool Planes::make_axis(const WindowAxis& window, Axis& axis) {
  if (window.kernel > limit || window.out > limit) return false;
  std::ptrdiff_t furthest = 0;
  for (std::int64_t k = 0; k < window.kernel; ++k) {
    const std::int64_t at = k * window.dilation;
    const std::int64_t phase = at % window.stride;
    auto found = std::find(axis.phases.begin(), axis.phases.end(), phase);
    if (found == axis.phases.end()) found = axis.phases.insert(found, phase);
    axis.phase_of.push_back(found - axis.phases.begin());
    axis.shift.push_back(at / window.stride);
    furthest = std::max<std::ptrdiff_t>(furthest, at / window.stride);
  }
  axis.length = window.out + furthest;
  const std::ptrdiff_t phases = static_cast<std::ptrdiff_t>(axis.phases.size());
  if (axis.length > limit / phases) return false;
  axis.source.reserve(phases * axis.length);
  for (const std::int64_t phase : axis.phases) {
    Axis::Run run;
    for (std::ptrdiff_t i = 0; i < axis.length; ++i) {
      const std::int64_t cell = i * window.stride + phase - window.pad_before;
      const bool filled = cell < 0 || cell > (window.in - 1) * window.gap || cell % window.gap != 0;
      const std::int32_t index = filled ? -1 : static_cast<std::int32_t>(cell / window.gap);
      axis.source.push_back(index);
      if (filled) continue;
      if (run.count == 0) run = {i, 0, index};
      ++run.count;
    }
    axis.runs.push_back(run);
  }
  return true;
}

Planes::Planes(const Window& window, const TensorView& in)
    : stride_x_(window.x.stride), gaps_x_(window.x.gap != 1), h_stride_(in.h_stride), w_stride_(in.w_stride) {
  if (!make_axis(window.y, y_) || !make_axis(window.x, x_)) return;
  const std::ptrdiff_t row_phases = y_.phases.size(), column_phases = x_.phases.size();
  const std::ptrdiff_t plane = y_.length * x_.length;
  if (y_.length > limit / x_.length || plane > limit / (row_phases * column_phases)) return;
  if (window.cells() > tap_limit) return;
  size_ = plane * row_phases * column_phases;
  for (std::int64_t ky = 0; ky < window.y.kernel; ++ky) {
    for (std::int64_t kx = 0; kx < window.x.kernel; ++kx) {
      taps_.push_back((y_.phase_of[ky] * column_phases + x_.phase_of[kx]) * plane + y_.shift[ky] * x_.length +
                      x_.shift[kx]);
    }
  }
  const auto identity = [](const Axis& axis) {
    return axis.phases.size() == 1 && axis.runs[0].count == axis.length && axis.runs[0].start == 0;
  };
  direct_ = identity(y_) && identity(x_) && window.x.stride == 1 && window.y.stride == 1 && window.x.gap == 1 &&
            window.y.gap == 1 && w_stride_ == in.element &&
            (h_stride_ == static_cast<std::uint64_t>(x_.length) * in.element || y_.length == 1);
  filled_ = std::ranges::count(y_.source, -1) != 0 || std::ranges::count(x_.source, -1) != 0;
  fits_ = true;
}

namespace {

// Rows are short: what a call of the library costs is most of the copy.
template <class T>
void fill_short(T* out, std::ptrdiff_t count, T fill) {
  if (count > 8) {
    std::fill_n(out, count, fill);
    return;
  }
  for (T* const end = out + count; out != end; ++out) {
    *out = fill;
    asm volatile("" ::: "memory");  // keeps the compiler from making it a call again
  }
}

template <class T>
T load(const std::uint8_t* p) {
  T v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}

template <class T>
void copy_strided(T* out, const std::uint8_t* in, std::ptrdiff_t count, std::size_t step) {
  if (step == sizeof(T)) {
    copy_bytes(out, in, count * sizeof(T));
  } else if (step == 2 * sizeof(T)) {
    std::ptrdiff_t i = 0;
    // Every other element; the last vector must not read behind the row.
    constexpr std::ptrdiff_t vector = 16 / sizeof(T);
    for (; i + vector < count; i += vector) {
      const std::uint8_t* from = in + i * 2 * sizeof(T);
      __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
      __m128i b = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 16));
      if constexpr (sizeof(T) == 1) {
        a = _mm_packus_epi16(_mm_and_si128(a, _mm_set1_epi16(0xFF)), _mm_and_si128(b, _mm_set1_epi16(0xFF)));
      } else {
        a = _mm_packs_epi32(_mm_srai_epi32(_mm_slli_epi32(a, 16), 16), _mm_srai_epi32(_mm_slli_epi32(b, 16), 16));
      }
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i), a);
    }
    for (; i < count; ++i) out[i] = load<T>(in + i * 2 * sizeof(T));
  } else {
    for (std::ptrdiff_t i = 0; i < count; ++i) out[i] = load<T>(in + i * step);
  }
}

}  // namespace

template <class T>
void Planes::gather(T* planes, const std::uint8_t* channel, T fill) const {
  const std::ptrdiff_t width = x_.length;
  for (std::size_t py = 0; py < y_.phases.size(); ++py) {
    for (std::size_t px = 0; px < x_.phases.size(); ++px) {
      const Axis::Run& run = x_.runs[px];
      const std::int32_t* columns = x_.source.data() + px * width;
      for (std::ptrdiff_t r = 0; r < y_.length; ++r, planes += width) {
        const std::int32_t row = y_.source[py * y_.length + r];
        if (row < 0) {
          std::fill_n(planes, width, fill);
          continue;
        }
        const std::uint8_t* in = channel + row * h_stride_;
        if (gaps_x_) {
          for (std::ptrdiff_t i = 0; i < width; ++i) {
            planes[i] = columns[i] < 0 ? fill : load<T>(in + columns[i] * w_stride_);
          }
          continue;
        }
        fill_short(planes, run.first, fill);
        copy_strided(planes + run.first, in + run.start * w_stride_, run.count, stride_x_ * w_stride_);
        fill_short(planes + run.first + run.count, width - run.first - run.count, fill);
      }
    }
  }
}

template void Planes::gather(std::uint8_t*, const std::uint8_t*, std::uint8_t) const;
template void Planes::gather(std::uint16_t*, const std::uint8_t*, std::uint16_t) const;

}  // namespace vnpu::cv18xx::kernels
