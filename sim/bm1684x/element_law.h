// What AR and VC do to one element: the operation codes they share.
#pragma once

#include <cstdint>

#include "sim/bm1684x/arithmetic.h"
#include "sim/bm1684x/tensor_view.h"

namespace vnpu::bm1684x {

// Types of one element-wise command.
struct ElementTypes {
  Precision result = i8, a = i8, b = i8;
  bool a_signed = false, b_signed = false;
  Rounding rounding = Rounding::half_even;
  unsigned newton_steps = 1;                           // of division
  unsigned accumulate_left = 0, accumulate_right = 0;  // shifts of integer multiply-accumulate
};

class ElementLaw {
 public:
  // `operation` is the command's tsk_eu_typ; throws Error(unsupported) or Error(fault) naming `command` for types it
  // does not take.
  ElementLaw(const char* command, unsigned operation, const ElementTypes& types);

  // a, b: low bits of a word. c: the shift of integer operations (signed), the constant of selections, the old result
  // of mac. The result's low bits count.
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b, std::uint32_t c) const {
    return function_(*this, a, b, c);
  }

  const ElementTypes& types() const { return types_; }
  std::int64_t number_a(std::uint32_t a) const { return extend(a, bits_of(types_.a), types_.a_signed); }
  std::int64_t number_b(std::uint32_t b) const { return extend(b, bits_of(types_.b), types_.b_signed); }

 private:
  using Function = std::uint32_t (*)(const ElementLaw&, std::uint32_t, std::uint32_t, std::uint32_t);

  ElementTypes types_;
  Function function_ = nullptr;
};

// A > B, A < B and A == B of floats of one type; subnormals count as zero. With a NaN: false, bits differ, bits equal.
bool is_greater(Precision precision, std::uint32_t a, std::uint32_t b);
bool is_less(Precision precision, std::uint32_t a, std::uint32_t b);
bool is_equal(Precision precision, std::uint32_t a, std::uint32_t b);

}  // namespace vnpu::bm1684x
