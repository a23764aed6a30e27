#include "sim/bm1684x/element_law.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace vnpu::bm1684x {
namespace {

using Law = ElementLaw;
using Word = std::uint32_t;

// ---- comparison ----

struct Compared {
  bool nan;
  float a, b;
  bool same_bits;
};

template <class Format>
Compared compare(Word a, Word b) {
  const auto x = Format::flushed(static_cast<typename Format::Bits>(a));
  const auto y = Format::flushed(static_cast<typename Format::Bits>(b));
  const float fx = Format::load(x), fy = Format::load(y);
  return {is_nan(fx) || is_nan(fy), fx, fy, x == y};
}

Compared compare(Precision precision, Word a, Word b) {
  if (precision == f32) return compare<F32>(a, b);
  return precision == f16 ? compare<F16>(a, b) : compare<BF16>(a, b);
}

// ---- float ----

template <class Format>
struct Float {
  using Bits = typename Format::Bits;
  static Bits bits(Word w) { return static_cast<Bits>(w); }
  static Word add(const Law&, Word a, Word b, Word) { return Format::add(bits(a), bits(b)); }
  static Word subtract(const Law&, Word a, Word b, Word) { return Format::subtract(bits(a), bits(b)); }
  static Word multiply(const Law&, Word a, Word b, Word) { return Format::multiply(bits(a), bits(b)); }
  static Word multiply_add(const Law&, Word a, Word b, Word old) {
    return Format::add(bits(old), Format::multiply(bits(a), bits(b)));
  }
  static Word maximum(const Law& law, Word a, Word b, Word) {
    return Format::flushed(bits(is_greater(law.types().a, a, b) ? a : b));
  }
  static Word minimum(const Law& law, Word a, Word b, Word) {
    return Format::flushed(bits(is_less(law.types().a, a, b) ? a : b));
  }
  static Word absolute(const Law&, Word a, Word, Word) { return bits(a) & static_cast<Bits>(~Format::sign); }
  static Word absolute_difference(const Law&, Word a, Word b, Word) {
    const Bits difference = Format::subtract(bits(a), bits(b));
    if (is_nan(Format::load(difference))) return difference;
    return difference & static_cast<Bits>(~Format::sign);
  }
};

// a / b by Newton steps of 1 / sqrt(b).
Word divide(const Law& law, Word a, Word b, Word) {
  const Word divisor = b & 0x7FFFFFFF;
  const float half = multiply(as_float(divisor), 0.5f);
  float y = as_float(0x5F3759DF - (divisor >> 1));
  for (unsigned i = 0; i < law.types().newton_steps; ++i) {
    y = multiply(y, subtract(1.5f, multiply(multiply(y, half), y)));
  }
  return as_bits(multiply(multiply(y, y), as_float((a & 0x7FFFFFFF) | ((a ^ b) & f32_sign))));
}

// ---- integer ----

bool is_unsigned_words(const Law& law) {
  const ElementTypes& t = law.types();
  return t.a == i32 && t.b == i32 && !t.a_signed && !t.b_signed;
}
int amount(Word c) { return static_cast<std::int32_t>(c); }
std::uint64_t shift_product(std::uint64_t product, int by, Rounding mode) {
  if (by < 0) return shift_right_unsigned(product, static_cast<unsigned>(-by), mode);
  return by > 63 ? 0 : product << by;
}

Word add_wrap(const Law& law, Word a, Word b, Word c) {
  return static_cast<Word>(shift(law.number_a(a) + law.number_b(b), amount(c), law.types().rounding));
}
Word subtract_wrap(const Law& law, Word a, Word b, Word c) {
  return static_cast<Word>(shift(law.number_a(a) - law.number_b(b), amount(c), law.types().rounding));
}
Word multiply_wrap(const Law& law, Word a, Word b, Word c) {
  if (is_unsigned_words(law)) {
    return static_cast<Word>(shift_product(std::uint64_t{a} * b, amount(c), law.types().rounding));
  }
  return static_cast<Word>(shift(law.number_a(a) * law.number_b(b), amount(c), law.types().rounding));
}
Word saturated(const Law& law, std::int64_t value, bool is_signed) {
  return static_cast<Word>(saturate(value, bits_of(law.types().result), is_signed));
}
bool any_signed(const Law& law) { return law.types().a_signed || law.types().b_signed; }
Word add_saturate(const Law& law, Word a, Word b, Word c) {
  return saturated(law, shift(law.number_a(a) + law.number_b(b), amount(c), law.types().rounding), any_signed(law));
}
Word subtract_saturate(const Law& law, Word a, Word b, Word c) {
  return saturated(law, shift(law.number_a(a) - law.number_b(b), amount(c), law.types().rounding), true);
}
Word multiply_saturate(const Law& law, Word a, Word b, Word c) {
  if (is_unsigned_words(law)) {
    const std::uint64_t product = shift_product(std::uint64_t{a} * b, amount(c), law.types().rounding);
    const std::uint64_t high = (std::uint64_t{1} << bits_of(law.types().result)) - 1;
    return static_cast<Word>(product > high ? high : product);
  }
  return saturated(law, shift(law.number_a(a) * law.number_b(b), amount(c), law.types().rounding), any_signed(law));
}
// The high half of the doubled product, as wide as the result.
Word multiply_high(const Law& law, Word a, Word b, Word) {
  const int by = static_cast<int>(bits_of(law.types().result)) - 1;
  if (is_unsigned_words(law)) {
    const std::uint64_t high = (std::uint64_t{1} << (by + 1)) - 1;
    return static_cast<Word>(std::min(shift_product(std::uint64_t{a} * b, -by, law.types().rounding), high));
  }
  return saturated(law, shift(law.number_a(a) * law.number_b(b), -by, law.types().rounding), any_signed(law));
}
// Old result (of 16 bits: shifted left) + a * b, shifted right. 16 bits saturate, 32 bits wrap.
Word accumulate(const Law& law, Word a, Word b, Word old) {
  const ElementTypes& t = law.types();
  const bool is_short = t.result == i16;
  auto sum = static_cast<std::uint64_t>(extend(old, bits_of(t.result), any_signed(law)));
  if (is_short) sum <<= t.accumulate_left % 64;
  sum += static_cast<std::uint64_t>(law.number_a(a)) * static_cast<std::uint64_t>(law.number_b(b));
  const std::int64_t value = shift_right(static_cast<std::int64_t>(sum), t.accumulate_right, t.rounding);
  return is_short ? saturated(law, value, any_signed(law)) : static_cast<Word>(value);
}
Word maximum(const Law& law, Word a, Word b, Word) { return law.number_a(a) > law.number_b(b) ? a : b; }
Word minimum(const Law& law, Word a, Word b, Word) { return law.number_a(a) < law.number_b(b) ? a : b; }
Word absolute(const Law& law, Word a, Word, Word) {
  const std::int64_t x = law.number_a(a);
  return static_cast<Word>(x < 0 ? -x : x);
}
Word invert(const Law&, Word a, Word, Word) { return ~a; }
Word both(const Law&, Word a, Word b, Word) { return a & b; }
Word either(const Law&, Word a, Word b, Word) { return a | b; }
Word differ(const Law&, Word a, Word b, Word) { return a ^ b; }
Word copy(const Law&, Word a, Word, Word) { return a; }
int shift_amount(const Law& law, Word b) {
  return static_cast<int>(saturate(extend(b, bits_of(law.types().b), true), 8, true));
}
Word logic_shift(const Law& law, Word a, Word b, Word) {
  return static_cast<Word>(shift(extend(a, bits_of(law.types().a), false), shift_amount(law, b), law.types().rounding));
}
Word arithmetic_shift(const Law& law, Word a, Word b, Word) {
  return static_cast<Word>(shift(law.number_a(a), shift_amount(law, b), law.types().rounding));
}
Word rotate(const Law& law, Word a, Word b, Word) {
  const unsigned width = bits_of(law.types().a);
  const auto value = static_cast<std::uint64_t>(extend(a, width, false));
  const auto by = static_cast<unsigned>(extend(b, bits_of(law.types().b), true)) % width;
  return static_cast<Word>(value << by | value >> (width - by));
}
Word first_one(const Law& law, Word a, Word, Word) {
  const unsigned width = bits_of(law.types().a);
  const auto value = static_cast<Word>(extend(a, width, false));
  return width - static_cast<Word>(std::bit_width(value));
}
Word first_zero(const Law& law, Word a, Word, Word) { return first_one(law, ~a, 0, 0); }

// ---- any type ----

template <bool (*compare_floats)(Precision, Word, Word)>
bool holds(const Law& law, Word a, Word b, bool integers) {
  return is_float(law.types().a) ? compare_floats(law.types().a, a, b) : integers;
}

Word select_greater(const Law& law, Word a, Word b, Word c) {
  return holds<is_greater>(law, a, b, law.number_a(a) > law.number_b(b)) ? c : 0;
}
Word select_equal(const Law& law, Word a, Word b, Word c) {
  return holds<is_equal>(law, a, b, law.number_a(a) == law.number_b(b)) ? c : 0;
}
Word select_less(const Law& law, Word a, Word b, Word c) {
  return holds<is_less>(law, a, b, law.number_a(a) < law.number_b(b)) ? c : 0;
}

using Function = Word (*)(const Law&, Word, Word, Word);

template <class Format>
Function float_function(unsigned operation) {
  switch (operation) {
    case 0: return Float<Format>::multiply;
    case 2: return Float<Format>::add;
    case 3: return Float<Format>::subtract;
    case 4: return Float<Format>::maximum;
    case 5: return Float<Format>::minimum;
    case 18: return Float<Format>::multiply_add;
    case 26: return Float<Format>::absolute;
    case 27: return Float<Format>::absolute_difference;
    default: return nullptr;
  }
}

Function float_function(Precision precision, unsigned operation) {
  if (precision == f16) return float_function<F16>(operation);
  if (precision == bf16) return float_function<BF16>(operation);
  return operation == 12 ? divide : float_function<F32>(operation);
}

Function integer_function(unsigned operation) {
  switch (operation) {
    case 0: return multiply_wrap;
    case 1: return invert;
    case 2: return add_wrap;
    case 3: return subtract_wrap;
    case 4: return maximum;
    case 5: return minimum;
    case 6: return logic_shift;
    case 7: return both;
    case 8: return either;
    case 9: return differ;
    case 15: return add_saturate;
    case 16: return subtract_saturate;
    case 20: return multiply_saturate;
    case 21: return arithmetic_shift;
    case 18: return accumulate;
    case 22: return rotate;
    case 23: return multiply_high;
    case 26: return absolute;
    case 29: return first_one;
    case 30: return first_zero;
    default: return nullptr;
  }
}

Function select_function(unsigned operation) {
  switch (operation) {
    case 10: return select_greater;
    case 11: return select_equal;
    case 13: return select_less;
    case 19:
    case 28: return copy;
    default: return nullptr;
  }
}

}  // namespace

