// AR, RQ and DQ: spans of elements, a list at a time.
#include <algorithm>
#include <cstring>

#include "sim/bm1684x/ar_form.h"
#include "sim/bm1684x/cast_law.h"
#include "sim/bm1684x/kernels/element_ops.h"
#include "sim/bm1684x/kernels/kernels.h"
#include "sim/bm1684x/kernels/spans.h"

namespace vnpu::bm1684x::kernels {
namespace {

// One operand of an element-wise command.
struct Source {
  const std::uint8_t* local;  // null: a constant
  const TensorView& view;
  std::uint32_t constant;
  bool planes;

  const std::uint8_t* span(std::uint32_t n, std::uint32_t c, std::uint32_t h) const {
    return local ? local + view.row(n, c, h) : reinterpret_cast<const std::uint8_t*>(&constant);
  }
  bool repeated() const { return local == nullptr || is_repeated(view, planes); }
};

struct Lists {
  alignas(64) std::int64_t a[list_size], b[list_size];
  alignas(64) float x[list_size], y[list_size];
};

void load_integers(const ElementOps& ops, std::int64_t* to, const std::uint8_t* from, bool repeated, unsigned bytes,
                   bool is_signed, std::size_t count) {
  ops.load_integers(to, from, bytes, is_signed, repeated ? 1 : count);
  if (repeated) std::fill_n(to + 1, count - 1, to[0]);
}

void load_floats(const KernelOps& ops, float* to, const std::uint8_t* from, bool repeated, Precision precision,
                 std::size_t count) {
  const std::size_t there = repeated ? 1 : count;
  switch (precision) {
    case f32: std::memcpy(to, from, 4 * there); break;
    case f16: ops.gemm.widen_f16(to, from, there); break;
    default: ops.gemm.widen_bf16(to, from, there); break;
  }
  if (repeated) std::fill_n(to + 1, count - 1, to[0]);
}

void store_floats(const KernelOps& ops, std::uint8_t* to, const float* from, Precision precision, std::size_t count) {
  switch (precision) {
    case f32: std::memcpy(to, from, 4 * count); break;
    case f16: ops.gemm.narrow_f16(to, from, count); break;
    default: ops.gemm.narrow_bf16(to, from, count); break;
  }
}

bool combine_of(unsigned operation, Combine& how) {
  switch (operation) {
    case 0:
    case 20: return how = Combine::multiply, true;
    case 2:
    case 15: return how = Combine::add, true;
    case 3:
    case 16: return how = Combine::subtract, true;
    case 4: return how = Combine::maximum, true;
    case 5: return how = Combine::minimum, true;
    default: return false;
  }
}

// What one span has: pointers to operands that follow each other or repeat.
struct Span {
  std::uint8_t* result;
  const std::uint8_t *a, *b;
  bool repeat_a, repeat_b;
  std::size_t count;
  std::size_t at = 0;  // of the list in work

  const std::uint8_t* a_at(unsigned bytes) const { return repeat_a ? a : a + at * bytes; }
  const std::uint8_t* b_at(unsigned bytes) const { return repeat_b ? b : b + at * bytes; }
};

// The law for one list.
template <class Law>
void apply_law(const Law& law, const Span& s, std::size_t count, unsigned result_bytes, unsigned a_bytes,
               unsigned b_bytes) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t a = load_element(s.repeat_a ? s.a : s.a + (s.at + i) * a_bytes, a_bytes);
    const std::uint32_t b = b_bytes ? load_element(s.repeat_b ? s.b : s.b + (s.at + i) * b_bytes, b_bytes) : 0;
    store_element(s.result + (s.at + i) * result_bytes, law(a, b), result_bytes);
  }
}

template <class List>
void for_lists(Span& s, List&& list) {
  for (s.at = 0; s.at < s.count; s.at += list_size) list(std::min(list_size, s.count - s.at));
}

struct Arithmetic {
  const KernelOps& ops;
  const TiuCommand& c;
  const ElementLaw& law;
  Combine how;
  Lists& lists;

  void floats(Span& s) const {
    const Precision type = c.opd0_prec;
    const unsigned bytes = bytes_of(type);
    const bool picks = how == Combine::maximum || how == Combine::minimum;
    const bool flushes = type == bf16 || picks;
    const auto load_b = [&](std::size_t count) {
      load_floats(ops, lists.y, s.b_at(bytes), s.repeat_b, type, count);
      if (flushes) ops.elements.flush(lists.y, count);
    };
    if (s.repeat_b) load_b(std::min(list_size, s.count));
    for_lists(s, [&](std::size_t count) {
      load_floats(ops, lists.x, s.a_at(bytes), s.repeat_a, type, count);
      if (!s.repeat_b) load_b(count);
      if (flushes) ops.elements.flush(lists.x, count);
      if (ops.elements.combine_floats(lists.x, lists.y, how, type == bf16, count)) {
        return apply_law([&](std::uint32_t a, std::uint32_t b) { return law(a, b, 0); }, s, count, bytes, bytes, bytes);
      }
      store_floats(ops, s.result + s.at * bytes, lists.x, type, count);
    });
  }

