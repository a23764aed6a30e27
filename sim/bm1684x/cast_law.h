// AR 14: conversion between element types.
#pragma once

#include <cstdint>

#include "sim/bm1684x/arithmetic.h"
#include "sim/bm1684x/tensor_view.h"

namespace vnpu::bm1684x {

class CastLaw {
 public:
  CastLaw(Precision from, bool from_signed, Precision to, bool to_signed, Rounding rounding);
  std::uint32_t operator()(std::uint32_t value) const;

 private:
  Precision from_, to_;
  bool from_signed_, to_signed_;
  Rounding rounding_;
};

// A word of a float type as f32 bits (subnormals flushed), and back with nearest-even rounding.
std::uint32_t widen(Precision from, std::uint32_t value);
std::uint32_t narrow(Precision to, std::uint32_t f32);

// sign * magnitude / 2^shift -> f32, f16 or bf16 by a rounding mode (see docs/arithmetic_bm1684x.md).
std::uint32_t narrow(Precision to, std::uint32_t f32, Rounding rounding);
// An integer of 32 bits -> float, rounded on the signed value.
std::uint32_t integer_to_float(Precision to, std::int64_t value, Rounding rounding);
// A float rounded to an integral number of its own type.
std::uint32_t round_to_integral(std::uint32_t f32, Rounding rounding);

}  // namespace vnpu::bm1684x
