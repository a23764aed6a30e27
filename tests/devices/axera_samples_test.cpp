// The AXera-Pi's sample programs: arguments and messages, boxes, rules beside the camera.
#include <gtest/gtest.h>

#include <cmath>

#include "base/archive.h"
#include "base/error.h"
#include "devices/axera/command_line.h"
#include "devices/axera/detectors.h"
#include "devices/axera/npu.h"
#include "devices/board.h"

namespace vnpu::axera {
namespace {

std::map<std::string, Bytes> files_of(const std::string& archive, const std::string& part) {
  std::map<std::string, Bytes> out;
  for_each_entry(read_file(std::filesystem::path(VNPU_SOURCE_DIR) / archive), ArchiveFormat::tar, {},
                 [&](const std::string& path, Bytes bytes) {
                   if (path.find(part) != std::string::npos) out[path.substr(path.rfind('/') + 1)] = std::move(bytes);
                 });
  return out;
}

std::string words(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

struct Ran {
  int status = 0;
  std::string out, err;
};

class AxeraSamples : public testing::Test {
 protected:
  void SetUp() override {
    const auto files = files_of("tests/devices/data/axera_detector.tar.xz", "detector/");
    put("m.joint", words(files.at("model.joint")));
    put("whole.joint", words(files.at("whole.joint")));    // MODE_0
    put("second.joint", words(files.at("second.joint")));  // MODE_112
    put("p.png", words(files.at("picture.png")));
    expected = words(files.at("expected.txt"));
  }
  void put(const std::string& name, const std::string& text) {
    ASSERT_EQ(board->files().write_file({}, "/root/" + name, text, 0644), devices::Errno::ok);
  }
  Ran run(const std::string& command) {
    auto out = devices::Collector::make(), err = devices::Collector::make();
    devices::SessionRequest request;
    request.command = "cd /root; " + command;
    request.out = out;
    request.err = err;
    const int status = board->run(request);
    return {status, out->take(), err->take()};
  }

  std::unique_ptr<devices::Board> board = devices::Board::open("axera-pi");
  std::string expected;
};

constexpr const char* usage = R"(usage: ax_yolov5s --model=string --image=string [options] ... 
options:
  -m, --model        joint file(a.k.a. joint model) (string)
  -i, --image        image file (string)
  -g, --size         input_h, input_w (string [=640,640])
  -c, --num_class     (int [=80])
  -r, --repeat       repeat count (int [=1])
  -?, --help         print this message
)";

TEST_F(AxeraSamples, ArgumentsAreTheParsersOfTheSamples) {
  const auto check = [&](const std::string& command, int status, const std::string& first) {
    const Ran ran = run(command);
    EXPECT_EQ(ran.status, status) << command;
    EXPECT_EQ(ran.err, first + usage) << command;
    EXPECT_EQ(ran.out, "") << command;
  };
  check("ax_yolov5s", 0, "");
  check("ax_yolov5s --help -m m.joint", 0, "");
  check("ax_yolov5s -m m.joint -?", 0, "");
  check("ax_yolov5s -r 1", 1, "need option: --image\n");  // in the order of their names
  check("ax_yolov5s -i p.png", 1, "need option: --model\n");
  check("ax_yolov5s -x", 1, "undefined short option: -x\n");
  check("ax_yolov5s --fast", 1, "undefined option: --fast\n");
  check("ax_yolov5s --model", 1, "option needs value: --model\n");
  check("ax_yolov5s -m", 1, "option needs value: --model\n");
  check("ax_yolov5s -rm 2", 1, "option needs value: --repeat\n");
  check("ax_yolov5s --help=now", 1, "option value is invalid: --help=now\n");
  check("ax_yolov5s -m m.joint -i p.png -r ten", 1, "option value is invalid: --repeat=ten\n");
}

TEST_F(AxeraSamples, WhatCannotBeUsedIsNamed) {
  const auto check = [&](const std::string& command, int status, const std::string& message) {
    const Ran ran = run(command);
    EXPECT_EQ(ran.status, status) << command;
    EXPECT_NE(ran.err.find(message), std::string::npos) << command << "\n" << ran.err;
  };
  check("ax_scrfd -m a -i b", 255,
        "Input file model(a) is not exist, please check it.\nInput file image(b) is not exist, please check it.\n");
  check("ax_scrfd -m m.joint -i p.png -g 320", 255, "Input size(320) is not allowed, please check it.\n");
  check("ax_scrfd -m m.joint -i p.png -g 1,2,3", 255, "Input size(1,2,3) is not allowed, please check it.\n");
  check("ax_scrfd -m m.joint -i p.png -g x,y", 134, "what():  stoi\n");
  check("ax_scrfd -m m.joint -i m.joint", 255, "Read image failed.\n");
  // What fails behind the picture ends with the same words and status 0.
  check("ax_scrfd -m p.png -i p.png", 0, "Load Run-Joint model(p.png) failed.\nRun classification failed.\n");
  check("ax_scrfd -m m.joint -i p.png", 0,
        "[ERR]: The buffer size is not equal to model input(images) size(1228800 vs 3072).\nFill input failed.\n"
        "Run classification failed.\n");
  const Ran wrong = run("ax_scrfd -m m.joint -i p.png -g 32,32");  // it has none of the outputs
  EXPECT_EQ(wrong.status, 139);
  EXPECT_NE(wrong.err.find("no output 'score_8'"), std::string::npos) << wrong.err;
  EXPECT_EQ(run("ax_yolov5s -m m.joint -i p.png -g 32,32 -c 80").status, 139);  // reads beyond the heads
}

TEST_F(AxeraSamples, DetectorPrintsEveryLineAndTheBoxes) {
  const Ran ran = run("ax_yolov5s -m m.joint -i p.png -c 2 -g 32,32 -r 3");
  EXPECT_EQ(ran.status, 0) << ran.err;
  const std::string rule(38, '-');
  const std::string head =
      rule +
      "\nnum of class : 2\nmodel file : m.joint\nimage file : p.png\nimg_h, img_w : 32 32\n"
      "Run-Joint Runtime version: 0.5.10\n" +
      rule + "\n[INFO]: Virtual npu mode is 1_1\n\nTools version: 0.0.0.1\nown\nrun over: output len 3\n" + rule +
      "\nCreate handle took ";
  EXPECT_EQ(ran.out.substr(0, head.size()), head);
  const std::string tail = "\n" + rule + "\n" + expected;  // what the Python statement makes of the same bytes
  ASSERT_GT(ran.out.size(), tail.size());
  EXPECT_EQ(ran.out.substr(ran.out.size() - tail.size()), tail);
  EXPECT_NE(ran.out.find(rule + "\nRepeat 3 times, avg time "), std::string::npos);
  const auto drawing = board->files().read_file({}, "/root/yolov5s_out.jpg");
  ASSERT_TRUE(drawing);
  EXPECT_EQ(drawing->substr(0, 3), "\xff\xd8\xff");
}

TEST_F(AxeraSamples, ClassifierTellsFiveOfEveryOutput) {
  const Ran ran = run("ax_classification -m m.joint -i p.png -g 32,32");
  EXPECT_EQ(ran.status, 0) << ran.err;
  std::size_t lines = 0;
  for (std::size_t at = 0; (at = ran.out.find(", ", at)) != std::string::npos; ++at) {
    const auto begin = ran.out.rfind('\n', at) + 1;
    float score = 0;
    int id = 0;
    lines += std::sscanf(ran.out.c_str() + begin, "%f, %d\n", &score, &id) == 2;
  }
  EXPECT_EQ(lines, 15u) << ran.out;
  EXPECT_NE(ran.out.find("Repeat 1 times, "), std::string::npos);
}

TEST_F(AxeraSamples, RunJointKnowsItsOptions) {
  const Ran unknown = run("run_joint -h");
  EXPECT_EQ(unknown.status, 1);
  EXPECT_EQ(unknown.err.find("undefined short option: -h\nusage: run_joint [options] ... joint-file\noptions:\n"), 0u);
  EXPECT_EQ(run("run_joint --help").status, 0);
  EXPECT_EQ(run("run_joint").status, 255);
  const Ran ran =
      run("cat p.png p.png > big; head -c 3072 big > in; mkdir a b; run_joint -t -d big --bin-out-dir a m.joint > "
          "log; run_joint m.joint --data=in --bin-out-dir b --warmup 2 --stride_w 64 --wbt_index 3 -p; cmp a/out0.bin "
          "b/out0.bin && echo same; grep -c random log");
  EXPECT_NE(ran.out.find("Using wbt 3\n"), std::string::npos) << ran.err;
  EXPECT_NE(ran.out.find("alloc buffer with stride 64\n"), std::string::npos);
  EXPECT_EQ(ran.out.find("random data"), std::string::npos);
  EXPECT_NE(ran.out.find("same\n0\n"), std::string::npos) << ran.out;
  const Ran wrong = run("run_joint -d big m.joint");
  EXPECT_NE(wrong.out.find("read file big for input[0] images data size wrong, using random data\n"),
            std::string::npos);
  const Ran none = run("run_joint -d nothing m.joint");
  EXPECT_NE(none.out.find("read file nothing for input[0] images data failed, using random data\n"), std::string::npos);
  EXPECT_NE(run("AX_JOINT_MEMORY_DETAIL=ON run_joint m.joint").out.find("Using batch size 1\n"), std::string::npos);
  EXPECT_EQ(run("AX_JOINT_MEMORY_DETAIL=ON run_joint m.joint").out.find("Not set environment"), std::string::npos);
  EXPECT_EQ(run("run_joint --mode 3_1 m.joint").status, 134);
  EXPECT_NE(
      run("run_joint --bin-out-dir none/such m.joint").out.find("dump output[0] out0 as none/such/out0.bin failed"),
      std::string::npos);
}

TEST_F(AxeraSamples, PartsOnTheCpuHaveTheirTimesAndOrdinaryMemory) {
  const auto files = files_of("tests/golden/ax620/cpu.tar.xz", "00001_concat");
  put("cpu.joint", words(files.at("model.joint")));
  const Ran ran = run("mkdir o; run_joint cpu.joint --bin-out-dir o; ls o");
  EXPECT_EQ(ran.status, 0) << ran.err;
  for (const char* line : {"Output[0]: All\n    Shape [1, 200, 4] NHWC float32 \n    Memory Virtual\n    Size 3200\n",
                           "Output[1]: Middle\n    Shape [1, 14, 2, 8] NHWC float32 \n    Memory Physical\n",
                           "axe 13.85 ms", "\tRun AXE took an average of 47 us (overhead 4 us)\n\nNPU perf cnt total: ",
                           "dump output[0] All as o/All.bin success\n", "All.bin\nBoxes.bin\nMiddle.bin\n"})
    EXPECT_NE(ran.out.find(line), std::string::npos) << line << "\nin\n" << ran.out;
}

TEST_F(AxeraSamples, EveryModeRunsAloneAndHalvesTogether) {
  EXPECT_NE(run("run_joint whole.joint").out.find("\nvirtual npu disable!\n\n"), std::string::npos);
  EXPECT_NE(run("run_joint --mode disable whole.joint").out.find("\nvirtual npu disable\n\n"), std::string::npos);
  EXPECT_NE(run("run_joint second.joint").out.find("\nvirtual npu mode is 1_1\n\n"), std::string::npos);
  EXPECT_NE(run("run_joint --mode 1_1 second.joint").out.find("\nvirtual npu 1_1\n\n"), std::string::npos);
  const std::string sample = " -i p.png -c 2 -g 32,32";
  EXPECT_NE(run("ax_yolov5s -m whole.joint" + sample).out.find("[INFO]: Virtual npu was disabled!\nTools version"),
            std::string::npos);
  EXPECT_EQ(run("run_joint --mode 1_1 whole.joint").status, 134);
  EXPECT_EQ(run("run_joint --mode disable second.joint").status, 134);
  // A user of the first half does not keep one of the second away, but one of the whole.
  Npu& npu = npu_of(*board);
  std::string why;
  ASSERT_EQ(npu.modes.open(HardMode::one_one, why), 0u);
  EXPECT_EQ(run("run_joint second.joint").status, 0);
  EXPECT_EQ(run("run_joint m.joint").status, 0);
  const Ran whole = run("run_joint whole.joint");
  EXPECT_EQ(whole.status, 134);
  EXPECT_NE(whole.err.find("virtual npu mode not supported"), std::string::npos) << whole.err;
  npu.modes.close();
  EXPECT_EQ(run("run_joint whole.joint").status, 0);
}

TEST_F(AxeraSamples, TheCameraLeavesOnlyTheFirstHalf) {
  Npu& npu = npu_of(*board);
  std::string why;
  const std::string sample = " -i p.png -c 2 -g 32,32";
  ASSERT_EQ(npu.modes.camera(true, why), 0u);
  EXPECT_EQ(run("ax_yolov5s -m m.joint" + sample).err, "");
  EXPECT_EQ(run("run_joint m.joint").status, 0);
  for (const char* command : {"run_joint whole.joint", "run_joint --mode disable m.joint"}) {
    const Ran ran = run(command);
    EXPECT_EQ(ran.status, 134) << command;
    EXPECT_NE(ran.err.find("virtual npu mode not supported"), std::string::npos) << ran.err;
    EXPECT_NE(ran.err.find("0x80060088"), std::string::npos) << ran.err;
  }
  for (const char* command : {"run_joint second.joint", "run_joint --mode 1_1 whole.joint"}) {
    const Ran ran = run(command);
    EXPECT_EQ(ran.status, 134) << command;
    EXPECT_NE(ran.err.find("virtual npu type error"), std::string::npos) << ran.err;
  }
  EXPECT_NE(run("ax_yolov5s -m whole.joint" + sample).err.find("Init Run-Joint model(whole.joint) failed.\n"),
            std::string::npos);
  EXPECT_NE(
      run("ax_yolov5s -m second.joint" + sample).err.find("Create Run-Joint handler from file(second.joint) failed.\n"),
      std::string::npos);
  npu.modes.camera(false, why);
  // The camera's own program: a MODE_0 model fails beside its AI-ISP, with the code.
  const Ran own = run("axpi_classification_cam -m whole.joint -g 32,32");
  EXPECT_EQ(own.status, 255);
  EXPECT_NE(own.err.find("Init Run-Joint model(whole.joint) failed. (80060088)\n"), std::string::npos) << own.err;
  EXPECT_EQ(run("axpi_classification_cam -m m.joint -g 32,32").status, 0);
  // Somebody has the whole NPU: the camera, and models for a half, are refused.
  ASSERT_EQ(npu.modes.open(HardMode::disable, why), 0u);
  const Ran camera = run("axpi_classification_cam -m m.joint -g 32,32");
  EXPECT_EQ(camera.status, 255);
  EXPECT_NE(camera.err.find("Init system failed.\n"), std::string::npos);
  EXPECT_NE(run("ax_yolov5s -m m.joint" + sample)
                .err.find("virtual npu mode not supported\nInit Run-Joint model(m.joint) failed.\n"),
            std::string::npos);
  npu.modes.close();
}

TEST_F(AxeraSamples, MemoryPoolIsSharedAndGivenBack) {
  const std::string pool = run("cat /proc/mem_cmm_info").out;
  EXPECT_NE(pool.find("used=0KB"), std::string::npos) << pool;
  EXPECT_EQ(run("run_joint m.joint").status, 0);
  EXPECT_EQ(run("cat /proc/mem_cmm_info").out, pool);
  auto most = board->ion().allocate(board->ion().total() - 4096, 1, "other");
  ASSERT_TRUE(most);
  const Ran refused = run("ax_yolov5s -m m.joint -i p.png -c 2 -g 32,32");
  EXPECT_NE(refused.err.find("[CMM][Error]:not enough memory"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("Create Run-Joint handler from file(m.joint) failed.\nRun classification failed.\n"),
            std::string::npos);
  EXPECT_EQ(run("run_joint m.joint").status, 134);
}

float logit(float p) { return std::log(p / (1 - p)); }

TEST(AxeraDetectors, BoxesComeBackFromTheLetterbox) {
  // One cell of the coarsest grid, one anchor: centre (112, 80) of 224x160, twice the anchor's half size.
  DetectorForm form{HeadForm::yolo_v5, 0.35F, 0.45F, 2, {}};
  const std::vector<float> anchors(18, 40);
  form.anchors = anchors;
  std::vector<DetectorOutput> outputs;
  for (const int stride : {8, 16, 32}) {
    const std::size_t cells = static_cast<std::size_t>(160 / stride) * static_cast<std::size_t>(224 / stride);
    outputs.push_back({"o", {1, 160 / stride, 224 / stride, 21}, std::vector<float>(cells * 21, -20)});
  }
  auto& values = outputs[2].values;
  const std::size_t at = ((2 * 7 + 3) * 3 + 1) * 7;  // row 2, column 3, anchor 1
  const float row[] = {0, 0, 0, 0, logit(0.9F), -20, logit(0.8F)};
  std::copy(std::begin(row), std::end(row), values.begin() + static_cast<std::ptrdiff_t>(at));
  // A picture of 448x200 becomes 224x100: 30 rows of border above.
  const auto found = detect(form, outputs, {160, 224, 200, 448});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, 1);
  EXPECT_NEAR(found[0].score, 0.72, 1e-4);
  EXPECT_NEAR(found[0].x, (112 - 20) * 2, 1e-3);
  EXPECT_NEAR(found[0].y, (80 - 20 - 30) * 2, 1e-3);
  EXPECT_NEAR(found[0].w, 80, 1e-3);
  EXPECT_NEAR(found[0].h, 80, 1e-3);
}

TEST(AxeraDetectors, SuppressionLooksAtAllClasses) {
  DetectorForm form{HeadForm::scrfd, 0.5F, 0.45F, 1, {}};
  std::vector<DetectorOutput> outputs;
  for (const int stride : {8, 16, 32}) {
    const std::size_t cells = static_cast<std::size_t>(64 / stride) * static_cast<std::size_t>(64 / stride);
    outputs.push_back({"score_" + std::to_string(stride), {}, std::vector<float>(cells * 2, -9)});
    outputs.push_back({"bbox_" + std::to_string(stride), {}, std::vector<float>(cells * 8, 1)});
  }
  outputs[0].values[3 * 8 + 4] = logit(0.7F);       // centre (32, 24), 8 pixels to each side
  outputs[2].values[1 * 4 + 2] = logit(0.6F);       // (32, 16) of the next grid, 16 to each side: overlaps 0.26
  outputs[0].values[64 + 3 * 8 + 4] = logit(0.8F);  // the other anchor of the first: the same box
  const auto found = detect(form, outputs, {64, 64, 64, 64});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_NEAR(found[0].score, 0.8, 1e-4);
  EXPECT_NEAR(found[0].x, 24, 1e-4);
  EXPECT_NEAR(found[0].w, 17, 1e-4);  // a pixel more than its corners say
  EXPECT_NEAR(found[1].score, 0.6, 1e-4);
}

TEST(AxeraDetectors, DistancesAreMeansOfDistributions) {
  const DetectorForm v8{HeadForm::yolo_v8, 0.3F, 0.65F, 2, {}};
  std::vector<DetectorOutput> outputs(9);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t side = std::size_t{8} >> i, cells = side * side;
    outputs[i].values.assign(cells * 64, 0);
    outputs[i + 3].values.assign(cells * 2, -9);
    outputs[i + 6].values.assign(cells, 0);
  }
  // Row 3, column 4 at stride 8, class 1; distances 1, 2, 3 and the mean of all 16 positions.
  const std::size_t cell = 3 * 8 + 4;
  outputs[3].values[cell * 2 + 1] = logit(0.9F);
  outputs[6].values[cell] = 1;
  for (std::size_t k = 0; k < 3; ++k) outputs[0].values[cell * 64 + k * 16 + k + 1] = 60;
  const auto found = detect(v8, outputs, {64, 64, 64, 64});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].label, 1);
  EXPECT_NEAR(found[0].x, 36 - 8, 1e-3);
  EXPECT_NEAR(found[0].y, 28 - 16, 1e-3);
  EXPECT_NEAR(found[0].x + found[0].w, 36 + 24, 1e-3);
  EXPECT_NEAR(found[0].y + found[0].h, 63, 1e-3);  // 28 + 60, cut to the input
  outputs[6].values[cell] = 2;
  EXPECT_THROW(detect(v8, outputs, {64, 64, 64, 64}), Error);
  outputs[6].values[cell] = std::nanf("");
  EXPECT_THROW(detect(v8, outputs, {64, 64, 64, 64}), Error);
}