  void integers(Span& s, int shift) const {
    const unsigned a_bytes = bytes_of(c.opd0_prec), b_bytes = bytes_of(c.opd1_prec), bytes = bytes_of(c.res0_prec);
    const bool is_signed = c.tsk_eu_typ == 16 || c.opd0_sign || c.opd1_sign;
    if (c.tsk_eu_typ == 15 && shift == 0 && c.opd0_sign && c.opd1_sign && !(s.repeat_a && s.repeat_b) &&
        c.opd0_prec == i32 && c.opd1_prec == i32 && c.res0_prec == i32) {
      const bool turned = s.repeat_a;  // the order does not matter
      return ops.elements.add_words(s.result, turned ? s.b : s.a, turned ? s.a : s.b, s.repeat_a || s.repeat_b,
                                    s.count);
    }
    const std::size_t longest = std::min(list_size, s.count);
    if (s.repeat_b) load_integers(ops.elements, lists.b, s.b, true, b_bytes, c.opd1_sign, longest);
    for_lists(s, [&](std::size_t count) {
      load_integers(ops.elements, lists.a, s.a_at(a_bytes), s.repeat_a, a_bytes, c.opd0_sign, count);
      if (!s.repeat_b) load_integers(ops.elements, lists.b, s.b_at(b_bytes), false, b_bytes, c.opd1_sign, count);
      ops.elements.combine_integers(lists.a, lists.b, how, count);
      ops.elements.shift(lists.a, shift, c.opd2_n_str & 7, count);
      if (c.tsk_eu_typ >= 15) {
        const std::int64_t high = (std::int64_t{1} << (is_signed ? 8 * bytes - 1 : 8 * bytes)) - 1;
        ops.elements.clamp(lists.a, is_signed ? -high - 1 : 0, high, count);
      }
      ops.elements.store_integers(s.result + s.at * bytes, lists.a, bytes, count);
    });
  }
};

// Casts between these types with this rounding have a short way.
bool is_short_cast(const TiuCommand& c) {
  const Precision from = c.opd0_prec, to = c.res0_prec;
  const std::uint32_t mode = c.opd2_n_str & 7;
  if (!is_float(from)) return !is_float(to) || (mode == 0 && (from != i32 || (to == f32 && c.opd0_sign)));
  if (!is_float(to)) return mode < 2;
  return from != to && (mode == 0 || to == f32);
}

void cast(const KernelOps& ops, const TiuCommand& c, const CastLaw& law, Lists& lists, Span& s) {
  const Precision from = c.opd0_prec, to = c.res0_prec;
  const unsigned from_bytes = bytes_of(from), to_bytes = bytes_of(to);
  for_lists(s, [&](std::size_t count) {
    const auto by_law = [&] {
      apply_law([&](std::uint32_t a, std::uint32_t) { return law(a); }, s, count, to_bytes, from_bytes, 0);
    };
    if (is_float(from)) {
      load_floats(ops, lists.x, s.a_at(from_bytes), s.repeat_a, from, count);
      if (is_float(to)) {
        if (ops.elements.any_nan(lists.x, count)) return by_law();
        ops.elements.flush(lists.x, count);
      } else if (!ops.elements.to_integers(lists.a, lists.x, (c.opd2_n_str & 7) == 1, count)) {
        return by_law();
      }
    } else {
      load_integers(ops.elements, lists.a, s.a_at(from_bytes), s.repeat_a, from_bytes, c.opd0_sign, count);
      if (is_float(to)) ops.elements.to_floats(lists.x, lists.a, count);
    }
    if (is_float(to)) return store_floats(ops, s.result + s.at * to_bytes, lists.x, to, count);
    const std::int64_t high = (std::int64_t{1} << (c.opd2_sign ? 8 * to_bytes - 1 : 8 * to_bytes)) - 1;
    ops.elements.clamp(lists.a, c.opd2_sign ? -high - 1 : 0, high, count);
    ops.elements.store_integers(s.result + s.at * to_bytes, lists.a, to_bytes, count);
  });
}

