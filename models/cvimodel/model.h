// A .cvimodel as plain structs. Source of the facts: docs/cvimodel.md.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/dtype.h"

namespace vnpu::cvimodel {

// One attribute of a CPU routine (cvi.cpu_op.Attribute): exactly one kind of value.
struct Attribute {
  std::string key;
  std::variant<float, bool, std::int32_t, std::string, std::vector<float>, std::vector<std::int32_t>> value;
};

struct Header {
  std::uint32_t body_size = 0;  // bytes of the flatbuffer
  std::uint8_t major = 0, minor = 0;
  std::array<std::uint8_t, 16> md5{};  // of everything behind the header
  bool md5_verified = false;           // false only for files of the vendor's merging tool, which stores none
  std::string chip;                    // "cv181x"
  std::uint32_t size = 48;             // bytes of the header
};

enum class QuantType : std::uint8_t { none, bf16, int8_sym, int8_asym };

struct QuantInfo {
  QuantType type = QuantType::none;
  float max_value = 0, min_value = 0, zero_point = 0, qscale = 0;
};

// Where a tensor lives: base register and byte offset, or nowhere on the device.
struct Place {
  std::uint8_t sel = 0;      // base register 0..7
  std::uint64_t offset = 0;  // bits 0..39
};

struct Tensor {
  std::uint32_t id = 0;
  std::string name;
  std::optional<Place> place;  // absent: host-only (offset -1)
  DType dtype = DType::f32;
  std::array<std::int64_t, 4> shape{1, 1, 1, 1};  // n, c, h, w
  std::vector<std::int64_t> stride;               // absent in practice
  std::optional<QuantInfo> quant;
  bool overwrote = false;          // its buffer is reused later
  std::vector<float> scale, mean;  // preprocessing, per channel
  std::string pixel_format;        // empty: plain tensor
  bool aligned = false;
  std::uint32_t size = 0;  // bytes when aligned, else 0 or count * element size

  std::uint64_t count() const;      // product of shape
  std::uint64_t byte_size() const;  // what the runtime allocates and copies: aligned formats included
};

struct Weight {
  std::string name;
  Place place;
  std::uint32_t size = 0;
  std::array<std::int64_t, 4> shape{1, 1, 1, 1};
  DType dtype = DType::i8;
};

struct TpuRoutine {
  std::string section;  // a CMDBUF section, or a DMABUF section
  bool is_dmabuf = false;
};

struct CpuRoutine {
  std::string function;
  std::vector<Attribute> attributes;
};

struct Routine {
  std::vector<std::string> inputs;   // names of tensors of the program, or of weights
  std::vector<std::string> outputs;  // names of tensors of the program
  std::variant<TpuRoutine, CpuRoutine> body;
};

struct Program {
  std::uint32_t batch_num = 0;
  std::uint32_t neuron_size = 0;                    // old scheme, else 0
  std::uint32_t shared_gmem = 0, private_gmem = 0;  // bytes
  std::vector<std::string> inputs, outputs;
  std::vector<Tensor> tensors;  // tensor_map
  std::vector<Routine> routines;

  const Tensor* find(std::string_view name) const;  // null when absent
};

enum class SectionType : std::uint8_t { weight, cmdbuf, func_x86, func_aarch64, dmabuf };

struct Section {
  SectionType type = SectionType::weight;
  std::string name;
  std::uint64_t file_offset = 0;   // of its first stored byte
  std::uint32_t stored_size = 0;   // bytes in the file
  std::uint32_t size = 0;          // bytes once decompressed
  std::uint64_t table_offset = 0;  // file offset of its entry in the flatbuffer (for messages)
  bool encrypted = false, compressed = false;
  Bytes bytes;  // `size` bytes, decompressed; empty for encrypted and FUNC_* sections
};

struct PreprocessHints {
  std::string color, mean, std, data_format;
  float raw_scale = 0, input_scale = 0;
};

struct Model {
  Header header;
  std::array<std::uint8_t, 3> version{};  // of the body
  std::string name, build_time, target, mlir_version;
  std::optional<PreprocessHints> preprocess_hints;
  std::vector<Weight> weights;
  std::vector<Program> programs;
  std::vector<Section> sections;

  const Section* find_section(std::string_view name) const;  // null when absent
  const Weight* find_weight(std::string_view name) const;    // null when absent
  // What of this file would be refused on running it, in words; empty when nothing. CPU functions are not looked at.
  std::vector<std::string> refusals() const;
  // Bytes of the board's ION memory that the vendor's tool reports: sections, private memory of all programs, the
  // largest shared memory, the input and output buffers of all programs.
  std::uint64_t ion_bytes() const;
};

// Reads and checks the whole container: magic, version, chip, md5, flatbuffer, names, sizes, sections. Throws
// Error(damaged) with file offset and field, Error(unsupported) for another format version or another chip. Encrypted
// sections, FUNC_* sections, several weight sections and tensor strides do not stop reading (info must show them): they
// are listed by refusals().
// Memory stays below 4x the file + 64 MB.
Model read(ByteView file);

// Header and flatbuffer only, checked as by read(). Sections have names, sizes and places, which may lie behind the end
// of the file, and no bytes; read_section_bytes() gets those. For loaders that want to say what they found of a file
// that is cut short.
Model read_description(ByteView file);
void read_section_bytes(ByteView file, Model& model);

// True when the first bytes are those of a .cvimodel (magic), whatever follows.
bool looks_like_cvimodel(ByteView file);

}  // namespace vnpu::cvimodel
