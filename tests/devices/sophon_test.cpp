// The BM1684X SoC board and its programs.
#include <cmath>
#include <cstring>
#include <map>

#include "base/archive.h"
#include "base/npz.h"
#include "board_fixture.h"

namespace vnpu::sophon {
namespace {

using devices::Ran;

std::string as_text(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// The files of one golden case, by name.
std::map<std::string, Bytes> golden(const std::string& family, const std::string& name) {
  const auto archive =
      read_file(std::filesystem::path(VNPU_SOURCE_DIR) / "tests/golden/bm1684x" / (family + ".tar.xz"));
  std::map<std::string, Bytes> out;
  const std::string folder = family + "/" + name + "/";
  for_each_entry(archive, ArchiveFormat::tar, {}, [&](const std::string& path, Bytes bytes) {
    if (const auto at = path.find(folder); at != std::string::npos)
      out[path.substr(at + folder.size())] = std::move(bytes);
  });
  EXPECT_FALSE(out.empty()) << folder;
  return out;
}

std::string raw(const NamedTensors& tensors) {
  std::string out;
  for (const auto& [name, tensor] : tensors) out += as_text(tensor.bytes);
  return out;
}

class Bm1684xSoc : public devices::BoardTest {
 protected:
  Bm1684xSoc() : BoardTest("bm1684x-soc") {}
  Ran as_linaro(const std::string& command) { return run(command, {}, "linaro"); }
  void put(const std::string& path, const std::string& bytes) {
    ASSERT_EQ(board->files().write_file({}, path, bytes, 0644), devices::Errno::ok);
  }
  // The three files of --context_dir.
  void put_context(const std::string& folder, const std::map<std::string, Bytes>& files) {
    board->files().make_directories({}, folder);
    const bool numbered = files.contains("input_0.npz");
    put(folder + "/compilation.bmodel", as_text(files.at("model.bmodel")));
    put(folder + "/input_ref_data.dat", raw(read_npz(files.at(numbered ? "input_0.npz" : "input.npz"))));
    put(folder + "/output_ref_data.dat", raw(read_npz(files.at(numbered ? "output_0.npz" : "output.npz"))));
  }
};

// Every line in this order.
void expect_lines(const std::string& text, std::initializer_list<const char*> lines) {
  std::size_t at = 0;
  for (const char* line : lines) {
    const auto found = text.find(line, at);
    ASSERT_NE(found, std::string::npos) << line << "\nin\n" << text;
    at = found + 1;
  }
}

TEST_F(Bm1684xSoc, IsTheBoardOfTheTranscripts) {
  EXPECT_TRUE(board->check_password("linaro", "linaro"));
  EXPECT_TRUE(board->check_password("root", "root"));
  EXPECT_FALSE(board->check_password("linaro", "root"));
  EXPECT_EQ(as_linaro("whoami; pwd; hostname; uname -m; nproc").out, "linaro\n/home/linaro\nbm1684\naarch64\n8\n");
  EXPECT_EQ(as_linaro("mkdir -p /data/models && touch /data/models/m && ls /data/models").out, "m\n");
  EXPECT_EQ(as_linaro("bash -lc 'which bmrt_test; echo $0'").out,
            "/opt/sophon/libsophon-current/bin/bmrt_test\nbash\n");
  expect_lines(as_linaro("bm_version").out, {"SophonSDK version: v23.09 LTS-SP3\n", "sophon-soc-libsophon : 0.5.1\n",
                                             "KernelVersion : Linux bm1684 5.4.217-bm1684", "MCUVersion: 0x02\n"});
  EXPECT_EQ(run("ls /dev/bm-tpu0 /dev/bmdev-ctl").status, 0);
  EXPECT_TRUE(as_linaro("uname -a").out.ends_with(" aarch64 aarch64 aarch64 GNU/Linux\n"));
  EXPECT_EQ(as_linaro("uname -sp").out, "Linux aarch64\n");
}

TEST_F(Bm1684xSoc, SudoRunsAsRoot) {
  EXPECT_EQ(as_linaro("sudo whoami; whoami").out, "root\nlinaro\n");
  EXPECT_EQ(as_linaro("sudo -u linaro id -un").out, "linaro\n");
  EXPECT_EQ(as_linaro("echo key | sudo tee /etc/made > /dev/null && cat /etc/made && rm -f /etc/made").status, 1);
  EXPECT_EQ(as_linaro("sudo A=1 sh -c 'echo $A $HOME $USER $SUDO_USER'").out, "1 /root root linaro\n");
  EXPECT_EQ(as_linaro("sudo -i pwd; pwd").out, "/root\n/home/linaro\n");
  EXPECT_EQ(as_linaro("sudo -s 'echo $0'; sudo -i bmrt_test --version").out, "/bin/bash\nbmrt_test 0.5.1\n");
  EXPECT_EQ(as_linaro("sudo bm-smi > /dev/null").status, 0);
  EXPECT_EQ(as_linaro("sudo none").err, "sudo: none: command not found\n");
  EXPECT_EQ(as_linaro("sudo none").status, 1);
  EXPECT_EQ(as_linaro("sudo false").status, 1);
  EXPECT_EQ(as_linaro("sudo sh -c 'exit 7'").status, 7);
  EXPECT_EQ(as_linaro("sudo").status, 1);
  EXPECT_EQ(as_linaro("sudo -u none id").status, 1);
  EXPECT_EQ(run("sudo -u daemon sudo id").err, "daemon is not in the sudoers file.  This incident will be reported.\n");
}

TEST_F(Bm1684xSoc, BmrtTestLogsEveryLine) {
  put("/data/m.bmodel", as_text(golden("special", "quant_io_asym").at("model.bmodel")));
  const Ran ran = as_linaro("cd /data && bmrt_test --bmodel m.bmodel --loopnum 3");
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_EQ(ran.err, "");  // the tools read stdout
  expect_lines(ran.out,
               {"INFO:Loop num: 3\n",
                "WARNING:setpriority failed",
                "INFO:cpu_lib 'libcpuop.so' is loaded.\n",
                "INFO:Loading bmodel from [m.bmodel]. Thanks for your patience...\n",
                "INFO:pre net num: 0, load net num: 1\n",
                "INFO: NetName: quant_io_asym, Index=0\n",
                "INFO: ---- stage 0 ----\n",
                "INFO:   Input 0) 'in0' shape=[ 1 3 12 12 ] dtype=INT8 scale=43.5965 zero_point=2\n",
                "INFO:   Output 0) 'conv_17_Conv' shape=[ 1 10 6 6 ] dtype=INT8 scale=0.0168007 zero_point=-4\n",
                "INFO:==> running network #0, name: quant_io_asym, loop: 0\n",
                "INFO:reading input #0, bytesize=432\n",
                "INFO:  --> input_data: < 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 ... > len=432\n",
                "net[quant_io_asym] stage[0], launch total time is ",
                " us (npu ",
                " us, cpu ",
                " us), (launch func time ",
                " us, sync ",
                "INFO:+++ The network[quant_io_asym] stage[0] output_data +++\n",
                "INFO:output data #0 shape: [1 10 6 6 ] < ",
                "INFO:load input time(s): ",
                "calculate  time",
                "INFO:compare    time(s): ",
                "loop: 1\n",
                "loop: 2\n"});
  EXPECT_EQ(run("bmrt_test --bmodel /data/m.bmodel").out.find("setpriority"), std::string::npos);
}

TEST_F(Bm1684xSoc, ContextFoldersAreCompared) {
  for (const auto& [family, name] : {std::pair{"special", "quant_io_asym"},
                                     {"special", "high_precision"},
                                     {"matmul", "fc_bf16"},
                                     {"matmul", "mm_2d_f16"},
                                     {"conv", "conv1d_int8"}}) {
    put_context("/data/context", golden(family, name));
    const Ran ran = as_linaro("bmrt_test --context_dir /data/context --accuracy_f 0");
    EXPECT_EQ(ran.status, 0) << name << "\n" << ran.out;
    expect_lines(ran.out, {"==>comparing output in mem #0 ... \n", "cmp success +++\n"});
  }
  // One wrong byte is seen.
  auto files = golden("special", "quant_io_asym");
  put_context("/data/context", files);
  std::string reference = raw(read_npz(files.at("output_0.npz")));
  reference[100] = static_cast<char>(reference[100] ^ 0x40);
  put("/data/context/output_ref_data.dat", reference);
  const Ran wrong = as_linaro("bmrt_test --context_dir /data/context");
  EXPECT_EQ(wrong.status, 255);
  expect_lines(wrong.out, {"first difference at index 100", "stage[0] cmp failed +++\n"});
  EXPECT_EQ(as_linaro("bmrt_test --context_dir /data/context --compare 0").status, 0);
  EXPECT_EQ(as_linaro("bmrt_test --context_dir=/data/context --accuracy_i 127").status, 0);
  put("/data/context/output_ref_data.dat", "short");
  EXPECT_NE(as_linaro("bmrt_test --context_dir /data/context").out.find("output_ref_data.dat is too short"),
            std::string::npos);
}

TEST_F(Bm1684xSoc, NetsAndStagesAreChosen) {
  put("/data/nets.bmodel", as_text(golden("special", "multinet").at("model.bmodel")));
  put("/data/stages.bmodel", as_text(golden("special", "stages_hw").at("model.bmodel")));
  const auto runs = [&](const std::string& options) {
    std::string out;
    const std::string text = as_linaro("bmrt_test --bmodel " + options).out, mark = ", launch total time";
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
      const auto start = text.rfind("net[", at);
      out += text.substr(start, at - start) + "\n";
    }
    return out;
  };
  EXPECT_EQ(runs("/data/nets.bmodel"), "net[neta] stage[0]\nnet[netb] stage[0]\nnet[netc] stage[0]\n");
  EXPECT_EQ(runs("/data/nets.bmodel --net_idx 1"), "net[netb] stage[0]\n");
  EXPECT_EQ(runs("/data/stages.bmodel --stage_idx 2"), "net[stages_hw] stage[2]\n");
  EXPECT_EQ(runs("/data/stages.bmodel --core_list 0 --stage_idx 0 --devid 0"), "net[stages_hw] stage[0]\n");
  EXPECT_EQ(runs("/data/stages.bmodel --shapes '[1,3,12,12]'"), "net[stages_hw] stage[1]\n");
  EXPECT_EQ(runs("/data/stages.bmodel --shapes [1,3,20,24] --thread_num 2 --loopnum 2"),
            "net[stages_hw] stage[0]\nnet[stages_hw] stage[0]\nnet[stages_hw] stage[0]\nnet[stages_hw] stage[0]\n");
  EXPECT_EQ(as_linaro("bmrt_test --bmodel /data/stages.bmodel --shapes '[1,3,5,5]'").status, 255);
}

TEST_F(Bm1684xSoc, BmrtTestFailsAsTheVendors) {
  const Ran none = as_linaro("bmrt_test");
  EXPECT_EQ(none.status, 255);
  EXPECT_NE(none.out.find("FATAL:no context files"), std::string::npos);
  EXPECT_EQ(as_linaro("bmrt_test --bmodel /data/none.bmodel").status, 255);
  EXPECT_EQ(as_linaro("bmrt_test --bmodel /etc/passwd").status, 255);
  EXPECT_EQ(as_linaro("bmrt_test --bmodel m --loopnum x").status, 255);
  EXPECT_NE(as_linaro("bmrt_test --bmodel m --core_list 1").out.find("this chip has core 0"), std::string::npos);
  EXPECT_EQ(as_linaro("bmrt_test --wrong").status, 255);
  std::string model = as_text(golden("special", "quant_io_asym").at("model.bmodel"));
  put("/data/half.bmodel", model.substr(0, model.size() / 2));
  EXPECT_EQ(as_linaro("bmrt_test --bmodel /data/half.bmodel").status, 255);
  const auto chip = model.find("BM1684X");
  ASSERT_NE(chip, std::string::npos);
  model[chip + 6] = 'Y';
  put("/data/other.bmodel", model);
  const Ran other = as_linaro("bmrt_test --bmodel /data/other.bmodel");
  EXPECT_EQ(other.status, 255);
  EXPECT_NE(other.out.find("WRONG:Error: runtime arch[BM1684X] is not the same with bmodel arch[BM1684Y]\n"),
            std::string::npos)
      << other.out;
  put("/data/dynamic.bmodel", as_text(golden("special", "dynamic_fc").at("model.bmodel")));
  const Ran dynamic = as_linaro("bmrt_test --bmodel /data/dynamic.bmodel");
  EXPECT_EQ(dynamic.status, 255);
  EXPECT_NE(dynamic.out.find("dynamic"), std::string::npos);
}

TEST_F(Bm1684xSoc, DeviceMemoryIsLimited) {
  auto small = options();
  small.ion_bytes = 8192;
  board = devices::Board::open("bm1684x-soc", small);
  put("/data/m.bmodel", as_text(golden("special", "quant_io_asym").at("model.bmodel")));
  const Ran ran = as_linaro("bmrt_test --bmodel /data/m.bmodel");
  EXPECT_EQ(ran.status, 255);
  EXPECT_NE(ran.out.find("device mem alloc failed"), std::string::npos) << ran.out;
}

TEST_F(Bm1684xSoc, ModelToolShowsTheVendorsText) {
  put("/data/m.bmodel", as_text(golden("special", "multinet").at("model.bmodel")));
  const Ran info = as_linaro("model_tool --info /data/m.bmodel");
  EXPECT_EQ(info.status, 0);
  expect_lines(info.out,
               {"bmodel version: B.2.2+v1.30.2-20260831\nchip: BM1684X\ncreate time: Sat Nov 21 12:27:05 2026\n\n"
                "kernel_module name: \nkernel_module size: 0\nkernel mode: normal\n"
                "==========================================\nnet 0: [neta]  static\n------------\n"
                "stage 0, core num: 1\ninput: in0, [1, 3, 10, 10], float32, scale: 1, zero_point: 0\n"
                "output: conv_3_Conv_f32, [1, 8, 10, 10], float32, scale: 1, zero_point: 0\n"
                "==========================================\nnet 1: [netb]  static\n",
                "\ndevice mem size: 67072 (weight: 40960, instruct: 5632, runtime: 20480)\n"
                "host mem size: 0 (weight: 0, runtime: 0)\nestimated SoC CPU peak: 733184\n"
                "estimated PCIE CPU peak: 770048\nbmodel is 4k aligned\n"});
  EXPECT_EQ(as_linaro("model_tool --chip /data/m.bmodel").out, "BM1684X");
  expect_lines(as_linaro("model_tool --weight /data/m.bmodel").out,
               {"net 0 : \"neta\", stage:0\n-------------------------------\ntpu.Conv2D.weight : [0x0, 0x1000)\n",
                "tpu.MatMul.bias : [0x8000, 0x9000)\n"});
  put("/data/q.bmodel", as_text(golden("special", "quant_io_asym").at("model.bmodel")));
  expect_lines(as_linaro("model_tool --print /data/q.bmodel").out,
               {"{\n  type: \"B\",\n  version: \"2.2+v1.30.2-20260831\",\n  time: \"Sat Nov 21 12:28:14 2026\\n\",\n"
                "  chip: \"BM1684X\",\n  net: [\n    {\n      name: \"quant_io_asym\",\n      parameter: [\n        {\n"
                "          input_tensor: [\n            {\n              name: \"in0\",\n"
                "              data_type: 2,\n              gmem_stmode: 0,\n"
                "              device_addr: 4294995968,\n              size: 432,\n              shape: [\n"
                "                {\n                  dim: [\n                    1,\n                    3,\n",
                "scale: 43.596481,\n", "check_code: [\n              222,\n              75,\n",
                "binary_coeff: {\n              start: 0,\n              size: 28672\n            },\n",
                "bdc_num: 29,\n", "binary_bdc: {\n", "start: 28672,\n", "size: 1664\n"});
  EXPECT_EQ(as_linaro("model_tool").status, 255);
  EXPECT_EQ(as_linaro("model_tool --info /etc/passwd").status, 255);
  EXPECT_EQ(as_linaro("model_tool --info /none").out, "[BMODEL][ModelCtx:509] FATAL: File[/none] open failed.\n");
}

TEST_F(Bm1684xSoc, ModelToolTakesModelsApartAndCombinesThem) {
  put("/data/m.bmodel", as_text(golden("special", "multinet").at("model.bmodel")));
  const Ran parts = as_linaro("cd /data && model_tool --extract m.bmodel");
  EXPECT_EQ(parts.status, 0);
  EXPECT_EQ(parts.out,
            "Generate file [bm_net0_stage0.bmodel] ......\nGenerate file [bm_net1_stage0.bmodel] ......\n"
            "Generate file [bm_net2_stage0.bmodel] ......\nSuccess: all files have been generated!\n");
  EXPECT_EQ(as_linaro("cd /data && model_tool --combine bm_net2_stage0.bmodel bm_net0_stage0.bmodel -o c.bmodel").out,
            "Success: combined to [c.bmodel].\n");
  const Ran ran = as_linaro("bmrt_test --bmodel /data/c.bmodel");
  EXPECT_EQ(ran.status, 0);
  expect_lines(ran.out, {" NetName: netc, Index=0\n", " NetName: neta, Index=1\n", "net[netc] stage[0], launch",
                         "net[neta] stage[0], launch"});
  const Ran twice = as_linaro("cd /data && model_tool --combine c.bmodel c.bmodel");
  EXPECT_EQ(twice.status, 255);
  EXPECT_EQ(twice.out,
            "[BMODEL][IsTensorConflict:298] ERROR: tensor shape should not be the same\n"
            "[BMODEL][AddNet:172] FATAL: net[netc] input tensors is conflict\n");
  EXPECT_EQ(as_linaro("cd /data && model_tool --dump m.bmodel 0x10 16 d && wc -c < d").out,
            "save file[d] success\n16\n");
  EXPECT_EQ(as_linaro("cd /data && model_tool --dump m.bmodel 0 100000000 d").out,
            "[bm_dump_binary:1349] Error : start[0x0] size[0x5f5e100] is not supproted\n");
}

TEST_F(Bm1684xSoc, ModelRunnerGivesTheFunctionalModelsValues) {
  for (const auto& [family, name] :
       {std::pair{"special", "quant_io_asym"}, {"matmul", "fc_bf16"}, {"special", "quant_io_f16"}}) {
    const auto files = golden(family, name);
    const bool numbered = files.contains("input_0.npz");
    put("/data/m.bmodel", as_text(files.at("model.bmodel")));
    put("/data/in.npz", as_text(files.at(numbered ? "input_0.npz" : "input.npz")));
    const Ran ran =
        as_linaro("bash -lc 'model_runner --input /data/in.npz --model /data/m.bmodel --output /data/out.npz'");
    ASSERT_EQ(ran.status, 0) << name << ran.err;
    const auto file = board->files().read_file({}, "/data/out.npz");
    ASSERT_TRUE(file);
    const auto got = read_npz(ByteView({reinterpret_cast<const std::uint8_t*>(file->data()), file->size()}));
    const auto wanted = read_npz(files.at(numbered ? "output_0.npz" : "output.npz"));
    ASSERT_EQ(got.size(), wanted.size());
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].first, wanted[i].first);
      EXPECT_EQ(got[i].second.dtype, DType::f32);
      ASSERT_EQ(got[i].second.count(), wanted[i].second.count());
      for (std::uint64_t e = 0; e < got[i].second.count(); ++e) {
        double value = element_as_double(wanted[i].second, e);
        if (wanted[i].second.dtype == DType::i8) value = static_cast<float>(value + 4) * 0.0168007f;
        EXPECT_NEAR(element_as_double(got[i].second, e), value, 1e-5 * std::abs(value)) << name << " element " << e;
      }
    }
    // The folder it leaves beside the model is what bmrt_test compares with.
    EXPECT_EQ(as_linaro("bmrt_test --context_dir /data/m --accuracy_f 0").status, 0) << name;
  }
}