// Calls work(span, n, c) for all spans, or returns false when operands do not lie in spans.
template <class Work>
bool for_operands(const TiuJob& job, const TensorView& result, const TensorView* a, const TensorView* b,
                  const TiuCommand& c, Work&& work) {
  if (!has_runs(result) || result.strides.w == 0) return false;
  bool planes = has_planes(result) && !is_repeated(result, true);
  for (const TensorView* view : {a, b}) {
    if (view == nullptr) continue;
    if (!has_runs(*view) || may_overlap(result, *view)) return false;
    planes &= has_planes(*view);
  }
  if (!planes && is_repeated(result, false)) return false;
  std::uint8_t* local = job.memory.local().data();
  const Source left{a ? local : nullptr, a ? *a : result, c.opd0_addr, planes};
  const Source right{b ? local : nullptr, b ? *b : result, c.opd1_addr, planes};
  for_spans(result, job.lanes, planes, [&](std::uint32_t n, std::uint32_t k, std::uint32_t h, std::size_t count) {
    Span span{
        local + result.row(n, k, h), left.span(n, k, h), right.span(n, k, h), left.repeated(), right.repeated(), count};
    work(span, n, k);
  });
  return true;
}

// Rows of an operand whose elements lie apart, as in a transposition.
bool copy_strided(const TiuJob& job, const TensorView& result, const TensorView& source) {
  if (!has_runs(result) || is_repeated(result, false) || may_touch(result, source)) return false;
  std::uint8_t* local = job.memory.local().data();
  const std::size_t step = std::size_t{source.strides.w} * source.bytes;
  for_spans(result, job.lanes, false, [&](std::uint32_t n, std::uint32_t k, std::uint32_t h, std::size_t count) {
    std::uint8_t* to = local + result.row(n, k, h);
    const std::uint8_t* from = local + source.row(n, k, h);
    const auto each = [&](auto element) {
      for (std::size_t i = 0; i < count; ++i) {
        std::memcpy(&element, from + i * step, sizeof element);
        std::memcpy(to + i * sizeof element, &element, sizeof element);
      }
    };
    result.bytes == 1 ? each(std::uint8_t{}) : result.bytes == 2 ? each(std::uint16_t{}) : each(std::uint32_t{});
  });
  return true;
}

}  // namespace

bool execute_ar(const TiuJob& job, const KernelOps& ops) {
  const TiuCommand& c = job.command;
  const unsigned operation = c.tsk_eu_typ;
  const ArForm form = make_ar_form(c);
  const TensorView* a = c.opd0_const ? nullptr : &form.a;
  if (a) check_view(*a, "opd0");
  Lists lists;
  if (operation == 14) {
    const CastLaw law(c.opd0_prec, c.opd0_sign, c.res0_prec, c.opd2_sign, job.rounding());
    if (!is_short_cast(c)) return false;
    return for_operands(job, form.result, a, nullptr, c,
                        [&](Span& s, std::uint32_t, std::uint32_t) { cast(ops, c, law, lists, s); });
  }
  if (operation == 19 && c.opd0_prec == c.res0_prec) {
    make_ar_law(job);  // refuses what the law refuses
    const unsigned bytes = form.result.bytes;
    if (a && !has_runs(*a) && a->strides.w > 1) return copy_strided(job, form.result, *a);
    return for_operands(job, form.result, a, nullptr, c, [&](Span& s, std::uint32_t, std::uint32_t) {
      if (!s.repeat_a) {
        std::memmove(s.result, s.a, s.count * bytes);
      } else {
        for (std::size_t i = 0; i < s.count; ++i) std::memcpy(s.result + i * bytes, s.a, bytes);
      }
    });
  }
  Combine how;
  if (!combine_of(operation, how) || c.tsk_opd_num < 2) return false;
  const ElementLaw law = make_ar_law(job);
  const TensorView* b = c.opd1_const ? nullptr : &form.b;
  if (b) check_view(*b, "opd1");
  const Arithmetic arithmetic{ops, c, law, how, lists};
  if (is_float(c.opd0_prec)) {
    return for_operands(job, form.result, a, b, c,
                        [&](Span& s, std::uint32_t, std::uint32_t) { arithmetic.floats(s); });
  }
  // The product of two unsigned words has 64 bits of its own.
  if (how == Combine::multiply && c.opd0_prec == i32 && c.opd1_prec == i32 && !c.opd0_sign && !c.opd1_sign)
    return false;
  const bool shifts = c.tsk_opd_num == 3 && operation != 4 && operation != 5;
  std::vector<std::uint32_t> amounts;
  if (shifts && !c.opd2_const) {
    const Shape& s = form.result.shape;
    TensorView list = channel_view(c.opd2_addr, c.opd2_prec, {1, s.c, 1, 1});
    if (may_overlap(form.result, list)) return false;
    amounts = read(job.memory, list, "opd2");
  }
  return for_operands(job, form.result, a, b, c, [&](Span& s, std::uint32_t, std::uint32_t k) {
    int shift = 0;
    if (shifts) {
      const std::int64_t amount =
          c.opd2_const ? extend(c.opd2_addr, 8, true) : extend(amounts[k], bits_of(c.opd2_prec), true);
      shift = static_cast<int>(std::clamp<std::int64_t>(amount, -64, 64));
    }
    arithmetic.integers(s, shift);
  });
}

