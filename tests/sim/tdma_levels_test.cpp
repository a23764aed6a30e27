// Every instruction-set level against the scalar law: the same bytes in all memory, or the same refusal.
#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "sim/cv18xx/execute.h"
#include "sim/cv18xx/kernels/tdma_fast.h"
#include "sim/cv18xx/law_tdma.h"
#include "sim/cv18xx/recorded_commands.h"
#include "sim/cv18xx/tdma_form.h"
#include "sim/cv18xx/vlc.h"
#include "tests/sim/random_commands.h"

namespace vnpu::cv18xx {
namespace {

constexpr std::uint32_t global_bytes = 0x80000;

constexpr FillMode modes[] = {FillMode::bytes, FillMode::bf16_middle, FillMode::small_int8, FillMode::bf16_integer,
                              FillMode::sparse};

Memory filled(const Chip& chip, FillMode mode) {
  Memory memory(chip, global_bytes);
  fill(memory.local(), mode, 1);
  fill(memory.global(), mode, 2);
  for (std::size_t i = 0; i < 8; ++i) memory.base[i] = 48 * i;
  return memory;
}

void restore(Memory& memory, const Memory& image) {
  std::memcpy(memory.local().data(), image.local().data(), image.local().size());
  std::memcpy(memory.global().data(), image.global().data(), image.global().size());
  memory.base = image.base;
}

bool equal(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0;
}

// A stream for a VLC load where the generator expects it, with any parameters.
void put_stream(Memory& memory, RandomTdma& random, const TdmaCommand& command) {
  VlcParameters parameters;
  parameters.bf16 = command.src_fmt == 2;
  parameters.is_signed = !parameters.bf16 && random.chance(50);
  parameters.bias0 = static_cast<std::uint8_t>(random.chance(50) ? (parameters.bf16 ? 127 : 0)
                                               : parameters.bf16 ? random.below(256)
                                                                 : random.below(127));
  parameters.bias1 = static_cast<std::uint8_t>(parameters.bf16 ? 0 : random.below(100));
  parameters.zero_guard = parameters.bf16 && random.chance(50);
  const auto plain = std::span<const std::uint8_t>(memory.global()).subspan(0x1000, 0x9000);
  const std::uint64_t count = command.sys_dtype
                                  ? std::uint64_t{command.src_n} * command.src_w
                                  : std::uint64_t{command.src_n} * command.dst_c * command.dst_h * command.dst_w;
  const auto bytes = std::min<std::uint64_t>(count * (parameters.bf16 ? 2 : 1), plain.size());
  const auto stream = vlc_encode(plain.first(bytes), parameters);
  const auto at = memory.base[command.src_base_reg_sel] + RandomTdma::stream_place;
  std::copy(stream.begin(), stream.end(), memory.global().begin() + static_cast<std::ptrdiff_t>(at));
}

class TdmaLevels : public testing::TestWithParam<const char*> {
 protected:
  TdmaLevels() {
    for (const auto mode : modes) images_.push_back(filled(chip_, mode));
  }

  // Compares every level; returns whether the law executed the command.
  bool compare(const TdmaCommand& command, RandomTdma& random) {
    auto& image = images_[random.below(std::size(modes))];
    Bytes kept;
    if (command.compress_en && command.trans_dir == g2l) {
      kept.assign(image.global().begin(), image.global().end());
      put_stream(image, random, command);
    }
    const auto run = [&](Memory& memory, const SimdLevel* level) -> std::string {
      restore(memory, image);
      try {
        if (level) {
          execute(command, memory, {Quirks{}, *level});
        } else {
          execute_tdma_law(command, memory, Quirks{});
        }
      } catch (const Error& error) {
        return error.what();
      }
      return {};
    };
    const auto refusal = run(law_, nullptr);
    for (const auto level : {SimdLevel::scalar, SimdLevel::avx2, SimdLevel::avx512}) {
      if (level > best_simd_level()) continue;
      EXPECT_EQ(run(fast_, &level), refusal) << tdma_mnemonic(command);
      if (!refusal.empty()) continue;  // nothing is promised about the memory then
      EXPECT_TRUE(equal(fast_.local(), law_.local())) << tdma_mnemonic(command) << " " << name(level);
      EXPECT_TRUE(equal(fast_.global(), law_.global())) << tdma_mnemonic(command) << " " << name(level);
    }
    if (refusal.empty()) {
      restore(fast_, image);
      by_kernels_[tdma_mnemonic(command)] += execute_tdma_fast(command, fast_, best_simd_level());
    }
    ++executed_[tdma_mnemonic(command)][refusal.empty()];
    if (!kept.empty()) std::copy(kept.begin(), kept.end(), image.global().begin());
    return refusal.empty();
  }

  const Chip& chip_ = *find_chip(GetParam());
  std::vector<Memory> images_;
  Memory law_{chip_, global_bytes}, fast_{chip_, global_bytes};
  std::map<std::string, std::map<bool, int>> executed_;
  std::map<std::string, int> by_kernels_;
};

TEST_P(TdmaLevels, RandomLegalCommands) {
  int executed = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    RandomTdma random(seed, chip_.lanes, global_bytes);
    const auto command = random.legal();
    executed += compare(command, random);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  EXPECT_GT(executed, 2400);
  for (auto& [mnemonic, count] : executed_) EXPECT_GT(count[true], 3) << mnemonic << " refused " << count[false];
  EXPECT_GE(executed_.size(), 20u);
  // The kernels take what converted models hold.
  for (const char* mnemonic :
       {"tdma.g2l.copy", "tdma.l2g.copy", "tdma.l2l.copy", "tdma.g2g.copy", "tdma.g2l.matrix", "tdma.l2g.matrix",
        "tdma.g2l.vlc", "tdma.g2l.vlc_matrix", "tdma.l2l.lut_index", "tdma.g2l.fill", "tdma.l2g.fill", "tdma.g2l.nc"}) {
    EXPECT_GT(by_kernels_[mnemonic], executed_[mnemonic][true] / 2) << mnemonic;
  }
}

TEST_P(TdmaLevels, ChangedCommandsAreTreatedAlike) {
  int executed = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    RandomTdma random(seed + (1 << 20), chip_.lanes, global_bytes);
    const auto legal = random.legal();
    executed += compare(random.changed(legal), random);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  EXPECT_GT(executed, 600);
}

INSTANTIATE_TEST_SUITE_P(Chips, TdmaLevels, testing::Values("cv180x", "cv181x"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace vnpu::cv18xx