TEST_F(Bm1684xSoc, TheRemoteToolsStepsWork) {
  const auto files = golden("special", "quant_io_asym");
  put("/data/X.bmodel", as_text(files.at("model.bmodel")));
  EXPECT_EQ(as_linaro("if [ ! -d /data/r ]; then mkdir -p /data/r && echo \"mkdir /data/r\"; fi").out,
            "mkdir /data/r\n");
  const Ran ran = as_linaro(
      "cd /data/r && rm -rf ./bmprofile* && BMRUNTIME_ENABLE_PROFILE=1 bmrt_test --bmodel /data/X.bmodel > log && "
      "tar -czf bmprofile_data-1.tar.gz bmprofile_data-1/ && tar -tzf bmprofile_data-1.tar.gz | sort");
  EXPECT_EQ(ran.status, 0) << ran.err;
  expect_lines(ran.out, {"bmprofile_data-1/", "bmprofile_data-1/cmd_", "_0_0.dat\n", "_0_1.dat\n",
                         "bmprofile_data-1/global.profile\n", "bmprofile_data-1/iter0.profile\n"});
  // Blocks: 1 summary, 3 and 4 a record for every command but the end commands, 8 the counts of commands.
  const auto iteration = board->files().read_file({}, "/data/r/bmprofile_data-1/iter0.profile");
  ASSERT_TRUE(iteration);
  const auto words = [&](std::size_t at) {
    std::uint32_t word = 0;
    std::memcpy(&word, iteration->data() + at, 4);
    return word;
  };
  std::map<std::uint32_t, std::size_t> sizes, places;
  for (std::size_t at = 0; at + 8 <= iteration->size(); at += 8 + words(at + 4)) {
    sizes[words(at)] = words(at + 4);
    places[words(at)] = at + 8;
  }
  const auto gdma = words(places[8] + 36), tiu = words(places[8] + 40);
  EXPECT_EQ(sizes,
            (std::map<std::uint32_t, std::size_t>{{1, 36}, {3, 32 * (tiu - 1)}, {4, 192 * (gdma - 1)}, {8, 44}}));
  for (std::size_t i = 0; i + 1 < gdma; ++i) {
    const std::size_t at = places[4] + 192 * i;
    EXPECT_LT(words(at), words(at + 4));
    EXPECT_EQ(words(at + 8), i);
  }
  expect_lines(as_linaro("cat /data/r/bmprofile_data-1/global.profile").out,
               {"[bmprofile] arch=BM1684X\n", "net_name=quant_io_asym\n", "tpu_freq=1000\n", "core_list=0,\n",
                "size=28672", "desc=coeff\n", "size=1664 ", "desc=bd_cmd_mem\n", "size=896 ", "desc=gdma_cmd_mem\n"});
}

