// Reading .bmodel files: what is written is read; every damage and every refusal is named.
#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"
#include "models/bmodel/edit.h"
#include "models/bmodel/text.h"
#include "tests/models/bmodel_sample.h"

namespace vnpu::bmodel {
namespace {

Error read_error(const Bytes& file) {
  try {
    read(file);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "the file was read";
  return Error(ErrorKind::internal, "none");
}

template <class Change>
Error error_after(const Change& change) {
  Model model = sample_model();
  change(model);
  return read_error(write(model));
}

std::string refusal_after(const std::function<void(Model&)>& change) {
  Model model = sample_model();
  change(model);
  const Model again = read(write(model));
  const auto reasons = again.refusals(again.nets[0], again.nets[0].stages[0]);
  EXPECT_EQ(reasons.size(), 1u);
  return reasons.empty() ? "" : reasons[0];
}

TEST(Bmodel, ReadsWhatIsWritten) {
  const Model model = read(write(sample_model()));
  EXPECT_EQ(model.chip, "BM1684X");
  EXPECT_EQ(model.version, "2.2");
  ASSERT_EQ(model.nets.size(), 2u);
  EXPECT_EQ(model.nets[1].name, "again");
  ASSERT_EQ(model.nets[1].stages.size(), 2u);
  const Stage& stage = model.nets[0].stages[0];
  EXPECT_EQ(stage.ctx_addr, sample_ctx);
  EXPECT_EQ(stage.ctx_size, 0x1000u);
  ASSERT_EQ(stage.inputs.size(), 1u);
  EXPECT_EQ(stage.inputs[0].name, "x");
  EXPECT_EQ(stage.inputs[0].dtype, DType::i8);
  EXPECT_EQ(stage.inputs[0].scale, 0.5f);
  EXPECT_EQ(stage.inputs[0].shape(), (Shape{1, 4, 2, 8}));
  ASSERT_TRUE(stage.coefficients);
  EXPECT_EQ(*stage.coefficients->data.bytes, *sample_stage().coefficients->data.bytes);
  EXPECT_EQ(stage.coefficients->sha256.size(), 64u);
  ASSERT_EQ(stage.subnets.size(), 1u);
  ASSERT_EQ(stage.subnets[0].groups.size(), 1u);
  const CommandGroup &group = stage.subnets[0].groups[0], wanted = sample_group();
  EXPECT_EQ(*group.tiu.bytes, *wanted.tiu.bytes);
  EXPECT_EQ(*group.gdma.bytes, *wanted.gdma.bytes);
  EXPECT_EQ(group.tiu_count, 2u);
  EXPECT_TRUE(model.refusals(model.nets[0], stage).empty());
}

TEST(Bmodel, RangesThatAreSharedAreHeldOnce) {
  Model model = sample_model();
  model.nets[1].stages[1].coefficients->data = model.nets[0].stages[0].coefficients->data;
  const Model again = read(write(model));
  EXPECT_EQ(again.nets[1].stages[1].coefficients->data.bytes, again.nets[0].stages[0].coefficients->data.bytes);
}

TEST(Bmodel, EveryTruncationIsNamed) {
  const Bytes file = write(sample_model());
  for (const std::size_t size : {std::size_t{0}, std::size_t{3}, std::size_t{4}, std::size_t{24}, std::size_t{63},
                                 std::size_t{64}, std::size_t{700}, file.size() - 1}) {
    const Error error = read_error(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_EQ(error.kind(), ErrorKind::damaged) << size;
    EXPECT_FALSE(error.field().empty()) << size;
  }
}

TEST(Bmodel, EveryByteOfTheHeaderAndFlatbufferMayBreak) {
  const Bytes file = write(sample_model());
  std::uint32_t flatbuffer = 0;
  std::memcpy(&flatbuffer, file.data() + 8, 4);
  for (std::size_t at = 0; at < header_bytes + flatbuffer; ++at) {
    for (const std::uint8_t flip : {0x01, 0x80, 0xFF}) {
      Bytes broken = file;
      broken[at] ^= flip;
      try {
        read(broken);
      } catch (const Error& error) {
        EXPECT_TRUE(error.kind() == ErrorKind::damaged || error.kind() == ErrorKind::unsupported) << at;
        EXPECT_FALSE(error.field().empty()) << at << ": " << error.what();
      }
    }
  }
}

TEST(Bmodel, OtherChipsAreRefusedByName) {
  const Error error = error_after([](Model& model) { model.chip = "BM1688"; });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  EXPECT_EQ(error.field(), "chip");
  EXPECT_NE(std::string(error.what()).find("BM1688"), std::string::npos);
}

TEST(Bmodel, InconsistentPartsAreNamed) {
  EXPECT_EQ(error_after([](Model& m) { m.nets.clear(); }).field(), "net");
  EXPECT_EQ(error_after([](Model& m) { m.nets[1].name = "add"; }).field(), "net");
  EXPECT_EQ(error_after([](Model& m) { m.nets[0].stages.clear(); }).field(), "net[0].parameter");
  EXPECT_EQ(error_after([](Model& m) { m.nets[0].stages[0].subnets.clear(); }).field(), "net[0].parameter[0].sub_net");
  EXPECT_EQ(error_after([](Model& m) { m.nets[0].stages[0].inputs[0].data_type = 11; }).field(),
            "net[0].parameter[0].input_tensor[0].data_type");
  EXPECT_EQ(error_after([](Model& m) {
              m.nets[0].stages[0].outputs[0].shapes = {{1, 0}};
            }).field(),
            "net[0].parameter[0].output_tensor[0].shape[0]");
  EXPECT_EQ(error_after([](Model& m) {
              m.nets[0].stages[0].outputs[0].shapes = {{1 << 30, 1 << 30}};
            }).field(),
            "net[0].parameter[0].output_tensor[0].shape");
}

TEST(Bmodel, ChangedCoefficientsAreFound) {
  Bytes file = write(sample_model());
  const Model model = read(file);
  file[model.nets[0].stages[0].coefficients->data.file_offset + 5] ^= 1;
  const Error error = read_error(file);
  EXPECT_EQ(error.kind(), ErrorKind::damaged);
  EXPECT_EQ(error.field(), "net[0].parameter[0].coeff_mem.check_code");
}

TEST(Bmodel, WhatCannotRunIsRefusedByName) {
  const auto subnet = [](Model& model) -> Subnet& { return model.nets[0].stages[0].subnets[0]; };
  EXPECT_NE(refusal_after([&](Model& m) { subnet(m).is_dynamic = true; }).find("dynamic"), std::string::npos);
  EXPECT_NE(refusal_after([&](Model& m) {
              subnet(m).mode = 1;
              subnet(m).cpu = {CpuParam{17, {}, {}, false}};
            }).find("layer type 17"),
            std::string::npos);
  EXPECT_NE(refusal_after([&](Model& m) { subnet(m).mode = 3; }).find("switch"), std::string::npos);
  EXPECT_NE(refusal_after([&](Model& m) {
              subnet(m).groups[0].relocations = {{1, 2, 3}};
            }).find("relocations"),
            std::string::npos);
  EXPECT_NE(refusal_after([](Model& m) { m.nets[0].addr_mode = 2; }).find("io tag"), std::string::npos);
  EXPECT_NE(refusal_after([](Model& m) { m.nets[0].stages[0].core_num = 2; }).find("2 cores"), std::string::npos);
  EXPECT_NE(refusal_after([](Model& m) {
              m.nets[0].cascade = Cascade{0, 1, "whole"};
            }).find("whole"),
            std::string::npos);
  EXPECT_NE(refusal_after([](Model& m) { m.nets[0].stages[0].coefficients->encrypt_mode = 1; }).find("encrypted"),
            std::string::npos);
}

TEST(BmodelEdit, StagesTakenApartAndCombinedAreTheModelAgain) {
  const Bytes file = write(sample_model());
  std::vector<Bytes> parts;
  std::vector<std::pair<std::size_t, std::size_t>> places;
  extract(file, "now", [&](std::size_t net, std::size_t stage, const Bytes& one) {
    places.emplace_back(net, stage);
    parts.push_back(one);
  });
  EXPECT_EQ(places, (std::vector<std::pair<std::size_t, std::size_t>>{{0, 0}, {1, 0}, {1, 1}}));
  for (const Bytes& part : parts) {
    const Model one = read(part);
    ASSERT_EQ(one.nets.size(), 1u);
    ASSERT_EQ(one.nets[0].stages.size(), 1u);
    EXPECT_EQ(one.time, "now");
    EXPECT_EQ(one.neuron_size, one.nets[0].stages[0].ctx_size);
  }
  const Model before = read(file), after = read(combined({parts[0], parts[1], parts[2]}, "later"));
  ASSERT_EQ(after.nets.size(), before.nets.size());
  for (std::size_t n = 0; n < before.nets.size(); ++n) {
    EXPECT_EQ(after.nets[n].name, before.nets[n].name);
    ASSERT_EQ(after.nets[n].stages.size(), before.nets[n].stages.size());
    for (std::size_t s = 0; s < before.nets[n].stages.size(); ++s) {
      const Stage &a = before.nets[n].stages[s], &b = after.nets[n].stages[s];
      EXPECT_EQ(*a.coefficients->data.bytes, *b.coefficients->data.bytes);
      EXPECT_EQ(*a.subnets[0].groups[0].tiu.bytes, *b.subnets[0].groups[0].tiu.bytes);
      EXPECT_EQ(*a.subnets[0].groups[0].gdma.bytes, *b.subnets[0].groups[0].gdma.bytes);
      EXPECT_EQ(a.inputs[0].shape(), b.inputs[0].shape());
      EXPECT_EQ(b.coefficients->data.file_offset, after.nets[0].stages[0].coefficients->data.file_offset) << "shared";
    }
  }
}

TEST(BmodelEdit, RefusesStagesThatCannotBeTold) {
  const Bytes file = write(sample_model());
  EXPECT_THROW(combined({file, file}, "now"), Error);
  EXPECT_THROW(combined({}, "now"), Error);
  EXPECT_THROW(combined({Bytes(100)}, "now"), Error);
}

TEST(BmodelText, PrintsEveryFieldByItsName) {
  const std::string text = as_text(write(sample_model()));
  EXPECT_TRUE(text.starts_with("{\n  type: \"")) << text.substr(0, 100);
  EXPECT_TRUE(text.ends_with("\n}"));
  for (const char* words : {"chip: \"BM1684X\",", "scale: 0.5,", "ctx_addr: 4294971392,", "decrypt_size: 0"})
    EXPECT_NE(text.find(words), std::string::npos) << words;
}

}  // namespace
}  // namespace vnpu::bmodel