TEST(AxeraDetectors, FastestBoxesArePartsOfThePicture) {
  const std::vector<float> anchors{7, 17, 20, 50, 45, 99, 64, 187, 123, 211, 227, 264};
  const DetectorForm form{HeadForm::yolo_fastest, 0.48F, 0.45F, 1, anchors};
  std::vector<DetectorOutput> outputs{{"a", {1, 10, 10, 18}, std::vector<float>(1800, -9)},
                                      {"b", {1, 20, 20, 18}, std::vector<float>(7200, -9)}};
  const std::size_t at = ((5 * 20 + 8) * 3 + 2) * 6;
  const float row[] = {0, 0, 0, std::log(2.0F), logit(0.9F), logit(0.9F)};
  std::copy(std::begin(row), std::end(row), outputs[1].values.begin() + static_cast<std::ptrdiff_t>(at));
  const auto found = detect(form, outputs, {320, 320, 100, 400});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NEAR(found[0].score, 0.81, 1e-4);
  EXPECT_NEAR(found[0].x + found[0].w / 2, 400 * 8.5 / 20, 1e-2);
  EXPECT_NEAR(found[0].y + found[0].h / 2, 100 * 5.5 / 20, 1e-2);
  EXPECT_NEAR(found[0].w, 400 * 45.0 / 320, 1e-2);
  EXPECT_NEAR(found[0].h, 100 * 198.0 / 320, 1e-2);
  outputs[0].shape = {1, std::int64_t{1} << 61, 8, 18};
  EXPECT_THROW(detect(form, outputs, {320, 320, 100, 400}), Error);
  outputs[0].shape = {1, 10, -10, 18};
  EXPECT_THROW(detect(form, outputs, {320, 320, 100, 400}), Error);
}

