// What the kernels make of a convolution's sums, of words and of whole random models, against the law.
#include "sim/ax620/kernels/finish.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/bytes.h"
#include "base/error.h"
#include "sim/ax620/kernels/words.h"
#include "sim/ax620/machine.h"

namespace vnpu::ax620 {
namespace {

std::vector<SimdLevel> kernel_levels() {
  std::vector<SimdLevel> out;
  for (const SimdLevel level : {SimdLevel::avx2, SimdLevel::avx512}) {
    if (level <= best_simd_level()) out.push_back(level);
  }
  return out;
}

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  int pick(int low, int high) { return std::uniform_int_distribution(low, high)(engine_); }
  float real(float low, float high) { return std::uniform_real_distribution(low, high)(engine_); }
  bool one_in(int n) { return pick(1, n) == 1; }

 private:
  std::mt19937 engine_;
};

TEST(AxFinish, EveryLevelWritesWhatTheLawWrites) {
  if (kernel_levels().empty()) GTEST_SKIP() << "this CPU has no AVX2";
  Random random(11);
  constexpr float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
  for (int round = 0; round < 2000; ++round) {
    Finish plan;
    plan.channels = static_cast<std::size_t>(random.pick(1, 40));
    plan.stride = (plan.channels + 15) / 16 * 16;
    plan.line_pool = static_cast<std::size_t>(random.one_in(3) ? random.pick(1, 3) : 1);
    plan.pixel_pool = static_cast<std::size_t>(random.one_in(3) ? random.pick(1, 3) : 1);
    plan.bits = 8 << random.pick(0, 2);
    const auto lines = static_cast<std::size_t>(random.pick(1, 3)),
               pixels = static_cast<std::size_t>(random.pick(1, 4));
    plan.width = pixels * plan.pixel_pool + static_cast<std::size_t>(random.pick(0, 2));
    std::vector<std::int32_t> totals, sums(lines * plan.line_pool * plan.width * plan.stride);
    std::vector<float> scales, biases;
    const float reach = std::ldexp(1.0F, random.pick(-8, 4));
    for (std::size_t c = 0; c < plan.channels; ++c) {
      totals.push_back(random.pick(-40000, 40000));
      scales.push_back(random.one_in(50) ? (random.one_in(2) ? nan : infinity) : random.real(-reach, reach));
      // Halves now and then, so that ties are rounded.
      biases.push_back(random.one_in(4) ? static_cast<float>(random.pick(0, 512)) / 2 : random.real(-500, 70000));
      if (random.one_in(4)) scales.back() = 0.5F;
    }
    for (auto& sum : sums) sum = random.pick(-200000, 200000);
    plan.totals = totals.data();
    plan.scales = scales.data();
    plan.biases = biases.data();
    std::vector<std::int32_t> entries, starts;
    std::vector<double> steps;
    if (!random.one_in(4)) {
      const int sections = random.one_in(2) ? random.pick(1, 2) : random.pick(1, 16);
      int start = random.one_in(3) ? random.pick(-100, 100) : 0;
      for (int k = 0; k < sections; ++k) {
        starts.push_back(start);
        const int length = random.pick(1, 65536 / sections);
        // Some sections are longer or shorter than their 16 intervals.
        steps.push_back(16.0 / length * 4294967296.0 * (random.one_in(4) ? random.real(-1, 3) : 1));
        start += random.one_in(20) ? -length : length;  // starts out of order end the search
      }
      const bool wild = random.one_in(5);
      for (int i = 0; i <= 16 * sections; ++i) {
        entries.push_back(wild ? static_cast<std::int32_t>(
                                     random.pick(std::numeric_limits<int>::min(), std::numeric_limits<int>::max()))
                               : random.pick(0, 65535));
      }
      plan.table = Table(entries, starts, steps);
    }
    const auto size = lines * pixels * plan.channels * static_cast<std::size_t>(plan.bits) / 8;
    Bytes wanted(size, 1);
    finish(plan, Quirks(), sums.data(), lines, pixels, wanted.data());
    for (const SimdLevel level : kernel_levels()) {
      Bytes made(size + 1, 2);
      (level == SimdLevel::avx512 ? finish_avx512 : finish_avx2)(plan, sums.data(), lines, pixels, made.data());
      ASSERT_EQ(made.back(), 2) << "written behind the end";
      made.pop_back();
      if (plan.bits != 32) {
        ASSERT_EQ(made, wanted) << name(level) << " round " << round;
        continue;
      }
      for (std::size_t at = 0; at < size; at += 4) {  // which NaN is not said
        float a, b;
        std::memcpy(&a, made.data() + at, 4);
        std::memcpy(&b, wanted.data() + at, 4);
        ASSERT_TRUE((std::isnan(a) && std::isnan(b)) || std::memcmp(&a, &b, 4) == 0)
            << name(level) << " round " << round << " number " << at / 4 << ": " << a << ", the law " << b;
      }
    }
  }
}

TEST(AxWords, AffineIsTheLawsForEveryWord) {
  if (kernel_levels().empty()) GTEST_SKIP() << "this CPU has no AVX2";
  Bytes words(2 * 65536);
  for (std::size_t i = 0; i < 65536; ++i) {
    words[2 * i] = static_cast<std::uint8_t>(i);
    words[2 * i + 1] = static_cast<std::uint8_t>(i >> 8);
  }
  Random random(3);
  for (int round = 0; round < 24; ++round) {
    Affine rule;
    rule.k = round == 0 ? 0.5F : random.real(-3, 3);
    rule.b = round == 1 ? std::numeric_limits<float>::infinity() : random.real(-30000, 30000);
    rule.limit = static_cast<std::uint16_t>(random.one_in(2) ? 65535 : random.pick(0, 65535));
    rule.is_signed = random.one_in(2);
    rule.upper_byte = random.one_in(2);
    // The law is what a machine of scalar level does with the command.
    pb::Cmd command;
    auto& mv = *command.mutable_mv();
    mv.mutable_from_ocm()->set_subsize(static_cast<int>(words.size()));
    mv.mutable_to_ocm()->add_addr(words.size());
    mv.mutable_to_ocm()->set_subsize(static_cast<int>(rule.upper_byte ? words.size() / 2 : words.size()));
    auto& affine = *mv.mutable_dma_stream()->add_sub_ips()->mutable_affine();
    affine.mutable_affine_k()->add_immediate_values(rule.k);
    affine.mutable_affine_b()->add_immediate_values(rule.b);
    affine.mutable_affine_th()->add_immediate_values(rule.limit);
    affine.set_affine_signed(rule.is_signed);
    if (rule.upper_byte) mv.mutable_dma_stream()->add_sub_ips()->mutable_unpack();
    Machine machine(words.size(), Quirks(), SimdLevel::scalar);
    std::ranges::copy(words, machine.ddr().begin());
    pb::Cmd load;
    load.mutable_ld()->mutable_from_ddr()->set_subsize(static_cast<int>(words.size()));
    load.mutable_ld()->mutable_to_ocm()->set_subsize(static_cast<int>(words.size()));
    machine.execute(load);
    machine.execute(command);
    for (const SimdLevel level : kernel_levels()) {
      for (const std::size_t count : {std::size_t{65536}, std::size_t{13}}) {
        Bytes made(count * (rule.upper_byte ? 1 : 2) + 1, 7);
        (level == SimdLevel::avx512 ? affine_avx512 : affine_avx2)(rule, words.data(), count, made.data());
        ASSERT_EQ(made.back(), 7) << "written behind the end";
        ASSERT_TRUE(std::equal(made.begin(), made.end() - 1, machine.written().begin()))
            << name(level) << " round " << round;
      }
    }
  }
}

}  // namespace
}  // namespace vnpu::ax620
