// Number formats of the chip: f32 with subnormals flushed, f16, bf16, and the conversions between them.
// All float work happens while a FlushSubnormals lives. docs/arithmetic_bm1684x.md says it in words.
#pragma once

#include <immintrin.h>

#include <bit>
#include <cstdint>

#include "base/dtype.h"

namespace vnpu::bm1684x {

// While it lives the thread's float operations round to nearest even and take and give subnormals as signed zeros.
// The float work itself must stand in functions that are not inlined into the scope.
class FlushSubnormals {
 public:
  FlushSubnormals() : saved_(_mm_getcsr()) { _mm_setcsr(0x9FC0); }
  ~FlushSubnormals() { _mm_setcsr(saved_); }
  FlushSubnormals(const FlushSubnormals&) = delete;
  FlushSubnormals& operator=(const FlushSubnormals&) = delete;

 private:
  unsigned saved_;
};

inline constexpr std::uint32_t f32_sign = 0x80000000;
inline constexpr std::uint32_t f32_infinity = 0x7F800000;
inline constexpr std::uint32_t f32_default_nan = 0xFFC00000;  // what an invalid operation gives
inline constexpr std::uint16_t half_nan = 0x7FFF;             // of f16 and bf16

inline float as_float(std::uint32_t bits) { return std::bit_cast<float>(bits); }
inline std::uint32_t as_bits(float value) { return std::bit_cast<std::uint32_t>(value); }
inline bool is_nan(std::uint32_t f32) { return (f32 & 0x7FFFFFFF) > f32_infinity; }
inline bool is_nan(float value) { return is_nan(as_bits(value)); }

// A subnormal becomes zero of its sign.
inline std::uint32_t flush(std::uint32_t f32) { return (f32 & f32_infinity) == 0 ? f32 & f32_sign : f32; }
inline std::uint16_t flush_bf16(std::uint16_t bits) { return (bits & 0x7F80) == 0 ? bits & 0x8000 : bits; }

// f16 -> f32: exact; NaN -> all ones below the sign.
inline std::uint32_t f16_to_f32(std::uint16_t bits) {
  const std::uint32_t sign = std::uint32_t{bits & 0x8000u} << 16;
  const std::uint32_t magnitude = bits & 0x7FFF;
  if (magnitude > 0x7C00) return sign | 0x7FFFFFFF;
  if (magnitude == 0x7C00) return sign | f32_infinity;
  if (magnitude >= 0x0400) return sign | ((magnitude << 13) + (112u << 23));
  if (magnitude == 0) return sign;
  const int top = std::bit_width(magnitude) - 1;  // value = magnitude * 2^-24
  return sign | static_cast<std::uint32_t>(top + 103) << 23 | (magnitude << (23 - top) & 0x7FFFFF);
}

// f32 -> f16: nearest even, subnormal results kept, f32 subnormals -> signed zero, NaN -> sign | 0x7FFF.
inline std::uint16_t f32_to_f16(std::uint32_t bits) { return float_to_f16(std::bit_cast<float>(bits)); }

inline std::uint32_t bf16_to_f32(std::uint16_t bits) { return std::uint32_t{bits} << 16; }

// f32 -> bf16: nearest even, subnormals -> signed zero, NaN -> sign | 0x7FFF.
inline std::uint16_t f32_to_bf16(std::uint32_t bits) {
  if (is_nan(bits)) return static_cast<std::uint16_t>((bits >> 16 & 0x8000) | half_nan);
  bits = flush(bits);
  return static_cast<std::uint16_t>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

// One f32 operation with the choice of NaN the chip's model makes: the first operand that is a NaN, made quiet, else
// the default NaN.
inline std::uint32_t pick_nan(std::uint32_t a, std::uint32_t b) {
  return is_nan(a) ? a | 0x400000 : is_nan(b) ? b | 0x400000 : f32_default_nan;
}
inline float add(float a, float b) {
  const float r = a + b;
  return is_nan(r) ? as_float(pick_nan(as_bits(a), as_bits(b))) : r;
}
inline float subtract(float a, float b) {
  const float r = a - b;
  return is_nan(r) ? as_float(pick_nan(as_bits(a), as_bits(b))) : r;
}
inline float multiply(float a, float b) {
  const float r = a * b;
  return is_nan(r) ? as_float(pick_nan(as_bits(a), as_bits(b))) : r;
}

// The three float formats as types: `Bits` in memory, exact way to f32, rounded way back, and the element-wise
// operations on them. Halves compute in f32 and round once an operation; any NaN becomes 0x7FFF.
struct F32 {
  using Bits = std::uint32_t;
  static constexpr Bits lowest = 0xFF7FFFFF;
  static constexpr Bits sign = f32_sign;
  static float load(Bits bits) { return as_float(bits); }
  static Bits store(float value) { return as_bits(value); }
  static Bits flushed(Bits bits) { return flush(bits); }
  static Bits add(Bits a, Bits b) { return as_bits(bm1684x::add(as_float(a), as_float(b))); }
  static Bits subtract(Bits a, Bits b) { return as_bits(bm1684x::subtract(as_float(a), as_float(b))); }
  static Bits multiply(Bits a, Bits b) { return as_bits(bm1684x::multiply(as_float(a), as_float(b))); }
};

struct F16 {
  using Bits = std::uint16_t;
  static constexpr Bits lowest = 0xFBFF;
  static constexpr Bits sign = 0x8000;
  static float load(Bits bits) { return as_float(f16_to_f32(bits)); }
  static Bits store(float value) { return f32_to_f16(as_bits(value)); }
  static Bits flushed(Bits bits) { return bits; }
  static Bits round(float r) { return is_nan(r) ? half_nan : store(r); }
  static Bits add(Bits a, Bits b) { return round(load(a) + load(b)); }
  static Bits subtract(Bits a, Bits b) { return round(load(a) - load(b)); }
  static Bits multiply(Bits a, Bits b) { return round(load(a) * load(b)); }
};

struct BF16 {
  using Bits = std::uint16_t;
  static constexpr Bits lowest = 0xFF7F;
  static constexpr Bits sign = 0x8000;
  static float load(Bits bits) { return as_float(bf16_to_f32(bits)); }
  static Bits store(float value) { return f32_to_bf16(as_bits(value)); }
  static Bits flushed(Bits bits) { return flush_bf16(bits); }
  static Bits add(Bits a, Bits b) {
    return round(load(flushed(a)) + load(flushed(b)), double{load(flushed(a))} + double{load(flushed(b))});
  }
  static Bits subtract(Bits a, Bits b) {
    return round(load(flushed(a)) - load(flushed(b)), double{load(flushed(a))} - double{load(flushed(b))});
  }
  static Bits multiply(Bits a, Bits b) {
    return round(load(flushed(a)) * load(flushed(b)), double{load(flushed(a))} * double{load(flushed(b))});
  }

 private:
  // Just below the smallest normal number the model rounds before it flushes.
  static Bits round(float r, double exact) {
    if (is_nan(r)) return half_nan;
    const std::uint32_t bits = as_bits(r);
    if ((bits & f32_infinity) == 0) {
      const auto wide = std::bit_cast<std::uint64_t>(exact);
      if ((wide >> 52 & 0x7FF) == 0x380 && (wide >> 44 & 0xFF) == 0xFF) {
        return static_cast<Bits>((wide >> 48 & 0x8000) | 0x80);
      }
      return static_cast<Bits>(bits >> 16 & 0x8000);
    }
    return store(r);
  }
};

}  // namespace vnpu::bm1684x
