// The field tables: no overlap, nothing left out, round trips; and docs/isa_cv18xx_tables.md is made from them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

#include "isa/cv18xx/command.h"

namespace vnpu::cv18xx {
namespace {

void expect_exact_cover(std::span<const Field> fields, unsigned bits) {
  std::vector<int> owner(bits, -1);
  for (std::size_t i = 0; i < fields.size(); ++i) {
    ASSERT_GT(fields[i].width, 0) << fields[i].name;
    ASSERT_LE(fields[i].width, 32) << fields[i].name;
    ASSERT_LE(fields[i].bit + fields[i].width, bits) << fields[i].name;
    ASSERT_TRUE(fields[i].width == 32 || fields[i].reset < 1u << fields[i].width) << fields[i].name;
    for (unsigned b = fields[i].bit; b < fields[i].bit + fields[i].width; ++b) {
      EXPECT_EQ(owner[b], -1) << fields[i].name << " overlaps " << fields[owner[b]].name << " at bit " << b;
      owner[b] = static_cast<int>(i);
    }
  }
  EXPECT_EQ(std::count(owner.begin(), owner.end(), -1), 0) << "bits that belong to no field";
  std::vector<std::string_view> names;
  for (const Field& field : fields) names.push_back(field.name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(FieldTables, TiuFieldsCoverAll896BitsOnce) { expect_exact_cover(tiu_fields(), 896); }
TEST(FieldTables, TdmaFieldsCoverAll512BitsOnce) { expect_exact_cover(tdma_fields(), 512); }

TEST(FieldTables, EncodeOfDecodeIsTheSameForRandomWords) {
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::array<std::uint8_t, tiu_bytes> tiu;
    std::array<std::uint8_t, tdma_bytes> tdma;
    for (auto& byte : tiu) byte = static_cast<std::uint8_t>(random());
    for (auto& byte : tdma) byte = static_cast<std::uint8_t>(random());
    ASSERT_EQ(encode(decode_tiu(tiu)), tiu);
    ASSERT_EQ(encode(decode_tdma(tdma)), tdma);
  }
}

// Each field alone: its bits, and only they, appear where the table says.
template <class Decode, std::size_t size>
void expect_single_fields(std::span<const Field> fields, Decode decode, std::array<std::uint8_t, size>) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    std::array<std::uint8_t, size> words{};
    for (unsigned b = fields[i].bit; b < fields[i].bit + fields[i].width; ++b) words[b / 8] |= 1u << b % 8;
    const auto values = field_values(decode(words));
    for (std::size_t k = 0; k < values.size(); ++k) {
      const std::uint32_t all = fields[k].width == 32 ? ~0u : (1u << fields[k].width) - 1;
      EXPECT_EQ(values[k], k == i ? all : 0) << fields[k].name << " with " << fields[i].name << " set";
    }
  }
}

TEST(FieldTables, EachFieldIsReadFromItsOwnBits) {
  expect_single_fields(tiu_fields(), decode_tiu, std::array<std::uint8_t, tiu_bytes>{});
  expect_single_fields(tdma_fields(), decode_tdma, std::array<std::uint8_t, tdma_bytes>{});
}

TEST(FieldTables, ResetValuesSurviveTheRoundTrip) {
  EXPECT_EQ(decode_tiu(encode(TiuCommand{})), TiuCommand{});
  EXPECT_EQ(decode_tdma(encode(TdmaCommand{})), TdmaCommand{});
  const auto values = field_values(TiuCommand{});
  ASSERT_EQ(values.size(), tiu_fields().size());
  for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(values[i], tiu_fields()[i].reset) << tiu_fields()[i].name;
}

TEST(FieldTables, ValuesAreCutToTheirWidth) {
  TiuCommand c;
  c.res0_n = 0x12345;
  EXPECT_EQ(decode_tiu(encode(c)).res0_n, 0x345u);
  EXPECT_EQ(decode_tiu(encode(c)).res0_c, c.res0_c);
}

void write_table(std::ostream& out, std::span<const Field> fields) {
  out << "| field | word.bit | width | reset | effect | meaning |\n|---|---|---|---|---|---|\n";
  for (const Field& f : fields) {
    out << "| `" << f.name << "` | " << f.bit / 32 << "." << f.bit % 32;
    if (f.bit % 32 + f.width > 32) out << " (into the next word)";
    out << " | " << int{f.width} << " | 0x" << std::hex << f.reset << std::dec << " | " << (f.ignored ? "none" : "yes")
        << " | " << (f.meaning.empty() ? "–" : f.meaning) << " |\n";
  }
}

std::string tables_document() {
  std::ostringstream out;
  out << "# CV180x / CV181x: command fields\n\n"
         "Made from `isa/cv18xx/tiu_fields.def` and `isa/cv18xx/tdma_fields.def` by the test "
         "`FieldTables.DocumentIsUpToDate`\n"
         "(`VNPU_UPDATE_DOCS=1` in its environment writes this file anew). How the fields work together: "
         "[isa_cv18xx.md](isa_cv18xx.md).\n\n"
         "Bits count from bit 0 of the 32-bit little-endian word given. Reset is the value of a TIU packet that is "
         "left out and\n"
         "what encoders start from. Effect \"none\": the vendor's functional simulator does not look at the field.\n\n"
         "## TIU: 7 packets of 128 bits\n\n";
  write_table(out, tiu_fields());
  out << "\n## TDMA: 512 bits\n\n";
  write_table(out, tdma_fields());
  return out.str();
}

TEST(FieldTables, DocumentIsUpToDate) {
  const std::string path = VNPU_SOURCE_DIR "/docs/isa_cv18xx_tables.md";
  const std::string wanted = tables_document();
  if (std::getenv("VNPU_UPDATE_DOCS")) std::ofstream(path) << wanted;
  std::ifstream in(path);
  const std::string found{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  EXPECT_TRUE(found == wanted) << path << " differs from the field tables; run this test with VNPU_UPDATE_DOCS=1";
}

}  // namespace
}  // namespace vnpu::cv18xx
