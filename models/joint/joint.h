// A Pulsar .joint file (AX620A) as plain structs: container, topology and NEU parts. Source: docs/joint.md.
// The command list stays packed bytes here; isa/ax620 reads it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/tensor.h"

namespace vnpu::joint {

// Limits on what a file may unpack to, and on the memory that takes. Known files unpack to 4.5 times their bytes and a
// command list to 15 times its own; a part to 4.0 times the file; with everything decoded they take up to 12 times
// their bytes.
struct Limits {
  std::uint64_t container_bytes = std::uint64_t{256} << 20;  // the unpacked tar
  unsigned container_ratio = 16;                             // and at most so many times the packed bytes, + 1 MB
  std::uint64_t small_member = std::uint64_t{512} << 10;     // topo.bin, performance.json
  std::uint64_t command_bytes = std::uint64_t{24} << 20;     // the unpacked command list
  std::uint64_t command_ratio = 32;                          // times its packed bytes, + 64 KB
  unsigned part_ratio = 8;                                   // a part unpacked: times the file, + 1 MB
  unsigned memory_ratio = 12;  // parts, command lists and commands: times the file, + 8 MB

  std::uint64_t part(std::uint64_t file_bytes) const { return file_bytes * part_ratio + (std::uint64_t{1} << 20); }
  std::uint64_t memory(std::uint64_t file_bytes) const { return file_bytes * memory_ratio + (std::uint64_t{8} << 20); }
};

enum class PartType { neu, onnx, magma, axe, unknown };
enum class Colour { feature_map, bgr, rgb, grey, nv12, nv21, unknown };

struct TopologyTensor {
  std::string part, name;
  Colour colour = Colour::feature_map;
  bool is_uint8 = false;            // else float32
  int layout = 0;                   // 0 unknown, 1 NCHW, 2 NHWC
  std::vector<std::int64_t> shape;  // shown instead of the part's own, when not empty
};

struct Part {
  PartType type = PartType::unknown;
  std::string name;
  std::vector<std::string> inputs, outputs;
  unsigned virtual_npu = 0;  // 1: MODE_111
  std::string slim_file;
  std::uint64_t slim_bytes = 0, parameter_bytes = 0;
  unsigned quantisation = 0;  // 2: "8 bit", 0: unknown
  std::uint64_t alignment = 0;
};

struct Edge {
  TopologyTensor from, to;
};

struct Topology {
  std::vector<Part> parts;
  std::vector<Edge> edges;
  std::vector<TopologyTensor> inputs, outputs;
  std::vector<std::string> input_names, output_names;  // as the user sees them, in the same order
  std::size_t layer_map_entries = 0;
  std::string tool_version, tool_commit;
};

struct Segment {
  std::string name;
  std::uint64_t address = 0, offset = 0, size = 0;  // bytes; offset in the part's DDR map
};

// A tensor at the border of a NEU part.
struct MetaTensor {
  std::string name;
  bool is_input = false;
  unsigned format = 0;  // 0 feature map, 5 packed 24 bit, 7 NV12
  Shape shape;
  DType dtype = DType::u8;
};

struct MachineStream {
  bool used = false;
  std::uint32_t commands = 0;
};

struct Traffic {
  std::uint64_t loaded = 0, stored = 0, swapped = 0, total = 0;  // bytes of DDR
};

struct Neu {
  std::string member;  // its name in the container, or empty for a bare file
  bool slim = false;   // without the parameter image; its commands are left out where the whole part is there as well
  unsigned major = 0, minor = 0;
  std::string model_name;
  std::vector<Segment> parameters, inputs, outputs, swap;
  unsigned virtual_npu = 0, jobs = 0;
  std::shared_ptr<const Bytes> storage;                              // what `image` lies in
  std::span<const std::uint8_t> image;                               // the parameters
  std::vector<std::pair<std::uint64_t, std::size_t>> patch_regions;  // bytes of the region, patches
  std::vector<MachineStream> streams;                                // one an execution unit
  std::vector<std::uint64_t> machine_code;                           // 64-bit commands, the streams one after the other
  std::vector<MetaTensor> tensors;
  Traffic traffic;
  std::uint64_t command_list_packed = 0;  // bytes in the file
  Bytes command_list;                     // unpacked
  std::uint64_t command_list_offset = 0;  // of the packed bytes in the member
};

// One operator of a CPU part. Every operator known here makes one variable.
struct AxeOperator {
  std::uint64_t type = 0;
  std::string kind;                   // "Concat"; "operator 0x.." when its name is not known
  std::vector<std::uint32_t> inputs;  // variables
  std::string name;                   // of its result; of an input the tensor's
  std::optional<std::int32_t> axis;   // Concat: the joined one; Reshape: the one whose size follows from the others
  DType dtype = DType::f32;           // inputs and constants
  Shape shape;                        // inputs and constants
  Bytes value;                        // constants
};

// A part that runs on the CPU: a MegEngine graph.
struct AxePart {
  std::string member, magic;
  Bytes bytes;
  bool is_graph = false;  // else nothing of it is known but its magic
  unsigned version = 0;   // of MegEngine: 1799900
  std::vector<AxeOperator> operators;
  std::vector<std::uint32_t> outputs;  // variables
};

struct Performance {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  // numbers as they stand in the file
  // Layers of the source network (several joined by ", ") and the compiled layers that do their work.
  std::vector<std::pair<std::string, std::string>> mapping;
};

struct Member {
  std::string name;
  std::uint64_t size = 0;
};

struct Joint {
  std::string container;  // "gzip+tar", "tar", "neu"
  std::vector<Member> members;
  std::optional<Topology> topology;  // none for a bare .neu
  std::vector<Neu> neus;             // in the order of the members
  std::vector<AxePart> axes;
  std::optional<Performance> performance;
  std::uint64_t memory_left = 0;  // bytes that decoding the command list may take

  // The part that can run: the one with its parameters; throws Error(unsupported) when there is none or more than one.
  const Neu& main() const;
};

// Whether `file` may be a .joint or a bare .neu (by its first bytes).
bool recognises(ByteView file);

// Throws Error(damaged) with the member's name, offset in it (of the container itself: in the file, or in what it
// unpacks to) and field; Error(unsupported) for what is recognised and not read: AX630A files, containers beyond the
// limits.
Joint read(ByteView file, const Limits& limits = {});

}  // namespace vnpu::joint
