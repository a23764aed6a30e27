// The BM1684X field tables: no overlap within a form, round trips, lengths; docs/isa_bm1684x_tables.md is made from
// them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

#include "base/error.h"
#include "isa/bm1684x/fields.h"

namespace vnpu::bm1684x {
namespace {

constexpr int tiu_forms = static_cast<int>(TiuForm::swr), gdma_forms = static_cast<int>(GdmaForm::sys);

template <class Form, class Field>
void expect_no_overlap(std::span<const Field> fields, Form form) {
  std::vector<const Field*> owner(form_bytes(form) * 8);
  std::size_t placed = 0;
  for (const Field& field : fields) {
    const auto place = place_of(field, form);
    if (!place) continue;
    ++placed;
    ASSERT_LE(place->width, 32) << field.name;
    ASSERT_LE(place->bit + place->width, owner.size()) << field.name << " in " << name(form);
    for (unsigned b = place->bit; b < place->bit + place->width; ++b) {
      EXPECT_FALSE(owner[b]) << field.name << " overlaps " << owner[b]->name << " at bit " << b << " of " << name(form);
      owner[b] = &field;
    }
  }
  EXPECT_GE(placed, 10u) << name(form);
}

TEST(Bm1684xFields, NoTwoFieldsOfAFormShareABit) {
  for (int f = 2; f <= tiu_forms; ++f) expect_no_overlap(tiu_fields(), static_cast<TiuForm>(f));
  for (int f = 2; f <= gdma_forms; ++f) expect_no_overlap(gdma_fields(), static_cast<GdmaForm>(f));
}

// Fills every field with what it can hold, but those that decide the form.
template <class Command, class Field, class Form>
void fill(Command& command, std::span<const Field> fields, Form form, std::mt19937& random,
          std::initializer_list<std::uint32_t Command::*> keep) {
  for (const Field& field : fields) {
    if (std::ranges::find(keep, field.member) != keep.end()) continue;
    const auto place = place_of(field, form);
    command.*field.member = place ? random() & static_cast<std::uint32_t>((std::uint64_t{1} << place->width) - 1) : 0;
  }
}

TEST(Bm1684xFields, EveryOperationSurvivesTheRoundTripInEveryForm) {
  std::mt19937 random(1);
  std::size_t forms = 0;
  for (const TiuOperation& operation : tiu_operations()) {
    for (const std::uint32_t is_short : {0u, 1u}) {
      TiuCommand c;
      c.tsk_typ = operation.type;
      c.tsk_eu_typ = operation.eu;
      c.cmd_short = is_short;
      const TiuForm form = form_of(c);
      if (form == TiuForm::none) {
        EXPECT_THROW(encode(c), Error);
        continue;
      }
      ++forms;
      fill(c, tiu_fields(), form, random, {&TiuCommand::tsk_typ, &TiuCommand::tsk_eu_typ, &TiuCommand::cmd_short});
      const Bytes words = encode(c);
      EXPECT_EQ(words.size(), form_bytes(form));
      EXPECT_EQ(tiu_command_bytes(words), words.size());
      EXPECT_EQ(decode_tiu(words), c) << operation.mnemonic << " " << name(form);
      EXPECT_EQ(mnemonic(c), operation.mnemonic);
    }
  }
  for (const GdmaOperation& operation : gdma_operations()) {
    for (const std::uint32_t is_short : {0u, 1u}) {
      for (const std::uint64_t to : {local_base, ddr_base}) {
        GdmaCommand c;
        c.cmd_type = operation.type;
        c.cmd_special_function = operation.function;
        c.cmd_short = is_short;
        c.dst_start_addr_l32 = static_cast<std::uint32_t>(to);
        c.dst_start_addr_h8 = static_cast<std::uint32_t>(to >> 32);
        const GdmaForm form = form_of(c);
        if (form == GdmaForm::none) continue;
        ++forms;
        if (form == GdmaForm::sys) c.dst_start_addr_l32 = c.dst_start_addr_h8 = 0;
        fill(c, gdma_fields(), form, random,
             {&GdmaCommand::cmd_type, &GdmaCommand::cmd_special_function, &GdmaCommand::cmd_short,
              &GdmaCommand::dst_start_addr_l32, &GdmaCommand::dst_start_addr_h8});
        const Bytes words = encode(c);
        EXPECT_EQ(words.size(), form_bytes(form));
        EXPECT_EQ(gdma_command_bytes(words), words.size());
        EXPECT_EQ(decode_gdma(words), c) << operation.mnemonic << " " << name(form);
      }
    }
  }
  EXPECT_GT(forms, 200u);
}

TEST(Bm1684xFields, ValuesAreCutToTheirWidth) {
  TiuCommand c;
  c.tsk_typ = tsk_ar;
  c.tsk_eu_typ = 2;
  c.res0_n = 0x12345;
  EXPECT_EQ(decode_tiu(encode(c)).res0_n, 0x2345u);
  EXPECT_EQ(decode_tiu(encode(c)).res0_c, 0u);
}

TEST(Bm1684xFields, WhatDoesNotExistIsRefusedByName) {
  Bytes words(128);
  words[5] = 12 << 1;  // tsk_typ
  try {
    decode_tiu(words);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_NE(std::string(error.what()).find("tiu.12.0"), std::string::npos) << error.what();
  }
  EXPECT_THROW(decode_tiu(ByteView(words).sub(0, 15, "")), Error);
  words.assign(96, 0);
  words[4] = 9;
  EXPECT_THROW(decode_gdma(words), Error);
  words[4] = dma_tensor;
  EXPECT_THROW(decode_gdma(ByteView(words).sub(0, 95, "")), Error);
}

TEST(Bm1684xFields, TheMatrixFormFollowsItsDirection) {
  GdmaCommand c;
  c.cmd_short = 1;
  c.cmd_type = dma_matrix;
  c.dst_start_addr_l32 = local_base;
  c.src_hstride = 7;
  c.dst_cstride = 9;
  EXPECT_EQ(form_of(c), GdmaForm::matrix_load);
  EXPECT_EQ(decode_gdma(encode(c)), c);
  c = {};
  c.cmd_short = 1;
  c.cmd_type = dma_matrix;
  c.dst_start_addr_h8 = 1;
  c.dst_hstride = 7;
  c.src_cstride = 9;
  EXPECT_EQ(form_of(c), GdmaForm::matrix_store);
  EXPECT_EQ(decode_gdma(encode(c)), c);
}

template <class Form, class Field>
void write_table(std::ostream& out, std::span<const Field> fields, int last_form) {
  for (int f = 2; f <= last_form; ++f) {
    const auto form = static_cast<Form>(f);
    out << "\n### " << name(form) << ": " << form_bytes(form)
        << " bytes\n\n| field | bit | width | meaning |\n|---|---|---|---|\n";
    for (const Field& field : fields) {
      if (const auto place = place_of(field, form)) {
        out << "| `" << field.name << "` | " << place->bit << " | " << place->width << " | "
            << (field.meaning.empty() ? "–" : field.meaning) << " |\n";
      }
    }
  }
}

std::string tables_document() {
  std::ostringstream out;
  out << "# BM1684X: operations and command fields\n\n"
         "Made from `isa/bm1684x/*.def` by the test `Bm1684xFields.DocumentIsUpToDate` (`VNPU_UPDATE_DOCS=1` in its "
         "environment writes\nthis file anew). How the fields work together: [isa_bm1684x.md](isa_bm1684x.md).\n\n"
         "Bits count from the lowest bit of the command's first byte. What a form has no place for is 0.\n\n"
         "## Operations\n\n| engine | kind | operation | mnemonic | short form |\n|---|---|---|---|---|\n";
  for (const auto& each : tiu_operations())
    out << "| TIU | " << each.type << " | " << each.eu << " | `" << each.mnemonic << "` | " << name(each.short_form)
        << " |\n";
  for (const auto& each : gdma_operations())
    out << "| GDMA | " << each.type << " | " << each.function << " | `" << each.mnemonic << "` | "
        << name(each.short_form) << " |\n";
  out << "\n## TIU\n";
  write_table<TiuForm>(out, tiu_fields(), tiu_forms);
  out << "\n## GDMA\n";
  write_table<GdmaForm>(out, gdma_fields(), gdma_forms);
  return out.str();
}

TEST(Bm1684xFields, DocumentIsUpToDate) {
  const std::string path = VNPU_SOURCE_DIR "/docs/isa_bm1684x_tables.md";
  const std::string wanted = tables_document();
  if (std::getenv("VNPU_UPDATE_DOCS")) std::ofstream(path) << wanted;
  std::ifstream in(path);
  const std::string found{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  EXPECT_TRUE(found == wanted) << path << " differs from the field tables; run this test with VNPU_UPDATE_DOCS=1";
}

}  // namespace
}  // namespace vnpu::bm1684x
