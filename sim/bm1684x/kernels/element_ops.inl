// Plain loops that the compiler turns into the level's instructions. They call nothing that other levels share.
#pragma once

#include <immintrin.h>

#include <cstring>

#include "sim/bm1684x/kernels/element_ops.h"

namespace vnpu::bm1684x::kernels {
namespace {

template <class Element>
void load_as(std::int64_t* to, const std::uint8_t* from, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    Element element;
    std::memcpy(&element, from + i * sizeof element, sizeof element);
    to[i] = element;
  }
}

void load_integers(std::int64_t* to, const std::uint8_t* from, unsigned bytes, bool is_signed, std::size_t count) {
  if (bytes == 1) return is_signed ? load_as<std::int8_t>(to, from, count) : load_as<std::uint8_t>(to, from, count);
  if (bytes == 2) return is_signed ? load_as<std::int16_t>(to, from, count) : load_as<std::uint16_t>(to, from, count);
  is_signed ? load_as<std::int32_t>(to, from, count) : load_as<std::uint32_t>(to, from, count);
}

template <class Element>
void store_as(std::uint8_t* to, const std::int64_t* from, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto element = static_cast<Element>(from[i]);
    std::memcpy(to + i * sizeof element, &element, sizeof element);
  }
}

void store_integers(std::uint8_t* to, const std::int64_t* from, unsigned bytes, std::size_t count) {
  if (bytes == 1) return store_as<std::uint8_t>(to, from, count);
  if (bytes == 2) return store_as<std::uint16_t>(to, from, count);
  store_as<std::uint32_t>(to, from, count);
}

void clamp_integers(std::int64_t* values, std::int64_t low, std::int64_t high, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t v = values[i] < low ? low : values[i];
    values[i] = v > high ? high : v;
  }
}

void combine_integers(std::int64_t* a, const std::int64_t* b, Combine how, std::size_t count) {
  switch (how) {
    case Combine::add:
      for (std::size_t i = 0; i < count; ++i) a[i] += b[i];
      return;
    case Combine::subtract:
      for (std::size_t i = 0; i < count; ++i) a[i] -= b[i];
      return;
    case Combine::multiply:
      for (std::size_t i = 0; i < count; ++i) a[i] *= b[i];
      return;
    case Combine::maximum:
      for (std::size_t i = 0; i < count; ++i) a[i] = a[i] > b[i] ? a[i] : b[i];
      return;
    case Combine::minimum:
      for (std::size_t i = 0; i < count; ++i) a[i] = a[i] < b[i] ? a[i] : b[i];
      return;
  }
}

void multiply_add(std::int64_t* values, std::int64_t factor, std::int64_t addend, std::size_t count) {
  const auto by = static_cast<std::uint64_t>(factor), more = static_cast<std::uint64_t>(addend);
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(values[i]) * by + more);
  }
}

// Calls each(carry) with what a mode of Rounding adds to a quotient rounded down: carry(number, quotient, rest).
template <class Each>
void rounded(unsigned mode, std::int64_t half, Each&& each) {
  switch (mode) {
    case 0: return each([=](auto, auto q, auto rest) { return (rest > half) | ((rest == half) & (q & 1)); });
    case 1: return each([=](auto x, auto, auto rest) { return (rest > half) | ((rest == half) & (x >= 0)); });
    case 2: return each([=](auto x, auto, auto rest) { return (rest > 0) & (x < 0); });
    case 3: return each([=](auto, auto, auto) { return 0; });
    case 4: return each([=](auto, auto, auto rest) { return rest > 0; });
    case 5: return each([=](auto, auto, auto rest) { return rest >= half; });
    default: return each([=](auto, auto, auto rest) { return rest > half; });
  }
}

void shift_integers(std::int64_t* values, int amount, unsigned mode, std::size_t count) {
  if (amount == 0) return;
  if (amount > 0) {
    for (std::size_t i = 0; i < count; ++i) {
      values[i] = amount > 63 ? 0 : static_cast<std::int64_t>(static_cast<std::uint64_t>(values[i]) << amount);
    }
    return;
  }
  const int by = -amount > 63 ? 63 : -amount;
  const std::int64_t mask = static_cast<std::int64_t>((std::uint64_t{1} << by) - 1), half = std::int64_t{1} << (by - 1);
  rounded(mode, half, [&](auto&& carry) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::int64_t quotient = values[i] >> by, rest = values[i] & mask;
      values[i] = quotient + static_cast<std::int64_t>(carry(values[i], quotient, rest));
    }
  });
}

