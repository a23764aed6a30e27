#include "sim/bm1684x/cast_law.h"

#include <string>

#include "base/error.h"

namespace vnpu::bm1684x {
namespace {

// What a narrow format has: fraction bits, the exponent (as in f32) of its smallest normal and largest finite number.
struct Format {
  int fraction;
  int lowest;
  int highest;
  bool subnormals;
};
constexpr Format format_f16{10, 127 - 14, 127 + 15, true};
constexpr Format format_bf16{7, 1, 254, false};
constexpr Format format_f32{23, 1, 254, false};

Format format_of(Precision precision) {
  return precision == f16 ? format_f16 : precision == bf16 ? format_bf16 : format_f32;
}

// sign, 0 < significand < 2^40 and exponent of significand * 2^(exponent - 127) -> bits of the format.
std::uint32_t pack(Precision to, bool negative, std::uint64_t significand, int exponent, Rounding rounding,
                   bool signed_rounding) {
  const Format format = format_of(to);
  const int width = static_cast<int>(bits_of(to));
  const std::uint32_t sign = negative ? 1u << (width - 1) : 0;
  const int top = static_cast<int>(std::bit_width(significand)) - 1;
  int biased = exponent + top;  // of the leading bit, as in f32
  int shift = top - format.fraction;
  const bool subnormal = biased < format.lowest;
  if (subnormal) {
    if (!format.subnormals) return sign;
    shift += format.lowest - biased;
    biased = format.lowest;
  }
  const bool use_sign = signed_rounding || subnormal || rounding == Rounding::down || rounding == Rounding::up;
  auto value = static_cast<std::int64_t>(significand);
  if (use_sign && negative) value = -value;
  std::int64_t rounded =
      shift > 0 ? shift_right(value, static_cast<unsigned>(shift), rounding) : value * (std::int64_t{1} << -shift);
  if (rounded < 0) rounded = -rounded;
  const std::int64_t one = std::int64_t{1} << format.fraction;
  if (rounded >= 2 * one) rounded >>= 1, ++biased;
  const std::int64_t infinity = ((std::int64_t{1} << (width - 1 - format.fraction)) - 1) << format.fraction;
  if (biased > format.highest) return sign | static_cast<std::uint32_t>(infinity);
  const std::int64_t base = std::int64_t{biased - format.lowest} << format.fraction;
  return sign | static_cast<std::uint32_t>(base + rounded);  // a normal number's hidden bit counts one exponent up
}

}  // namespace

std::uint32_t widen(Precision from, std::uint32_t value) {
  if (from == f16) return f16_to_f32(static_cast<std::uint16_t>(value));
  return flush(from == bf16 ? bf16_to_f32(static_cast<std::uint16_t>(value)) : value);
}

std::uint32_t narrow(Precision to, std::uint32_t bits) {
  if (to == f16) return f32_to_f16(bits);
  return to == bf16 ? f32_to_bf16(bits) : bits;
}

std::uint32_t narrow(Precision to, std::uint32_t bits, Rounding rounding) {
  const std::uint32_t magnitude = bits & 0x7FFFFFFF;
  if (rounding == Rounding::half_even || to == f32 || magnitude >= f32_infinity || magnitude < 0x800000) {
    return narrow(to, bits);
  }
  return pack(to, bits >> 31, (bits & 0x7FFFFF) | 0x800000, static_cast<int>(magnitude >> 23) - 23, rounding, false);
}

std::uint32_t integer_to_float(Precision to, std::int64_t value, Rounding rounding) {
  if (value == 0) return 0;
  return pack(to, value < 0, static_cast<std::uint64_t>(value < 0 ? -value : value), 127, rounding, true);
}

std::uint32_t round_to_integral(std::uint32_t bits, Rounding rounding) {
  const int exponent = static_cast<int>(bits >> 23 & 0xFF);
  if (exponent >= 150) return bits;  // integral, infinite or no number
  const std::uint32_t sign = bits & f32_sign;
  if (exponent == 0) return sign;
  std::int64_t value = (bits & 0x7FFFFF) | 0x800000;
  if (sign) value = -value;
  std::int64_t rounded = shift_right(value, static_cast<unsigned>(150 - exponent), rounding);
  if (rounded < 0) rounded = -rounded;
  return sign | as_bits(static_cast<float>(rounded));
}

CastLaw::CastLaw(Precision from, bool from_signed, Precision to, bool to_signed, Rounding rounding)
    : from_(from), to_(to), from_signed_(from_signed), to_signed_(to_signed), rounding_(rounding) {
  bytes_of(from), bytes_of(to);  // refuse types that do not exist
  if (is_float(from) && !is_float(to) && rounding > Rounding::up) {
    throw Error(ErrorKind::fault,
                "AR 14: rounding mode " + std::to_string(static_cast<int>(rounding)) + " of a float to an integer");
  }
}

std::uint32_t CastLaw::operator()(std::uint32_t value) const {
  if (is_float(from_)) {
    const std::uint32_t wide = widen(from_, value);
    if (!is_float(to_)) return static_cast<std::uint32_t>(float_to_integer(wide, bits_of(to_), to_signed_, rounding_));
    if (from_ == to_) return is_nan(wide) ? value : narrow(to_, round_to_integral(wide, rounding_));
    return narrow(to_, wide, rounding_);
  }
  const std::int64_t number = extend(value, bits_of(from_), from_signed_);
  if (!is_float(to_)) return static_cast<std::uint32_t>(saturate(number, bits_of(to_), to_signed_));
  if (from_ == i32) return integer_to_float(to_, number, rounding_);
  return narrow(to_, as_bits(static_cast<float>(number)), rounding_);
}

}  // namespace vnpu::bm1684x
