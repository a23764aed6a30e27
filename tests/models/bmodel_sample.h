// A small bmodel with two nets, real commands and coefficients: y = x + table, all int8, 1 x 4 x 2 x 8.
#pragma once

#include <numeric>

#include "isa/bm1684x/command.h"
#include "models/bmodel/write.h"

namespace vnpu::bmodel {

inline constexpr std::uint64_t sample_coeff = 0x1'0000'0000, sample_ctx = 0x1'0000'1000;
inline constexpr std::uint64_t sample_elements = 64;  // 1 x 4 x 2 x 8

inline Tensor sample_tensor(std::string name, std::uint64_t address) {
  Tensor tensor;
  tensor.name = std::move(name);
  tensor.dtype = DType::i8;
  tensor.data_type = 2;
  tensor.device_addr = address;
  tensor.size = sample_elements;
  tensor.shapes = {{1, 4, 2, 8}};
  tensor.mem_type = 1;
  tensor.scale = 0.5f;
  return tensor;
}

// Between dense DDR and an aligned tensor in local memory, in either direction.
inline bm1684x::GdmaCommand sample_copy(std::uint32_t id, std::uint32_t wait, std::uint64_t from, std::uint64_t to) {
  bm1684x::GdmaCommand c;
  c.cmd_id = id;
  c.cmd_id_dep = wait;
  c.nchw_copy = 1;
  c.src_nsize = c.dst_nsize = 1;
  c.src_csize = c.dst_csize = 4;
  c.src_hsize = c.dst_hsize = 2;
  c.src_wsize = c.dst_wsize = 8;
  c.src_start_addr_l32 = static_cast<std::uint32_t>(from);
  c.src_start_addr_h8 = static_cast<std::uint32_t>(from >> 32);
  c.dst_start_addr_l32 = static_cast<std::uint32_t>(to);
  c.dst_start_addr_h8 = static_cast<std::uint32_t>(to >> 32);
  c.localmem_mask_l32 = c.localmem_mask_h32 = ~0u;
  return c;
}

inline bm1684x::TiuCommand sample_add(std::uint32_t id, std::uint32_t wait) {
  bm1684x::TiuCommand c;
  c.cmd_short = 1;
  c.cmd_id = id;
  c.cmd_id_dep = wait;
  c.tsk_typ = bm1684x::tsk_ar;
  c.tsk_eu_typ = 2;
  c.tsk_opd_num = 2;
  c.opd0_sign = c.opd1_sign = 1;
  c.res0_n = 1;
  c.res0_c = 4;
  c.res0_h = 2;
  c.res0_w = 8;
  c.opd1_addr = 0x1000;
  c.res0_addr = 0x2000;
  return c;
}

inline void append(Bytes& queue, const Bytes& command) { queue.insert(queue.end(), command.begin(), command.end()); }

inline CommandGroup sample_group() {
  using namespace bm1684x;
  Bytes tiu, gdma;
  append(gdma, encode(sample_copy(1, 0, sample_ctx, local_base)));
  append(gdma, encode(sample_copy(2, 0, sample_coeff, local_base + 0x1000)));
  append(gdma, encode(sample_copy(3, 1, local_base + 0x2000, sample_ctx + 0x100)));
  GdmaCommand gdma_end;
  gdma_end.cmd_short = 1;
  gdma_end.cmd_type = dma_sys;
  gdma_end.cmd_id = 4;
  append(gdma, encode(gdma_end));
  append(tiu, encode(sample_add(1, 2)));
  TiuCommand tiu_end;
  tiu_end.cmd_short = 1;
  tiu_end.tsk_typ = tsk_sys;
  tiu_end.tsk_eu_typ = sys_end;
  tiu_end.cmd_id = 2;
  append(tiu, encode(tiu_end));
  tiu.resize(128);
  gdma.resize(384);
  CommandGroup group;
  group.tiu_count = 2;
  group.gdma_count = 4;
  group.tiu = make_blob(std::move(tiu));
  group.gdma = make_blob(std::move(gdma));
  group.tiu_bytes = 128;
  group.gdma_bytes = 384;
  return group;
}

inline Stage sample_stage() {
  Stage stage;
  stage.inputs = {sample_tensor("x", sample_ctx)};
  stage.outputs = {sample_tensor("y", sample_ctx + 0x100)};
  stage.ctx_addr = sample_ctx;
  stage.ctx_size = 0x1000;
  stage.ctx_sizes = {0x1000};
  stage.core_num = 1;
  Bytes table(4096);
  std::iota(table.begin(), table.begin() + sample_elements, std::uint8_t{1});
  stage.coefficients = Coefficients{sample_coeff, make_blob(std::move(table)), "written", {{"table", 0, 64}}, 0};
  Subnet subnet;
  subnet.id = 0;
  subnet.next_ids = {-1};
  subnet.inputs = stage.inputs;
  subnet.outputs = stage.outputs;
  subnet.groups = {sample_group()};
  stage.subnets = {subnet};
  return stage;
}

inline Model sample_model() {
  Model model;
  model.type = "T";
  model.version = "2.2";
  model.time = "Thu Jan  1 00:00:00 2026";
  model.chip = "BM1684X";
  model.neuron_size = 0x1000;
  model.device_num = 1;
  Net first;
  first.name = "add";
  first.stages = {sample_stage()};
  Net second = first;
  second.name = "again";
  second.stages.push_back(sample_stage());
  for (Tensor* tensor : {&second.stages[1].inputs[0], &second.stages[1].outputs[0]}) tensor->shapes = {{64}};
  model.nets = {first, second};
  return model;
}

}  // namespace vnpu::bmodel
