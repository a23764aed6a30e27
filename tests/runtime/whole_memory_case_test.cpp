// Golden cases with a trace row a command, with runs that name their net, and with models that must be refused; and
// lists of files with the vendor's verdict.
#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/block_crc.h"
#include "base/digest.h"
#include "base/npz.h"
#include "sim/runtime/case_set.h"
#include "sim/runtime/golden_case.h"
#include "sim/runtime/registry.h"
#include "tests/models/bmodel_sample.h"

namespace vnpu {
namespace {

using nlohmann::json;
using Files = std::map<std::string, Bytes>;

Bytes as_bytes(const std::string& text) { return Bytes(text.begin(), text.end()); }
Bytes as_bytes(const json& value) { return as_bytes(value.dump()); }

Tensor tensor(const Shape& shape, std::uint8_t add) {
  Tensor out{DType::i8, shape, Bytes(bmodel::sample_elements)};
  for (std::size_t i = 0; i < out.bytes.size(); ++i) out.bytes[i] = static_cast<std::uint8_t>(i * 3 + add * (i + 1));
  return out;
}

const Shape four{1, 4, 2, 8};

Files sample_case(const std::function<void(bmodel::Model&)>& change = {}) {
  auto model = bmodel::sample_model();
  if (change) change(model);
  return {{"case.json", as_bytes(json::object())},
          {"model.bmodel", bmodel::write(model)},
          {"input.npz", write_npz({{"x", tensor(four, 0)}})},
          {"output.npz", write_npz({{"y", tensor(four, 1)}})}};
}

CaseResult run(Files files) { return run_case(CaseFiles("family/case", std::move(files)), {}); }

// What a vendor's model would record: the CRC-32 of all memory after every command, computed at once.
json sample_rows(const Files& files) {
  const auto network = open_model(ByteView(files.at("model.bmodel")))->instantiate({});
  network->set_input("x", tensor(four, 0).bytes);
  json rows = json::array();
  while (const auto step = network->step()) {
    rows.push_back({{"e", "tiu"},
                    {"id", rows.size()},
                    {"op", step->text},
                    {"lmem", crc32_hex(network->view(MemoryKind::local, 0, whole_memory))},
                    {"ddr", crc32_hex(network->view(MemoryKind::global, bmodel::sample_ctx, 0x1000))}});
  }
  return rows;
}

Files traced_case(const std::function<void(json&)>& change = {}) {
  Files files = sample_case();
  files["case.json"] = as_bytes(json{{"trace", {{"ddr_crc_from", "0x100001000"}, {"ddr_crc_size", 0x1000}}}});
  json rows = sample_rows(files);
  if (change) change(rows);
  files["traces.json"] = as_bytes(rows);
  return files;
}

TEST(WholeMemoryCase, EqualTracesAreCounted) {
  const auto result = run(traced_case());
  EXPECT_EQ(result.verdict, Verdict::passed) << result.message;
  EXPECT_EQ(result.traces, 4u);
  EXPECT_EQ(result.outputs, 1u);
}

TEST(WholeMemoryCase, TheFirstCommandThatDiffersIsNamed) {
  auto result = run(traced_case([](json& rows) { rows[2]["lmem"] = "00000000"; }));
  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_NE(result.message.find("command 2"), std::string::npos) << result.message;
  EXPECT_NE(result.message.find("local"), std::string::npos) << result.message;
  result = run(traced_case([](json& rows) { rows[3]["ddr"] = "00000000"; }));
  EXPECT_NE(result.message.find("command 3"), std::string::npos) << result.message;
  EXPECT_NE(result.message.find("global"), std::string::npos) << result.message;
}

TEST(WholeMemoryCase, RowsAndCommandsMustBeEquallyMany) {
  EXPECT_NE(run(traced_case([](json& rows) { rows.erase(3); })).message.find("more commands"), std::string::npos);
  EXPECT_NE(run(traced_case([](json& rows) { rows.push_back(rows[3]); })).message.find("ended after 4"),
            std::string::npos);
}

TEST(WholeMemoryCase, RunsNameTheirNetAndShapes) {
  Files files = sample_case();
  files.erase("input.npz");
  files.erase("output.npz");
  const auto entry = [](const char* net, const Shape& shape) {
    return json{{"net", net}, {"inputs", json::array({{{"name", "x"}, {"shape", shape}}})}};
  };
  files["case.json"] = as_bytes(json{{"runs", {entry("again", {64}), entry("add", four)}}});
  for (const auto& [ending, shape] : {std::pair{"_0.npz", Shape{64}}, {"_1.npz", four}}) {
    files[std::string("input") + ending] = write_npz({{"x", tensor(shape, 0)}});
    files[std::string("output") + ending] = write_npz({{"y", tensor(shape, 1)}});
  }
  auto result = run(files);
  EXPECT_EQ(result.verdict, Verdict::passed) << result.message;
  EXPECT_EQ(result.outputs, 2u);
  files["case.json"] = as_bytes(json{{"runs", {entry("other", four)}}});
  result = run(files);
  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_NE(result.message.find("no program"), std::string::npos) << result.message;
}

TEST(WholeMemoryCase, DynamicModelsMustBeRefused) {
  Files files = sample_case([](auto& model) { model.nets[0].stages[0].subnets[0].is_dynamic = true; });
  EXPECT_EQ(run(files).verdict, Verdict::failed);
  files["case.json"] = as_bytes(json{{"dynamic", true}});
  const auto result = run(files);
  EXPECT_EQ(result.verdict, Verdict::skipped);
  EXPECT_NE(result.message.find("refused as it must be"), std::string::npos) << result.message;
  EXPECT_NE(result.message.find("dynamic"), std::string::npos) << result.message;
}

TEST(WholeMemoryCase, AWrongResultFails) {
  Files files = sample_case();
  files["output.npz"] = write_npz({{"y", tensor(four, 2)}});
  const auto result = run(files);
  EXPECT_EQ(result.verdict, Verdict::failed);
  EXPECT_NE(result.message.find("output y"), std::string::npos) << result.message;
}

TEST(WholeMemoryCase, AResultOfUnwrittenLocalMemoryIsSkipped) {
  // The addition reads its second operand from where nothing is loaded.
  Files files = sample_case([](auto& model) {
    auto& group = model.nets[0].stages[0].subnets[0].groups[0];
    Bytes tiu = *group.tiu.bytes;
    auto add = bm1684x::decode_tiu(tiu);
    add.opd1_addr = 0x8000;
    std::ranges::copy(bm1684x::encode(add), tiu.begin());
    group.tiu = bmodel::make_blob(std::move(tiu));
  });
  auto result = run(files);
  EXPECT_EQ(result.verdict, Verdict::skipped);
  EXPECT_NE(result.message.find("local memory"), std::string::npos) << result.message;
  // From zero it is a result like any other.
  files["output.npz"] = write_npz({{"y", tensor(four, 0)}});
  result = run(files);
  EXPECT_EQ(result.verdict, Verdict::passed) << result.message;
}

TEST(WholeMemoryCase, FilesAreTriedByTheVendorsVerdict) {
  Bytes cut = bmodel::write(bmodel::sample_model());
  Files files{{"good.bmodel", cut}};
  cut.resize(cut.size() - 1);
  files["cut.bmodel"] = cut;
  files["expected.json"] = as_bytes(json{{"good.bmodel", {{"loads", true}}}, {"cut.bmodel", {{"loads", false}}}});
  const auto verdicts = [&] {
    const auto set = open_set(CaseFiles("errors", files));
    std::map<std::string, Verdict> out;
    for (std::size_t i = 0; i < set->size(); ++i) out[set->name(i)] = set->run(i, {}).verdict;
    return out;
  };
  auto out = verdicts();
  EXPECT_EQ(out.at("errors/good.bmodel"), Verdict::passed);
  EXPECT_EQ(out.at("errors/cut.bmodel"), Verdict::passed);
  std::swap(files["good.bmodel"], files["cut.bmodel"]);
  out = verdicts();
  EXPECT_EQ(out.at("errors/good.bmodel"), Verdict::failed);
  EXPECT_EQ(out.at("errors/cut.bmodel"), Verdict::failed);
}

TEST(BlockCrc, IsTheCrcOfTheWholeWhateverChanged) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{65536}, std::size_t{200000}}) {
    Bytes memory(size);
    BlockCrc crc;
    for (int round = 0; round < 5; ++round) {
      EXPECT_EQ(crc.update(memory), crc32(memory)) << size;
      memory[size * round / 5] ^= 0x40;
      memory[size - 1] += 3;
    }
    EXPECT_EQ(crc.update(memory), crc32(memory)) << size;
  }
}

}  // namespace
}  // namespace vnpu
