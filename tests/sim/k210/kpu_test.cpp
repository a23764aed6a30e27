// The KPU: scalar law against SIMD over random descriptors, and what is refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/archive.h"
#include "base/digest.h"
#include "base/error.h"
#include "random_layer.h"
#include "sim/k210/kernels/plan.h"
#include "sim/k210/law.h"

namespace vnpu::k210 {
namespace {

std::vector<SimdLevel> levels() {
  std::vector<SimdLevel> all;
  for (const SimdLevel level : {SimdLevel::avx2, SimdLevel::avx512}) {
    if (level <= best_simd_level()) all.push_back(level);
  }
  return all;
}

// The whole memory afterwards, or the error's text.
std::pair<Bytes, std::string> memory_after(const RandomLayer& r, SimdLevel level, const AiRam& before) {
  AiRam ram;
  std::ranges::copy(before.bytes(), ram.bytes().begin());
  try {
    KpuLayer(r.layer, r.parameters(), r.batches, r.arithmetic, level).run(ram);
  } catch (const Error& error) {
    return {{}, error.what()};
  }
  return {Bytes(ram.bytes().begin(), ram.bytes().end()), ""};
}

std::string text(const RandomLayer& r) {
  const MapShape in = input_shape(r.layer), out = output_shape(r.layer, r.arithmetic);
  return std::to_string(in.channels) + "x" + std::to_string(in.height) + "x" + std::to_string(in.width) + " -> " +
         std::to_string(out.channels) + "x" + std::to_string(out.height) + "x" + std::to_string(out.width) +
         (r.layer.depthwise() ? " depthwise" : "") + " k " + std::to_string(r.layer.kernel()) + " pool " +
         std::to_string(r.layer.pool_type) + (r.wide_weights ? " w16" : " w8") +
         (r.arithmetic == Arithmetic::v3 ? " v3" : " v4") + " batches " + std::to_string(r.batches);
}

TEST(KpuLevels, LeaveTheSameMemoryForRandomLayers) {
  std::mt19937 random(2);
  AiRam ram;
  for (auto& byte : ram.bytes()) byte = static_cast<std::uint8_t>(random());
  for (int i = 0; i < 400; ++i) {
    const RandomLayer r = random_layer(random);
    const auto wanted = memory_after(r, SimdLevel::scalar, ram);
    for (const SimdLevel level : levels()) {
      const auto found = memory_after(r, level, ram);
      ASSERT_EQ(found.second.empty(), wanted.second.empty()) << i << ": " << text(r) << found.second << wanted.second;
      if (found.first == wanted.first) continue;
      const auto at = std::ranges::mismatch(found.first, wanted.first).in1 - found.first.begin();
      FAIL() << "layer " << i << " (" << text(r) << ") at byte " << at << " with " << name(level) << ": "
             << int{found.first[at]} << ", law " << int{wanted.first[at]};
    }
  }
}

// How the random layers above meet the kernels: every form of the finish is among them.
TEST(KpuLevels, RandomLayersMeetEveryFormOfTheKernels) {
  std::mt19937 random(2);
  std::set<std::string> met;
  for (int i = 0; i < 400; ++i) {
    const RandomLayer r = random_layer(random);
    const auto plan = kernels::plan_finish(r.layer, r.parameters(), r.arithmetic);
    const auto narrow = std::ranges::count(plan.narrow, 1);
    const std::string law = r.arithmetic == Arithmetic::v3 ? " v3" : " v4";
    if (narrow != 0) met.insert((plan.activation.single ? "single" : "many") + law);
    if (narrow != static_cast<std::ptrdiff_t>(plan.narrow.size())) met.insert("wide" + law);
  }
  EXPECT_EQ(met, (std::set<std::string>{"single v3", "single v4", "many v3", "many v4", "wide v3", "wide v4"}));
}

// Stream bytes of tools/oracle/k210/record_kpu.py.
Bytes stream(std::uint32_t seed, std::uint64_t count, std::uint64_t start) {
  Bytes out(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::uint32_t v = (static_cast<std::uint32_t>(start + i) + seed) * 2654435761u;
    v = (v ^ v >> 15) * 2246822519u;
    out[i] = static_cast<std::uint8_t>(v ^ v >> 13);
  }
  return out;
}

// Widths 1 to 320 and more, up to 1024 channels, recorded from an independent statement of the arithmetic.
TEST(KpuRecorded, EveryLayerEqualsTheIndependentStatement) {
  const Bytes data = decompress(read_file(VNPU_SOURCE_DIR "/tests/golden/k210/kpu_layers.bin.xz"));
  const ByteView in(data);
  const std::uint32_t count = in.u32(8, "count");
  std::uint64_t at = 12;
  std::set<std::uint32_t> widths;
  AiRam ram;
  std::vector<SimdLevel> all = levels();
  all.push_back(SimdLevel::scalar);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Arithmetic arithmetic = in.u8(at, "arithmetic") == 3 ? Arithmetic::v3 : Arithmetic::v4;
    KpuParameters parameters;
    parameters.wide_weights = in.u8(at + 1, "bits") == 16;
    const std::uint32_t seed = in.u32(at + 4, "seed");
    const Layer layer = decode_layer(in.sub(at + 8, layer_bytes, "layer").span().first<layer_bytes>());
    at += 8 + layer_bytes;
    parameters.bn = in.sub(at, bn_bytes * layer.out_channels(), "bn").span();
    parameters.activation = in.sub(at + parameters.bn.size(), activation_bytes, "activation").span();
    at += parameters.bn.size() + activation_bytes;
    const MapShape from = input_shape(layer);
    const Bytes x = stream(seed, from.count(), 0);
    const Bytes weights = stream(seed, layer.weight_count() * (parameters.wide_weights ? 2 : 1), from.count());
    parameters.weights = weights;
    widths.insert(from.width);
    for (const SimdLevel level : all) {
      if (level == SimdLevel::scalar && layer.weight_count() * from.height * from.width > 400'000) continue;
      const KpuLayer kpu(layer, parameters, 1, arithmetic, level);
      ram.write(static_cast<std::uint64_t>(layer.image_src_addr), from, x);
      kpu.run(ram);
      Bytes out(kpu.output().count());
      kpu.read_output(ram, out);
      ASSERT_EQ(out.size(), in.u32(at, "bytes")) << i;
      ASSERT_EQ(crc32(out), in.u32(at + 4, "crc")) << "layer " << i << ", width " << from.width << ", " << name(level);
    }
    at += 8;
  }
  EXPECT_EQ(at, data.size());
  EXPECT_EQ(widths.size(), 320u);
}

TEST(KpuLaw, RoundsHalvesByItsVersion) {
  const auto v3 = [](std::int64_t v, std::uint32_t s) { return rounded_shift(v, s, Arithmetic::v3); };
  const auto v4 = [](std::int64_t v, std::uint32_t s) { return rounded_shift(v, s, Arithmetic::v4); };
  EXPECT_EQ(v3(2, 2), 1);    // 0.5
  EXPECT_EQ(v4(2, 2), 0);    // to even
  EXPECT_EQ(v4(6, 2), 2);    // 1.5
  EXPECT_EQ(v3(-1, 2), -2);  // -0.25 goes below its floor
  EXPECT_EQ(v4(-1, 2), -2);
  EXPECT_EQ(v3(-3, 2), -1);
  EXPECT_EQ(v4(-2, 2), -2);  // floor -1 is odd
  EXPECT_EQ(v3(-7, 0), -7);
  EXPECT_EQ(v4((std::int64_t{1} << 62) + 1, 63), 1);
}

TEST(KpuLaw, TakesASegmentFromItsStartInVersion3AndBehindItInVersion4) {
  Activation table;
  table[0] = {0, 0, -100, 0, 7};
  table[1] = {0, 1, 10, 0, 50};
  for (std::size_t i = 2; i < segment_count; ++i) table[i] = {0, 0, 1000, 0, 9};
  EXPECT_EQ(activate(table, Arithmetic::v3, 10), 50);
  EXPECT_EQ(activate(table, Arithmetic::v4, 10), 7);
  EXPECT_EQ(activate(table, Arithmetic::v4, 11), 51);
  EXPECT_EQ(activate(table, Arithmetic::v3, -101), std::nullopt);
  EXPECT_EQ(activate(table, Arithmetic::v4, -100), std::nullopt);
}

TEST(KpuLaw, MeansAtTheBorderDifferByVersion) {
  const std::uint8_t in[] = {10, 20, 30, 41};
  std::uint8_t v3[4], v4[4];
  pool_plane(pool_mean2_stride1, Arithmetic::v3, in, 2, 2, v3, 2, 2);
  pool_plane(pool_mean2_stride1, Arithmetic::v4, in, 2, 2, v4, 2, 2);
  EXPECT_EQ(std::vector<int>(v3, v3 + 4), (std::vector<int>{25, 30, 35, 41}));
  EXPECT_EQ(std::vector<int>(v4, v4 + 4), (std::vector<int>{25, 30, 35, 41}));
  std::uint8_t row3[2], row4[2];
  pool_plane(pool_mean4, Arithmetic::v3, in, 1, 4, row3, 1, 1);
  pool_plane(pool_mean4, Arithmetic::v4, in, 1, 4, row4, 1, 1);
  EXPECT_EQ(row3[0], 25);
  EXPECT_EQ(row4[0], 25);
  const std::uint8_t odd[] = {0, 0, 9};
  pool_plane(pool_mean2, Arithmetic::v3, odd, 1, 3, row3, 1, 2);
  EXPECT_EQ(row3[1], 9);
}

class Refused : public ::testing::Test {
 protected:
  Layer layer = make_layer({8, 10, 20}, 8, 3, false, pool_none, Arithmetic::v4);
  std::string field(std::uint32_t batches = 1, Arithmetic arithmetic = Arithmetic::v4) const {
    for (const auto& note : check_layer(layer, arithmetic, batches)) {
      if (note.refused) return note.field;
    }
    return "";
  }
};

TEST_F(Refused, NothingOfAnOrdinaryLayer) { EXPECT_EQ(field(), ""); }
TEST_F(Refused, UnknownKernelsAndPools) {
  layer.kernel_type = 2;
  EXPECT_EQ(field(), "kernel_type");
  layer.kernel_type = 1;
  layer.pool_type = 10;
  EXPECT_EQ(field(), "pool_type");
}
TEST_F(Refused, UndocumentedBits) {
  layer.first_stride = 1;
  EXPECT_EQ(field(), "first_stride");
}
TEST_F(Refused, DepthwiseWithOtherChannels) {
  layer.depth_wise_layer = 1;
  EXPECT_EQ(field(), "");
  layer.o_ch_num = 3;
  EXPECT_EQ(field(), "depth_wise_layer");
}
TEST_F(Refused, MapsOutsideOfTheRam) {
  layer.image_src_addr = 0x7FFF;
  EXPECT_EQ(field(), "image_src_addr");
  layer.image_src_addr = 0;
  layer.image_dst_addr = line_count - 40;
  EXPECT_EQ(field(), "");
  EXPECT_EQ(field(2), "image_dst_addr");
}
TEST_F(Refused, AnOutputOfAnotherSizeThanPoolingLeaves) {
  layer.pool_type = pool_max2;
  EXPECT_EQ(field(), "o_row_wid");
}
TEST_F(Refused, LinesThatAreNotThoseOfTheWidth) {
  layer.coef_group = 4;
  EXPECT_EQ(field(), "coef_group");
  layer.coef_group = 2;
  layer.wb_row_switch_addr = 2;
  EXPECT_EQ(field(), "wb_row_switch_addr");
}
TEST_F(Refused, BeyondTheVendorsLimitsIsARemarkOnly) {
  layer = make_layer({1, 241, 321}, 1, 3, false, pool_none, Arithmetic::v4);
  layer.image_dst_addr = 10000;
  EXPECT_EQ(field(), "");
  ASSERT_EQ(check_layer(layer, Arithmetic::v4).size(), 1u);
  EXPECT_FALSE(check_layer(layer, Arithmetic::v4)[0].refused);
}

TEST(KpuLayerTest, RefusesParametersThatAreTooShort) {
  std::mt19937 random(5);
  RandomLayer r = random_layer(random);
  r.weights.pop_back();
  EXPECT_THROW(KpuLayer(r.layer, r.parameters(), r.batches, r.arithmetic, SimdLevel::scalar), Error);
  r = random_layer(random);
  r.activation.pop_back();
  EXPECT_THROW(KpuLayer(r.layer, r.parameters(), r.batches, r.arithmetic, SimdLevel::scalar), Error);
}

TEST(KpuLayerTest, AValueBelowEverySegmentIsAFault) {
  std::mt19937 random(6);
  for (SimdLevel level : {SimdLevel::scalar, best_simd_level()}) {
    RandomLayer r = random_layer(random);
    Activation table = decode_activation(std::span(r.activation).first<activation_bytes>());
    for (auto& segment : table) segment.x_start = (std::int64_t{1} << 35) - 1;
    const auto words = encode(table);
    r.activation.assign(words.begin(), words.end());
    AiRam ram;
    EXPECT_THROW(KpuLayer(r.layer, r.parameters(), r.batches, r.arithmetic, level).run(ram), Error);
  }
}

}  // namespace
}  // namespace vnpu::k210