// The rows are those of libsophon's program in SoC mode, which knows neither temperatures nor currents.
TEST_F(Bm1684xSoc, BmSmiShowsTheCard) {
  const Ran once = as_linaro("bm-smi --noloop");
  EXPECT_EQ(once.status, 0);
  expect_lines(
      once.out,
      {"| Lib Version:    0.5.1             Driver Version:  0.5.1                                         |\n",
       "|card  Name      Mode        SN         |TPU  boardT  chipT   TPU_P  TPU_V  ECC  CorrectN  Tpu-Util|\n",
       "| 0 1684X-SOC     SOC      N/A          | 0    N/A     N/A     N/A     N/A  N/A    N/A          0% |\n",
       "|   N/A   N/A   N/A   75M    1000M   N/A| N/A        Active   1000M       N/A     0MB/ 4096MB      |\n"});
  std::istringstream rows(once.out);
  std::string row;
  std::getline(rows, row);  // the date
  while (std::getline(rows, row)) EXPECT_TRUE(row.empty() || row.size() == 100) << row;
  const Ran logged =
      as_linaro("bm-smi --file=/data/smi; bm-smi --file /data/smi -noloop > /dev/null; grep -c '0  SOC ' /data/smi");
  EXPECT_NE(logged.out.find("\n2\n"), std::string::npos) << logged.out;
}

TEST_F(Bm1684xSoc, BmSmiRefusesAsOnTheSoc) {
  const Ran line = as_linaro("bm-smi --start_dev=0 --last_dev=0 --text_format");
  EXPECT_EQ(line.status, 1);
  EXPECT_EQ(line.err, "ERROR: unknown command line flag 'start_dev'\n");
  const Ran fast = as_linaro("bm-smi --lms=100");
  EXPECT_EQ(fast.status, 234);
  EXPECT_EQ(fast.out, "invalid lsm = 100, it is less than 300\nvalidate input param failed!\n");
  EXPECT_EQ(as_linaro("bm-smi --opmode=led").out, "not support flag:led, Please check!\n");
  EXPECT_EQ(as_linaro("bm-smi --lms=many").err, "ERROR: illegal value 'many' specified for int32 flag 'lms'\n");
  EXPECT_EQ(as_linaro("bm-smi --file=/nowhere/x").out, "open /nowhere/x failed\nvalidate input param failed!\n");
  EXPECT_EQ(as_linaro("bm-smi --help").status, 1);
}

}  // namespace
}  // namespace vnpu::sophon
