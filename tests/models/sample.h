// A small model that uses every kind of section, routine and attribute; the tests write it and damage the file.
#pragma once

#include "models/cvimodel/model.h"

namespace vnpu::cvimodel {

inline Tensor sample_tensor(std::string name, std::array<std::int64_t, 4> shape, DType dtype, std::uint8_t sel,
                            std::uint64_t offset) {
  Tensor tensor;
  tensor.name = std::move(name);
  tensor.place = Place{sel, offset};
  tensor.dtype = dtype;
  tensor.shape = shape;
  tensor.quant = QuantInfo{QuantType::none, 0, 0, 0, 0.5f};
  tensor.size = static_cast<std::uint32_t>(tensor.count() * size_of(dtype));
  return tensor;
}

inline Program sample_program(std::int64_t batch, const std::string& section) {
  Program program;
  program.batch_num = static_cast<std::uint32_t>(batch);
  program.shared_gmem = 4096;
  program.private_gmem = 1024;
  program.inputs = {"in"};
  program.outputs = {"out", "top"};
  program.tensors = {sample_tensor("in", {batch, 3, 8, 8}, DType::u8, 3, 0),
                     sample_tensor("mid", {batch, 4, 8, 8}, DType::i8, 0, 256),
                     sample_tensor("score", {batch, 4, 1, 1}, DType::f32, 2, 64),
                     sample_tensor("out", {batch, 4, 8, 8}, DType::bf16, 4, 0),
                     sample_tensor("top", {batch, 1, 1, 1}, DType::f32, 5, 0)};
  program.tensors[1].overwrote = true;
  program.tensors[0].pixel_format = "RGB_PLANAR";
  program.tensors[0].scale = {1, 2, 3};
  program.tensors[0].mean = {4, 5, 6};
  program.tensors.push_back(sample_tensor("host", {batch, 2, 1, 1}, DType::f32, 0, 0));
  program.tensors.back().place.reset();
  CpuRoutine cpu{"topk",
                 {{"scale", 0.25f},
                  {"sorted", true},
                  {"K", std::int32_t{-7}},
                  {"mode", std::string("zeros")},
                  {"factors", std::vector<float>{1.5f, -2}},
                  {"axes", std::vector<std::int32_t>{1, -2, 3}}}};
  program.routines = {Routine{{"in"}, {"mid", "out"}, TpuRoutine{section, false}},
                      Routine{{"mid", "table"}, {"score"}, TpuRoutine{"raw", true}},
                      Routine{{"score", "table"}, {"top"}, cpu}};
  return program;
}

inline Model sample_model() {
  Model model;
  model.header.major = 1;
  model.header.minor = 4;
  model.header.chip = model.target = "cv181x";
  model.version = {1, 4, 0};
  model.name = "sample";
  model.build_time = "2026-01-02 03:04:05";
  model.mlir_version = "v1";
  model.preprocess_hints = PreprocessHints{"rgb", "1,2,3", "4,5,6", "nchw", 1, 0.5f};
  const auto section = [](SectionType type, std::string name, std::size_t size) {
    Section out;
    out.type = type;
    out.name = std::move(name);
    for (std::size_t i = 0; i < size; ++i) out.bytes.push_back(static_cast<std::uint8_t>(i % 23));
    return out;
  };
  model.sections = {section(SectionType::weight, "weight", 256), section(SectionType::cmdbuf, "sub_1", 240),
                    section(SectionType::cmdbuf, "sub_2", 4096), section(SectionType::dmabuf, "raw", 512)};
  model.sections[2].compressed = true;
  model.weights = {Weight{"table", {1, 64}, 128, {2, 4, 4, 4}, DType::i8},
                   Weight{"bias", {1, 192}, 64, {1, 4, 1, 4}, DType::f32}};
  model.programs = {sample_program(1, "sub_1"), sample_program(2, "sub_2")};
  return model;
}

}  // namespace vnpu::cvimodel