// By lists of its own, because the result is often the first operand.
void add_words(std::uint8_t* to, const std::uint8_t* a, const std::uint8_t* b, bool repeated, std::size_t count) {
  std::int32_t x[list_size], y[list_size];
  if (repeated) {
    std::int32_t first;
    std::memcpy(&first, b, 4);
    for (std::int32_t& each : y) each = first;
  }
  for (std::size_t at = 0; at < count; at += list_size) {
    const std::size_t some = count - at < list_size ? count - at : list_size;
    std::memcpy(x, a + 4 * at, 4 * some);
    if (!repeated) std::memcpy(y, b + 4 * at, 4 * some);
    for (std::size_t i = 0; i < some; ++i) {
      const auto sum = static_cast<std::int32_t>(static_cast<std::uint32_t>(x[i]) + static_cast<std::uint32_t>(y[i]));
      const std::int32_t limit = (x[i] >> 31) ^ 0x7FFFFFFF;
      x[i] = ((x[i] ^ sum) & (y[i] ^ sum)) < 0 ? limit : sum;
    }
    std::memcpy(to + 4 * at, x, 4 * some);
  }
}

void requantize(std::uint8_t* to, const std::uint8_t* from, const Requantization& how, std::size_t count) {
  const auto factor = static_cast<std::int32_t>(how.factor);
  const int by = how.right;
  const std::int64_t mask = static_cast<std::int64_t>((std::uint64_t{1} << by) - 1), half = std::int64_t{1} << (by - 1);
  const std::int64_t addend = how.addend, low = how.low, high = how.high;
  rounded(how.mode, half, [&](auto&& carry) {
    for (std::size_t i = 0; i < count; ++i) {
      std::int32_t x;
      std::memcpy(&x, from + 4 * i, 4);
      const std::int64_t product = std::int64_t{x} * factor, quotient = product >> by, rest = product & mask;
      std::int64_t v = quotient + static_cast<std::int64_t>(carry(product, quotient, rest)) + addend;
      v = v < low ? low : v;
      to[i] = static_cast<std::uint8_t>(v > high ? high : v);
    }
  });
}

bool any_nan(const float* values, std::size_t count) {
  int found = 0;
  for (std::size_t i = 0; i < count; ++i) found |= values[i] != values[i];
  return found != 0;
}

bool combine_floats(float* a, const float* b, Combine how, bool exact_zero, std::size_t count) {
  int doubt = 0;
  switch (how) {
    case Combine::add:
      for (std::size_t i = 0; i < count; ++i) {
        const float r = a[i] + b[i];
        doubt |= (r != r) | ((r == 0) & (a[i] != -b[i]) & exact_zero);
        a[i] = r;
      }
      break;
    case Combine::subtract:
      for (std::size_t i = 0; i < count; ++i) {
        const float r = a[i] - b[i];
        doubt |= (r != r) | ((r == 0) & (a[i] != b[i]) & exact_zero);
        a[i] = r;
      }
      break;
    case Combine::multiply:
      for (std::size_t i = 0; i < count; ++i) {
        const float r = a[i] * b[i];
        doubt |= (r != r) | ((r == 0) & (a[i] != 0) & (b[i] != 0) & exact_zero);
        a[i] = r;
      }
      break;
    case Combine::maximum:
      for (std::size_t i = 0; i < count; ++i) {
        doubt |= (a[i] != a[i]) | (b[i] != b[i]);
        a[i] = a[i] > b[i] ? a[i] : b[i];
      }
      break;
    case Combine::minimum:
      for (std::size_t i = 0; i < count; ++i) {
        doubt |= (a[i] != a[i]) | (b[i] != b[i]);
        a[i] = a[i] < b[i] ? a[i] : b[i];
      }
      break;
  }
  return doubt != 0;
}

void to_floats(float* to, const std::int64_t* from, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<float>(static_cast<std::int32_t>(from[i]));
}

