// The AXera-Pi's sample programs: arguments and messages, boxes, rules beside the camera.
#include <gtest/gtest.h>

#include <random>

#include "base/archive.h"
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

TEST_F(AxeraSamples, RunNeuRunsABarePartAndChecksIt) {
  ASSERT_EQ(run("cp m.joint a.gz; gunzip a.gz; tar xf a; mkdir o p; ls part_0.neu").out, "part_0.neu\n");
  const Ran first = run("cat p.png p.png | head -c 3072 > in; run_neu_v2 --neu part_0.neu --input in --bin-out-dir o");
  EXPECT_EQ(first.status, 0) << first.err;
  std::size_t at = 0;
  for (const char* line :
       {"NPU Mode: VIRTUAL_1_1\n", "WBT count 0\n", "RuntimeVar: No\n", "Max batch size: 1\n",
        "Support Dynamic Batch: No\n\ninput tensor\n    pName images\n    shape [1, 32, 32, 3]\n    nBit 8\n    nSize "
        "3072\n",
        "output tensor\n    pName out0\n    shape [1, 4, 4, 21]\n    nBit 32\n    nSize 1344\n",
        "Init INPUT 'images' with file 'in'\n", "\nRun task took ", " us (1 rounds for average)\n\nRun model took ",
        "    EU 3 took ", "    EU 4 took 0 cycle, (1 rounds for average)\n\n", "dump IO data to o done\n",
        "Deinit NPU Driver +++\nNPU Driver Exited ---\n"}) {
    const auto found = first.out.find(line, at);
    ASSERT_NE(found, std::string::npos) << line << "\nin\n" << first.out;
    at = found;
  }
  EXPECT_EQ(run("ls o").out,
            "images.bin\nout0.bin\nout0_inner.bin\nout1.bin\nout1_inner.bin\nout2.bin\nout2_inner.bin\n");
  // The same picture through the whole model gives the same outputs.
  EXPECT_EQ(run("run_joint m.joint -d in --bin-out-dir p > log; cmp o/out1.bin p/out1.bin && echo same").out, "same\n");
  const Ran checked =
      run("run_neu_v2 --neu part_0.neu --data images:in --show-io-info 0 --enable-npu-cycle 0 --repeat 3 --check "
          "o/out2.bin "
          "--check o/out0.bin --check in --output_tensor out2 --output_tensor out0 --output_tensor out1");
  EXPECT_NE(
      checked.out.find("OUTPUT(out0) GT check success\nGT file for OUTPUT(out1) size error, file size 3072, tensor "
                       "required size 336, ignore it's correctness check\nOUTPUT(out2) GT check success\n"),
      std::string::npos)
      << checked.out;
  EXPECT_EQ(checked.out.find("pName"), std::string::npos);
  EXPECT_EQ(checked.out.find(" cycle"), std::string::npos);
  EXPECT_NE(run("run_neu_v2 --neu part_0.neu --check o/out0.bin").out.find("Init INPUT 'images' with random data\n"),
            std::string::npos);
  EXPECT_NE(run("run_neu_v2 --neu part_0.neu --check o/out0.bin")
                .out.find("OUTPUT(out0) GT check failed\nNo GT file for "
                          "OUTPUT(out1), ignore"),
            std::string::npos);
  EXPECT_EQ(run("run_neu_v2 --neu part_0.neu --only-info 1 -i nothing").status, 0);
  const auto aborts = [&](const std::string& arguments, const std::string& message) {
    const Ran ran = run("run_neu_v2 " + arguments);
    EXPECT_EQ(ran.status, 134) << arguments;
    EXPECT_NE((ran.out + ran.err).find(message), std::string::npos) << ran.out << ran.err;
  };
  aborts("--neu nothing",
         "Access file nothing failed, please make sure file exist and authority ok\nInvalid dot-neu file 'nothing'\n");
  aborts("--neu m.joint", "dot neu format error");
  aborts("--neu part_0.neu -i p.png", "Input file p.png size error, file size ");
  aborts("--neu part_0.neu -i in --input_tensor none", "Invalid input tensor name none\n");
  aborts("--neu part_0.neu -d 'in;in'", "var name not provided\n");
  aborts("--neu part_0.neu -d 'images:in;images:in'", "duplicated vars provided\n");
  EXPECT_EQ(run("run_neu_v2 --neu part_0.neu --repeat 0").status, 255);
  EXPECT_EQ(run("run_neu_v2 -i in").status, 1);
  EXPECT_NE(
      run("run_neu_v2 --neu part_0.neu --bin-out-dir in").out.find("Can not access directory 'in', cancel dump IO\n"),
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

// Whatever is typed ends with a status that the programs have.
TEST_F(AxeraSamples, AnyArgumentsEndWithAStatus) {
  ASSERT_EQ(run("cp m.joint a.gz; gunzip a.gz; tar xf a; ls part_0.neu").out, "part_0.neu\n");
  const std::vector<std::string> programs{"run_joint",  "run_neu_v2",        "ax_classification",   "ax_yolov5s",
                                          "ax_scrfd",   "ax_yolov5s_face",   "ax_yolov8s",          "ax_yolo_fastest",
                                          "ax_nanodet", "ax_palm_detection", "ax_yolo_fastest_body"};
  const std::vector<std::string> words{
      "-m",          "m.joint",     "-i", "p.png",   "-g",         "32,32",   "-c",
      "2",           "-r",          "-1", "--neu",   "part_0.neu", "--check", "p.png",
      "--data",      "x:y",         "-d", "p.png",   "--mode",     "1_1",     "--bin-out-dir",
      ".",           "--repeat",    "2",  "-",       "--",         "--=",     "-mi",
      "''",          "--wbt-index", "-7", "nothing", "-t",         "-p",      "1,,1",
      "99999999999", "--only-info"};
  std::mt19937 random(3);
  for (int i = 0; i < 400; ++i) {
    std::string command = programs[random() % programs.size()];
    // Half of the time with what a sample needs.
    if (random() % 2) command += " -m m.joint -i p.png -g 32,32";
    for (std::size_t n = random() % 6; n > 0; --n) command += " " + words[random() % words.size()];
    const int status = run(command).status;
    EXPECT_TRUE(status == 0 || status == 1 || status == 134 || status == 139 || status == 255)
        << command << " ended with " << status;
  }
}

}  // namespace
}  // namespace vnpu::axera
