// The SDK's small samples of the kernel library: each builds a handful of TPU commands, has them run, and compares the
// result with the same computation on the CPU. What they print is the vendor's [recorded]; the commands and the numbers
// they compute on are ours.
#include <algorithm>
#include <cstring>
#include <functional>
#include <tuple>

#include "base/dtype.h"
#include "base/error.h"
#include "devices/programs/kernel.h"
#include "devices/programs/vendor_programs.h"

namespace vnpu::programs {
namespace {

using namespace cv18xx;

constexpr std::uint32_t columns = 64;  // of the tensors of the element-wise samples
constexpr std::uint32_t channels = 3;

// A tensor [1, channels, 1, columns].
Kernel::Operand at(std::uint32_t address) { return {address, columns}; }

int differ(Output& out) {
  out.print("Comparing failed!\n");
  return 255;
}

template <class Body>
int sample(ProgramHost& host, Body body) {
  Output out(host);
  int status = 1;
  try {
    Kernel kernel(host, out);
    status = body(kernel, out);
  } catch (const Error& error) {
    out.complain(std::string("vnpu: ") + error.what() + "\n");
  }
  out.flush();
  return status;
}

struct TestShape {
  std::uint32_t n, c, h, w;
};
constexpr TestShape conversion_shapes[] = {{1, 2, 3, 4}, {1, 20, 30, 40}};

float number(std::uint32_t i) { return static_cast<float>(static_cast<std::int32_t>(bits_of(i))) / 65536.0f; }

constexpr std::uint64_t source = 0, target = 512 << 10;  // in DRAM

// Of a float the upper half is a bf16: elements of two bytes, four bytes apart.
int convert(ProgramHost& host, bool to_bf16) {
  return sample(host, [&](Kernel& kernel, Output& out) {
    for (const auto& s : conversion_shapes) {
      const std::uint32_t count = s.c * s.h * s.w;
      out.format("test %s <%u,%u,%u,%u> to %s\n", to_bf16 ? "fp32" : "bf16", s.n, s.c, s.h, s.w,
                 to_bf16 ? "bf16" : "fp32");
      Bytes wanted(count * (to_bf16 ? 2 : 4));
      for (std::uint32_t i = 0; i < count; ++i) {
        const float value = number(i);
        const std::uint16_t half = float_to_bf16_truncated(value);
        const float back = bf16_to_float(half);
        if (to_bf16) {
          std::memcpy(&kernel.dram()[source + 4 * i], &value, 4);
          std::memcpy(&wanted[2 * i], &half, 2);
        } else {
          std::memcpy(&kernel.dram()[source + 2 * i], &half, 2);
          std::memcpy(&wanted[4 * i], &back, 4);
        }
      }
      std::fill_n(kernel.dram().begin() + target, wanted.size(), std::uint8_t{0});
      kernel.move(true, source + (to_bf16 ? 2 : 0), 0, s.h * s.w, 1, 2, to_bf16 ? 4 : 2, s.c);
      kernel.move(false, target + (to_bf16 ? 0 : 2), 0, s.h * s.w, 1, 2, to_bf16 ? 2 : 4, s.c);
      kernel.run();
      if (!std::equal(wanted.begin(), wanted.end(), kernel.dram().begin() + target)) return differ(out);
      out.print("compare test bf16 to fp32 done\n");
    }
    return 0;
  });
}

}  // namespace

int sample_fp32_bf16(ProgramHost& host) { return convert(host, true); }
int sample_bf16_fp32(ProgramHost& host) { return convert(host, false); }

// Masks of x compared with a constant: greater-or-equal is an operation, the others are made of it.
int sample_mask(ProgramHost& host) {
  return sample(host, [&](Kernel& kernel, Output& out) {
    constexpr std::int32_t limit = 17;
    constexpr std::uint32_t x = 0, result = 1024, other = 2048, count = channels * columns;
    for (std::uint32_t i = 0; i < count; ++i)
      kernel.dram()[source + i] = static_cast<std::uint8_t>(i % 5 ? bits_of(i) : limit);
    const auto at_least = [&](std::uint32_t where, std::int32_t least) {
      kernel.arith(arith_ge, 1, at(where), at(x), nullptr, static_cast<std::uint8_t>(least), channels, 1, columns);
    };
    const auto invert = [&](std::uint32_t where) {
      kernel.arith(arith_xor, 1, at(where), at(where), nullptr, 1, channels, 1, columns);
    };
    const Kernel::Operand second = at(other);
    const std::tuple<const char*, std::function<void()>, bool (*)(int)> tests[] = {
        {"gt", [&] { at_least(result, limit + 1); }, [](int v) { return v > limit; }},
        {"ge", [&] { at_least(result, limit); }, [](int v) { return v >= limit; }},
        {"eq",
         [&] {
           at_least(result, limit);
           at_least(other, limit + 1);
           invert(other);
           kernel.arith(arith_and, 1, at(result), at(result), &second, 0, channels, 1, columns);
         },
         [](int v) { return v == limit; }},
        {"lt",
         [&] {
           at_least(result, limit);
           invert(result);
         },
         [](int v) { return v < limit; }},
        {"le",
         [&] {
           at_least(result, limit + 1);
           invert(result);
         },
         [](int v) { return v <= limit; }},
    };
    for (const auto& [name, compute, law] : tests) {
      out.print(std::string("test ") + name + " test...\n");
      kernel.move(true, source, x, 1, columns, 1, columns, channels);
      compute();
      kernel.move(false, target, result, 1, columns, 1, columns, channels);
      kernel.run();
      for (std::uint32_t i = 0; i < count; ++i) {
        const bool wanted = law(static_cast<std::int8_t>(kernel.dram()[source + i]));
        if (kernel.dram()[target + i] != wanted) return differ(out);
      }
    }
    return 0;
  });
}

// The product over the rows of a tensor [1, 3, 4, 16].
int sample_reduce_mul(ProgramHost& host) {
  return sample(host, [&](Kernel& kernel, Output& out) {
    constexpr std::uint32_t rows = 4, width = 16, count = channels * rows * width, result = 4096;
    for (const std::uint32_t element : {1u, 2u}) {
      out.print(element == 1 ? "test reduce mul int8\n" : "test reduce mul bf16\n");
      // Small factors, so that int8 does not saturate and bf16 stays exact.
      const auto factor = [](std::uint32_t i) { return static_cast<int>(bits_of(i) % 5) - 2; };
      for (std::uint32_t i = 0; i < count; ++i) {
        const auto half = float_to_bf16_truncated(static_cast<float>(factor(i)));
        if (element == 1) kernel.dram()[source + i] = static_cast<std::uint8_t>(factor(i));
        if (element == 2) std::memcpy(&kernel.dram()[source + 2 * i], &half, 2);
      }
      const std::uint32_t row = width * element, channel = row * rows;
      kernel.move(true, source, 0, rows, width, element, row, channels);
      constexpr std::uint32_t step = rows * width;
      const Kernel::Operand product{result, step};
      for (std::uint32_t r = 1; r < rows; ++r) {
        const Kernel::Operand factors{r * row, step};
        kernel.arith(arith_mul, element, product, {r == 1 ? 0 : result, step}, &factors, 0, channels, 1, width);
      }
      // The product is the first row of each channel's place.
      kernel.move(false, target, result, rows, width, element, row, channels);
      kernel.run();
      for (std::uint32_t c = 0; c < channels; ++c) {
        for (std::uint32_t x = 0; x < width; ++x) {
          int wanted = 1;
          for (std::uint32_t r = 0; r < rows; ++r) wanted *= factor((c * rows + r) * width + x);
          const std::uint8_t* at = &kernel.dram()[target + c * channel + x * element];
          std::uint16_t half;
          std::memcpy(&half, at, 2);
          const float got = element == 1 ? static_cast<float>(static_cast<std::int8_t>(*at)) : bf16_to_float(half);
          if (got != static_cast<float>(wanted)) return differ(out);
        }
      }
    }
    return 0;
  });
}

// Every pixel to a square of four: copies with steps of two columns and two rows.
int sample_upsample(ProgramHost& host) {
  return sample(host, [&](Kernel& kernel, Output& out) {
    constexpr std::uint32_t rows = 6, width = 10, large = 4 * rows * width, result = 4096;
    for (std::uint32_t i = 0; i < channels * rows * width; ++i)
      kernel.dram()[source + i] = static_cast<std::uint8_t>(bits_of(i));
    kernel.move(true, source, 0, rows, width, 1, width, channels);
    for (std::uint32_t i = 0; i < 4; ++i) {
      const Kernel::Operand corner{result + i / 2 * 2 * width + i % 2, large, 4 * width, 2};
      kernel.arith(arith_copy, 1, corner, {0, rows * width, width}, nullptr, 0, channels, rows, width);
    }
    kernel.move(false, target, result, 2 * rows, 2 * width, 1, 2 * width, channels);
    kernel.run();
    for (std::uint32_t i = 0; i < channels * large; ++i) {
      const std::uint32_t c = i / large, y = i % large / (2 * width), x = i % (2 * width);
      if (kernel.dram()[target + i] != kernel.dram()[source + (c * rows + y / 2) * width + x / 2]) return differ(out);
    }
    out.print("pass\n");
    return 0;
  });
}

}  // namespace vnpu::programs