// Adding and taking away 1.5 * 2^52 rounds to integers, half to even; the sum's low bits are the integer.
bool to_integers(std::int64_t* to, const float* from, bool half_away, std::size_t count) {
  const __m256d magic = _mm256_set1_pd(6755399441055744.0), half = _mm256_set1_pd(0.5), sign = _mm256_set1_pd(-0.0);
  const __m128 most = _mm_set1_ps(1e10f), least = _mm_set1_ps(-1e10f);
  int found = 0;
  for (std::size_t i = 0; i < count; i += 4) {
    alignas(16) float four[4] = {};
    const bool whole = i + 4 <= count;
    if (!whole) std::memcpy(four, from + i, (count - i) * sizeof(float));
    const __m128 x = whole ? _mm_loadu_ps(from + i) : _mm_load_ps(four);
    found |= _mm_movemask_ps(_mm_cmpunord_ps(x, x));
    const __m256d wide = _mm256_cvtps_pd(_mm_max_ps(_mm_min_ps(x, most), least));
    __m256d sum = _mm256_add_pd(wide, magic);
    if (half_away) {
      // Exact halves went to even: those that went toward zero go back.
      const __m256d more = _mm256_or_pd(_mm256_and_pd(wide, sign), half);
      const __m256d lost = _mm256_sub_pd(wide, _mm256_sub_pd(sum, magic));
      const __m256d back = _mm256_and_pd(_mm256_cmp_pd(lost, more, _CMP_EQ_OQ), _mm256_add_pd(more, more));
      sum = _mm256_add_pd(sum, back);
    }
    const __m256i integers = _mm256_sub_epi64(_mm256_castpd_si256(sum), _mm256_castpd_si256(magic));
    if (whole) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i), integers);
    } else {
      alignas(32) std::int64_t out[4];
      _mm256_store_si256(reinterpret_cast<__m256i*>(out), integers);
      std::memcpy(to + i, out, (count - i) * sizeof(std::int64_t));
    }
  }
  return found == 0;
}

void flush_floats(float* values, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t bits;
    std::memcpy(&bits, values + i, 4);
    bits = (bits & 0x7F800000) == 0 ? bits & 0x80000000 : bits;
    std::memcpy(values + i, &bits, 4);
  }
}

void widen_bytes(std::int32_t* to, const std::uint8_t* from, bool is_signed, std::size_t count) {
  if (is_signed) {
    for (std::size_t i = 0; i < count; ++i) to[i] = static_cast<std::int8_t>(from[i]);
  } else {
    for (std::size_t i = 0; i < count; ++i) to[i] = from[i];
  }
}

void add_taps(std::int32_t* sums, const std::int32_t* cells, const std::int32_t* weights, std::size_t taps,
              std::size_t row, std::size_t count) {
  for (std::size_t t = 0; t < taps; ++t, cells += row) {
    const auto weight = static_cast<std::uint32_t>(weights[t]);
    for (std::size_t i = 0; i < count; ++i) {
      sums[i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(sums[i]) +
                                          static_cast<std::uint32_t>(cells[i]) * weight);
    }
  }
}

void most_of_taps(std::int32_t* most, const std::int32_t* cells, std::size_t taps, std::size_t row, std::size_t count) {
  for (std::size_t t = 0; t < taps; ++t, cells += row) {
    for (std::size_t i = 0; i < count; ++i) most[i] = most[i] > cells[i] ? most[i] : cells[i];
  }
}

bool most_of_float_taps(float* most, const float* cells, std::size_t taps, std::size_t row, std::size_t count) {
  int found = 0;
  for (std::size_t t = 0; t < taps; ++t, cells += row) {
    for (std::size_t i = 0; i < count; ++i) {
      found |= cells[i] != cells[i];
      most[i] = most[i] > cells[i] ? most[i] : cells[i];
    }
  }
  return found != 0;
}

bool add_f16_taps(float* first, float* second, const float* cells, const float* weights, std::size_t taps,
                  std::size_t row, std::size_t count, bool second_first) {
  constexpr int nearest = _MM_FROUND_TO_NEAREST_INT;
  const auto round = [](__m256 v) { return _mm256_cvtph_ps(_mm256_cvtps_ph(v, nearest)); };
  int found = 0;
  for (std::size_t i = 0; i < count; i += 8) {
    __m256 sums[2] = {_mm256_loadu_ps(first + i), _mm256_loadu_ps(second + i)};
    std::size_t turn = second_first;
    for (std::size_t t = 0; t < taps; ++t, turn ^= 1) {
      const __m256 product = round(_mm256_mul_ps(_mm256_loadu_ps(cells + t * row + i), _mm256_set1_ps(weights[t])));
      sums[turn] = round(_mm256_add_ps(sums[turn], product));
    }
    const __m256 sum = round(_mm256_add_ps(sums[0], sums[1]));
    found |= _mm256_movemask_ps(_mm256_cmp_ps(sum, sum, _CMP_UNORD_Q));
    _mm256_storeu_ps(first + i, sum);
  }
  return found != 0;
}

constexpr ElementOps level_ops{
    load_integers, store_integers, clamp_integers, combine_integers,   multiply_add, shift_integers, add_words,
    requantize,    combine_floats, to_floats,      to_integers,        flush_floats, any_nan,        look_up,
    widen_bytes,   add_taps,       most_of_taps,   most_of_float_taps, add_f16_taps};

}  // namespace
}  // namespace vnpu::bm1684x::kernels
