#include "tests/devices/recorded_board.h"

#include <regex>

namespace vnpu::programs {

std::string from_base64(const std::string& text) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0, value = 0;
  for (const char c : text) {
    const auto digit = digits.find(c);
    if (digit == digits.npos) continue;
    value = value << 6 | static_cast<unsigned>(digit);
    bits += 6;
    if (bits >= 8) out += static_cast<char>(value >> (bits -= 8) & 0xff);
  }
  return out;
}

BoardState recorded_board(const fs::path& folder, const std::string& chip) {
  BoardState board;
  board.chip = chip;
  board.run_ns = chip == "cv180x" ? 28325800 : 41922200;  // a fifth of what the case with five runs took
  const std::string other = chip == "cv180x" ? "cv181x" : "cv180x";
  for (const auto& entry : fs::directory_iterator(folder / "models" / chip))
    board.files[models + entry.path().filename().string()] = read_file(entry.path());
  for (const auto& entry : fs::directory_iterator(folder / "data"))
    board.files[data + entry.path().filename().string()] = read_file(entry.path());
  for (const char* name : {"in_f32.npz", "bad.npz", "wrong.npz"})
    board.files[std::string(work) + name] = read_file(folder / "npz" / name);
  board.files[models + std::string("wrongchip.cvimodel")] =
      read_file(folder / "models" / other / "shapes_int8.cvimodel");

  const Bytes good = board.files[models + std::string("shapes_int8.cvimodel")];
  const auto cut = [&](std::size_t size) {
    return Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
  };
  const auto add = [&](const std::string& name, Bytes bytes) { board.files[models + name + ".cvimodel"] = bytes; };
  add("empty", {});
  add("truncated_header", cut(40));
  add("truncated_body", cut(1500));
  add("truncated_tail", cut(good.size() - 4096));
  Bytes changed = good;
  changed[0] ^= 0xff;
  add("badmagic", changed);
  changed = good;
  changed[9000] ^= 0x55;
  add("flipped_weight_byte", changed);
  std::string text;
  for (int i = 0; i < 8; ++i) text += "hello, this is not a model\n";
  add("text", Bytes(text.begin(), text.end()));
  return board;
}

std::string expected(const json& c, const std::string& key) {
  if (c.contains(key + "_b64")) return from_base64(c[key + "_b64"]);
  return c.value(key, "");
}

std::string steady(const std::string& name, const std::string& text, bool times) {
  if (name == "math_sample_gemm") return std::regex_replace(text, std::regex("takes [0-9]+ us"), "#");
  if (name == "mr_timer" && times)
    return std::regex_replace(text, std::regex("take [0-9.]+ ms, each run takes [0-9.]+ ms, fps [0-9.]+"), "#");
  if (name == "info_text") {
    const auto cut = text.find(" CANNOT"), from = text.find("built for ");
    if (cut != text.npos && from != text.npos && cut > from + 28) return text.substr(0, from + 28) + text.substr(cut);
  }
  return text;
}

}  // namespace vnpu::programs
