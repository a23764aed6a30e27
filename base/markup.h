// Text inside of XML and HTML.
#pragma once

#include <string>
#include <string_view>

namespace vnpu {

// `text` with & < > " written as entities; what stands for any other byte is the caller's: `other(byte, out)` appends
// it.
template <typename Other>
std::string markup(std::string_view text, Other other) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: other(c, out);
    }
  }
  return out;
}

}  // namespace vnpu