bool is_greater(Precision precision, Word a, Word b) {
  const Compared c = compare(precision, a, b);
  return !c.nan && c.a > c.b;
}

bool is_less(Precision precision, Word a, Word b) {
  const Compared c = compare(precision, a, b);
  return c.nan ? !c.same_bits : c.a < c.b;
}

bool is_equal(Precision precision, Word a, Word b) {
  const Compared c = compare(precision, a, b);
  return c.nan ? c.same_bits : c.a == c.b;
}

ElementLaw::ElementLaw(const char* command, unsigned operation, const ElementTypes& types) : types_(types) {
  const auto refuse = [&](ErrorKind kind, const std::string& what) {
    throw Error(kind, std::string(command) + " " + std::to_string(operation) + ": " + what);
  };
  bytes_of(types.result), bytes_of(types.a), bytes_of(types.b);  // refuse types that do not exist
  const bool two_operands = operation != 1 && operation != 19 && operation != 26 && operation < 28;
  function_ = select_function(operation);
  if (function_ == nullptr && is_float(types.a)) {
    function_ = float_function(types.a, operation);
    if (function_ != nullptr && (types.result != types.a || (two_operands && types.b != types.a))) {
      refuse(ErrorKind::fault, "float operands of different types");
    }
  } else if (function_ == nullptr) {
    function_ = integer_function(operation);
    const bool extreme = operation == 4 || operation == 5;
    if (extreme && (types.result != types.a || types.b != types.a || types.a_signed != types.b_signed)) {
      refuse(ErrorKind::fault, "operands of different types");
    }
    if (operation == 18 && types.result == i8) refuse(ErrorKind::unsupported, "8-bit result");
    if (is_float(types.result) || (two_operands && is_float(types.b))) {
      refuse(ErrorKind::fault, "integer and float operands mixed");
    }
  }
  if (function_ == nullptr) {
    refuse(ErrorKind::unsupported,
           std::string("an operation of ") + prec_name(types.a) + " that no described chip runs");
  }
}

}  // namespace vnpu::bm1684x
