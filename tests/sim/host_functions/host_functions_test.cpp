// The CPU functions on cases small enough to compute by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "tests/sim/host_functions/call_builder.h"

namespace vnpu::cv18xx::test {
namespace {

using Floats = std::vector<float>;

TEST(HostFunctions, QuantRoundsHalfAwayAndClamps) {
  const std::vector<std::int8_t> got = Call("quant")
                                           .with("from", std::string("NONE"))
                                           .with("to", std::string("INT8"))
                                           .with("scale", 2.0f)
                                           .in({1, 1, 1, 6}, {0.25f, -0.25f, 0.75f, 100.0f, -100.0f, 0.2f})
                                           .out(DType::i8, {1, 1, 1, 6})
                                           .run<std::int8_t>();
  EXPECT_EQ(got, (std::vector<std::int8_t>{1, -1, 2, 127, -128, 0}));
}

TEST(HostFunctions, QuantToBf16MultipliesAndTruncates) {
  // 1.0 * 1.001957 = 0x3F80401E.., truncated 0x3F80; 1.99 * 1.001957 = 1.9938.. = 0x3FFF3., truncated 0x3FFF.
  const std::vector<std::uint16_t> got = Call("quant")
                                             .with("from", std::string("NONE"))
                                             .with("to", std::string("BF16"))
                                             .in({1, 1, 1, 2}, {1.0f, 1.99f})
                                             .out(DType::bf16, {1, 1, 1, 2})
                                             .run<std::uint16_t>();
  EXPECT_EQ(got, (std::vector<std::uint16_t>{0x3F80, 0x3FFF}));
}

TEST(HostFunctions, QuantBackToFloat) {
  EXPECT_EQ(Call("quant")
                .with("from", std::string("INT8"))
                .with("to", std::string("NONE"))
                .with("threshold", 64.0f)
                .in<std::int8_t>(DType::i8, {1, 1, 1, 3}, {1, -2, 127})
                .out({1, 1, 1, 3})
                .run(),
            (Floats{0.5f, -1.0f, 63.5f}));
  EXPECT_EQ(Call("quant")
                .with("from", std::string("BF16"))
                .with("to", std::string("NONE"))
                .in<std::uint16_t>(DType::bf16, {1, 1, 1, 2}, {0x3FC0, 0xC000})
                .out({1, 1, 1, 2})
                .run(),
            (Floats{1.5f, -2.0f}));
}

TEST(HostFunctions, SoftmaxOfEqualValues) {
  EXPECT_EQ(Call("softmax").with("axis", 1).in({1, 4, 1, 1}, {3, 3, 3, 3}).out({1, 4, 1, 1}).run(),
            (Floats{0.25f, 0.25f, 0.25f, 0.25f}));
}

TEST(HostFunctions, ArgmaxTakesTheFirstOfEquals) {
  Call call("argmax_v3");
  call.with("axis", 3).with("scale", 0.5f);
  call.in<std::int8_t>(DType::i8, {1, 1, 2, 4}, {1, 7, 7, 2, -5, -3, -9, -3});
  call.in<std::int8_t>(DType::i8, {1, 1, 2, 1}, {7, -3}).out({1, 1, 2, 1}).out({1, 1, 2, 1});
  EXPECT_EQ(call.run(), (Floats{1, 1}));
  EXPECT_EQ(call.run(1), (Floats{3.5f, -1.5f}));
}

// The plain argmax starts at 0: rows without a positive value give index 0.
TEST(HostFunctions, ArgmaxSeesOnlyPositiveValues) {
  EXPECT_EQ(Call("argmax")
                .with("axis", 3)
                .in<std::int8_t>(DType::i8, {1, 1, 2, 3}, {-5, -3, -9, 1, 2, 0})
                .in<std::int8_t>(DType::i8, {1, 1, 2, 1}, {-3, 2})
                .out({1, 1, 2, 1})
                .run(),
            (Floats{0, 1}));
}

TEST(HostFunctions, Gathers) {
  EXPECT_EQ(Call("embedding")
                .in<std::uint16_t>(DType::u16, {1, 2, 1, 1}, {2, 0})
                .in<std::int8_t>(DType::i8, {3, 2, 1, 1}, {1, 2, 3, 4, 5, 6})
                .out(DType::i8, {1, 2, 2, 1})
                .run<std::int8_t>(),
            (std::vector<std::int8_t>{5, 6, 1, 2}));
  EXPECT_EQ(Call("gatherelements_pt")
                .with("axis", 2)
                .in({1, 1, 2, 2}, {1, 2, 3, 4})
                .in<std::int32_t>(DType::i32, {1, 1, 1, 2}, {1, 0})
                .out({1, 1, 1, 2})
                .run(),
            (Floats{3, 2}));
  EXPECT_EQ(Call("gathernd_tf")
                .with("batch_dims", 0)
                .with("indice_dims", 2)
                .in({2, 2, 1, 2}, {1, 2, 3, 4, 5, 6, 7, 8})
                .in<std::int32_t>(DType::i32, {2, 2, 1, 1}, {1, 0, 0, 1})
                .out({2, 1, 2, 1})
                .run(),
            (Floats{5, 6, 3, 4}));
}

TEST(HostFunctions, Walks) {
  EXPECT_EQ(Call("cumsum").with("axis", 2).in({1, 1, 3, 2}, {1, 10, 2, 20, 3, 30}).out({1, 1, 3, 2}).run(),
            (Floats{1, 10, 3, 30, 6, 60}));
  EXPECT_EQ(Call("topk")
                .with("axis", 3)
                .with("K", 2)
                .with("largest", true)
                .with("sorted", true)
                .in({1, 1, 2, 3}, {1, 3, 2, -1, -3, -2})
                .out({1, 1, 2, 2})
                .run(),
            (Floats{3, 2, -1, -2}));
  EXPECT_EQ(
      Call("reduce_l2").with("axes", std::vector<std::int32_t>{3}).in({1, 1, 1, 2}, {3, 4}).out({1, 1, 1, 1}).run(),
      Floats{5});
  EXPECT_EQ(Call("cpu_reduce_mean")
                .with("axes", std::vector<std::int32_t>{2, 3})
                .in({1, 1, 2, 2}, {1, 2, 3, 6})
                .out({1, 1, 1, 1})
                .run(),
            Floats{3});
  EXPECT_EQ(Call("cpu_reduce_max")
                .with("axes", std::vector<std::int32_t>{3})
                .in({1, 1, 2, 2}, {1, 2, 3, -6})
                .out({1, 1, 2, 1})
                .run(),
            (Floats{2, 3}));
  // (200 + 100) mod 256 = 44, halved
  EXPECT_EQ(Call("cpu_reduce_mean")
                .with("axes", std::vector<std::int32_t>{3})
                .in<std::uint8_t>(DType::u8, {1, 1, 1, 2}, {200, 100})
                .out(DType::u8, {1, 1, 1, 1})
                .run<std::uint8_t>(),
            std::vector<std::uint8_t>{22});
}

TEST(HostFunctions, Layouts) {
  EXPECT_EQ(Call("transpose").in({1, 1, 2, 3}, {1, 2, 3, 4, 5, 6}).out({1, 3, 1, 2}).run(), (Floats{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(Call("pixelshuffle")
                .with("upscale_factor", 2)
                .with("mode", std::string("DCR"))
                .in<std::int8_t>(DType::i8, {1, 4, 1, 2}, {1, 2, 3, 4, 5, 6, 7, 8})
                .out(DType::i8, {1, 1, 2, 4})
                .run<std::int8_t>(),
            (std::vector<std::int8_t>{1, 3, 2, 4, 5, 7, 6, 8}));
  EXPECT_EQ(Call("preprocess")
                .with("scale", 2.0f)
                .with("raw_scale", 0.5f)
                .with("mean", Floats{1, 10})
                .with("color_order", std::vector<std::int32_t>{1, 0})
                .in({1, 2, 1, 1}, {8, 6})
                .out({1, 2, 1, 1})
                .run(),
            (Floats{4, -12}));
}

Call interp(const char* mode, std::array<std::int64_t, 4> shape, const Floats& x, std::array<std::int64_t, 4> out) {
  Call call("interp");
  call.with("coordinate_transformation_mode", std::string(mode)).in(shape, x).out(out);
  return call;
}

TEST(HostFunctions, Interp) {
  EXPECT_EQ(interp("align_corners", {1, 1, 1, 2}, {0, 4}, {1, 1, 1, 5}).run(), (Floats{0, 1, 2, 3, 4}));
  EXPECT_EQ(interp("half_pixel", {1, 1, 1, 2}, {0, 4}, {1, 1, 1, 4}).run(), (Floats{0, 1, 3, 4}));
  EXPECT_EQ(interp("asymmetric", {1, 1, 1, 2}, {0, 4}, {1, 1, 1, 4}).run(), (Floats{0, 2, 4, 4}));
  EXPECT_EQ(interp("nearest", {1, 1, 1, 3}, {1, 2, 3}, {1, 1, 1, 6}).run(), (Floats{1, 1, 2, 2, 3, 3}));
  EXPECT_EQ(interp("nearest_half_pixel", {1, 1, 1, 4}, {1, 2, 3, 4}, {1, 1, 1, 2}).run(), (Floats{1, 3}));
}

TEST(HostFunctions, GridSampler) {
  const auto sample = [](std::int32_t padding, Floats grid) {
    return Call("grid_sampler")
        .with("mode", 0)
        .with("padding_mode", padding)
        .with("align_corners", true)
        .in({1, 1, 1, 3}, {1, 2, 4})
        .in({1, 1, static_cast<std::int64_t>(grid.size() / 2), 2}, grid)
        .out({1, 1, 1, static_cast<std::int64_t>(grid.size() / 2)})
        .run();
  };
  const Floats grid{-1, 0, 0.5f, 0, 1, 0, 2, 0};  // x = 0, 1.5, 2, 3
  EXPECT_EQ(sample(0, grid), (Floats{1, 3, 4, 0}));
  EXPECT_EQ(sample(1, grid), (Floats{1, 3, 4, 4}));
  EXPECT_EQ(sample(2, grid), (Floats{1, 3, 4, 2}));
}

TEST(HostFunctions, DeformableConvolution) {
  // 1x1 kernel, offset (0, 0.5) everywhere, mask 2: the mean of neighbours, doubled; the last has a 0 beside it.
  Call call("deform_conv2d");
  for (const char* key : {"kernel_h", "kernel_w", "stride_h", "stride_w", "dilation_h", "dilation_w", "deform_group"}) {
    call.with(key, 1);
  }
  call.with("padding_t", 0).with("padding_l", 0);
  call.in({1, 1, 1, 3}, {1, 3, 5}).in({1, 1, 1, 1}, {10}).in({1, 1, 1, 1}, {0.5f});
  call.in({1, 2, 1, 3}, {0, 0, 0, 0.5f, 0.5f, 0.5f}).in({1, 1, 1, 3}, {2, 2, 2}).out({1, 1, 1, 3});
  EXPECT_EQ(call.run(), (Floats{40.5f, 80.5f, 50.5f}));
}

Call yolo(std::int32_t classes, std::int64_t channels, std::span<const std::uint8_t> behind) {
  Call call("yolo_detection");
  call.with("anchors", std::string("1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1")).with("class_num", classes);
  call.with("net_input_h", 4).with("net_input_w", 4).with("keep_topk", 2);
  call.with("nms_threshold", 0.5f).with("obj_threshold", 0.5f).with("tiny", false);
  for (std::int64_t size : {3, 2, 1}) {
    std::vector<float> map(static_cast<std::size_t>(channels * size * size), -30.0f);
    call.in({1, channels, size, size}, map);
  }
  call.call().inputs[2].behind = behind;
  call.out({1, 1, 2, 6});
  return call;
}

// The single cell of the last map has too few channels for its classes: the class plane lies behind the map.
TEST(HostFunctions, YoloReadsBehindItsMap) {
  std::vector<float> behind{7.0f, 1.0f};
  std::vector<std::uint8_t> bytes(8);
  std::memcpy(bytes.data(), behind.data(), 8);
  for (const bool known : {true, false}) {
    Call call = yolo(3, 6, known ? std::span<const std::uint8_t>(bytes) : std::span<const std::uint8_t>());
    auto map = call.call().inputs[2].bytes;
    const float confident = 30.0f;
    std::memcpy(map.data() + 4 * sizeof(float), &confident, sizeof(float));
    const Floats rows = call.run();
    if (known) {  // classes -30, 7, 1: the second
      EXPECT_EQ(rows[4], 1.0f);
      EXPECT_NEAR(rows[5], 1 / (1 + std::exp(-6.0f)), 1e-6);
    } else {  // classes -30, 0, 0: no winner above one half... exactly one half
      EXPECT_EQ(rows[4], 1.0f);
      EXPECT_EQ(rows[5], 0.5f);
    }
  }
}

TEST(HostFunctions, NamesAreFoundAndUnknownOnesRefused) {
  EXPECT_EQ(host_function_names().size(), 28u);
  for (const std::string_view name : host_function_names()) EXPECT_NE(find_host_function(name), nullptr);
  EXPECT_EQ(find_host_function("nosuch"), nullptr);
  try {
    Call("nosuch").run();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_NE(std::string(error.what()).find("'nosuch'"), std::string::npos);
  }
}

}  // namespace
}  // namespace vnpu::cv18xx::test
