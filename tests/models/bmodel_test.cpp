// Reading .bmodel files: what is written is read; every damage and every refusal is named.
#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"
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

}  // namespace
}  // namespace vnpu::bmodel
