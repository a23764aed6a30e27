#include "isa/cv18xx/print_parts.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/dtype.h"

namespace vnpu::cv18xx {

std::string hex(std::uint64_t value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%0*llx", digits, static_cast<unsigned long long>(value));
  return text;
}

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

std::string printable(const std::string& name) {
  std::string out = name;
  if (std::any_of(out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    // The JSON library's writer knows what valid UTF-8 is and replaces the rest.
    using Json = nlohmann::json;
    out = Json::parse(Json(out).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>();
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto byte = static_cast<unsigned char>(out[i]);
    const auto next = static_cast<unsigned char>(i + 1 < out.size() ? out[i + 1] : 0);
    if (byte < 0x20 || byte == 0x7F) out[i] = '?';
    if (byte == 0xC2 && next < 0xA0) out[i] = out[i + 1] = '?';  // control characters of two bytes
  }
  return out;
}

std::string shortened(const std::string& name, std::size_t limit) {
  if (name.size() <= limit) return name;
  std::size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  return name.substr(0, end) + "...";
}

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
