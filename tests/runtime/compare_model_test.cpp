// The first wrong layer of a real model, with the converter's table of layers.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/archive.h"
#include "base/npz.h"
#include "sim/runtime/compare.h"
#include "sim/runtime/registry.h"

namespace vnpu {
namespace {

class CompareModel : public testing::Test {
 protected:
  CompareModel() {
    const std::string folder = "net_unet-4-cv181x-int8/";
    const auto bytes = read_file(std::filesystem::path(VNPU_SOURCE_DIR) / "tests/golden/cv18xx/layers.tar.xz");
    for_each_entry(ByteView(bytes), ArchiveFormat::tar, {}, [&](const std::string& path, Bytes content) {
      const auto at = path.find(folder);
      if (at != std::string::npos) files[path.substr(at + folder.size())] = std::move(content);
    });
    network = open_model(ByteView(files.at("model.cvimodel")))->instantiate({});
    for (const auto& [name, tensor] : read_npz(ByteView(files.at("input.npz")))) network->set_input(name, tensor.bytes);
    table = parse_layer_table(ByteView(files.at("tensor_info.txt")));
    trace_layers(*network, table, [&](LayerResult&& layer) {
      reference.emplace_back(layer.name, dequantise(layer.tensor, layer.scale));
    });
  }

  Tensor& at(const std::string& name) { return const_cast<Tensor&>(*find(reference, name)); }

  std::map<std::string, Bytes> files;
  std::unique_ptr<Network> network;
  std::vector<LayerRow> table;
  NamedTensors reference;
};

TEST_F(CompareModel, AgreesWithItself) {
  const auto result = compare_model(*network, table, reference, {});
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.layers.size(), reference.size());
  EXPECT_GE(result.layers.size(), 8U);
  EXPECT_TRUE(result.not_compared.empty());
}

TEST_F(CompareModel, NamesTheEarliestOfSeveral) {
  std::reverse(reference.begin(), reference.end());  // the order of the reference does not matter
  at("conv_16_Conv").bytes[3] ^= 0x80;
  at("maxpool_5_MaxPool").bytes[4 * 12 * 12 + 3] ^= 0x40;
  const auto result = compare_model(*network, table, reference, {});
  ASSERT_TRUE(result.first_wrong);
  const auto& wrong = result.layers[*result.first_wrong];
  EXPECT_EQ(wrong.tensor.name, "maxpool_5_MaxPool");
  EXPECT_EQ(wrong.layer_id, 4U);
  EXPECT_EQ(wrong.tensor.index, (std::vector<std::int64_t>{0, 1, 0, 0}));
  EXPECT_EQ(wrong.tensor.differing, 1U);
  // A tolerance lets small differences pass.
  EXPECT_TRUE(compare_model(*network, table, {{"conv_16_Conv", at("conv_16_Conv")}}, {.max_difference = 10}).ok());
}

TEST_F(CompareModel, WithoutATableComparesWhatIsStillThere) {
  // The file's scales have more digits than the table's.
  const auto result = compare_model(*network, {}, reference, {.max_difference = 1e-3});
  EXPECT_FALSE(result.layers.empty());
  EXPECT_FALSE(result.not_compared.empty());  // layers that lived in local memory only
  EXPECT_TRUE(result.ok());
}

TEST_F(CompareModel, StoredIntegersAreComparedAsTheyAre) {
  NamedTensors stored;
  trace_layers(*network, table, [&](LayerResult&& layer) { stored.emplace_back(layer.name, layer.tensor); });
  EXPECT_TRUE(compare_model(*network, table, stored, {}).ok());
}

}  // namespace
}  // namespace vnpu
