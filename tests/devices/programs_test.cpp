// The board's programs on our own digit models: what a checkout alone can show. The recorded runs of the vendor's
// programs are in programs_golden_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/image.h"
#include "base/npz.h"
#include "devices/programs/vendor_npz.h"
#include "devices/programs/vendor_programs.h"
#include "sim/runtime/registry.h"
#include "tests/devices/board_files.h"

namespace vnpu::programs {
namespace {

const std::string digits = VNPU_SOURCE_DIR "/tests/golden/digits/";
using Words = std::vector<std::string>;

BoardState board_with(const std::string& chip, const std::string& quant) {
  BoardState board;
  board.chip = chip;
  board.files["/root/digits.cvimodel"] = read_file(digits + "digits_" + chip + "_" + quant + ".cvimodel");
  return board;
}

ProgramResult run(BoardState& board, const Words& argv, bool terminal = false,
                  const std::map<std::string, std::string>& environment = {}) {
  const auto result = run_program(board, argv, "/root", environment, terminal);
  EXPECT_EQ(board.ion_used, 0u) << "ION memory is not given back";
  return result;
}

Tensor digit(std::int64_t index) {
  const auto held_out = read_npz(std::filesystem::path(digits + "held_out.npz"));
  const Tensor& images = *find(held_out, "images");
  Tensor out{DType::f32, {1, 1, 32, 32}, Bytes(4096)};
  for (std::size_t i = 0; i < 1024; ++i) {
    const float value = static_cast<float>(images.bytes[static_cast<std::size_t>(index) * 1024 + i]) / 255.0f;
    std::memcpy(out.bytes.data() + 4 * i, &value, 4);
  }
  return out;
}

// What the vendor's simulator answers to it.
Tensor scores(const std::string& chip, const std::string& quant, std::int64_t index) {
  const auto file = read_npz(std::filesystem::path(digits + "simulator_" + chip + "_" + quant + ".npz"));
  const auto first = find(file, "scores")->bytes.begin() + index * 40;
  return {DType::f32, {1, 10, 1, 1}, Bytes(first, first + 40)};
}

TEST(BoardPrograms, ModelInfoTellsTheTensors) {
  BoardState board = board_with("cv180x", "int8");
  const auto result = run(board, {"./bin/cvi_sample_model_info", "digits.cvimodel", "1"});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.out,
            "version: 1.4.0\n"
            "digits Build at 2026-11-21 14:30:36 For platform cv180x\n"
            "Max SharedMem size:160\n"
            "CVI_NN_RegisterModel succeeded\n"
            "Model Param for digits.cvimodel:\n"
            "  Input Tensor Number  : 1\n"
            "  [0] image, shape (1,1,32,32), count 1024, fmt 0\n"
            "  Output Tensor Number : 1\n"
            "  [0] scores_Gemm_f32, shape (1,10,1,1), count 10, fmt 0\n"
            "  Output All Tensors For Debug: [YES]\n"
            "CVI_NN_CleanupModel succeeded\n");
}

TEST(BoardPrograms, RunnerGivesTheSimulatorsScores) {
  for (const std::string chip : {"cv180x", "cv181x"}) {
    for (const std::string quant : {"int8", "bf16"}) {
      SCOPED_TRACE(chip + " " + quant);
      BoardState board = board_with(chip, quant);
      for (const std::int64_t index : {0, 7, 539}) {
        board.files["/root/in.npz"] = write_npz(NamedTensors{{"image", digit(index)}});
        board.files["/root/ref.npz"] = write_npz(NamedTensors{{"scores_Gemm_f32", scores(chip, quant, index)}});
        const auto result = run(board, {"model_runner", "-m", "digits.cvimodel", "-i", "in.npz", "-r", "ref.npz", "-o",
                                        "/root/out.npz", "-c", "2", "--enable-timer", "-t", "1,1,1"});
        EXPECT_EQ(result.status, 0);
        EXPECT_NE(result.out.find("Tolerance, cosine:1.000000, correlation:1.000000, euclidean:1.000000\n"),
                  std::string::npos);
        EXPECT_NE(result.out.find("Performance result: 2 runs take 2 ms, each run takes 1.000000 ms, fps 1000.000000\n"
                                  "Compare result: 2/2 passed.\n"),
                  std::string::npos)
            << result.out;
        const auto written = read_npz(ByteView(board.files.at("/root/out.npz")));
        EXPECT_EQ(find(written, "scores_Gemm_f32")->bytes, scores(chip, quant, index).bytes);
      }
    }
  }
}

TEST(BoardPrograms, RunnerSeesADifference) {
  BoardState board = board_with("cv181x", "int8");
  board.files["/root/in.npz"] = write_npz(NamedTensors{{"image", digit(0)}});
  board.files["/root/ref.npz"] = write_npz(NamedTensors{{"scores_Gemm_f32", scores("cv181x", "int8", 1)}});
  const Words argv{"model_runner", "-m", "digits.cvimodel", "-i", "in.npz", "-r", "ref.npz"};
  auto result = run(board, argv);
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(result.out.find("Error, [scores_Gemm_f32] cosine:"), std::string::npos);
  EXPECT_NE(result.out.find("Compare Failed.\nCompare result: 0/1 passed.\n"), std::string::npos);

  board.files["/root/ref.npz"] = write_npz(NamedTensors{{"other", digit(0)}});
  result = run(board, argv);
  EXPECT_EQ(result.status, 134);
  EXPECT_EQ(result.err,
            "terminate called after throwing an instance of 'std::runtime_error'\n"
            "  what():  npz_load: Variable name scores_Gemm_f32 not found in ref.npz\n");
}

TEST(BoardPrograms, WrongChipAndSpoiltFiles) {
  BoardState board = board_with("cv181x", "int8");
  board.chip = "cv180x";
  const Words info{"cvi_sample_model_info", "digits.cvimodel"};
  auto result = run(board, info);
  EXPECT_EQ(result.status, 255);
  EXPECT_EQ(result.out,
            "cvimodel built for cv181x CANNOT run on platform cv180x\nfailed to parse cvimodel\n"
            "CVI_NN_RegisterModel failed, err -1065910269\n");

  board.chip = "cv181x";
  const Bytes good = board.files["/root/digits.cvimodel"];
  Bytes newer = good;
  newer[13] = 5;
  board.files["/root/digits.cvimodel"] = newer;
  EXPECT_EQ(run(board, info).out,
            "cvimodel(1.5) is not supported in runtime(1.4)\nPlease update runtime lib.\nfailed to parse cvimodel\n"
            "CVI_NN_RegisterModel failed, err -1065910269\n");

  // The library looks neither at the magic nor at the md5.
  Bytes careless = good;
  careless[0] ^= 0xff;
  careless[20] ^= 0xff;
  board.files["/root/digits.cvimodel"] = careless;
  EXPECT_EQ(run(board, info).status, 0);

  // What it would crash on is refused in the simulator's own words.
  Bytes broken = good;
  std::fill(broken.begin() + 48, broken.begin() + 64, 0xee);
  board.files["/root/digits.cvimodel"] = broken;
  result = run(board, info);
  EXPECT_EQ(result.status, 255);
  EXPECT_EQ(result.err.substr(0, 6), "vnpu: ");
}

TEST(BoardPrograms, AbortLosesWhatThePipeStillHolds) {
  BoardState board = board_with("cv180x", "int8");
  auto& file = board.files["/root/digits.cvimodel"];
  file.resize(file.size() - 100);
  const Words info{"cvi_sample_model_info", "digits.cvimodel"};
  const std::string first = "version: 1.4.0\n", second = "digits Build at 2026-11-21 14:30:36 For platform cv180x\n";
  const std::string third = "model is incomplete or incorrect! ERROR in ../../src/common/stream.cpp 30\n";
  const std::string error = "Assertion failed: 0 (../../src/common/stream.cpp: read: 30)\n";
  auto result = run(board, info, false);
  EXPECT_EQ(result.status, 134);
  EXPECT_EQ(result.out, first);
  EXPECT_EQ(result.err, error);
  result = run(board, info, true);
  EXPECT_EQ(result.both, first + second + third + error);
}

TEST(BoardPrograms, FullHeapAbortsAfterThreeTries) {
  BoardState board = board_with("cv180x", "int8");
  board.ion_bytes = 20480;  // weights and commands fit, the shared memory does not
  const auto result = run(board, {"model_runner", "-m", "digits.cvimodel"}, true);
  EXPECT_EQ(result.status, 134);
  EXPECT_EQ(result.err,
            "ion ioctl fail:: Out of memory\nion ioctl fail:: Out of memory\nion ioctl fail:: Out of memory\n"
            "Assertion failed: 0 (../../src/soc/common/cvi_device_mem.cpp: mem_alloc_raw: 451)\n");
  EXPECT_NE(result.out.find("ion alloc failed, size = 4096, ret=ffffffff\nreopen ion dev\n"), std::string::npos)
      << result.out;
  board.ion_bytes = std::uint64_t{1} << 20;
  EXPECT_EQ(run(board, {"model_runner", "-m", "digits.cvimodel"}).status, 0);
}

TEST(BoardPrograms, WithoutTheDeviceNothingStarts) {
  BoardState board = board_with("cv180x", "int8");
  board.tpu = false;
  const auto result = run(board, {"cvi_sample_model_info", "digits.cvimodel"}, false, {{"TPU_DEV", "/dev/other"}});
  EXPECT_EQ(result.status, 134);
  EXPECT_EQ(result.out, "open /dev/other failed\n");
}

TEST(BoardPrograms, ToolMergesCompressesAndExtracts) {
  BoardState board = board_with("cv180x", "int8");
  EXPECT_EQ(
      run(board, {"cvimodel_tool", "-a", "compress", "-i", "digits.cvimodel", "-o", "/root/small.cvimodel"}).status, 0);
  EXPECT_LT(board.files.at("/root/small.cvimodel").size(), board.files.at("/root/digits.cvimodel").size());
  board.files["/root/twin.cvimodel"] = board.files.at("/root/digits.cvimodel");
  EXPECT_EQ(
      run(board, {"cvimodel_tool", "-a", "merge", "-i", "digits.cvimodel", "twin.cvimodel", "-o", "/root/two.cvimodel"})
          .status,
      0);
  EXPECT_EQ(open_model(ByteView(board.files.at("/root/two.cvimodel")))->programs(), 2u);
  for (const std::string model : {"small.cvimodel", "two.cvimodel"}) {
    board.files["/root/in.npz"] = write_npz(NamedTensors{{"image", digit(3)}});
    board.files["/root/ref.npz"] = write_npz(NamedTensors{{"scores_Gemm_f32", scores("cv180x", "int8", 3)}});
    const auto result = run(board, {"model_runner", "-m", model, "-i", "in.npz", "-r", "ref.npz"});
    EXPECT_NE(result.out.find("Compare result: 1/1 passed.\n"), std::string::npos) << model << "\n" << result.out;
  }
  const auto result = run(board, {"cvimodel_tool", "-a", "extract", "-i", "digits.cvimodel"});
  EXPECT_NE(result.out.find("store section to digits_program_0_cmdbuf_subfunc_1.bin\n"), std::string::npos);
  EXPECT_EQ(board.files.at("/root/digits_weight.bin").size(), 12816u);
}

TEST(BoardPrograms, ToolUsageBreaksItsLines) {
  BoardState board;
  auto result = run(board, {"model_runner", "-m", "a", "b"});
  EXPECT_EQ(result.status, 251);
  EXPECT_EQ(result.err.substr(0, result.err.find('\n')),
            "ArgumentParser error: attempt to pass too many inputs to --model");
  result = run(board, {"model_runner", "-i", "-m", "a"});
  EXPECT_EQ(result.err.substr(0, result.err.find('\n')),
            "ArgumentParser error: encountered argument -m when expecting more inputs to --input");
  result = run(board, {"model_runner", "-m", "a", "-c", "x"});
  EXPECT_EQ(result.status, 134);
  EXPECT_EQ(result.err, "terminate called after throwing an instance of 'std::invalid_argument'\n  what():  stoi\n");
}

// The classifier's own choice of five, on a model whose scores we can ask for directly.
TEST(BoardPrograms, Bf16ClassifierDropsBeatenScores) {
  BoardState board = board_with("cv181x", "bf16");
  Image gray{256, 256, 3, Bytes(256 * 256 * 3)};
  for (std::size_t i = 0; i < gray.pixels.size(); ++i) gray.pixels[i] = static_cast<std::uint8_t>(i / 3 % 256);
  board.files["/root/p.png"] = encode_png(gray);
  board.files["/root/labels"] = {'z', '\r', '\n', 'o'};
  const auto result = run(board, {"cvi_sample_classifier_bf16", "digits.cvimodel", "p.png", "labels"});
  ASSERT_EQ(result.status, 0);

  // The model has one channel: the first plane (blue) of the picture's middle.
  Bytes input(4096);
  for (std::size_t y = 0; y < 32; ++y) {
    for (std::size_t x = 0; x < 32; ++x) {
      const float value = std::fma(static_cast<float>(112 + x), 0.017f, static_cast<float>(-103.94 * 0.017));
      std::memcpy(&input[(y * 32 + x) * 4], &value, 4);
    }
  }
  const auto network = open_model(ByteView(board.files.at("/root/digits.cvimodel")))->instantiate({});
  network->set_input("image", input);
  network->run();
  const Tensor out = network->get("scores_Gemm_f32");
  float top[5] = {};
  int index[5] = {-1, 0, 0, 0, 0};
  for (int i = 0; i < 10; ++i) {
    float p;
    std::memcpy(&p, out.bytes.data() + 4 * i, 4);
    for (int k = 0; k < 5; ++k) {
      if (p > top[k]) {
        top[k] = p;
        index[k] = i;
        break;
      }
    }
  }
  std::vector<std::pair<float, int>> order;
  for (int k = 0; k < 5; ++k) order.push_back({top[k], index[k]});
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string lines = "CVI_NN_Forward succeeded\n------\n";
  for (const auto& [p, i] : order) {
    const char* label = i == 0 ? "z\r" : i == 1 ? "o" : "";
    char line[64];
    std::snprintf(line, sizeof line, "  %f, idx %d, %s\n", static_cast<double>(p), i, label);
    lines += line;
  }
  EXPECT_NE(result.out.find(lines + "------\nCVI_NN_CleanupModel succeeded\n"), std::string::npos)
      << result.out << "\nwanted\n"
      << lines;
}

TEST(VendorNpz, ConvertsAsTheToolsDo) {
  BoardState board;
  RuntimeTensor tensor;
  tensor.name = "x";
  tensor.shape = {1, 1, 1, 6};
  tensor.count = 6;
  tensor.qscale = 2;
  const float values[6] = {0.25f, -0.25f, 100, -100, 0.74f, 1e30f};
  Tensor array{DType::f32, {6}, Bytes(24)};
  std::memcpy(array.bytes.data(), values, 24);
  class Silent final : public ProgramHost {
    std::optional<std::string> variable(const std::string&) const override { return std::nullopt; }
    std::optional<Bytes> read_file(const std::string&) override { return std::nullopt; }
    bool write_file(const std::string&, std::span<const std::uint8_t>) override { return false; }
    void write(int, std::string_view) override {}
    bool is_terminal(int) const override { return false; }
    std::string chip() const override { return "cv180x"; }
    bool has_tpu() const override { return false; }
    std::shared_ptr<void> allocate_ion(std::uint64_t, const std::string&) override { return nullptr; }
    void run_tpu(const TpuJob&, const std::function<void()>&) override {}
    std::vector<PmuRecord> pmu_records(const TpuJob&) override { return {}; }
    void spend_cpu(std::uint64_t) override {}
    std::uint64_t now_ns() const override { return 0; }
  } host;
  Output out(host);
  tensor.dtype = DType::i8;
  tensor.bytes.resize(6);
  fill(out, tensor, array);
  EXPECT_EQ(tensor.bytes, (Bytes{1, 0xff, 127, 0x80, 1, 127}));  // 0.5 and -0.5 go away from zero
  tensor.dtype = DType::u8;
  fill(out, tensor, array);
  EXPECT_EQ(tensor.bytes[2], 200);
  EXPECT_EQ(tensor.bytes[5], 255);
  tensor.dtype = DType::bf16;
  tensor.bytes.resize(12);
  const float infinite = std::numeric_limits<float>::infinity();
  std::memcpy(array.bytes.data(), &infinite, 4);
  fill(out, tensor, array);
  EXPECT_EQ(tensor.bytes[0] | tensor.bytes[1] << 8, 0x7f7f);
  EXPECT_EQ(tensor.bytes[4] | tensor.bytes[5] << 8, 0x42c8);  // 100, cut
}

}  // namespace
}  // namespace vnpu::programs
