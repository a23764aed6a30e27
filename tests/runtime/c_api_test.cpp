// The C interface on the digit recogniser, whose answers the vendor's simulator gave.
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/npz.h"
#include "sim/runtime/vnpu.h"

namespace {

const std::string folder = VNPU_SOURCE_DIR "/tests/golden/digits/";
const std::string model = folder + "digits_cv181x_int8.cvimodel";

struct Closed {
  vnpu_network* network = nullptr;
  ~Closed() { vnpu_free(network); }
};

std::vector<float> first_digit() {
  const auto arrays = vnpu::read_npz(std::filesystem::path(folder + "held_out.npz"));
  const auto* images = vnpu::find(arrays, "images");
  std::vector<float> image(32 * 32);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(images->bytes[i]) / 255.0f;
  return image;
}

std::vector<std::uint8_t> expected_scores() {
  const auto arrays = vnpu::read_npz(std::filesystem::path(folder + "simulator_cv181x_int8.npz"));
  const auto* scores = vnpu::find(arrays, "scores");
  return {scores->bytes.begin(), scores->bytes.begin() + 40};
}

TEST(CApi, RunsANetwork) {
  Closed c;
  ASSERT_EQ(vnpu_open(model.c_str(), 0, nullptr, nullptr, &c.network), VNPU_OK) << vnpu_error_text();
  ASSERT_EQ(vnpu_input_count(c.network), 1u);
  ASSERT_EQ(vnpu_output_count(c.network), 1u);
  vnpu_tensor_info in{}, out{};
  ASSERT_EQ(vnpu_input_info(c.network, 0, &in), VNPU_OK);
  ASSERT_EQ(vnpu_output_info(c.network, 0, &out), VNPU_OK);
  EXPECT_STREQ(in.name, "image");
  EXPECT_STREQ(in.dtype, "f32");
  ASSERT_EQ(in.rank, 4u);
  EXPECT_EQ(in.shape[3], 32);
  EXPECT_EQ(in.bytes, 4096u);
  const auto image = first_digit();
  ASSERT_EQ(vnpu_set(c.network, in.name, image.data(), 4096), VNPU_OK) << vnpu_error_text();
  ASSERT_EQ(vnpu_run(c.network), VNPU_OK) << vnpu_error_text();
  std::vector<std::uint8_t> scores(out.bytes);
  ASSERT_EQ(vnpu_get(c.network, out.name, scores.data(), scores.size()), VNPU_OK);
  EXPECT_EQ(scores, expected_scores());
}

TEST(CApi, StepsToTheSameResult) {
  const vnpu::Bytes file = vnpu::read_file(model);
  Closed c;
  ASSERT_EQ(vnpu_open_memory(file.data(), file.size(), 0, "scalar", "vendor", &c.network), VNPU_OK)
      << vnpu_error_text();
  const auto image = first_digit();
  // Twice: an inference begins anew after its end.
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(vnpu_set(c.network, "image", image.data(), 4096), VNPU_OK);
    int more = 1, steps = 0;
    while (true) {
      ASSERT_EQ(vnpu_step(c.network, &more), VNPU_OK) << vnpu_error_text();
      if (!more) break;
      ++steps;
    }
    EXPECT_GT(steps, 20);
    vnpu_tensor_info out{};
    ASSERT_EQ(vnpu_output_info(c.network, 0, &out), VNPU_OK);
    std::vector<std::uint8_t> scores(out.bytes);
    ASSERT_EQ(vnpu_get(c.network, out.name, scores.data(), scores.size()), VNPU_OK);
    EXPECT_EQ(scores, expected_scores());
  }
}

TEST(CApi, SaysWhatIsWrong) {
  Closed c;
  EXPECT_EQ(vnpu_open("/nonexistent/x.cvimodel", 0, nullptr, nullptr, &c.network), VNPU_DAMAGED);
  EXPECT_NE(std::string(vnpu_error_text()).find("x.cvimodel"), std::string::npos);
  EXPECT_EQ(c.network, nullptr);
  EXPECT_EQ(vnpu_open(nullptr, 0, nullptr, nullptr, &c.network), VNPU_USAGE);
  EXPECT_EQ(vnpu_open(model.c_str(), 1, nullptr, nullptr, &c.network), VNPU_USAGE);
  EXPECT_EQ(vnpu_open(model.c_str(), 0, "warp", nullptr, &c.network), VNPU_USAGE);
  EXPECT_EQ(vnpu_open(model.c_str(), 0, nullptr, "no_such_quirk", &c.network), VNPU_USAGE);
  EXPECT_EQ(vnpu_open_memory("CviModel", 8, 0, nullptr, nullptr, &c.network), VNPU_DAMAGED);
  ASSERT_EQ(vnpu_open(model.c_str(), 0, nullptr, nullptr, &c.network), VNPU_OK);
  float x = 0;
  EXPECT_EQ(vnpu_set(c.network, "image", &x, 4), VNPU_USAGE);
  EXPECT_EQ(vnpu_set(c.network, "scores", &x, 4), VNPU_USAGE);
  EXPECT_EQ(vnpu_get(c.network, "nothing", &x, 4), VNPU_USAGE);
  vnpu_tensor_info info{};
  EXPECT_EQ(vnpu_input_info(c.network, 1, &info), VNPU_USAGE);
  EXPECT_EQ(vnpu_run(nullptr), VNPU_USAGE);
  vnpu_free(nullptr);
}

}  // namespace
