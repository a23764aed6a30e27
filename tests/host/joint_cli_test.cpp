// .joint models on the command line: the vendor's reports, the converter's estimate beside ours, values' standing.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/archive.h"
#include "host/text_table.h"
#include "tests/host/run_vnpu.h"

namespace vnpu {
namespace {

using nlohmann::json;

class JointCli : public CommandTest {
 protected:
  // A model of our golden cases; its path.
  std::string model(const std::string& archive, const std::string& kind) const {
    const auto file = path(kind + ".joint");
    for_each_entry(read_file(std::filesystem::path(VNPU_SOURCE_DIR "/tests/golden/ax620/" + archive)),
                   ArchiveFormat::tar, {}, [&](const std::string& name, const Bytes& bytes) {
                     if (name.find(kind) != std::string::npos && name.ends_with("model.joint")) write_file(file, bytes);
                   });
    return file;
  }
};

TEST_F(JointCli, PulsarInfoIsTheVendorsReport) {
  const auto ran = vnpu("pulsar info --layer_mapping --part_info " + model("cpu.tar.xz", "00003_chain"));
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.text, R"(Information of 00003_chain.joint:
IO Meta Info:
NAME    I/O?    SHAPE          DTYPE    LAYOUT
------  ------  -------------  -------  --------
input0  INPUT   [1, 4, 2, 12]  uint8    NHWC
input1  INPUT   [1, 6, 2, 12]  uint8    NHWC
input2  INPUT   [1, 6, 2, 12]  uint8    NHWC
Three   OUTPUT  [1, 64, 6]     float32  NHWC

Approx System Memory: 1.92 KB
Approx Standard Memory: 2.50 KB
Approx Memory: 4.42 KB

Virtual NPU: AX620_VNPU_111
Static Batch: 1
Toolchain Version: 0.0.0.1
own

Layer Mapping:
ORIGIN NAMES    LAVA NAMES
--------------  ---------------
input           input
Mul_1, Cast_1   scale0, op_gone
Mul_2, Cast_2   scale1
Mul_3, Cast_3   scale2

Part Info:
NAME    TYPE    RUNS ON    INPUTS                  OUTPUTS
------  ------  ---------  ----------------------  ----------------
part_0  NEU     NPU        input0, input1, input2  out0, out1, out2
part_1  AXE     CPU        out2, two               three
part_2  AXE     CPU        out0, out1              two
)");
}

TEST_F(JointCli, PulsarInfoWritesWhatItIsAskedFor) {
  const auto file = model("cpu.tar.xz", "00001_concat");
  const auto ran = vnpu("pulsar info " + file + " --performance --tablefmt jira --output " + path("out") +
                        " --output_json " + path("all.json"));
  EXPECT_EQ(ran.status, 0);
  EXPECT_NE(ran.text.find("|| NAME   || I/O?   || SHAPE"), std::string::npos) << ran.text;
  EXPECT_NE(ran.text.find("\nPerformance:\n|| Layers"), std::string::npos) << ran.text;
  EXPECT_NE(ran.text.find("| TOTAL "), std::string::npos);
  EXPECT_EQ(text_of("out/00001_concat.txt"), ran.text);
  EXPECT_EQ(json::parse(text_of("all.json")).at("model_outputs").size(), 3u);
  EXPECT_EQ(vnpu("pulsar info --tablefmt nice " + file).status, 2);
  EXPECT_EQ(vnpu("pulsar version " + file).text, "0.0.0.1\nown\n");
  const auto other = vnpu("pulsar info " VNPU_SOURCE_DIR "/tests/golden/digits/digits_cv181x_int8.cvimodel");
  EXPECT_EQ(other.status, 4);
  EXPECT_NE(other.text.find(".joint"), std::string::npos);
}

TEST(TextTable, EveryFormIsTabulates) {  // as Python's tabulate 0.8.9 prints them
  const std::vector<std::string> header{"A", "LONG"};
  const std::vector<std::vector<std::string>> rows{{"a<b", "x"}, {"", "höher"}};
  EXPECT_EQ(cli::text_table(header, rows, "simple"), "A    LONG\n---  ------\na<b  x\n     höher");
  EXPECT_EQ(cli::text_table(header, rows, "grid"),
            "+-----+--------+\n| A   | LONG   |\n+=====+========+\n| a<b | x      |\n+-----+--------+\n"
            "|     | höher  |\n+-----+--------+");
  EXPECT_EQ(cli::text_table(header, rows, "html"),
            "<table>\n<thead>\n<tr><th>A  </th><th>LONG  </th></tr>\n</thead>\n<tbody>\n"
            "<tr><td>a&lt;b</td><td>x     </td></tr>\n<tr><td>   </td><td>höher </td></tr>\n</tbody>\n</table>");
  EXPECT_EQ(cli::text_table(header, rows, "jira"), "|| A   || LONG   ||\n| a<b | x      |\n|     | höher  |");
}

TEST_F(JointCli, ProfileStandsBesideTheConvertersEstimate) {
  const auto file = model("cpu.tar.xz", "00001_concat");
  const auto j = json::parse(vnpu("profile --json " + file + " --html " + path("p.html")).text);
  const auto& estimate = j.at("converter_estimate");
  const auto& layers = estimate.at("layers");
  ASSERT_EQ(layers.size(), 4u);  // loads, and a multiplication an input with its store
  double cycles = 0, macs = 0;
  std::uint64_t own = 0;
  for (const auto& layer : layers) {
    cycles += layer.at("cycles").get<double>();
    macs += layer.at("macs").get<double>();
    own += layer.at("own_cycles").get<std::uint64_t>();
    EXPECT_GT(layer.at("own_cycles").get<std::uint64_t>(), 0u) << layer;
  }
  EXPECT_EQ(layers.at(1).at("name"), "Mul_1, Cast_1");
  EXPECT_EQ(layers.at(1).at("cycles"), 1010.0);
  EXPECT_EQ(cycles, estimate.at("total_cycles").get<double>());
  EXPECT_EQ(macs, estimate.at("total_macs").get<double>());
  std::uint64_t busy = 0;
  for (const auto& engine : j.at("engines")) busy += engine.at("busy_cycles").get<std::uint64_t>();
  EXPECT_EQ(own, busy);  // nothing is counted twice or left out
  EXPECT_EQ(own, estimate.at("own_cycles").get<std::uint64_t>());
  const auto table = vnpu("profile " + file).text;
  EXPECT_NE(table.find("converter's estimate"), std::string::npos);
  EXPECT_NE(table.find("Mul_3, Cast_3"), std::string::npos);
  EXPECT_NE(table.find("the converter's TOTAL"), std::string::npos);
  EXPECT_NE(text_of("p.html").find("<h2>Converter's estimate</h2>"), std::string::npos);
  // Files without one say nothing of it.
  const auto plain = model("cases.tar.xz", "00001_w8");
  EXPECT_FALSE(json::parse(vnpu("profile --json " + plain).text).contains("converter_estimate"));
  EXPECT_EQ(vnpu("profile " + plain).text.find("converter's estimate"), std::string::npos);
}

TEST_F(JointCli, ValuesAreCalledDecodedNotProven) {
  const std::string standing = "decoded, not proven against silicon";
  const auto file = model("cpu.tar.xz", "00002_reshape");
  EXPECT_NE(vnpu("info " + file).text.find("values: " + standing), std::string::npos);
  EXPECT_EQ(json::parse(vnpu("info --json " + file).text).at("values"), standing);
  save("in.bin", std::string(6 * 2 * 12, 'a'));
  EXPECT_EQ(json::parse(vnpu("run --json " + file + " -i " + path("in.bin")).text).at("values"), standing);
}

}  // namespace
}  // namespace vnpu
