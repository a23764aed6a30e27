// The SDK's sample_gemm: products of a few rows with many columns, on the CPU and on the TPU. What it prints is the
// vendor's [recorded]; the commands and the factors are ours. The factors are small integers: sums are exact in fp32,
// and the CPU's result, rounded to bf16, is the TPU's to the bit. Times are simulated.
#include <algorithm>
#include <bit>
#include <cstring>

#include "base/dtype.h"
#include "base/error.h"
#include "devices/programs/kernel.h"
#include "devices/programs/vendor_programs.h"

namespace vnpu::programs {
namespace {

constexpr std::uint32_t inner = 512, left_width = 16, width = 10;
constexpr std::uint32_t panel = 500;  // columns of the right matrix in global memory at a time
constexpr std::uint64_t left_at = 0, right_at = 8 << 10, result_at = 600 << 10;

std::uint16_t nearest_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

void put(Kernel& kernel, std::uint64_t at, float value) {
  const std::uint16_t half = float_to_bf16_truncated(value);
  std::memcpy(&kernel.dram()[at], &half, 2);
}

struct Problem {
  std::uint32_t rows, columns;
  std::vector<float> left, right, product;  // [rows][inner], [inner][columns], [rows][columns]
};

Problem make_problem(std::uint32_t rows, std::uint32_t columns) {
  Problem p{rows, columns, std::vector<float>(rows * inner), std::vector<float>(inner * columns),
            std::vector<float>(rows * columns)};
  const auto factor = [](std::uint32_t i) { return static_cast<float>(static_cast<int>(bits_of(i) % 5) - 2); };
  for (std::uint32_t i = 0; i < p.left.size(); ++i) p.left[i] = factor(i);
  for (std::uint32_t i = 0; i < p.right.size(); ++i) p.right[i] = factor(~i);
  return p;
}

void multiply_on_cpu(ProgramHost& host, Problem& p) {
  for (std::uint32_t r = 0; r < p.rows; ++r) {
    for (std::uint32_t k = 0; k < inner; ++k) {
      const float x = p.left[r * inner + k];
      for (std::uint32_t j = 0; j < p.columns; ++j) p.product[r * p.columns + j] += x * p.right[k * p.columns + j];
    }
  }
  constexpr std::uint64_t each_ns = 6;  // a choice: one step of a plain loop on a processor of 1 GHz
  host.spend_cpu(each_ns * p.rows * inner * p.columns);
}

// False when the TPU's result is another one.
bool multiply_on_tpu(ProgramHost& host, Kernel& kernel, const Problem& p) {
  for (std::uint32_t i = 0; i < p.left.size(); ++i) put(kernel, left_at + 2 * i, p.left[i]);
  const Kernel::Matrix left{0, p.rows, inner / left_width, left_width};
  for (std::uint32_t first = 0; first < p.columns; first += panel) {
    host.check_signals();
    for (std::uint32_t k = 0; k < inner; ++k) {
      for (std::uint32_t j = 0; j < panel; ++j)
        put(kernel, right_at + 2 * (k * panel + j), p.right[k * p.columns + first + j]);
    }
    kernel.move(true, left_at, left, 2 * inner);
    for (std::uint32_t j = 0; j < panel; j += kernel.lanes() * width) {
      const std::uint32_t channels = std::min(kernel.lanes(), (panel - j) / width);
      const Kernel::Matrix right{kernel.bytes(left), inner, channels, width};
      const Kernel::Matrix result{right.address + kernel.bytes(right), p.rows, channels, width};
      kernel.move(true, right_at + 2 * j, right, 2 * panel);
      kernel.multiply(result, left, right);
      kernel.move(false, result_at + 2 * j, result, 2 * panel);
    }
    kernel.run();
    for (std::uint32_t r = 0; r < p.rows; ++r) {
      for (std::uint32_t j = 0; j < panel; ++j) {
        std::uint16_t half;
        std::memcpy(&half, &kernel.dram()[result_at + 2 * (r * panel + j)], 2);
        if (half != nearest_bf16(p.product[r * p.columns + first + j])) return false;
      }
    }
  }
  return true;
}

}  // namespace

int sample_gemm(ProgramHost& host) {
  Output out(host);
  int status = 0;
  try {
    for (const auto& [rows, columns] : {std::pair{3u, 500u}, std::pair{1u, 20000u}}) {
      out.format("test_gemm: M=%u, N=%u, K=%u\n", rows, columns, inner);
      Problem problem = make_problem(rows, columns);
      std::uint64_t start = host.now_ns();
      const auto elapsed_us = [&] { return static_cast<unsigned long long>((host.now_ns() - start) / 1000); };
      multiply_on_cpu(host, problem);
      out.format("CPU GEMM takes %llu us\n", elapsed_us());
      start = host.now_ns();
      Kernel kernel(host, out);
      if (!multiply_on_tpu(host, kernel, problem)) {
        out.print("Comparing failed!\n");
        status = 255;
        break;
      }
      out.format("GEMM takes %llu us\n", elapsed_us());
    }
    if (status == 0) out.print("Comparison done for cpu gemm and tpu gemm!\n\n");
  } catch (const Error& error) {
    out.complain(std::string("vnpu: ") + error.what() + "\n");
    status = 1;
  }
  out.flush();
  return status;
}

}  // namespace vnpu::programs
