#include <immintrin.h>

#include "sim/ax620/kernels/finish.h"

namespace vnpu::ax620 {
namespace {

// 16 numbers, as floats or, behind a table, as doubles.
struct Doubles {
  __m512d low, high;
};

// Rounded to nearest even into 0..limit; NaN becomes 0, because max gives its second operand for it.
__m512i rounded(__m512 x, int limit) {
  x = _mm512_min_ps(_mm512_max_ps(x, _mm512_setzero_ps()), _mm512_set1_ps(static_cast<float>(limit)));
  return _mm512_cvtps_epi32(x);
}

__m512i both(__m256i low, __m256i high) { return _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1); }
__m256i upper(__m512i x) { return _mm512_extracti64x4_epi64(x, 1); }
__m256i lower(__m512i x) { return _mm512_castsi512_si256(x); }

__m512i rounded(Doubles x, int limit) {
  const auto half = [&](__m512d d) {
    return _mm512_cvtpd_epi32(
        _mm512_min_pd(_mm512_max_pd(d, _mm512_setzero_pd()), _mm512_set1_pd(static_cast<double>(limit))));
  };
  return both(half(x.low), half(x.high));
}

__m512 floats(__m512 x) { return x; }
__m512 floats(Doubles x) {
  return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(x.low)), _mm512_cvtpd_ps(x.high), 1);
}

struct NoTable {
  __m512 operator()(__m512 x) const { return x; }
};

// Position in a section, its interval, and what is left of it.
struct Place {
  __m512i interval;
  __m512d part_low, part_high;

  Place(__m512i offset, __m512d step_low, __m512d step_high) {
    const auto half = [](__m256i from, __m512d step) {
      const __m512d q = _mm512_mul_pd(_mm512_cvtepi32_pd(from), step);
      return _mm512_min_pd(_mm512_max_pd(q, _mm512_setzero_pd()), _mm512_set1_pd(16));
    };
    const __m512d low = half(lower(offset), step_low), high = half(upper(offset), step_high);
    interval = _mm512_min_epi32(both(_mm512_cvttpd_epi32(low), _mm512_cvttpd_epi32(high)), _mm512_set1_epi32(15));
    part_low = _mm512_sub_pd(low, _mm512_cvtepi32_pd(lower(interval)));
    part_high = _mm512_sub_pd(high, _mm512_cvtepi32_pd(upper(interval)));
  }
};

// Two sections at most: their 33 entries stay in registers.
class SmallTable {
 public:
  static bool fits(const Table& table) {
    if (table.sections() > 2) return false;
    for (std::size_t i = 0; i <= 16 * table.sections(); ++i) {
      if (table.entries()[i] < -(1 << 30) || table.entries()[i] > 1 << 30) return false;  // differences of 32 bits
    }
    return true;
  }

  explicit SmallTable(const Table& table) {
    const bool two = table.sections() == 2;
    const auto* entries = table.entries();
    const auto section = [&](const std::int32_t* from, __m512i& first, __m512i& rise) {
      first = _mm512_loadu_si512(from);
      rise = _mm512_sub_epi32(_mm512_loadu_si512(from + 1), first);
    };
    section(entries, first_[0], rise_[0]);
    section(two ? entries + 16 : entries, first_[1], rise_[1]);
    second_from_ = _mm512_set1_epi32(two ? table.starts()[1] : 1 << 30);
    for (std::size_t k = 0; k < 2; ++k) {
      start_[k] = _mm512_set1_epi32(table.starts()[two ? k : 0]);
      step_[k] = _mm512_set1_pd(table.steps()[two ? k : 0]);
    }
  }

  Doubles operator()(__m512 value) const {
    const __m512i x = rounded(value, 65535);
    const __mmask16 second = _mm512_cmpge_epi32_mask(x, second_from_);
    const auto step = [&](int lanes) { return _mm512_mask_blend_pd(static_cast<__mmask8>(lanes), step_[0], step_[1]); };
    const Place place(_mm512_sub_epi32(x, _mm512_mask_blend_epi32(second, start_[0], start_[1])), step(second),
                      step(second >> 8));
    const __m512i at = _mm512_mask_add_epi32(place.interval, second, place.interval, _mm512_set1_epi32(16));
    const __m512i first = _mm512_permutex2var_epi32(first_[0], at, first_[1]);
    const __m512i rise = _mm512_permutex2var_epi32(rise_[0], at, rise_[1]);
    const auto between = [](__m256i from, __m256i up, __m512d part) {
      return _mm512_add_pd(_mm512_cvtepi32_pd(from), _mm512_mul_pd(_mm512_cvtepi32_pd(up), part));
    };
    return {between(lower(first), lower(rise), place.part_low), between(upper(first), upper(rise), place.part_high)};
  }

