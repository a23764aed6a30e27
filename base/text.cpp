#include "base/text.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace vnpu {

std::string hex(std::uint64_t value, int digits) {
  char text[32];
  std::snprintf(text, sizeof text, "0x%0*llx", digits, static_cast<unsigned long long>(value));
  return text;
}

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

}  // namespace vnpu
