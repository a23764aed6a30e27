// kmodel version 5 (nncase 1.x) as plain structs. Source of the facts: docs/kmodel.md.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/dtype.h"
#include "models/kmodel/parts.h"

namespace vnpu::kmodel::v5 {

enum class Location : std::uint8_t { input = 0, output = 1, rdata = 2, data = 3, shared_data = 4, kpu_ram = 64 };

struct MemoryRange {
  Location location{};
  std::uint8_t datatype = 0;  // the file's number; see data_type()
  std::uint16_t shared_module = 0;
  std::uint32_t start = 0, size = 0;  // bytes
};

// Element type of the file's number (0 i8, 1 i16, 2 i32, 3 i64, 4 u8, 5 u16, 6 u32, 7 u64, 8 f16, 9 f32, 10 f64,
// 11 bf16). False for any other number.
bool data_type(std::uint8_t number, DType& out);

struct Pool {
  Location location{};
  std::uint32_t size = 0;
};
struct SharedPool {
  std::uint32_t module = 0, size = 0;
};

struct Section {
  std::string name;  // ".text", ".rdata", ...
  std::uint32_t flags = 0;
  bool in_rdata = false;
  Array bytes;  // where they lie in the file
};

struct Parameter {  // of a function: one input or output
  MemoryRange range;
  std::vector<std::uint32_t> shape;  // rank 0..8
  DType dtype = DType::f32;
};

struct Function {
  std::uint64_t offset = 0;  // of its header in the file
  std::uint32_t input_pool_size = 0, output_pool_size = 0;
  std::vector<Parameter> inputs, outputs;
  Array text;  // its code: bytes of the file, inside .text
};

enum class ModuleType : std::uint8_t { stackvm, k210 };  // any other is refused

struct Module {
  std::string type_name;  // "stackvm", "k210"
  ModuleType type = ModuleType::stackvm;
  std::uint64_t offset = 0;  // of its header in the file
  std::uint32_t version = 0, size = 0;
  std::vector<Pool> pools;
  std::vector<SharedPool> shared_pools;
  std::vector<Function> functions;
  std::vector<Section> sections;

  const Section* find(std::string_view section) const;  // null when absent
  std::uint32_t pool_size(Location location) const;     // 0 when absent
};

// The records of a function of a k210 module.
struct Transfer {  // upload and download
  MemoryRange in, out;
  std::array<std::uint32_t, 4> shape{};
};
struct Conv2d {
  MemoryRange weights, bn, activation, main_out;  // main_out.size 0: none
  std::uint32_t batches = 1;
  Descriptor descriptor{};  // address fields are 0
};
struct Copy {
  MemoryRange in, out;
  std::array<std::uint32_t, 4> shape{}, in_strides{}, out_strides{};  // elements
};
enum class RecordType : std::uint8_t { upload = 0, download = 1, conv2d = 2, copy = 3 };
struct Record {
  RecordType type{};
  std::uint64_t offset = 0;  // in the file
  std::variant<Transfer, Conv2d, Copy> body;
};

struct Model {
  std::uint32_t flags = 0, alignment = 0;
  std::uint32_t entry_module = 0, entry_function = 0;  // checked
  std::vector<Module> modules;

  const Function& entry() const { return modules[entry_module].functions[entry_function]; }
};

}  // namespace vnpu::kmodel::v5
