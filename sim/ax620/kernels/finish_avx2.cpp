#include <immintrin.h>

#include <cstring>

#include "sim/ax620/kernels/finish.h"

namespace vnpu::ax620 {
namespace {

struct Doubles {
  __m256d low, high;
};

__m256i both(__m128i low, __m128i high) { return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1); }
__m128i upper(__m256i x) { return _mm256_extracti128_si256(x, 1); }
__m128i lower(__m256i x) { return _mm256_castsi256_si128(x); }

// Rounded to nearest even into 0..limit; NaN becomes 0, because max gives its second operand for it.
__m256i rounded(__m256 x, int limit) {
  x = _mm256_min_ps(_mm256_max_ps(x, _mm256_setzero_ps()), _mm256_set1_ps(static_cast<float>(limit)));
  return _mm256_cvtps_epi32(x);
}

__m256i rounded(Doubles x, int limit) {
  const auto half = [&](__m256d d) {
    return _mm256_cvtpd_epi32(
        _mm256_min_pd(_mm256_max_pd(d, _mm256_setzero_pd()), _mm256_set1_pd(static_cast<double>(limit))));
  };
  return both(half(x.low), half(x.high));
}

__m256 floats(__m256 x) { return x; }
__m256 floats(Doubles x) { return _mm256_set_m128(_mm256_cvtpd_ps(x.high), _mm256_cvtpd_ps(x.low)); }

struct NoTable {
  __m256 operator()(__m256 x) const { return x; }
};

class Lookup {
 public:
  explicit Lookup(const Table& table) : table_(table) {}

  Doubles operator()(__m256 value) const {
    const __m256i x = rounded(value, 65535);
    __m256i section = _mm256_setzero_si256(), within = section;  // sections are looked at in order, as the law does
    for (std::size_t k = 1; k < table_.sections(); ++k) {
      within = _mm256_or_si256(within, _mm256_cmpgt_epi32(_mm256_set1_epi32(table_.starts()[k]), x));
      if (_mm256_movemask_epi8(within) == -1) break;
      section = _mm256_add_epi32(section, _mm256_andnot_si256(within, _mm256_set1_epi32(1)));
    }
    const __m256i offset = _mm256_sub_epi32(x, _mm256_i32gather_epi32(table_.starts(), section, 4));
    return {at(lower(offset), lower(section)), at(upper(offset), upper(section))};
  }

 private:
  __m256d at(__m128i offset, __m128i section) const {
    const double steps[] = {
        table_.steps()[_mm_extract_epi32(section, 0)], table_.steps()[_mm_extract_epi32(section, 1)],
        table_.steps()[_mm_extract_epi32(section, 2)], table_.steps()[_mm_extract_epi32(section, 3)]};
    __m256d q = _mm256_mul_pd(_mm256_cvtepi32_pd(offset), _mm256_loadu_pd(steps));
    q = _mm256_min_pd(_mm256_max_pd(q, _mm256_setzero_pd()), _mm256_set1_pd(16));
    const __m128i interval = _mm_min_epi32(_mm256_cvttpd_epi32(q), _mm_set1_epi32(15));
    const __m128i index = _mm_add_epi32(_mm_slli_epi32(section, 4), interval);
    const __m256d low = _mm256_cvtepi32_pd(_mm_i32gather_epi32(table_.entries(), index, 4));
    const __m256d high = _mm256_cvtepi32_pd(_mm_i32gather_epi32(table_.entries() + 1, index, 4));
    const __m256d part = _mm256_sub_pd(q, _mm256_cvtepi32_pd(interval));
    return _mm256_add_pd(low, _mm256_mul_pd(_mm256_sub_pd(high, low), part));
  }

  const Table& table_;
};

// The first `count` of eight numbers as they are stored; 0..65535 fit the unsigned saturation.
template <int Bits, class Values>
void store(const Values& values, std::size_t count, std::uint8_t* to) {
  if constexpr (Bits == 32) {
    float numbers[8];
    _mm256_storeu_ps(numbers, floats(values));
    std::memcpy(to, numbers, 4 * count);
  } else {
    const __m256i whole = rounded(values, Bits == 8 ? 255 : 65535);
    __m128i words = _mm_packus_epi32(lower(whole), upper(whole));
    if (Bits == 8) words = _mm_packus_epi16(words, words);
    std::uint8_t bytes[16];
    _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes), words);
    std::memcpy(to, bytes, count * Bits / 8);
  }
}

// Eight channels of all pixels; `some`: fewer than eight.
template <int Bits, bool Some, class Through>
void block(const Finish& plan, const Through& through, std::size_t channel, const std::int32_t* sums, std::size_t lines,
           std::size_t pixels, std::uint8_t* out) {
  const std::size_t count = Some ? plan.channels - channel : 8;
  float scales[8] = {}, biases[8] = {};
  std::int32_t totals[8] = {};
  std::memcpy(scales, plan.scales + channel, 4 * count);
  std::memcpy(biases, plan.biases + channel, 4 * count);
  std::memcpy(totals, plan.totals + channel, 4 * count);
  const __m256 scale = _mm256_loadu_ps(scales), bias = _mm256_loadu_ps(biases);
  const __m256i total = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(totals)),
                middle = _mm256_sub_epi32(_mm256_slli_epi32(total, 8), total);  // 255 times
  auto* to = out + channel * Bits / 8;
  for (std::size_t y = 0; y < lines; ++y) {
    const auto* line = sums + y * plan.line_pool * plan.width * plan.stride + channel;
    for (std::size_t x = 0; x < pixels; ++x, to += plan.channels * Bits / 8) {
      const auto value = [&](std::size_t dy, std::size_t dx) {
        const auto* at = line + (dy * plan.width + x * plan.pixel_pool + dx) * plan.stride;
        const __m256i sum = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
        const __m256 number = _mm256_cvtepi32_ps(_mm256_sub_epi32(_mm256_slli_epi32(sum, 1), middle));
        return _mm256_add_ps(_mm256_mul_ps(number, scale), bias);
      };
      __m256 most = value(0, 0);
      for (std::size_t i = 1; i < plan.line_pool * plan.pixel_pool; ++i) {
        most = _mm256_max_ps(value(i / plan.pixel_pool, i % plan.pixel_pool), most);  // NaN as std::max has it
      }
      store<Bits>(through(most), count, to);
    }
  }
}

template <int Bits, class Through>
void run(const Finish& plan, const Through& through, const std::int32_t* sums, std::size_t lines, std::size_t pixels,
         std::uint8_t* out) {
  std::size_t channel = 0;
  for (; channel + 8 <= plan.channels; channel += 8) {
    block<Bits, false>(plan, through, channel, sums, lines, pixels, out);
  }
  if (channel < plan.channels) block<Bits, true>(plan, through, channel, sums, lines, pixels, out);
}

template <class Through>
void run(const Finish& plan, const Through& through, const std::int32_t* sums, std::size_t lines, std::size_t pixels,
         std::uint8_t* out) {
  switch (plan.bits) {
    case 8: return run<8>(plan, through, sums, lines, pixels, out);
    case 16: return run<16>(plan, through, sums, lines, pixels, out);
    default: return run<32>(plan, through, sums, lines, pixels, out);
  }
}

}  // namespace

void finish_avx2(const Finish& plan, const std::int32_t* sums, std::size_t lines, std::size_t pixels,
                 std::uint8_t* out) {
  if (plan.table.empty()) return run(plan, NoTable(), sums, lines, pixels, out);
  run(plan, Lookup(plan.table), sums, lines, pixels, out);
}

}  // namespace vnpu::ax620
