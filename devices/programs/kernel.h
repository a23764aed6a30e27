// A handful of TPU commands made by hand and run: what the SDK's kernel samples are built from.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "devices/programs/output.h"
#include "devices/programs/program_host.h"
#include "isa/cv18xx/command_stream.h"
#include "sim/cv18xx/memory.h"

namespace vnpu::programs {

// A list of commands on a memory of 1 MiB. Tensors are [1, c, 1, width], one behind the other in local memory, each
// channel in the next lane; matrices as matrix multiply takes them.
class Kernel {
 public:
  // Takes a command buffer off the ION heap and says so; without room an abort.
  Kernel(ProgramHost& host, Output& out);

  std::span<std::uint8_t> dram() { return memory_.global(); }
  std::uint32_t lanes() const { return memory_.lanes(); }

  // Global to local or back; rows of `width` elements, `global_step` bytes apart. element: 1 int8, 2 bf16.
  void move(bool load, std::uint64_t global, std::uint32_t local, std::uint32_t rows, std::uint32_t width,
            std::uint32_t element, std::uint32_t global_step, std::uint32_t channel_count);

  struct Operand {
    std::uint32_t address = 0;
    std::uint32_t channel_step = 0;               // from one channel of a lane to the next
    std::uint32_t row_step = 0, column_step = 1;  // all in elements
  };
  // result = a (op) b, element by element, of so many channels; `b` absent: the constant.
  void arith(cv18xx::ArithOp op, std::uint32_t element, const Operand& result, const Operand& a, const Operand* b,
             std::uint32_t constant, std::uint32_t channel_count, std::uint32_t rows, std::uint32_t width);

  // A matrix of bf16: a row is spread over channels of `width` elements, each aligned to 16 bytes, one lane after the
  // other.
  struct Matrix {
    std::uint32_t address = 0, rows = 0, channel_count = 0, width = 0;
  };
  std::uint32_t row_bytes(const Matrix& m) const;  // in each lane
  std::uint32_t bytes(const Matrix& m) const { return m.rows * row_bytes(m); }
  // Between its place and global memory, where rows are `global_step` bytes apart.
  void move(bool load, std::uint64_t global, const Matrix& local, std::uint32_t global_step);
  void multiply(const Matrix& result, const Matrix& left, const Matrix& right);

  // On the TPU, as one job; the list is empty then.
  void run();

 private:
  void add(cv18xx::StreamEntry entry);

  ProgramHost& host_;
  cv18xx::Memory memory_;
  std::shared_ptr<void> ion_;
  std::vector<cv18xx::StreamEntry> list_;
};

// A few bits that look random and are the same in every run.
inline std::uint32_t bits_of(std::uint32_t i) {
  i = (i ^ 61) ^ (i >> 16);
  i *= 9;
  i ^= i >> 4;
  i *= 0x27d4eb2d;
  return i ^ i >> 15;
}

}  // namespace vnpu::programs
