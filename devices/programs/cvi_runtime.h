// The vendor's runtime library (1.4.0 of the 2023 SDK) as the board's programs see it: models are registered, their
// tensors fetched, filled and forwarded. It prints what that library prints and aborts where it aborts.
// Source of the facts: docs/board_programs.md.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "devices/programs/output.h"
#include "devices/programs/program_host.h"
#include "models/cvimodel/model.h"
#include "sim/core/network.h"

namespace vnpu::programs {

inline constexpr const char* runtime_banner = "Cvitek Runtime (1.4.0)t4.1.0-23-gb920beb@20230910\n";

// Return codes of the library.
inline constexpr int cvi_success = 0, cvi_failure = -1, cvi_invalid_argument = -1065910269,
                     cvi_unsupported = -1065910264, cvi_no_memory = -1065910260;

struct RuntimeTensor {
  std::string name;
  std::array<std::int64_t, 4> shape{};
  std::uint64_t count = 0;
  DType dtype = DType::f32;
  float qscale = 1;
  int zero_point = 0;
  std::string pixel_format;  // empty: a plain tensor
  bool aligned = false;
  std::array<float, 3> scale{1, 1, 1}, mean{0, 0, 0};
  Bytes bytes;  // the caller's side of it

  int format() const;               // CVI_FMT: 0 fp32, 1 int32, 2 uint32, 3 bf16, 4 int16, 5 uint16, 6 int8, 7 uint8
  const char* format_name() const;  // "fp32", "i8", ... as model_runner prints it
};

class Runtime;

// A registered model; ends with its destruction ("cleanup").
class RuntimeModel {
 public:
  const cvimodel::Model& file() const { return *file_; }

  // Which of the programs to use; aborts the process for one that does not exist.
  void set_program(std::uint32_t index);
  void set_all_tensors(bool on) { all_tensors_ = on; }

  // Loads the program at the first call. Returns the library's code.
  int get_tensors(std::vector<RuntimeTensor>*& inputs, std::vector<RuntimeTensor>*& outputs);
  int forward();

 private:
  friend class Runtime;
  using Ion = std::shared_ptr<void>;

  explicit RuntimeModel(Runtime& runtime) : runtime_(runtime) {}
  int load_program();

  Runtime& runtime_;
  std::shared_ptr<const cvimodel::Model> file_;
  std::shared_ptr<std::vector<Ion>> sections_;  // weights and dmabufs, shared by clones
  Ion shared_;
  std::vector<Ion> buffers_;  // private and io
  std::uint32_t program_ = 0;
  bool all_tensors_ = false;
  std::unique_ptr<Network> network_;
  std::vector<std::vector<cv18xx::StreamEntry>> streams_;  // by routine; empty for CPU routines
  std::vector<RuntimeTensor> inputs_, outputs_;
};

// The library's state in one process.
class Runtime {
 public:
  Runtime(ProgramHost& host, Output& out) : host_(host), out_(out) {}

  // Null, and the code, when the file is refused; the reason is printed.
  std::unique_ptr<RuntimeModel> register_model(const std::string& path, int& code);
  std::unique_ptr<RuntimeModel> register_model(std::optional<Bytes> file, int& code);
  std::unique_ptr<RuntimeModel> clone(const RuntimeModel& model);
  // model_runner -p: the tables of every forward go to PREFIX_des.csv and PREFIX_layer.csv.
  void set_pmu_output(std::string prefix) { pmu_prefix_ = std::move(prefix); }

 private:
  friend class RuntimeModel;
  void open_device();
  RuntimeModel::Ion allocate(std::uint64_t bytes, const std::string& name);  // aborts when there is no room
  RuntimeModel::Ion shared_memory(std::uint64_t bytes);
  bool pmu_enabled() const;
  void report_pmu(const TpuJob& job);

  ProgramHost& host_;
  Output& out_;
  bool device_open_ = false;
  std::weak_ptr<void> shared_;
  std::uint64_t shared_bytes_ = 0;
  std::optional<std::string> pmu_prefix_;
};

// "Error, Failed to open ..." and the damage the library's reader of files does not survive: shared with cvimodel_tool.
std::optional<Bytes> open_model_file(ProgramHost& host, Output& out, const std::string& path);
// Header and flatbuffer as leniently as the library reads them; aborts the process on a file that is cut short.
cvimodel::Model read_leniently(Output& out, Bytes& file);
// The sections' bytes; aborts likewise.
void read_sections_leniently(Output& out, ByteView file, cvimodel::Model& model);

// Bytes of the driver's command buffer (dmabuf) that a stream becomes, and of the records' buffer behind it.
std::uint64_t dmabuf_bytes(std::span<const cv18xx::StreamEntry> stream);
std::uint64_t pmu_buffer_bytes(std::span<const cv18xx::StreamEntry> stream);

}  // namespace vnpu::programs
