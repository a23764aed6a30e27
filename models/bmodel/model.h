// A .bmodel as plain structs: nets, their stages, sub-networks, command groups and coefficients, read strictly from
// hostile bytes (docs/bmodel.md).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/dtype.h"
#include "base/tensor.h"

namespace vnpu::bmodel {

inline constexpr std::uint32_t magic = 0xFF55AAEE;
inline constexpr std::uint32_t header_bytes = 64;

// A range of the binary section. Ranges that several tables share are held once.
struct Blob {
  std::uint64_t file_offset = 0;
  std::shared_ptr<const Bytes> bytes;  // null: absent or not kept (kernel module)
  std::uint64_t size = 0;

  ByteView view() const { return bytes ? ByteView(std::span<const std::uint8_t>(*bytes), file_offset) : ByteView(); }
};

struct Tensor {
  std::string name;
  DType dtype = DType::f32;
  std::uint32_t data_type = 0;  // code in the file: 9 and 10 are i4 and u4, which are stored as bytes
  std::int32_t gmem_stmode = 0;
  std::uint64_t device_addr = 0;
  std::uint64_t size = 0;  // bytes
  std::vector<Shape> shapes;
  std::uint32_t mem_type = 0;  // bits: 1 TPU, 2 CPU
  float scale = 1;
  std::uint32_t cpu_addr = 0, pad_h = 0;
  std::int32_t zero_point = 0, hidden = 0, index = 0;

  const Shape& shape() const { return shapes.front(); }
};

struct Relocation {
  std::uint32_t base_id = 0, addr_offset = 0, cmd_offset = 0;
};

// Commands of the two queues that run together; the counts include the end command of each queue.
struct CommandGroup {
  std::uint32_t tiu_count = 0, gdma_count = 0;
  std::uint32_t tiu_bytes = 0, gdma_bytes = 0;  // as the file says; may be 0
  Blob tiu, gdma;
  std::vector<Relocation> relocations;
};

struct CpuConst {
  std::string name;
  Blob data;
};

struct CpuParam {
  std::int32_t op_type = 0;
  Blob param;
  std::vector<CpuConst> consts;
  bool is_custom = false;
};

enum class SubnetMode : std::int32_t { tpu = 0, cpu = 1, merge = 2, switch_ = 3 };

struct Subnet {
  std::int32_t mode = 0;  // SubnetMode, or what the file says
  std::int32_t id = -1;
  bool is_dynamic = false;  // an IR interpreted by the chip's firmware
  std::uint32_t ir_offset = 0, ir_bytes = 0;
  std::vector<Tensor> inputs, outputs;
  std::vector<CommandGroup> groups;
  std::vector<CpuParam> cpu;
  std::vector<std::int32_t> next_ids;
  std::uint64_t other_commands = 0;  // bytes of command streams of engines this chip does not have
  std::uint64_t file_offset = 0;
};

struct CoeffLocation {
  std::string name;
  std::uint64_t offset = 0, size = 0;
};

struct Coefficients {
  std::uint64_t address = 0;
  Blob data;
  std::string sha256;  // as the file says; empty: not told
  std::vector<CoeffLocation> locations;
  std::int32_t encrypt_mode = 0;
};

// One compiled form of a net, for one set of input shapes.
struct Stage {
  std::vector<Tensor> inputs, outputs;
  std::uint64_t ctx_addr = 0, ctx_size = 0;
  std::vector<std::uint64_t> ctx_sizes;
  std::uint64_t io_addr = 0, io_size = 0;
  std::optional<Coefficients> coefficients;
  bool is_dynamic = false;
  std::vector<Subnet> subnets;
  std::uint32_t cpu_mem_size = 0, core_num = 0;
  std::uint64_t ir_bytes = 0;
  Blob net_profile;  // the converter's records of layers as text, when it was told to keep them
  std::uint64_t file_offset = 0;
};

struct Cascade {
  std::uint32_t device_id = 0, step = 0;
  std::string main_name;
};

struct Net {
  std::string name;
  std::int32_t addr_mode = 0;  // 0 basic, 1 io alone, 2 io tag, 3 io tag fuse, 4 io relocation
  std::optional<Cascade> cascade;
  std::vector<Stage> stages;
};

struct Module {
  std::string file_name;
  Blob data;  // bytes not kept
};

struct Model {
  std::uint32_t flatbuffer_bytes = 0;
  std::uint64_t binary_bytes = 0;
  std::string type, version, time, chip;
  std::uint64_t neuron_size = 0;
  std::uint32_t device_num = 0, bmodel_type = 0;
  std::optional<Module> kernel_module, cpuop_module;
  std::vector<Net> nets;

  // Reasons why (net, stage) cannot be run, each naming what is refused; empty when it can.
  std::vector<std::string> refusals(const Net& net, const Stage& stage) const;
};

// By the first bytes alone.
bool looks_like_bmodel(ByteView file);

// Throws Error(damaged) with file offset and field, Error(unsupported) for another chip or a form that is recognised
// and not read. Memory: at most about twice the file.
Model read(ByteView file);

}  // namespace vnpu::bmodel
