// Random TIU commands that the scalar law accepts most of the time: every operation, both chips' lane counts, pads,
// strides, dilation, inserted cells, signs, partial sums, start lanes, operands that overlap results.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "isa/cv18xx/command.h"
#include "sim/cv18xx/recorded_commands.h"

namespace vnpu::cv18xx {

struct RandomTiu {
  TiuCommand command;
  std::string kind;
  FillMode fill_mode = FillMode::bytes;
  bool plausible_qdm = false;  // the bytes of opd2 are to be made plausible multipliers and shifts
};

class RandomTiuGenerator {
 public:
  RandomTiuGenerator(std::uint64_t seed, std::uint32_t lanes) : random_(seed), lanes_(lanes) {}

  static const std::vector<std::string>& kinds();
  RandomTiu make(const std::string& kind);

  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  bool chance(int percent) { return below(100) < static_cast<std::uint32_t>(percent); }

 private:
  std::uint32_t pick(std::initializer_list<std::uint32_t> values) { return values.begin()[below(values.size())]; }
  std::uint32_t between(std::uint32_t low, std::uint32_t high) { return low + below(high - low + 1); }

  void set_window(TiuCommand& c, bool dilated, bool inserts);
  void settle_signs(TiuCommand& c);
  void set_common(RandomTiu& r, bool bf16);
  void set_addresses(TiuCommand& c, std::uint32_t element, bool code_weights);
  RandomTiu window_command(const std::string& kind, bool bf16);
  RandomTiu matmul(const std::string& kind, bool bf16);
  RandomTiu arith(const std::string& kind, bool bf16);
  RandomTiu lut(bool bf16);

  std::mt19937_64 random_;
  std::uint32_t lanes_;
};

}  // namespace vnpu::cv18xx
