// The command line as its users call it: output, files, exit statuses. Runs the built program.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "base/archive.h"
#include "base/bytes.h"
#include "base/image.h"
#include "base/npz.h"
#include "models/cvimodel/model.h"
#include "models/cvimodel/write.h"
#include "tests/host/run_vnpu.h"

namespace vnpu {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const std::string golden = VNPU_SOURCE_DIR "/tests/golden/";
const std::string digits = golden + "digits/";
const std::string digits_model = digits + "digits_cv181x_int8.cvimodel";

class Cli : public CommandTest {
 protected:
  // The first held-out digit as the model's float input.
  std::string digit_input() const {
    const auto arrays = read_npz(fs::path(digits + "held_out.npz"));
    const auto* images = find(arrays, "images");
    Tensor image{DType::f32, {1, 1, 32, 32}, Bytes(4096)};
    for (std::size_t i = 0; i < 1024; ++i) {
      const float x = static_cast<float>(images->bytes[i]) / 255.0f;
      std::memcpy(image.bytes.data() + 4 * i, &x, 4);
    }
    write_npz(fs::path(path("in.npz")), {{"image", image}});
    return path("in.npz");
  }

  // A case of an archive of golden cases, unpacked.
  std::string unpack(const std::string& archive, const std::string& case_name) const {
    for_each_entry(read_file(golden + "cv18xx/" + archive), ArchiveFormat::tar, {},
                   [&](const std::string& name, const Bytes& bytes) {
                     if (name.find(case_name + "/") == std::string::npos) return;
                     write_file(path(fs::path(name).filename().string()), bytes);
                   });
    return folder_.string();
  }
};

std::string first_of(const std::string& text, const std::string& word) {
  const auto at = text.find(word);
  return at == std::string::npos ? "" : text.substr(at, text.find('\n', at) - at);
}

TEST_F(Cli, InfoTellsWhatIsInTheFile) {
  const auto text = vnpu("info " + digits_model);
  EXPECT_EQ(text.status, 0);
  for (const char* part : {"cv181x", "image  1x1x32x32 f32", "quant", "TIU", "runs here"}) {
    EXPECT_NE(text.text.find(part), std::string::npos) << part << " in:\n" << text.text;
  }
  const auto machine = vnpu("info --json " + digits_model);
  const json info = json::parse(machine.text);
  EXPECT_EQ(info.at("chip"), "cv181x");
  EXPECT_EQ(info.at("programs").at(0).at("inputs").at(0).at("shape"), (json{1, 1, 32, 32}));
  EXPECT_TRUE(info.at("refusals").empty());
}

TEST_F(Cli, DisasmListsCommandsAndRanges) {
  const auto all = vnpu("disasm " + digits_model);
  EXPECT_EQ(all.status, 0);
  EXPECT_NE(all.text.find("conv.i8.qdm"), std::string::npos);
  const auto tiu = vnpu("disasm --engine tiu " + digits_model);
  EXPECT_EQ(tiu.text.find("tdma.g2l"), std::string::npos);
  const json some = json::parse(vnpu("disasm --json --range 2:3 " + digits_model).text);
  ASSERT_EQ(some.size(), 2u);
  EXPECT_EQ(some[0].at("index"), 2);
  EXPECT_EQ(vnpu("disasm --range x " + digits_model).status, 2);
}

TEST_F(Cli, RunGivesTheSimulatorsBytes) {
  const auto ran = vnpu("run " + digits_model + " -i " + digit_input() + " -o " + path("out.npz"));
  EXPECT_EQ(ran.status, 0) << ran.text;
  const auto out = read_npz(fs::path(path("out.npz")));
  const auto expected = read_npz(fs::path(digits + "simulator_cv181x_int8.npz"));
  ASSERT_EQ(out.size(), 1u);
  EXPECT_TRUE(std::equal(out[0].second.bytes.begin(), out[0].second.bytes.end(), expected[0].second.bytes.begin()));
  for (const char* engine : {"scalar", "fast"}) {
    EXPECT_EQ(vnpu("run " + digits_model + " -i " + path("in.npz") + " --engine " + engine + " -o " + path("again.npz"))
                  .status,
              0);
    EXPECT_EQ(vnpu("compare " + path("out.npz") + " " + path("again.npz")).status, 0);
  }
  const json report =
      json::parse(vnpu("run --json -q " + digits_model + " -i " + path("in.npz") + " --top 1 2>/dev/null").text);
  EXPECT_EQ(report.at("outputs").at(0).at("top").size(), 1u);
}

TEST_F(Cli, RunChoosesAProgramByIndexOrBatch) {
  unpack("merged.tar.xz", "merged-bs123-cv181x-int8");
  const std::string model = path("model.cvimodel");
  for (const char* choice : {" --program 1", " --batch 2"}) {
    ASSERT_EQ(vnpu("run " + model + " -i " + path("input_1.npz") + choice + " -o " + path("out.npz")).status, 0)
        << choice;
    EXPECT_EQ(vnpu("compare " + path("out.npz") + " " + path("output_1.npz")).status, 0) << choice;
  }
  const auto none = vnpu("run " + model + " -i " + path("input_1.npz") + " --batch 7");
  EXPECT_EQ(none.status, 2);
  EXPECT_NE(none.text.find("1, 2, 3"), std::string::npos) << none.text;
  EXPECT_EQ(vnpu("run " + model + " -i " + path("input_1.npz") + " --batch 2 --program 1").status, 2);
}

TEST_F(Cli, RunTakesPicturesWhenToldHow) {
  const auto arrays = read_npz(fs::path(digits + "held_out.npz"));
  const auto* images = find(arrays, "images");
  const Image picture{32, 32, 1, Bytes(images->bytes.begin(), images->bytes.begin() + 1024)};
  write_file(path("digit.png"), encode_png(picture));
  // The model's preprocessing is not fused: it cannot be guessed.
  const auto refused = vnpu("run " + digits_model + " -i " + path("digit.png"));
  EXPECT_EQ(refused.status, 2);
  EXPECT_NE(refused.text.find("--mean"), std::string::npos) << refused.text;
  const auto ran =
      vnpu("run " + digits_model + " -i image=" + path("digit.png") + " --mean 0 --scale 0.00392156862745 --top 1");
  EXPECT_EQ(ran.status, 0) << ran.text;
}

TEST_F(Cli, CompareNamesTheFirstDifference) {
  write_npz(fs::path(path("a.npz")), {{"x", {DType::i8, {2, 3}, {1, 2, 3, 4, 5, 6}}}, {"y", {DType::i8, {1}, {7}}}});
  write_npz(fs::path(path("b.npz")), {{"x", {DType::i8, {2, 3}, {1, 2, 3, 4, 9, 6}}}, {"y", {DType::i8, {1}, {7}}}});
  EXPECT_EQ(vnpu("compare " + path("a.npz") + " " + path("a.npz")).status, 0);
  const auto different = vnpu("compare " + path("a.npz") + " " + path("b.npz"));
  EXPECT_EQ(different.status, 1);
  EXPECT_NE(different.text.find("first difference: x"), std::string::npos) << different.text;
  EXPECT_EQ(vnpu("compare " + path("a.npz") + " " + path("b.npz") + " --max-difference 4").status, 0);
  EXPECT_EQ(
      vnpu("compare " + path("a.npz") + " " + path("b.npz") + " --max-difference 3 --junit " + path("r.xml")).status,
      1);
  const Bytes xml = read_file(path("r.xml"));
  EXPECT_NE(std::string(xml.begin(), xml.end()).find("failures=\"1\""), std::string::npos);
}

// The user's first question: a weight was damaged; which layer goes wrong first?
TEST_F(Cli, CompareNamesTheFirstWrongLayerOfADamagedWeight) {
  std::string name;
  for_each_entry(
      read_file(golden + "cv18xx/layers.tar.xz"), ArchiveFormat::tar, {}, [&](const std::string& file, const Bytes&) {
        const bool wanted = file.find("net_resblock") != std::string::npos && file.find("int8") != std::string::npos;
        if (wanted && name.empty()) name = fs::path(file).parent_path().filename().string();
      });
  ASSERT_FALSE(name.empty());
  unpack("layers.tar.xz", name);
  const std::string info = " --tensor-info " + path("tensor_info.txt");
  ASSERT_EQ(
      vnpu("run " + path("model.cvimodel") + " -i " + path("input.npz") + info + " --dump-tensors " + path("ref.npz"))
          .status,
      0);
  const std::string with = " -i " + path("input.npz") + " --reference " + path("ref.npz") + info;
  const auto intact = vnpu("compare " + path("model.cvimodel") + with);
  EXPECT_EQ(intact.status, 0) << intact.text;

  // Damage the middle filter: every weight byte of one layer becomes its complement.
  cvimodel::Model model = cvimodel::read(read_file(path("model.cvimodel")));
  std::vector<cvimodel::Weight> filters;
  for (const auto& weight : model.weights) {
    if (weight.name.find("filter") != std::string::npos) filters.push_back(weight);
  }
  ASSERT_GT(filters.size(), 2u);
  const cvimodel::Weight& victim = filters[1];
  for (auto& section : model.sections) {
    if (section.type != cvimodel::SectionType::weight) continue;
    for (std::uint32_t i = 0; i < victim.size; ++i) section.bytes[victim.place.offset + i] ^= 0xFF;
  }
  write_file(path("damaged.cvimodel"), cvimodel::write(model));
  const auto damaged = vnpu("compare " + path("damaged.cvimodel") + with);
  EXPECT_EQ(damaged.status, 1) << damaged.text;
  const std::string layer = victim.name.substr(0, victim.name.find("_filter"));
  const std::string verdict = first_of(damaged.text, "first wrong:");
  EXPECT_NE(verdict.find("tensor " + layer), std::string::npos) << verdict << " should name " << layer << "\n"
                                                                << damaged.text;
  EXPECT_NE(verdict.find("first differing index ["), std::string::npos) << verdict;
}

TEST_F(Cli, VerifyCountsAndFails) {
  const auto good = vnpu("verify " + golden + "cv18xx/digits.tar.xz");
  EXPECT_EQ(good.status, 0) << good.text;
  EXPECT_NE(good.text.find("4 passed, 0 failed, 0 skipped"), std::string::npos) << good.text;
  unpack("digits.tar.xz", "cv181x-int8");
  auto out = read_npz(fs::path(path("output.npz")));
  out[0].second.bytes[5] ^= 1;
  write_npz(fs::path(path("output.npz")), out);
  const auto bad = vnpu("verify " + folder_.string() + " --junit " + path("r.xml"));
  EXPECT_EQ(bad.status, 1);
  EXPECT_NE(bad.text.find("expected"), std::string::npos) << bad.text;
  EXPECT_NE(bad.text.find("0 passed, 1 failed, 0 skipped"), std::string::npos) << bad.text;
}

TEST_F(Cli, ExitStatusesNameTheKindOfError) {
  EXPECT_EQ(vnpu("--version").status, 0);
  EXPECT_EQ(vnpu("--help").status, 0);
  EXPECT_EQ(vnpu("").status, 2);
  EXPECT_EQ(vnpu("run").status, 2);
  EXPECT_EQ(vnpu("warp 9").status, 2);
  EXPECT_EQ(vnpu("run " + digits_model + " -i " + digit_input() + " --quirks no_such").status, 2);
  EXPECT_EQ(vnpu("run " + digits_model + " -i " + path("in.npz") + " --program 7").status, 2);
  EXPECT_EQ(vnpu("run " + digits_model + " -i " + path("in.npz") + " --engine rtl").status, 4);
  EXPECT_EQ(vnpu("info /nonexistent.cvimodel").status, 3);
  Bytes file = read_file(digits_model);
  file.resize(file.size() - 1);
  write_file(path("short.cvimodel"), file);
  const auto damaged = vnpu("info " + path("short.cvimodel"));
  EXPECT_EQ(damaged.status, 3);
  EXPECT_NE(damaged.text.find("at byte 0x"), std::string::npos) << damaged.text;
  // A command that asks for what the chip does not have: the simulated device faults.
  cvimodel::Model model = cvimodel::read(read_file(digits_model));
  for (auto& section : model.sections) {
    if (section.type != cvimodel::SectionType::cmdbuf) continue;
    section.bytes[8 + 36] ^= 1;  // a bit of dst_w of the first command, a load: shapes no longer agree
  }
  write_file(path("fault.cvimodel"), cvimodel::write(model));
  const auto fault = vnpu("run " + path("fault.cvimodel") + " -i " + path("in.npz"));
  EXPECT_EQ(fault.status, 5) << fault.text;
  EXPECT_NE(fault.text.find("command 0"), std::string::npos) << fault.text;
}

TEST_F(Cli, CompletionsNameCommandsAndOptions) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto ran = vnpu(std::string("completion ") + shell);
    EXPECT_EQ(ran.status, 0);
    EXPECT_NE(ran.text.find("disasm"), std::string::npos);
    EXPECT_NE(ran.text.find("tensor-info"), std::string::npos);
  }
}

}  // namespace
}  // namespace vnpu
