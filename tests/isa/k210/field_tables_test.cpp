// The K210's field tables: no overlap, nothing left out, round trips; docs/isa_k210_tables.md is made from them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>
#include <set>
#include <sstream>

#include "isa/k210/layer.h"
#include "isa/k210/print.h"

namespace vnpu::k210 {
namespace {

void expect_exact_cover(std::span<const Field> fields, unsigned words) {
  std::vector<std::string_view> owner(64 * words);
  std::set<std::string_view> names;
  for (const Field& field : fields) {
    ASSERT_LE(field.bit + field.width, 64) << field.name;
    EXPECT_TRUE(names.insert(field.name).second) << field.name;
    for (unsigned bit = field.bit; bit < field.bit + field.width; ++bit) {
      std::string_view& here = owner.at(64 * field.word + bit);
      EXPECT_EQ(here, "") << field.name << " bit " << bit;
      here = field.name;
    }
  }
  EXPECT_EQ(std::ranges::count(owner, ""), 0) << "bits that belong to no field";
}

TEST(K210FieldTables, CoverEveryBitOnce) {
  expect_exact_cover(layer_fields(), 12);
  expect_exact_cover(bn_fields(), 1);
  expect_exact_cover(activation_fields(), 1);
}

TEST(K210FieldTables, EncodeOfDecodeIsTheSameForRandomWords) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::array<std::uint8_t, layer_bytes> layer;
    std::array<std::uint8_t, bn_bytes> bn;
    std::array<std::uint8_t, activation_bytes> activation;
    for (auto& byte : layer) byte = static_cast<std::uint8_t>(random());
    for (auto& byte : bn) byte = static_cast<std::uint8_t>(random());
    for (auto& byte : activation) byte = static_cast<std::uint8_t>(random());
    ASSERT_EQ(encode(decode_layer(layer)), layer);
    ASSERT_EQ(encode(decode_bn(bn)), bn);
    ASSERT_EQ(encode(decode_activation(activation)), activation);
  }
}

TEST(K210FieldTables, EachFieldIsReadFromItsOwnBits) {
  const auto fields = layer_fields();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    std::array<std::uint8_t, layer_bytes> words{};
    for (unsigned b = 0; b < fields[i].width; ++b) {
      const unsigned bit = 64 * fields[i].word + fields[i].bit + b;
      words[bit / 8] |= static_cast<std::uint8_t>(1 << bit % 8);
    }
    const auto values = field_values(decode_layer(words));
    for (std::size_t k = 0; k < values.size(); ++k) {
      const std::int64_t all = fields[k].is_signed ? -1 : (std::int64_t{1} << fields[k].width) - 1;
      EXPECT_EQ(values[k], k == i ? all : 0) << fields[k].name << " with " << fields[i].name << " set";
    }
  }
}

// The first layer of a public face detector, as its converter wrote it.
TEST(K210Print, ShowsALayerWithItsMapsAndTerms) {
  Layer layer;
  layer.image_src_addr = 29168;
  layer.image_dst_addr = 23408;
  layer.i_ch_num = 2;
  layer.o_ch_num = 15;
  layer.i_row_wid = 319;
  layer.i_col_high = 239;
  layer.o_row_wid = 159;
  layer.o_col_high = 119;
  layer.kernel_type = 1;
  layer.pool_type = pool_max2;
  layer.arg_x = -5799936;
  layer.shr_x = 15;
  layer.para_size = 432;
  EXPECT_EQ(mnemonic(layer), "kpu.conv3x3.max2");
  EXPECT_EQ(operands(layer), "dst @23408 16x120x160, src @29168 3x240x320  pad=0 arg_x=-5799936>>15 loads=1x432");
  EXPECT_EQ(listing_line(7, mnemonic(layer), "x"), "    7  kpu.conv3x3.max2       x");
  layer.kernel_type = 5;
  layer.pool_type = 12;
  layer.full_add = 1;
  EXPECT_EQ(mnemonic(layer), "kpu.kernel5.pool12");
  EXPECT_NE(operands(layer).find(" full_add=1"), std::string::npos);
}

void write_table(std::ostream& out, std::span<const Field> fields) {
  constexpr const char* effects[] = {"yes", "none", "refused"};
  out << "| field | word.bit | width | signed | effect | meaning |\n|---|---|---|---|---|---|\n";
  for (const Field& f : fields) {
    out << "| `" << f.name << "` | " << int{f.word} << "." << int{f.bit} << " | " << int{f.width} << " | "
        << (f.is_signed ? "yes" : "–") << " | " << effects[static_cast<int>(f.effect)] << " | " << f.meaning << " |\n";
  }
}

TEST(K210FieldTables, DocumentIsUpToDate) {
  std::ostringstream wanted;
  wanted << "# K210: descriptor and table fields\n\n"
            "Made from the `.def` tables of `isa/k210` by the test `K210FieldTables.DocumentIsUpToDate` "
            "(`VNPU_UPDATE_DOCS=1`\n"
            "in its environment writes this file anew). How the fields work together: [isa_k210.md](isa_k210.md).\n\n"
            "Words have 64 bits, little endian. Effect: \"none\" = not part of the computed values; \"refused\" = no "
            "public\n"
            "description exists and no converter sets it, so a layer with a value other than 0 is refused by name.\n\n"
            "## Layer descriptor: 12 words\n\n";
  write_table(wanted, layer_fields());
  wanted << "\n## bn table: one word an output channel\n\n";
  write_table(wanted, bn_fields());
  wanted << "\n## Activation table: 16 words, then 16 bytes `result_bias`\n\n";
  write_table(wanted, activation_fields());
  const std::string path = VNPU_SOURCE_DIR "/docs/isa_k210_tables.md";
  if (std::getenv("VNPU_UPDATE_DOCS")) std::ofstream(path) << wanted.str();
  std::ifstream in(path);
  const std::string found{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  EXPECT_TRUE(found == wanted.str()) << path << " differs from the field tables; run with VNPU_UPDATE_DOCS=1";
}

}  // namespace
}  // namespace vnpu::k210