bool execute_rqdq(const TiuJob& job, const KernelOps& ops) {
  const TiuCommand& c = job.command;
  const bool requantises = c.tsk_eu_typ == 1;
  if (!requantises && c.tsk_eu_typ != 3) return false;
  if (requantises ? c.opd0_prec != i16 && c.opd0_prec != i32 : c.opd0_prec != i8 && c.opd0_prec != i16) return false;
  if (requantises ? is_float(c.res0_prec) : c.res0_prec != f32) return false;
  const Shape shape{c.res0_n, c.res0_c, c.res0_h, c.res0_w};
  const TensorView result = aligned_view(c.res0_addr, c.res0_prec, shape);
  const TensorView source = aligned_view(c.opd0_addr, c.opd0_prec, shape);
  check_view(result, "res0");
  check_view(source, "opd0");
  std::vector<std::uint32_t> table;
  const std::uint32_t words = requantises ? 3 : 2;
  if (!c.opd1_const) {
    const TensorView list = make_view(c.opd1_addr, i32, {1, shape.c, 1, words}, {0, eu_bytes / 4, 0, 1});
    table = read(job.memory, list, "opd1");
  }
  const unsigned from_bytes = source.bytes, to_bytes = result.bytes;
  const std::int64_t high = (std::int64_t{1} << (c.opd2_sign ? 8 * to_bytes - 1 : 8 * to_bytes)) - 1;
  const unsigned mode = requantises ? static_cast<unsigned>(job.rounding()) : 0;
  Lists lists;
  bool doubt = false;
  if (may_overlap(result, source) || (!requantises && result.offset == source.offset)) return false;
  const bool covered = for_operands(job, result, &source, nullptr, c, [&](Span& s, std::uint32_t, std::uint32_t k) {
    const std::uint32_t constants[3] = {c.opd1_addr, requantises ? c.opd2_addr & 0xFF : c.opd2_addr, c.opd2_addr >> 16};
    const std::uint32_t* p = c.opd1_const ? constants : table.data() + k * words;
    const auto shift = static_cast<int>(extend(p[1], 8, true));
    if (requantises && c.opd0_prec == i32 && to_bytes == 1 && shift < 0 && shift >= -63 && !s.repeat_a) {
      const Requantization how{static_cast<std::int32_t>(p[0]),           -shift, mode, extend(p[2], 16, c.opd2_sign),
                               c.opd2_sign ? -high - 1 : std::int64_t{0}, high};
      return ops.elements.requantize(s.result, s.a, how, s.count);
    }
    for_lists(s, [&](std::size_t count) {
      // 32-bit accumulators are signed whatever the flag says.
      const bool is_signed = c.opd0_sign || c.opd0_prec == i32;
      load_integers(ops.elements, lists.a, s.a_at(from_bytes), false, from_bytes, is_signed, count);
      if (requantises) {
        ops.elements.multiply_add(lists.a, static_cast<std::int32_t>(p[0]), 0, count);
        ops.elements.shift(lists.a, static_cast<int>(extend(p[1], 8, true)), mode, count);
        ops.elements.multiply_add(lists.a, 1, extend(p[2], 16, c.opd2_sign), count);
        ops.elements.clamp(lists.a, c.opd2_sign ? -high - 1 : 0, high, count);
        return ops.elements.store_integers(s.result + s.at * to_bytes, lists.a, to_bytes, count);
      }
      ops.elements.multiply_add(lists.a, 1, -extend(p[0], 16, c.opd0_sign), count);
      ops.elements.to_floats(lists.x, lists.a, count);
      std::fill_n(lists.y, count, as_float(p[1]));
      doubt |= ops.elements.combine_floats(lists.x, lists.y, Combine::multiply, false, count);
      std::memcpy(s.result + s.at * 4, lists.x, 4 * count);
    });
  });
  return covered && !doubt;  // with a NaN the law starts again: source and result do not overlap
}

}  // namespace vnpu::bm1684x::kernels