TEST(AxeraDetectors, HandsAreTurnedSquaresBeforeTheirPalms) {
  const DetectorForm form{HeadForm::palm, 0.45F, 0.45F, 1, {}};
  std::vector<DetectorOutput> outputs{{"boxes", {1, 2016, 18}, std::vector<float>(2016 * 18)},
                                      {"scores", {1, 2016, 1}, std::vector<float>(2016, -9)}};
  // Row 6, column 3 of the coarse grid: middle (3.5, 6.5) * 16 = (56, 104); a palm 20 wide and 10 high.
  const std::size_t at = 24 * 24 * 2 + (6 * 12 + 3) * 6 + 4;
  outputs[1].values[at] = logit(0.9F);
  float* row = &outputs[0].values[at * 18];
  row[2] = 20, row[3] = 10;
  row[5] = 5;   // wrist, 5 below
  row[9] = -5;  // finger, 5 above: the hand points up
  auto found = detect_palms(form, outputs, {192, 192, 192, 384});
  ASSERT_EQ(found.size(), 1u);
  // The picture was halved, with 48 rows of border above it. Half a side is 26, the centre 5 above the palm's.
  EXPECT_NEAR(found[0].corners[0].x, (56 - 26) * 2, 1e-3);
  EXPECT_NEAR(found[0].corners[0].y, (104 - 5 - 26 - 48) * 2, 1e-3);
  EXPECT_NEAR(found[0].corners[2].x, (56 + 26) * 2, 1e-3);
  EXPECT_NEAR(found[0].corners[2].y, (104 - 5 + 26 - 48) * 2, 1e-3);
  EXPECT_NEAR(found[0].points[0].y, (104 + 5 - 48) * 2, 1e-3);
  row[5] = row[9] = 0;
  row[4] = -5, row[8] = 5;  // the hand points to the right: the square is moved there
  found = detect_palms(form, outputs, {192, 192, 192, 384});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NEAR((found[0].corners[0].x + found[0].corners[2].x) / 2, (56 + 5) * 2, 1e-3);
  EXPECT_NEAR((found[0].corners[0].y + found[0].corners[2].y) / 2, (104 - 48) * 2, 1e-3);
  outputs[1].values.pop_back();
  EXPECT_THROW(detect_palms(form, outputs, {192, 192, 192, 384}), Error);
}

}  // namespace
}  // namespace vnpu::axera
