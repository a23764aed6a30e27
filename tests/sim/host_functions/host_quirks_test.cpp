// Each quirk of a CPU function, on and off.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "base/error.h"
#include "tests/sim/host_functions/call_builder.h"

namespace vnpu::cv18xx::test {
namespace {

using Floats = std::vector<float>;

Quirks without(bool Quirks::*flag) {
  Quirks quirks;
  quirks.*flag = false;
  return quirks;
}

TEST(HostQuirks, InstanceNormFirstGamma) {
  const auto run = [](const Quirks& quirks) {
    return Call("instance_norm")
        .with("variance_epsilon", 0.0f)
        .in({1, 2, 1, 2}, {1, 3, 10, 14})
        .in({1, 2, 1, 1}, {1, 2})
        .in({1, 2, 1, 1}, {0, 100})
        .out({1, 2, 1, 2})
        .quirks(quirks)
        .run();
  };
  // mean 2, deviation 1; mean 12, deviation 2
  EXPECT_EQ(run(without(&Quirks::instance_norm_first_gamma)), (Floats{-1, 1, 98, 102}));
  EXPECT_EQ(run({}), (Floats{-1, 1, 99, 101}));
}

TEST(HostQuirks, RoiPoolingStartsAtZero) {
  const auto run = [](const Quirks& quirks) {
    return Call("roi_pooling")
        .with("pooled_h", 1)
        .with("pooled_w", 1)
        .with("spatial_scale", 1.0f)
        .in({1, 1, 1, 2}, {-3, -2})
        .in({1, 1, 1, 5}, {0, 0, 0, 1, 0})
        .out({1, 1, 1, 1})
        .quirks(quirks)
        .run();
  };
  EXPECT_EQ(run({}), Floats{0});
  EXPECT_EQ(run(without(&Quirks::roi_pooling_starts_at_zero)), Floats{-2});
}

// Two boxes of 3x3 and 3x2 pixels, one in the other: the plain overlap is 6/9, the vendor's (2*1)/(9+6-2).
TEST(HostQuirks, NmsIntersectionWithoutOne) {
  const auto kept = [](const Quirks& quirks) {
    Call call("frcn_detection");
    call.with("class_num", 2).with("keep_topk", 2).with("nms_threshold", 0.5f).with("obj_threshold", 0.5f);
    call.in({2, 8, 1, 1}, Floats(16)).in({2, 2, 1, 1}, {0, 0.9f, 0, 0.8f});
    // x1 y1 x2 y2; with deltas 0 the box becomes centre -/+ half of (size + 1)
    call.in({1, 1, 2, 5}, {0, 0, 0, 1, 1, 0, 0, 0, 1, 0}).out({1, 1, 2, 6}).quirks(quirks);
    const Floats rows = call.run();
    return rows[5] > 0 && rows[11] > 0 ? 2 : 1;
  };
  EXPECT_EQ(kept({}), 2);
  EXPECT_EQ(kept(without(&Quirks::nms_intersection_without_one)), 1);
}

Call faces(const Floats& scores_of_stride_8) {
  Call call("retinaface_detection");
  call.with("nms_threshold", 0.4f).with("confidence_threshold", 0.5f).with("keep_topk", 3);
  for (const std::int64_t size : {1, 2, 4}) {
    const auto cells = static_cast<std::size_t>(size * size);
    Floats scores(4 * cells);
    if (size == 4) std::copy(scores_of_stride_8.begin(), scores_of_stride_8.end(), scores.begin() + 3 * 16);
    call.in({1, 4, size, size}, scores).in({1, 8, size, size}, Floats(8 * cells));
    call.in({1, 20, size, size}, Floats(20 * cells));
  }
  call.out({1, 1, 3, 15});
  return call;
}

TEST(HostQuirks, RetinafaceAnchorPlusOne) {
  // anchor of scale 1, first cell: 18 wide around 8.5, or 16 around 7.5; corners half of (size - 1) away
  Floats rows = faces({0.9f}).run();
  EXPECT_EQ(rows[0], 0.0f);
  EXPECT_EQ(rows[2], 17.0f);
  rows = faces({0.9f}).quirks(without(&Quirks::retinaface_anchor_plus_one)).run();
  EXPECT_EQ(rows[0], 0.0f);
  EXPECT_EQ(rows[2], 15.0f);
}

TEST(HostQuirks, RetinafaceNmsNextBox) {
  // Best face in cell 0; the second in cell 3 (24 pixels away) removes itself, because box p+1 is compared with itself.
  const Floats scores{0.9f, 0, 0, 0.8f};
  EXPECT_EQ(faces(scores).run()[15 + 4], 0.0f);
  EXPECT_EQ(faces(scores).quirks(without(&Quirks::retinaface_nms_next_box)).run()[15 + 4], 0.8f);
}

TEST(HostQuirks, SoftmaxFirstRowMax) {
  const auto run = [](const Quirks& quirks) {
    return Call("softmax").with("axis", 1).in({2, 2, 1, 1}, {0, 0, -500, -500}).out({2, 2, 1, 1}).quirks(quirks).run();
  };
  EXPECT_EQ(run(without(&Quirks::softmax_first_row_max)), (Floats{0.5f, 0.5f, 0.5f, 0.5f}));
  const Floats vendor = run({});
  EXPECT_EQ(vendor[0], 0.5f);
  EXPECT_TRUE(std::isnan(vendor[2]));  // exp(-500 - 0) / 0
}

TEST(HostQuirks, QuantBf16Gain) {
  const auto run = [](const Quirks& quirks) {
    return Call("quant")
        .with("from", std::string("NONE"))
        .with("to", std::string("BF16"))
        .in({1, 1, 1, 3}, {std::bit_cast<float>(0x3F808000u), std::bit_cast<float>(0x3F818000u), -1.0f})
        .out(DType::bf16, {1, 1, 1, 3})
        .quirks(quirks)
        .run<std::uint16_t>();
  };
  // the gain of about 1/511 is half a step of the smallest mantissa: 1.00390625 stays, 1.01171875 goes up
  EXPECT_EQ(run({}), (std::vector<std::uint16_t>{0x3F80, 0x3F81, 0xBF80}));
  EXPECT_EQ(run(without(&Quirks::quant_bf16_gain)), (std::vector<std::uint16_t>{0x3F80, 0x3F82, 0xBF80}));
}

TEST(HostQuirks, ReduceBytesWrap) {
  const auto run = [](const char* function, const Quirks& quirks) {
    return Call(function)
        .with("axes", std::vector<std::int32_t>{3})
        .in<std::uint8_t>(DType::u8, {1, 1, 1, 2}, {200, 100})
        .out(DType::u8, {1, 1, 1, 1})
        .quirks(quirks)
        .run<std::uint8_t>()[0];
  };
  EXPECT_EQ(run("cpu_reduce_mean", {}), 22);  // 300 - 256, halved
  EXPECT_EQ(run("cpu_reduce_mean", without(&Quirks::reduce_bytes_wrap)), 150);
  EXPECT_EQ(run("reduce_l2", {}), 8);  // 50000 mod 256 = 80
  EXPECT_EQ(run("reduce_l2", without(&Quirks::reduce_bytes_wrap)), 223);
}

TEST(HostQuirks, ReduceMaxFirstAxis) {
  const auto run = [](const Quirks& quirks) {
    return Call("cpu_reduce_max")
        .with("axes", std::vector<std::int32_t>{2, 3})
        .in({1, 1, 2, 2}, {1, 9, 2, 3})
        .out({1, 1, 1, 1})
        .quirks(quirks)
        .run();
  };
  EXPECT_EQ(run({}), Floats{2});
  EXPECT_EQ(run(without(&Quirks::reduce_max_first_axis)), Floats{9});
}

TEST(HostQuirks, YoloReadsBehind) {
  Call call("yolo_detection");
  call.with("anchors", std::string("1,1,1,1,1,1,1,1,1,1,1,1")).with("class_num", 3);
  call.with("net_input_h", 4).with("net_input_w", 4).with("keep_topk", 1);
  call.with("nms_threshold", 0.5f).with("obj_threshold", 0.6f).with("tiny", true);
  call.in({1, 23, 1, 2}, Floats(46)).in({1, 23, 1, 1}, Floats(23)).out({1, 1, 1, 6});
  EXPECT_EQ(call.run(), Floats(6));
  EXPECT_THROW(call.quirks(without(&Quirks::yolo_reads_behind)).run(), Error);
}

}  // namespace
}  // namespace vnpu::cv18xx::test
