#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/digest.h"
#include "base/error.h"
#include "models/kmodel/model.h"
#include "tests/models/kmodel_files.h"

namespace vnpu::kmodel {
namespace {

Error error_of(const Bytes& file) {
  try {
    (void)read(file);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "the file was read";
  return {ErrorKind::internal, ""};
}

void put(Bytes& file, std::uint64_t at, std::uint32_t word) { std::memcpy(file.data() + at, &word, sizeof word); }

TEST(Kmodel, EveryGoldenModelIsRead) {
  std::size_t count = 0;
  std::set<std::string_view> kinds;
  for (const char* archive : {"v3", "v4", "v5"}) {
    for (const auto& [name, file] : golden_models(archive)) {
      SCOPED_TRACE(name);
      const auto model = read(file);
      EXPECT_FALSE(model.word_swapped);
      EXPECT_EQ(model.file, file);
      ++count;
      if (const auto* v3 = model.as_v3()) {
        EXPECT_STREQ(archive, "v3");
        for (const auto& layer : v3->layers) kinds.insert(v3::name(layer.type));
      } else if (const auto* v4 = model.as_v4()) {
        EXPECT_STREQ(archive, "v4");
        for (const auto& node : v4->nodes) kinds.insert(v4::name(node.opcode));
      } else {
        EXPECT_STREQ(archive, "v5");
        ASSERT_EQ(model.as_v5()->modules.size(), 2U);
        EXPECT_EQ(model.as_v5()->modules[0].type, v5::ModuleType::stackvm);
        EXPECT_NE(model.as_v5()->modules[1].find(".rdata"), nullptr);
        std::size_t records = 0;
        for (const auto& function : model.as_v5()->modules[1].functions)
          records += read_records(model, function).size();
        EXPECT_GT(records, 0U);
      }
    }
  }
  EXPECT_EQ(count, 211U);
  EXPECT_EQ(kinds.size(), 22U + 23U - 4U);  // four names are in both versions
  EXPECT_FALSE(kinds.contains(""));
}

TEST(Kmodel, FieldsOfAVersion3Model) {
  const auto file = golden_models("v3").at("v3/v3_0000_conv");
  const auto model = read(file);
  const auto& v3 = *model.as_v3();
  EXPECT_TRUE(v3.eight_bit_weights);
  ASSERT_EQ(v3.layers.size(), 3U);
  EXPECT_EQ(v3.layers[0].type, v3::LayerType::conv);
  EXPECT_FALSE(v3.layers[0].main_memory_output);
  EXPECT_TRUE(v3.layers[2].main_memory_output);
  ASSERT_EQ(v3.outputs.size(), 1U);
  EXPECT_EQ(v3.outputs[0].size, 480U);
  const auto& conv = std::get<v3::Conv>(v3.layers[0].body);
  EXPECT_EQ(conv.descriptor[0], ByteView(file).u64(conv.layer_offset, "word"));
  EXPECT_EQ(conv.weights_offset % 128, 0U);
  EXPECT_EQ(conv.activation_offset % 256, 0U);
  EXPECT_EQ(v3.missing_bytes, 0U);
}

TEST(Kmodel, FormsAreTold) {
  const auto v3 = golden_models("v3").begin()->second, v4 = golden_models("v4").begin()->second,
             v5 = golden_models("v5").begin()->second;
  EXPECT_EQ(identify(v3), Format::v3);
  EXPECT_EQ(identify(v4), Format::v4);
  EXPECT_EQ(identify(v5), Format::v5);
  EXPECT_EQ(identify(swap_words(v3)), Format::v3_swapped);
  EXPECT_EQ(identify(swap_words(v4)), Format::v4_swapped);
  EXPECT_EQ(identify(swap_words(v5)), Format::v5_swapped);
  const auto first = [&](std::uint32_t word) {
    Bytes file(64, 0);
    put(file, 0, word);
    return identify(file);
  };
  EXPECT_EQ(first(1), Format::v1);
  EXPECT_EQ(first(10003), Format::encrypted_v3);
  EXPECT_EQ(first(0x534D444C), Format::encrypted_v4);
  EXPECT_EQ(first(0x454D444C), Format::encrypted_e);
  EXPECT_EQ(first(0x4B4D444C), Format::other_version);
  EXPECT_EQ(first(0), Format::none);
  EXPECT_EQ(identify(Bytes{3, 0, 0, 0}), Format::none);
}

TEST(Kmodel, AFlashImageIsTurnedBack) {
  for (const auto& [name, file] : golden_models("v3")) {
    const auto image = swap_words(file);
    const auto model = read(image);
    EXPECT_TRUE(model.word_swapped);
    EXPECT_TRUE(std::equal(file.begin(), file.end(), model.file.begin())) << name;
    EXPECT_EQ(model.as_v3()->layers.size(), read(file).as_v3()->layers.size());
  }
  EXPECT_EQ(swap_words(Bytes{1, 2, 3, 4, 5}), (Bytes{4, 3, 2, 1, 0, 0, 0, 5}));
}

TEST(Kmodel, RefusalsAreByName) {
  Bytes file(64, 0);
  put(file, 0, 1);
  auto error = error_of(file);
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_NE(std::string(error.what()).find("version 1"), std::string::npos);
  put(file, 0, 10003);
  EXPECT_NE(std::string(error_of(file).what()).find("encrypted"), std::string::npos);
  put(file, 0, 0x4B4D444C);
  put(file, 4, 9);
  error = error_of(file);
  EXPECT_EQ(error.field(), "version");
  EXPECT_NE(std::string(error.what()).find("version 9"), std::string::npos);
}

TEST(Kmodel, BrokenFilesNameTheirField) {
  const std::map<std::string, std::pair<ErrorKind, std::string>> expected{
      {"bad_magic", {ErrorKind::damaged, "identifier"}},
      {"empty", {ErrorKind::damaged, "identifier"}},
      {"short7", {ErrorKind::damaged, "identifier"}},
      {"v2", {ErrorKind::damaged, "identifier"}},
      {"v3_arch1", {ErrorKind::unsupported, "arch"}},
      {"v3_main_mem_2g", {ErrorKind::unsupported, "main_mem_usage"}},
      {"v3_zero_body", {ErrorKind::damaged, "layer_header.body_size"}},
      {"v4_main_mem_3g", {ErrorKind::unsupported, "main_mem"}},
      {"v4_target7", {ErrorKind::unsupported, "target"}},
      {"v4_version9", {ErrorKind::unsupported, "version"}},
      {"v5_bad_magic", {ErrorKind::damaged, "identifier"}},
      {"v5_unknown_module", {ErrorKind::unsupported, "module.type"}},
      {"v5_version6", {ErrorKind::unsupported, "version"}},
  };
  // The loaders take these; what runs them refuses.
  const std::set<std::string> loaded{"v3_first_not_conv", "v3_unknown_layer", "v3_word_swapped", "v4_unknown_opcode"};
  const auto files = golden_models("errors");
  EXPECT_EQ(files.size(), expected.size() + loaded.size());
  for (const auto& [name, file] : files) {
    SCOPED_TRACE(name);
    const auto stem = name.substr(0, name.find('.'));
    if (loaded.contains(stem)) {
      EXPECT_NO_THROW(read(file));
      continue;
    }
    const auto error = error_of(file);
    EXPECT_EQ(error.kind(), expected.at(stem).first);
    EXPECT_EQ(error.field(), expected.at(stem).second);
    EXPECT_LE(error.offset().value_or(~0ULL), file.size());
  }
}

TEST(Kmodel, UnknownLayersAndNodesAreKept) {
  const auto files = golden_models("errors");
  const auto v3 = read(files.at("v3_unknown_layer.kmodel"));
  EXPECT_TRUE(std::ranges::any_of(v3.as_v3()->layers, [](const auto& layer) {
    return std::holds_alternative<v3::Unknown>(layer.body) && v3::name(layer.type).empty();
  }));
  const auto v4 = read(files.at("v4_unknown_opcode.kmodel"));
  EXPECT_TRUE(std::ranges::any_of(v4.as_v4()->nodes, [](const auto& node) {
    return std::holds_alternative<v4::Unknown>(node.body) && v4::name(node.opcode).empty();
  }));
}

// The converters' writers leave out the padding at the end of the last body.
TEST(Kmodel, UpToSevenBytesMayBeMissingAtTheEnd) {
  for (const char* archive : {"v3", "v4"}) {
    for (const auto& [name, file] : golden_models(archive)) {
      SCOPED_TRACE(name);
      const auto model = read(file);
      // The last body says how many of its bytes are fields; what is cut of the rest does not matter.
      Bytes grown = file;
      const bool is_v3 = model.as_v3() != nullptr;
      const auto headers = is_v3 ? 28 + 8 * model.as_v3()->outputs.size() + 8 * (model.as_v3()->layers.size() - 1)
                                 : model.as_v4()->constants.offset + model.as_v4()->constants.count +
                                       8 * (model.as_v4()->nodes.size() - 1);
      const auto size = is_v3 ? model.as_v3()->layers.back().size : model.as_v4()->nodes.back().size;
      put(grown, headers + 4, size + 7);
      const auto cut = read(grown);
      EXPECT_EQ(is_v3 ? cut.as_v3()->missing_bytes : cut.as_v4()->missing_bytes, 7U);
      put(grown, headers + 4, size + 8);
      EXPECT_EQ(error_of(grown).kind(), ErrorKind::damaged);
    }
  }
}

TEST(Kmodel, ForeignBytesBehindAVersion4ModelAreCounted) {
  auto file = golden_models("v4").begin()->second;
  file.resize(file.size() + 1000, 0xAA);
  EXPECT_EQ(read(file).as_v4()->foreign_bytes, 1000U);
}

TEST(Kmodel, EveryTruncationIsRefusedOrHarmless) {
  for (const auto& [name, file] :
       {*golden_models("v3").begin(), *golden_models("v4").begin(), *golden_models("v5").begin()}) {
    for (std::size_t size = 0; size < file.size(); ++size) {
      const Bytes cut(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size));
      try {
        const auto model = read(cut);
        ASSERT_FALSE(model.as_v5()) << name << " cut at " << size;
        // A body that nothing in it asks for: tables of a KPU layer end where the executor says.
        EXPECT_GE(size + 7, file.size()) << name << " cut at " << size;
      } catch (const Error& error) {
        ASSERT_TRUE(error.offset().has_value()) << error.what();
        ASSERT_LE(*error.offset(), size) << error.what();
        ASSERT_FALSE(error.field().empty());
      }
    }
  }
}

TEST(Kmodel, HostileWordsAreRefusedOrHarmless) {
  for (const auto& [name, file] :
       {*golden_models("v3").begin(), *golden_models("v4").rbegin(), *golden_models("v5").begin()}) {
    std::size_t refused = 0;
    for (std::size_t at = 0; at + 4 <= file.size(); at += 4) {
      for (const std::uint32_t word : {0u, 1u, 0x7fffffffu, 0x80000000u, 0xffffffffu, 0x10000u}) {
        auto changed = file;
        put(changed, at, word);
        try {
          const auto model = read(changed);
          if (!model.as_v5()) continue;
          for (const auto& module : model.as_v5()->modules) {
            if (module.type != v5::ModuleType::k210) continue;
            for (const auto& function : module.functions) (void)read_records(model, function);
          }
        } catch (const Error& error) {
          ++refused;
          ASSERT_TRUE(error.offset().has_value()) << error.what();
          ASSERT_LE(*error.offset(), file.size()) << error.what();
          ASSERT_FALSE(error.field().empty()) << error.what();
          ASSERT_NE(error.kind(), ErrorKind::internal);
        }
      }
    }
    EXPECT_GT(refused, 50U) << name;
  }
}

TEST(Kmodel, PublicFlashImage) {
  const std::string path = std::string(VNPU_SOURCE_DIR) + "/../shared/golden/k210/real/facedetect_v3/model.kmodel";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "the public models are not beside the repository";
  const auto file = read_file(path);
  EXPECT_EQ(sha256_hex(swap_words(file)), "d70c650347b817e00eafa18c85a8938014ea13916c08a755334cdbbee8266eb9");
}

}  // namespace
}  // namespace vnpu::kmodel
