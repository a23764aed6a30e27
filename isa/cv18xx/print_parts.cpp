#include "isa/cv18xx/print_parts.h"

#include <array>
#include <cstdio>

#include "base/dtype.h"

namespace vnpu::cv18xx {

std::string local_address(std::uint64_t address) {
  return "L" + std::to_string(address / lane_bytes) + "+" + hex(address % lane_bytes, 4);
}

std::string global_address(unsigned sel, std::uint64_t offset) {
  constexpr std::array<const char*, 3> names{"shared", "weight", "private"};
  return (sel < names.size() ? std::string(names[sel]) : "io" + std::to_string(sel)) + "+" + hex(offset);
}

std::string bf16_text(std::uint32_t bits) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%04x(%.6g)", bits,
                static_cast<double>(bf16_to_float(static_cast<std::uint16_t>(bits))));
  return text;
}

std::string pair(std::uint32_t y, std::uint32_t x) { return std::to_string(y) + "x" + std::to_string(x); }

std::string text(const Dims& d) { return pair(d.n, d.c) + "x" + pair(d.h, d.w); }

Strides packed_local(const Dims& d, std::uint32_t element, std::uint32_t lane, std::uint32_t lanes, bool aligned) {
  Strides s;
  s.w = element;
  s.h = std::uint64_t{d.w} * element;
  s.c = s.h * d.h;
  if (aligned) s.c = (s.c + eu_num - 1) / eu_num * eu_num;
  s.n = s.c * ((std::uint64_t{lane} + d.c + lanes - 1) / lanes);
  return s;
}

Strides packed_global(const Dims& d, std::uint32_t element) {
  Strides s;
  s.w = element;
  s.h = std::uint64_t{d.w} * element;
  s.c = s.h * d.h;
  s.n = s.c * d.c;
  return s;
}

std::string stride_text(const Dims& d, const Strides& strides, const Strides& packed) {
  struct One {
    std::uint32_t size;
    std::uint64_t stride, packed;
  };
  bool differs = false;
  std::string out = " str=";
  for (const One& one : {One{d.n, strides.n, packed.n}, One{d.c, strides.c, packed.c}, One{d.h, strides.h, packed.h},
                         One{d.w, strides.w, packed.w}}) {
    if (out.back() != '=') out += ",";
    out += one.size > 1 ? std::to_string(one.stride) : "-";
    differs |= one.size > 1 && one.stride != one.packed;
  }
  return differs ? out : "";
}

}  // namespace vnpu::cv18xx
