// One TIU command on a small memory: operands are written, the command runs, results are read.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "base/error.h"
#include "sim/cv18xx/law.h"
#include "sim/cv18xx/tensor_view.h"

namespace vnpu::cv18xx {

struct TiuRun {
  explicit TiuRun(const char* chip = "cv180x") : memory(*find_chip(chip), 0) {}

  void put(std::uint64_t address, std::initializer_list<int> bytes) {
    for (const int b : bytes) memory.local_range(address++, 1)[0] = static_cast<std::uint8_t>(b);
  }
  void put16(std::uint64_t address, std::initializer_list<int> halves) {
    for (const int h : halves) {
      put(address, {h & 0xFF, h >> 8 & 0xFF});
      address += 2;
    }
  }
  int u8(std::uint64_t address) { return memory.local_range(address, 1)[0]; }
  int i8(std::uint64_t address) { return static_cast<std::int8_t>(u8(address)); }
  int u16(std::uint64_t address) { return u8(address) | u8(address + 1) << 8; }
  std::vector<int> bytes(std::uint64_t address, unsigned count) {
    std::vector<int> result;
    for (unsigned i = 0; i < count; ++i) result.push_back(i8(address + i));
    return result;
  }
  std::vector<int> halves(std::uint64_t address, unsigned count) {
    std::vector<int> result;
    for (unsigned i = 0; i < count; ++i) result.push_back(u16(address + 2 * i));
    return result;
  }

  void run() { execute_tiu_law(c, memory, quirks); }

  // "" when the command runs, else the message of its refusal; memory must then be unchanged.
  std::string refusal() {
    const std::vector<std::uint8_t> before(memory.local().begin(), memory.local().end());
    try {
      run();
    } catch (const Error& error) {
      EXPECT_TRUE(error.kind() == ErrorKind::fault || error.kind() == ErrorKind::unsupported);
      EXPECT_TRUE(std::equal(before.begin(), before.end(), memory.local().begin()));
      return error.what();
    }
    return "";
  }

  Memory memory;
  TiuCommand c;
  Quirks quirks;
};

#define VNPU_SET_SHAPE(operand, n_, c_, h_, w_) (operand##_n = n_, operand##_c = c_, operand##_h = h_, operand##_w = w_)

using Values = std::vector<int>;

}  // namespace vnpu::cv18xx
