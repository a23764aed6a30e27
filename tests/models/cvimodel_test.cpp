// What a good .cvimodel gives, and what each kind of damaged or foreign one is refused for.
#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "models/cvimodel/write.h"
#include "tests/models/sample.h"

namespace vnpu::cvimodel {
namespace {

// The error of reading `file`; fails the test when there is none.
Error error_of(const Bytes& file) {
  try {
    (void)read(file);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "the file was accepted";
  return Error(ErrorKind::internal, "no error");
}

Error error_of(const std::function<void(Model&)>& change) {
  Model model = sample_model();
  change(model);
  return error_of(write(model));
}

void expect_error(const Error& error, ErrorKind kind, const std::string& field, const std::string& words) {
  EXPECT_EQ(error.kind(), kind) << error.what();
  EXPECT_EQ(error.field(), field) << error.what();
  EXPECT_TRUE(error.offset().has_value()) << error.what();
  EXPECT_NE(std::string(error.what()).find(words), std::string::npos) << error.what();
}

void expect_damaged(const std::function<void(Model&)>& change, const std::string& field, const std::string& words) {
  SCOPED_TRACE(field);
  expect_error(error_of(change), ErrorKind::damaged, field, words);
}

// Replaces the only occurrence of a 32-bit number in the flatbuffer and sets the md5 anew.
Bytes patched(Bytes file, std::uint32_t from, std::uint32_t to) {
  const std::uint32_t body_size = ByteView(file).u32(8, "");
  int found = 0;
  for (std::size_t at = 48; at + 4 <= 48 + body_size; at += 4) {
    if (ByteView(file).u32(at, "") != from) continue;
    std::memcpy(file.data() + at, &to, 4);
    ++found;
  }
  EXPECT_EQ(found, 1) << from;
  set_md5(file);
  return file;
}

TEST(Cvimodel, ReadsBackWhatWasWritten) {
  const Model in = sample_model();
  const Bytes file = write(in);
  ASSERT_TRUE(looks_like_cvimodel(file));
  const Model out = read(file);
  EXPECT_EQ(out.header.chip, "cv181x");
  EXPECT_TRUE(out.header.md5_verified);
  EXPECT_EQ(out.version, in.version);
  EXPECT_EQ(out.name, "sample");
  EXPECT_EQ(out.build_time, in.build_time);
  EXPECT_EQ(out.target, "cv181x");
  EXPECT_EQ(out.mlir_version, "v1");
  ASSERT_TRUE(out.preprocess_hints);
  EXPECT_EQ(out.preprocess_hints->mean, "1,2,3");
  EXPECT_EQ(out.preprocess_hints->std, "4,5,6");
  EXPECT_EQ(out.preprocess_hints->data_format, "nchw");
  EXPECT_EQ(out.preprocess_hints->input_scale, 0.5f);
  EXPECT_TRUE(out.refusals().empty());

  ASSERT_EQ(out.sections.size(), 4u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(out.sections[i].name, in.sections[i].name);
    EXPECT_EQ(out.sections[i].type, in.sections[i].type);
    EXPECT_EQ(out.sections[i].bytes, in.sections[i].bytes) << i;
    EXPECT_EQ(out.sections[i].size, in.sections[i].bytes.size()) << i;
  }
  EXPECT_LT(out.sections[2].stored_size, 200u);
  EXPECT_EQ(out.sections[0].file_offset, 48u + out.header.body_size);
  EXPECT_EQ(out.find_section("raw"), &out.sections[3]);
  EXPECT_EQ(out.find_section("none"), nullptr);

  ASSERT_NE(out.find_weight("bias"), nullptr);
  EXPECT_EQ(out.find_weight("bias")->place.offset, 192u);
  EXPECT_EQ(out.find_weight("bias")->dtype, DType::f32);
  EXPECT_EQ(out.find_weight("none"), nullptr);
}

TEST(Cvimodel, ReadsBackPrograms) {
  const Model in = sample_model();
  const Model out = read(write(in));
  ASSERT_EQ(out.programs.size(), 2u);
  const Program& program = out.programs[1];
  EXPECT_EQ(program.batch_num, 2u);
  EXPECT_EQ(program.shared_gmem, 4096u);
  EXPECT_EQ(program.private_gmem, 1024u);
  EXPECT_EQ(program.inputs, std::vector<std::string>{"in"});
  EXPECT_EQ(program.outputs, (std::vector<std::string>{"out", "top"}));
  ASSERT_EQ(program.tensors.size(), 6u);
  const Tensor* image = program.find("in");
  ASSERT_NE(image, nullptr);
  EXPECT_EQ(image->shape, (std::array<std::int64_t, 4>{2, 3, 8, 8}));
  EXPECT_EQ(image->place->sel, 3);
  EXPECT_EQ(image->pixel_format, "RGB_PLANAR");
  EXPECT_EQ(image->scale, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(image->mean, (std::vector<float>{4, 5, 6}));
  EXPECT_EQ(image->quant->qscale, 0.5f);
  EXPECT_EQ(image->byte_size(), 384u);
  EXPECT_TRUE(program.find("mid")->overwrote);
  EXPECT_EQ(program.find("mid")->place->offset, 256u);
  EXPECT_EQ(program.find("score")->place->sel, 2);
  EXPECT_FALSE(program.find("host")->place.has_value());
  EXPECT_EQ(program.find("none"), nullptr);

  ASSERT_EQ(program.routines.size(), 3u);
  EXPECT_EQ(std::get<TpuRoutine>(program.routines[0].body).section, "sub_2");
  EXPECT_FALSE(std::get<TpuRoutine>(program.routines[0].body).is_dmabuf);
  EXPECT_TRUE(std::get<TpuRoutine>(program.routines[1].body).is_dmabuf);
  EXPECT_EQ(program.routines[2].inputs, (std::vector<std::string>{"score", "table"}));
  const auto& cpu = std::get<CpuRoutine>(program.routines[2].body);
  const auto& expected = std::get<CpuRoutine>(in.programs[1].routines[2].body);
  EXPECT_EQ(cpu.function, "topk");
  ASSERT_EQ(cpu.attributes.size(), 6u);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(cpu.attributes[i].key, expected.attributes[i].key);
    EXPECT_EQ(cpu.attributes[i].value, expected.attributes[i].value) << i;
  }
}

TEST(Cvimodel, AnUnalignedViewReadsTheSame) {
  Bytes file = write(sample_model());
  file.insert(file.begin(), 0);
  const auto view = std::span<const std::uint8_t>(file).subspan(1);
  EXPECT_EQ(write(read(ByteView(view))), Bytes(view.begin(), view.end()));
}

TEST(Cvimodel, EmptySectionsTakeNoPlace) {
  Model model = sample_model();
  model.weights.clear();
  for (Program& program : model.programs) {
    for (Routine& routine : program.routines) std::erase(routine.inputs, "table");
  }
  model.sections[0].bytes.clear();
  std::swap(model.sections[0], model.sections[1]);  // the empty one lies where another one ends and a third begins
  EXPECT_EQ(read(write(model)).sections[1].size, 0u);
  std::swap(model.sections[0], model.sections[1]);
  EXPECT_EQ(read(write(model)).sections[0].size, 0u);
}

TEST(Cvimodel, OlderMinorVersionsMayLackTexts) {
  Model model = sample_model();
  model.header.minor = model.version[1] = 2;
  model.target = model.mlir_version = model.name = model.build_time = "";
  model.preprocess_hints.reset();
  const Model out = read(write(model));
  EXPECT_EQ(out.header.minor, 2);
  EXPECT_EQ(out.target, "");
  EXPECT_FALSE(out.preprocess_hints);
}

TEST(Cvimodel, AlignedSizes) {
  const auto size = [](const char* format, std::array<std::int64_t, 4> shape) {
    Tensor tensor = sample_tensor("in", shape, DType::u8, 3, 0);
    tensor.pixel_format = format;
    tensor.aligned = true;
    tensor.size = 0;
    Model model = sample_model();
    model.programs[0].tensors[0] = tensor;
    return read(write(model)).programs[0].tensors[0].byte_size();
  };
  EXPECT_EQ(size("RGB_PACKED", {1, 3, 10, 30}), 10u * 128);
  EXPECT_EQ(size("BGR_PACKED", {2, 3, 10, 20}), 2 * 10u * 64);
  EXPECT_EQ(size("RGB_PLANAR", {1, 3, 10, 30}), 3 * 10u * 64);
  EXPECT_EQ(size("BGR_PLANAR", {2, 3, 5, 65}), 2 * 3 * 5u * 128);
  EXPECT_EQ(size("RGBA_PLANAR", {1, 4, 5, 1}), 4 * 5u * 64);
  EXPECT_EQ(size("GRAYSCALE", {3, 1, 7, 70}), 3 * 7u * 128);
  EXPECT_EQ(size("YUV_NV12", {1, 3, 6, 70}), 6u * 128 + 3 * 128);
  EXPECT_EQ(size("YUV_NV21", {2, 3, 6, 60}), 2 * (6u * 64 + 3 * 64));
  EXPECT_EQ(size("YUV420_PLANAR", {1, 3, 6, 70}), 6u * 128 + 3 * 64 + 3 * 64);
  EXPECT_EQ(size("YUV420_PLANAR", {1, 3, 6, 200}), 6u * 256 + 3 * 128 + 3 * 128);
}

TEST(Cvimodel, IonMemoryIsSectionsPrivateLargestSharedAndBuffers) {
  const Model model = read(write(sample_model()));
  const std::uint64_t sections = 256 + 240 + 4096 + 512, io = (192 + 512 + 4) * 3;
  EXPECT_EQ(model.ion_bytes(), sections + 2 * 1024 + 4096 + io);
}

TEST(Cvimodel, RefusalsAreListedByName) {
  Model model = sample_model();
  const auto add = [&](SectionType type, const char* name) {
    model.sections.emplace_back();
    model.sections.back().type = type;
    model.sections.back().name = name;
    model.sections.back().bytes = Bytes(32, 7);
  };
  add(SectionType::func_x86, "plug_x86");
  add(SectionType::func_aarch64, "plug_arm");
  add(SectionType::weight, "weight_2");
  model.sections[1].encrypted = true;
  model.programs[1].tensors[1].stride = {256, 64, 8, 1};
  model.programs[0].tensors[3].pixel_format = "HSV";
  const Model out = read(write(model));
  const auto refusals = out.refusals();
  ASSERT_EQ(refusals.size(), 6u);
  EXPECT_NE(refusals[0].find("\"sub_1\" is encrypted"), std::string::npos) << refusals[0];
  EXPECT_NE(refusals[1].find("FUNC_X86"), std::string::npos) << refusals[1];
  EXPECT_NE(refusals[2].find("FUNC_AARCH64"), std::string::npos) << refusals[2];
  EXPECT_NE(refusals[3].find("2 weight sections"), std::string::npos) << refusals[3];
  EXPECT_NE(refusals[4].find("HSV"), std::string::npos) << refusals[4];
  EXPECT_NE(refusals[5].find("\"mid\" has strides"), std::string::npos) << refusals[5];
  EXPECT_TRUE(out.sections[1].bytes.empty());
  EXPECT_TRUE(out.sections[4].bytes.empty());
  EXPECT_EQ(out.sections[6].bytes, Bytes(32, 7));
}

TEST(CvimodelRefused, ForeignVersionsAndChips) {
  const auto refused = [](const std::function<void(Model&)>& change, const char* field, const char* words) {
    expect_error(error_of(change), ErrorKind::unsupported, field, words);
  };
  refused([](Model& m) { m.header.minor = m.version[1] = 5; }, "minor", "format 1.5 is newer than 1.4");
  refused([](Model& m) { m.header.major = m.version[0] = 2; }, "major", "format 2.4");
  refused([](Model& m) { m.header.minor = m.version[1] = 0; }, "minor", "cv183x");
  for (const char* chip : {"cv182x", "cv183x", "bm1684x", "cv999x"}) {
    refused([&](Model& m) { m.header.chip = m.target = chip; }, "chip", chip);
  }
  expect_damaged([](Model& m) { m.target = "cv180x"; }, "target", "the header says cv181x");
  expect_damaged([](Model& m) { m.version[1] = 3; }, "version", "format 1.3, the header says 1.4");
}

TEST(CvimodelRefused, HeaderOfFormat1_0) {
  Bytes file(64);
  std::memcpy(file.data(), "CviModel", 8);
  file[8] = 32;
  file[12] = 1;
  expect_error(error_of(file), ErrorKind::unsupported, "minor", "cv183x");
}

TEST(CvimodelRefused, WrongMd5NamesItsPlace) {
  Bytes file = write(sample_model());
  file.back() ^= 1;
  const Error error = error_of(file);
  expect_error(error, ErrorKind::damaged, "md5", "md5 at byte 0xe: ");
  // The merging tool stores no md5 and marks its files by the padding.
  file[46] = file[47] = 'A';
  EXPECT_FALSE(read(file).header.md5_verified);
}

TEST(CvimodelRefused, TrailingBytesAndSectionsThatLeaveTheFile) {
  Bytes longer = write(sample_model());
  longer.push_back(0);
  set_md5(longer);
  const Error error = error_of(longer);
  expect_error(error, ErrorKind::damaged, "sections", "1 bytes follow the last section");
  EXPECT_EQ(error.offset(), longer.size() - 1);

  Model model = sample_model();
  model.sections[3].bytes.resize(0x4321);
  const Bytes file = write(model);
  expect_error(error_of(patched(file, 0x4321, 0x4322)), ErrorKind::damaged, "sections[3].offset", "leave the file");
  expect_error(error_of(patched(file, 0x4321, 0xffffffff)), ErrorKind::damaged, "sections[3].offset", "leave the file");
  expect_error(error_of(patched(file, 0x4321, 0x4320)), ErrorKind::damaged, "sections", "follow the last section");
  const std::uint32_t last = read(file).sections[3].file_offset - read(file).sections[0].file_offset;
  expect_error(error_of(patched(file, last, last - 4)), ErrorKind::damaged, "sections[3].offset", "overlaps");
}

TEST(CvimodelRefused, Sections) {
  expect_damaged([](Model& m) { m.sections[1].name = "weight"; }, "sections[1].name", "second section");
  expect_damaged([](Model& m) { m.sections[3].name.clear(); }, "sections[3].name", "is empty");
  expect_damaged([](Model& m) { m.sections[3].type = static_cast<SectionType>(5); }, "sections[3].type", "5 is not");
  expect_error(error_of([](Model& m) { m.sections[0].compressed = true; }), ErrorKind::unsupported,
               "sections[0].compress", "only command sections");
}

TEST(CvimodelRefused, Lz4) {
  Model model = sample_model();
  model.sections[2].bytes.assign(0x5678, 3);
  const Bytes file = write(model);
  ASSERT_EQ(read(file).sections[2].bytes, Bytes(0x5678, 3));
  const std::string field = "sections[2].decompressed_size";
  expect_error(error_of(patched(file, 0x5678, 0x5677)), ErrorKind::damaged, field, "LZ4 data");
  expect_error(error_of(patched(file, 0x5678, 0x5679)), ErrorKind::damaged, field, "give 22136 bytes, not 22137");
  expect_error(error_of(patched(file, 0x5678, 0x567800)), ErrorKind::damaged, field, "cannot decompress");
  expect_error(error_of(patched(file, 0x5678, 0xffffffff)), ErrorKind::damaged, field, "cannot decompress");
  Bytes flipped = file;
  const auto at = read(file).sections[2].file_offset;
  flipped[at] = 0xff;
  set_md5(flipped);
  expect_error(error_of(flipped), ErrorKind::damaged, field, "LZ4 data");
}

TEST(CvimodelRefused, WhatExpandsBeyondTheMemoryLimit) {
  Model model = sample_model();
  model.sections[2].bytes.assign(40u << 20, 0);  // about 160 KB in the file
  expect_error(error_of(write(model)), ErrorKind::unsupported, "sections[2].decompressed_size", "memory");
}

TEST(CvimodelRefused, Weights) {
  expect_damaged([](Model& m) { m.weights[0].place.sel = 2; }, "weight_map[0].offset", "base register 2");
  expect_damaged([](Model& m) { m.weights[1].place.offset = 193; }, "weight_map[1].offset", "leave the weight section");
  expect_damaged([](Model& m) { m.weights[1].place.offset = (1ull << 40) - 1; }, "weight_map[1].offset", "leave");
  expect_damaged([](Model& m) { m.weights[0].size = 64; }, "weight_map[0].size", "do not fit the shape");
  expect_damaged([](Model& m) { m.weights[0].shape[1] = 0; }, "weight_map[0].shape", "0 is not positive");
  expect_damaged([](Model& m) { m.weights[1].name = "table"; }, "weight_map[1].name", "second weight");
}

TEST(CvimodelRefused, Tensors) {
  const auto tensor = [](int index, const std::function<void(Tensor&)>& change, const char* field, const char* words) {
    const auto name = "programs[1].tensor_map[" + std::to_string(index) + "]." + field;
    expect_damaged([&](Model& m) { change(m.programs[1].tensors[static_cast<std::size_t>(index)]); }, name, words);
  };
  tensor(
      5, [](Tensor& t) { t.name = "in"; }, "name", "second tensor");
  tensor(
      5, [](Tensor& t) { t.name = std::string("a\0b", 3); }, "name", "zero byte");
  tensor(
      1, [](Tensor& t) { t.shape[2] = -8; }, "shape", "-8 is not positive");
  tensor(
      1, [](Tensor& t) { t.shape[3] = std::int64_t{1} << 62; }, "shape", "more than");
  tensor(
      1,
      [](Tensor& t) {
        t.shape = {65536, 65536, 1, 1};
      },
      "shape", "more than");
  tensor(
      0, [](Tensor& t) { t.size = 383; }, "size", "383 bytes do not fit the shape");
  tensor(
      0, [](Tensor& t) { t.place->offset = 16; }, "offset", "buffer of the first tensor");
  tensor(
      1, [](Tensor& t) { t.place->offset = 4096 - 511; }, "offset", "leave shared memory of 4096");
  tensor(
      2, [](Tensor& t) { t.place->offset = 1024 - 31; }, "offset", "leave private memory of 1024");
  tensor(
      2, [](Tensor& t) { t.place->sel = 9; }, "offset", "bits 43..63");
  tensor(
      2, [](Tensor& t) { t.place->sel = 1, t.place->offset = 240; }, "offset", "leave the weight section");
  tensor(
      2, [](Tensor& t) { t.quant->type = static_cast<QuantType>(4); }, "quant.type", "4 is not known");
  const auto aligned = [](const char* format, std::uint32_t size, const char* field) {
    expect_error(error_of([&](Model& m) {
                   Tensor& t = m.programs[1].tensors[0];
                   t.aligned = true, t.pixel_format = format, t.size = size;
                 }),
                 ErrorKind::unsupported, std::string("programs[1].tensor_map[0].") + field, "not");
  };
  aligned("HSV", 0, "pixel_format");
  aligned("RGB_PLANAR", 0xfffffff0, "size");
}

TEST(CvimodelRefused, ProgramsAndRoutines) {
  expect_damaged([](Model& m) { m.programs.clear(); }, "programs", "no program");
  expect_damaged([](Model& m) { m.programs[0].inputs = {"x"}; }, "programs[0].input_tensors[0]",
                 "\"x\" does not exist");
  expect_damaged([](Model& m) { m.programs[0].outputs[1] = "table"; }, "programs[0].output_tensors[1]",
                 "does not exist");
  expect_damaged([](Model& m) { m.programs[0].inputs.clear(); }, "programs[0].input_tensors", "no input");
  expect_damaged([](Model& m) { m.programs[0].outputs.clear(); }, "programs[0].output_tensors", "no output");
  const std::string second = "programs[0].routines[2]";
  expect_damaged([](Model& m) { m.programs[0].routines[2].inputs[1] = "?"; }, second + ".in_tensors[1]", "\"?\"");
  expect_damaged([](Model& m) { m.programs[0].routines[2].outputs[0] = "bias"; }, second + ".out_tensors[0]",
                 "\"bias\"");
  const auto cpu = [](Model& m) -> CpuRoutine& { return std::get<CpuRoutine>(m.programs[0].routines[2].body); };
  expect_damaged([&](Model& m) { cpu(m).function.clear(); }, second + ".cpu_routine.function_section", "is empty");
  expect_damaged([&](Model& m) { cpu(m).attributes[2].key = "mode"; },
                 second + ".cpu_routine.function_args.attributes[3].key", "second attribute");
  const std::string cmdbuf = "programs[0].routines[0].tpu_routine.cmdbuf_section";
  const auto tpu = [](Model& m) -> TpuRoutine& { return std::get<TpuRoutine>(m.programs[0].routines[0].body); };
  expect_damaged([&](Model& m) { tpu(m).section = "sub_3"; }, cmdbuf, "\"sub_3\" does not exist");
  expect_damaged([&](Model& m) { tpu(m).section = "weight"; }, cmdbuf, "of another type");
  expect_damaged([&](Model& m) { tpu(m).section.clear(); }, cmdbuf, "is empty");
}

}  // namespace
}  // namespace vnpu::cvimodel
