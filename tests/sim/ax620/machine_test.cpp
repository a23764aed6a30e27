// Whole commands on machines of every level: random convolutions, weights that are fetched again, line buffers.
#include "sim/ax620/machine.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "base/error.h"

namespace vnpu::ax620 {
namespace {

constexpr int weights_at = 2 << 20, output_at = 3 << 20;

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  int pick(int low, int high) { return std::uniform_int_distribution(low, high)(engine_); }
  std::uint8_t byte() { return static_cast<std::uint8_t>(engine_()); }

 private:
  std::mt19937 engine_;
};

void place(pb::Detail& detail, int address, int bytes) {
  detail.add_addr(static_cast<std::uint64_t>(address));
  detail.set_subsize(bytes);
}

pb::Cmd load(int from, int to, int bytes) {
  pb::Cmd out;
  place(*out.mutable_ld()->mutable_from_ddr(), from, bytes);
  place(*out.mutable_ld()->mutable_to_ocm(), to, bytes);
  return out;
}

struct Layer {
  int channels_in = 16, channels_out = 8, bits = 8;
  bool one_by_one = false;

  int padded() const { return bits == 8 ? (channels_out + 7) / 8 * 8 : (channels_out + 31) / 32 * 32; }
  int weight_bytes() const {
    const int blocks = ((one_by_one ? channels_in / 2 : channels_in) + 15) / 16;
    return blocks * padded() * (bits == 8 ? 4 : 1) * 9 * 16 / 2;
  }
  int fetched_bytes() const { return weight_bytes() + padded() * 8; }
};

// Nibbles with a digit each, then bias and scale a channel.
Bytes random_weights(const Layer& layer, Random& random) {
  Bytes out(static_cast<std::size_t>(layer.fetched_bytes()));
  for (int i = 0; i < layer.weight_bytes(); ++i) out[static_cast<std::size_t>(i)] = random.byte() & 0x33;
  for (int c = 0; c < layer.padded(); ++c) {
    const float both[] = {static_cast<float>(random.pick(-100, 30000)),
                          static_cast<float>(random.pick(1, 1000)) / 50000};
    std::memcpy(out.data() + layer.weight_bytes() + c * 8, both, 8);
  }
  return out;
}

pb::Cmd fetch(const Layer& layer) {
  pb::Cmd out;
  out.mutable_fetch()->set_w_bit(layer.bits);
  out.mutable_fetch()->set_oc(layer.channels_out);
  place(*out.mutable_fetch()->mutable_from_ocm(), weights_at, layer.fetched_bytes());
  return out;
}

pb::Cmd convolution(const Layer& layer, int lines, int width, int pool, Random& random) {
  pb::Cmd out;
  auto& conv = *out.mutable_conv();
  conv.set_conv_1x1_opt(layer.one_by_one);
  const int stride = random.pick(1, 2);
  conv.set_l_stride(stride);
  conv.set_p_stride(layer.one_by_one ? 2 * stride : stride);
  conv.set_l_pooling(pool);
  conv.set_p_pooling(pool);
  int rows = lines, columns = width;
  if (!layer.one_by_one) {
    conv.set_padding_top(random.pick(0, 1));
    conv.set_padding_bottom(random.pick(0, 1));
    conv.set_padding_left(random.pick(0, 1));
    conv.set_padding_right(random.pick(0, 1));
    conv.add_padding_value(random.pick(0, 255));
    rows += conv.padding_top() + conv.padding_bottom() - 2;
    columns += conv.padding_left() + conv.padding_right() - 2;
  }
  conv.set_output_lc((rows + stride - 1) / stride / pool);
  conv.set_output_width((columns + stride - 1) / stride / pool);
  conv.set_output_ch(layer.channels_out);
  const int kind = random.pick(0, 2);
  conv.set_post_process_mode(std::array{20, 23, 26}[static_cast<std::size_t>(kind)]);
  conv.set_output_bit(8 << kind);
  if (random.pick(0, 1)) {
    auto& table = *conv.mutable_drc();
    const int sections = random.pick(1, 3);
    for (int k = 0; k < sections; ++k) {
      table.add_start(k * 20000);
      table.add_step(16.0 / 20000 * 4294967296.0);
    }
    for (int i = 0; i <= 16 * sections; ++i) table.add_lut_data(random.pick(0, 65535));
  }
  auto& input = *conv.add_inputs();
  input.set_line_count(lines);
  input.set_width(width);
  input.set_c(layer.channels_in);
  place(*input.mutable_from_ocm(), 0, lines * width * layer.channels_in);
  place(*conv.mutable_output_ocm(), output_at,
        conv.output_lc() * conv.output_width() * layer.channels_out * conv.output_bit() / 8);
  return out;
}

std::vector<SimdLevel> kernel_levels() {
  std::vector<SimdLevel> out;
  for (const SimdLevel level : {SimdLevel::avx2, SimdLevel::avx512}) {
    if (level <= best_simd_level()) out.push_back(level);
  }
  return out;
}

TEST(AxMachine, EveryLevelConvolvesAsTheLaw) {
  Random random(5);
  for (int round = 0; round < 60; ++round) {
    Layer layer;
    layer.one_by_one = random.pick(0, 3) == 0;
    layer.bits = layer.one_by_one || random.pick(0, 1) ? 2 : 8;
    layer.channels_in = layer.one_by_one ? 2 * random.pick(1, 30) : random.pick(1, 40);
    layer.channels_out = random.pick(1, 70);
    const int pool = random.pick(0, 2) ? 1 : 2, lines = random.pick(6, 12), width = random.pick(6, 70);
    const Bytes weights = random_weights(layer, random);
    Bytes picture(static_cast<std::size_t>(lines * width * layer.channels_in));
    for (auto& byte : picture) byte = random.byte();
    const auto conv = convolution(layer, lines, width, pool, random);
    const auto run = [&](SimdLevel level) {
      Machine machine(picture.size() + weights.size(), Quirks(), level);
      std::ranges::copy(picture, machine.ddr().begin());
      std::ranges::copy(weights, machine.ddr().begin() + std::ssize(picture));
      machine.execute(load(0, 0, static_cast<int>(picture.size())));
      machine.execute(load(static_cast<int>(picture.size()), weights_at, static_cast<int>(weights.size())));
      machine.execute(fetch(layer));
      machine.execute(conv);
      return machine.written();
    };
    const Bytes wanted = run(SimdLevel::scalar);
    ASSERT_FALSE(wanted.empty());
    for (const SimdLevel level : kernel_levels()) ASSERT_EQ(run(level), wanted) << name(level) << " round " << round;
  }
}

TEST(AxMachine, WeightsFetchedAgainAreThoseThatLieThere) {
  Random random(6);
  const Layer layer{48, 16, 8, false};
  const auto get = fetch(layer);
  const auto conv = convolution(layer, 9, 9, 1, random);
  const std::array<Bytes, 2> weights{random_weights(layer, random), random_weights(layer, random)};
  const auto size = static_cast<int>(weights[0].size());
  Bytes picture(9 * 9 * 48);
  for (auto& byte : picture) byte = random.byte();
  const auto machine_with = [&] {
    auto machine = std::make_unique<Machine>(picture.size() + 2 * weights[0].size(), Quirks(), best_simd_level());
    std::ranges::copy(picture, machine->ddr().begin());
    std::ranges::copy(weights[0], machine->ddr().begin() + std::ssize(picture));
    std::ranges::copy(weights[1], machine->ddr().begin() + std::ssize(picture) + size);
    machine->execute(load(0, 0, static_cast<int>(picture.size())));
    return machine;
  };
  const auto run = [&](Machine& machine, int which) {
    machine.execute(load(static_cast<int>(picture.size()) + which * size, weights_at, size));
    machine.execute(get);  // the same command, whatever lies there
    machine.execute(conv);
    return machine.written();
  };
  const std::array<Bytes, 2> wanted{run(*machine_with(), 0), run(*machine_with(), 1)};
  ASSERT_NE(wanted[0], wanted[1]);
  const auto machine = machine_with();
  for (const int which : {0, 0, 1, 1, 0, 1}) EXPECT_EQ(run(*machine, which), wanted[static_cast<std::size_t>(which)]);
}

TEST(AxMachine, MoreWeightsThanAreKeptGiveTheSame) {
  Random random(8);
  const Layer layer{300, 200, 8, false};  // 2.2 MB, kept as 13: the third takes the place of the others
  const auto conv = convolution(layer, 4, 4, 1, random);
  const auto bytes = random_weights(layer, random);
  ASSERT_LT(weights_at + std::ssize(bytes), 4 << 20);
  Machine machine(bytes.size(), Quirks(), best_simd_level());
  std::ranges::copy(bytes, machine.ddr().begin());
  machine.execute(load(0, 0, 4 * 4 * 300));
  const std::array<pb::Cmd, 3> fetches{fetch(layer), fetch(layer), fetch(layer)};
  Bytes first;
  for (int i = 0; i < 6; ++i) {
    machine.execute(load(0, weights_at, static_cast<int>(bytes.size())));
    machine.execute(fetches[static_cast<std::size_t>(i % 3)]);
    machine.execute(conv);
    if (first.empty()) first = machine.written();
    EXPECT_EQ(machine.written(), first) << i;
  }
}

TEST(AxMachine, LinesThatAreNotInTheBufferAreAFault) {
  Random random(9);
  const Layer layer;
  const auto bytes = random_weights(layer, random);
  Machine machine(bytes.size(), Quirks(), best_simd_level());
  std::ranges::copy(bytes, machine.ddr().begin());
  machine.execute(load(0, weights_at, static_cast<int>(bytes.size())));
  machine.execute(fetch(layer));
  auto conv = convolution(layer, 6, 8, 1, random);
  conv.mutable_conv()->set_continue_mode(1);
  conv.mutable_conv()->set_output_lc(400);
  try {
    machine.execute(conv);
    FAIL() << "it ran";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::fault) << error.what();
    EXPECT_NE(std::string(error.what()).find("line buffer"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace vnpu::ax620