 private:
  __m512i first_[2], rise_[2], start_[2], second_from_;
  __m512d step_[2];
};

class LargeTable {
 public:
  explicit LargeTable(const Table& table)
      : table_(table),
        starts_(_mm512_loadu_si512(table.starts())),
        steps_low_(_mm512_loadu_pd(table.steps())),
        steps_high_(_mm512_loadu_pd(table.steps() + 8)) {}

  Doubles operator()(__m512 value) const {
    const __m512i x = rounded(value, 65535);
    __m512i section = _mm512_setzero_si512();
    __mmask16 beyond = 0xffff;  // sections are looked at in order, as the law does
    for (std::size_t k = 1; k < table_.sections() && beyond; ++k) {
      beyond = _mm512_mask_cmpge_epi32_mask(beyond, x, _mm512_set1_epi32(table_.starts()[k]));
      section = _mm512_mask_add_epi32(section, beyond, section, _mm512_set1_epi32(1));
    }
    const auto step = [&](__m256i sections) {
      return _mm512_permutex2var_pd(steps_low_, _mm512_cvtepu32_epi64(sections), steps_high_);
    };
    const Place place(_mm512_sub_epi32(x, _mm512_permutexvar_epi32(section, starts_)), step(lower(section)),
                      step(upper(section)));
    const __m512i at = _mm512_add_epi32(_mm512_slli_epi32(section, 4), place.interval);
    const auto between = [&](__m256i index, __m512d part) {
      const __m512d low = _mm512_cvtepi32_pd(_mm256_i32gather_epi32(table_.entries(), index, 4));
      const __m512d high = _mm512_cvtepi32_pd(_mm256_i32gather_epi32(table_.entries() + 1, index, 4));
      return _mm512_add_pd(low, _mm512_mul_pd(_mm512_sub_pd(high, low), part));
    };
    return {between(lower(at), place.part_low), between(upper(at), place.part_high)};
  }

 private:
  const Table& table_;
  __m512i starts_;
  __m512d steps_low_, steps_high_;
};

template <int Bits, class Through>
void run(const Finish& plan, const Through& through, const std::int32_t* sums, std::size_t lines, std::size_t pixels,
         std::uint8_t* out) {
  constexpr std::size_t size = Bits / 8;
  for (std::size_t channel = 0; channel < plan.channels; channel += 16) {
    const auto left = plan.channels - channel;
    const auto lanes = static_cast<__mmask16>(left >= 16 ? 0xffff : (1U << left) - 1);
    const __m512 scale = _mm512_maskz_loadu_ps(lanes, plan.scales + channel),
                 bias = _mm512_maskz_loadu_ps(lanes, plan.biases + channel);
    const __m512i totals = _mm512_maskz_loadu_epi32(lanes, plan.totals + channel),
                  middle = _mm512_sub_epi32(_mm512_slli_epi32(totals, 8), totals);  // 255 times
    auto* to = out + channel * size;
    for (std::size_t y = 0; y < lines; ++y) {
      const auto* line = sums + y * plan.line_pool * plan.width * plan.stride + channel;
      for (std::size_t x = 0; x < pixels; ++x, to += plan.channels * size) {
        const auto value = [&](std::size_t dy, std::size_t dx) {
          const __m512i sum = _mm512_loadu_si512(line + (dy * plan.width + x * plan.pixel_pool + dx) * plan.stride);
          const __m512 number = _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_slli_epi32(sum, 1), middle));
          return _mm512_add_ps(_mm512_mul_ps(number, scale), bias);
        };
        __m512 most = value(0, 0);
        for (std::size_t i = 1; i < plan.line_pool * plan.pixel_pool; ++i) {
          most = _mm512_max_ps(value(i / plan.pixel_pool, i % plan.pixel_pool), most);  // NaN as std::max has it
        }
        const auto result = through(most);
        if constexpr (Bits == 8) {
          _mm_mask_storeu_epi8(to, lanes, _mm512_cvtepi32_epi8(rounded(result, 255)));
        } else if constexpr (Bits == 16) {
          _mm256_mask_storeu_epi16(to, lanes, _mm512_cvtepi32_epi16(rounded(result, 65535)));
        } else {
          _mm512_mask_storeu_ps(to, lanes, floats(result));
        }
      }
    }
  }
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

void finish_avx512(const Finish& plan, const std::int32_t* sums, std::size_t lines, std::size_t pixels,
                   std::uint8_t* out) {
  if (plan.table.empty()) return run(plan, NoTable(), sums, lines, pixels, out);
  if (SmallTable::fits(plan.table)) return run(plan, SmallTable(plan.table), sums, lines, pixels, out);
  run(plan, LargeTable(plan.table), sums, lines, pixels, out);
}

}  // namespace vnpu::ax620
