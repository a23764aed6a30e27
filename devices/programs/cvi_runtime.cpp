#include "devices/programs/cvi_runtime.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "sim/cv18xx/network.h"
#include "sim/cv18xx/tensor_info.h"

namespace vnpu::programs {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::uint64_t host_memory_limit = std::uint64_t{256} << 20;

constexpr std::uint64_t align(std::uint64_t value, std::uint64_t to) { return (value + to - 1) / to * to; }

RuntimeTensor runtime_tensor(const cvimodel::Tensor& from) {
  RuntimeTensor to;
  to.name = from.name;
  to.shape = from.shape;
  to.count = from.count();
  to.dtype = from.dtype;
  if (from.quant) {
    to.qscale = from.quant->qscale;
    to.zero_point = static_cast<int>(from.quant->zero_point);
  }
  to.pixel_format = from.pixel_format;
  to.aligned = from.aligned;
  for (std::size_t i = 0; i < 3; ++i) {
    if (i < from.scale.size()) to.scale[i] = from.scale[i];
    if (i < from.mean.size()) to.mean[i] = from.mean[i];
  }
  to.bytes.resize(from.byte_size());
  return to;
}

bool is_switched_on(const std::optional<std::string>& value) { return value && std::atoi(value->c_str()) > 0; }

// The simulator refuses what the library would take (or crash on): said on stderr, under the simulator's name.
void explain(Output& out, const Error& error) { out.complain(std::string("vnpu: ") + error.what() + "\n"); }

}  // namespace

int RuntimeTensor::format() const {
  switch (dtype) {
    case DType::f32: return 0;
    case DType::i32: return 1;
    case DType::u32: return 2;
    case DType::bf16: return 3;
    case DType::i16: return 4;
    case DType::u16: return 5;
    case DType::i8: return 6;
    default: return 7;
  }
}

const char* RuntimeTensor::format_name() const {
  constexpr const char* names[] = {"fp32", "i32", "u32", "bf16", "i16", "u16", "i8", "u8"};
  return names[format()];
}

// ---- command buffers ----

std::uint64_t dmabuf_bytes(std::span<const cv18xx::StreamEntry> stream) {
  const auto groups = cv18xx::split_groups(stream);
  std::uint64_t size = 128 + cv18xx::cpu_bytes * groups.size(), tdma = 0;
  size = align(size, 256);
  for (const auto& group : groups) {
    size = align(size + 112 * group.tiu.size() + 128, 256);
    tdma += group.tdma.size();
  }
  return size + 64 * tdma;
}

std::uint64_t pmu_buffer_bytes(std::span<const cv18xx::StreamEntry> stream) {
  const auto commands = std::ranges::count_if(stream, [](const auto& e) { return e.engine != cv18xx::Engine::cpu; });
  return align(static_cast<std::uint64_t>(commands) * 16 + (1u << 20), page);
}

// ---- device memory ----

void Runtime::open_device() {
  if (device_open_) return;
  if (!host_.has_tpu()) {
    out_.print("open " + host_.variable("TPU_DEV").value_or("/dev/cvi-tpu0") + " failed\n");
    out_.print(" ERROR in ../../src/soc/common/cvi_device_mem.cpp 720\n");
    assertion_failed(out_, "0", "../../src/soc/common/cvi_device_mem.cpp", "device_init", 720);
  }
  if (host_.variable("TPU_ENABLE_PROTECT")) {
    for (int i = 0; i < 2; ++i) out_.print("TPU_ENABLE_PROTECT, protect=true \n");
  }
  device_open_ = true;
}

RuntimeModel::Ion Runtime::allocate(std::uint64_t bytes, const std::string& name) {
  const std::uint64_t size = align(bytes, page);
  // The library closes and opens the ION device and asks again; the missing ends of line are its own.
  for (int attempt = 0; attempt < 3; ++attempt) {
    if (auto buffer = host_.allocate_ion(size, name)) return buffer;
    out_.complain("ion ioctl fail:: Out of memory\n");
    out_.format("ion alloc failed, size = %d, ret=%x\n", static_cast<int>(size), ~0u);
    out_.print("reopen ion dev\n");
    out_.print("reopen ion dev");
    out_.print("reopen ion dev success\n");
    out_.print("reopen ion dev success");
  }
  out_.print("alloc ion failed");
  out_.print(" ERROR in ../../src/soc/common/cvi_device_mem.cpp 451\n");
  assertion_failed(out_, "0", "../../src/soc/common/cvi_device_mem.cpp", "mem_alloc_raw", 451);
}

RuntimeModel::Ion Runtime::shared_memory(std::uint64_t bytes) {
  if (bytes == 0) return nullptr;
  if (auto there = shared_.lock(); there && shared_bytes_ >= bytes) {
    out_.format("find shared memory(%llu),  saved:%llu \n", static_cast<unsigned long long>(shared_bytes_),
                static_cast<unsigned long long>(bytes));
    return there;
  }
  auto fresh = allocate(bytes, "shared");
  shared_ = fresh;
  shared_bytes_ = bytes;
  return fresh;
}

// ---- loading ----

std::optional<Bytes> open_model_file(ProgramHost& host, Output& out, const std::string& path) {
  auto file = host.read_file(path);
  if (!file) out.print("Error, Failed to open " + path + "\n");
  return file;
}

namespace {

[[noreturn]] void incomplete(Output& out) {
  out.print("model is incomplete or incorrect!");
  out.print(" ERROR in ../../src/common/stream.cpp 30\n");
  assertion_failed(out, "0", "../../src/common/stream.cpp", "read", 30);
}

constexpr std::uint64_t header_bytes = 48, chip_at = 30, chip_field = 16;

}  // namespace

cvimodel::Model read_leniently(Output& out, Bytes& file) {
  if (file.size() < header_bytes) incomplete(out);
  const std::uint64_t body = ByteView(file).u32(8, "body_size");
  if (body > file.size() - header_bytes) incomplete(out);
  // What the library does not look at: magic, major version, md5, padding, what follows the chip's name.
  constexpr std::string_view magic = "CviModel";
  std::ranges::copy(magic, file.begin());
  file[12] = 1;
  file[46] = file[47] = 'A';  // a header whose md5 counts for nothing
  bool ended = false;
  for (std::uint64_t i = chip_at; i < chip_at + chip_field; ++i) {
    ended = ended || file[i] == 0;
    if (ended) file[i] = 0;
  }
  return cvimodel::read_description(ByteView(file));
}

void read_sections_leniently(Output& out, ByteView file, cvimodel::Model& model) {
  std::uint64_t end = header_bytes + model.header.body_size;
  for (const auto& section : model.sections) {
    if (section.file_offset > file.size() || section.stored_size > file.size() - section.file_offset) incomplete(out);
    end = std::max(end, section.file_offset + section.stored_size);
  }
  cvimodel::read_section_bytes(file.sub(0, end, "sections"), model);
}

std::unique_ptr<RuntimeModel> Runtime::register_model(const std::string& path, int& code) {
  open_device();
  return register_model(open_model_file(host_, out_, path), code);
}

std::unique_ptr<RuntimeModel> Runtime::register_model(std::optional<Bytes> file, int& code) {
  open_device();
  const auto refuse = [&]() -> std::unique_ptr<RuntimeModel> {
    out_.print("failed to parse cvimodel\n");
    code = cvi_invalid_argument;
    return nullptr;
  };
  if (!file || file->size() <= header_bytes) {
    out_.print("Error, invalid cvimodel file\n");
    return refuse();
  }
  // The name is printed to its zero byte, which can lie behind the field.
  std::string chip;
  for (std::uint64_t i = chip_at; i < header_bytes && (*file)[i] != 0; ++i) chip += static_cast<char>((*file)[i]);
  if (chip != host_.chip()) {
    out_.print("cvimodel built for " + chip + " CANNOT run on platform " + host_.chip() + "\n");
    return refuse();
  }
  const unsigned major = (*file)[12], minor = (*file)[13];
  if (major == 1 && minor > 4) {
    out_.format("cvimodel(%u.%u) is not supported in runtime(1.4)\nPlease update runtime lib.\n", major, minor);
    return refuse();
  }
  try {
    auto model = std::make_shared<cvimodel::Model>(read_leniently(out_, *file));
    out_.format("version: %d.%d.%d\n", model->version[0], model->version[1], model->version[2]);
    out_.print(model->name + " Build at " + model->build_time + " For platform " + host_.chip() + "\n");
    auto loaded = std::unique_ptr<RuntimeModel>(new RuntimeModel(*this));
    loaded->sections_ = std::make_shared<std::vector<RuntimeModel::Ion>>();
    read_sections_leniently(out_, ByteView(*file), *model);
    file.reset();
    const cv18xx::Chip* simulated = cv18xx::find_chip(host_.chip());
    for (const auto& section : model->sections) {
      if (section.type == cvimodel::SectionType::weight) {
        if (!section.bytes.empty()) loaded->sections_->push_back(allocate(section.size, "weight"));
      } else if (section.type == cvimodel::SectionType::cmdbuf || section.type == cvimodel::SectionType::dmabuf) {
        const bool is_dmabuf = section.type == cvimodel::SectionType::dmabuf;
        const auto stream = cv18xx::read_commands(section, is_dmabuf, *simulated);
        const std::uint64_t bytes =
            (is_dmabuf ? section.size : dmabuf_bytes(stream)) + (pmu_enabled() ? pmu_buffer_bytes(stream) : 0);
        loaded->sections_->push_back(allocate(bytes, section.name));
      }
    }
    std::uint32_t shared = 0;
    for (const auto& program : model->programs) shared = std::max(shared, program.shared_gmem);
    out_.format("Max SharedMem size:%u\n", shared);
    loaded->file_ = std::move(model);
    code = cvi_success;
    return loaded;
  } catch (const Error& error) {
    explain(out_, error);
    return refuse();
  }
}

std::unique_ptr<RuntimeModel> Runtime::clone(const RuntimeModel& model) {
  auto copy = std::unique_ptr<RuntimeModel>(new RuntimeModel(*this));
  copy->file_ = model.file_;
  copy->sections_ = model.sections_;
  return copy;
}

void RuntimeModel::set_program(std::uint32_t index) {
  if (index >= file_->programs.size()) {
    assertion_failed(runtime_.out_, "instance->program_id < instance->program_num", "../../src/common/runtime.cpp",
                     "CVI_NN_SetConfig", 213);
  }
  program_ = index;
}

int RuntimeModel::load_program() {
  const auto& program = file_->programs[program_];
  std::uint32_t shared = 0;
  for (const auto& each : file_->programs) shared = std::max(shared, each.shared_gmem);
  shared_ = runtime_.shared_memory(shared);
  if (program.neuron_size) buffers_.push_back(runtime_.allocate(program.neuron_size, "neurons"));
  if (program.private_gmem) buffers_.push_back(runtime_.allocate(program.private_gmem, "private"));
  for (const auto& tensor : program.tensors) {
    if (tensor.place && tensor.place->sel > 2) buffers_.push_back(runtime_.allocate(tensor.byte_size(), tensor.name));
  }
  // Tensors outside of the ION memory, and the program's own copies, live in the process's memory.
  std::uint64_t host_bytes = 0;
  for (const auto& tensor : program.tensors) {
    const auto is_copied = [&](const auto& names) { return std::ranges::find(names, tensor.name) != names.end(); };
    if (!tensor.place) host_bytes += tensor.byte_size();
    if (all_tensors_ || is_copied(program.inputs) || is_copied(program.outputs)) host_bytes += tensor.byte_size();
  }
  if (host_bytes > host_memory_limit) {
    runtime_.out_.complain("vnpu: the program's tensors need " + std::to_string(host_bytes) +
                           " bytes beside the ION memory, more than the board has\n");
    return cvi_no_memory;
  }
  try {
    NetworkOptions options;
    options.program = program_;
    network_ = std::make_unique<cv18xx::CvNetwork>(file_, options);
  } catch (const Error& error) {
    explain(runtime_.out_, error);
    return error.kind() == ErrorKind::unsupported ? cvi_unsupported : cvi_failure;
  }
  for (const auto& name : program.inputs) inputs_.push_back(runtime_tensor(*program.find(name)));
  if (all_tensors_) {
    std::vector<const cvimodel::Tensor*> kept;
    for (const auto& tensor : program.tensors) {
      if (!tensor.overwrote) kept.push_back(&tensor);
    }
    std::ranges::sort(kept, {}, &cvimodel::Tensor::name);
    for (const auto* tensor : kept) outputs_.push_back(runtime_tensor(*tensor));
  } else {
    for (const auto& name : program.outputs) outputs_.push_back(runtime_tensor(*program.find(name)));
  }
  return cvi_success;
}

int RuntimeModel::get_tensors(std::vector<RuntimeTensor>*& inputs, std::vector<RuntimeTensor>*& outputs) {
  if (!network_) {
    if (const int code = load_program(); code != cvi_success) return code;
  }
  inputs = &inputs_;
  outputs = &outputs_;
  return cvi_success;
}

// ---- inference ----

int RuntimeModel::forward() {
  auto& host = runtime_.host_;
  try {
    for (const auto& input : inputs_) network_->set_input(input.name, input.bytes);
    const auto& routines = file_->programs[program_].routines;
    if (streams_.empty()) {
      const cv18xx::Chip* chip = cv18xx::find_chip(host.chip());
      for (const auto& routine : routines) {
        const auto* tpu = std::get_if<cvimodel::TpuRoutine>(&routine.body);
        streams_.push_back(tpu ? cv18xx::read_commands(*file_->find_section(tpu->section), tpu->is_dmabuf, *chip)
                               : std::vector<cv18xx::StreamEntry>{});
      }
    }
    for (std::size_t i = 0; i < routines.size(); ++i) {
      const auto routine = [&] {
        if (routines.size() == 1) {
          network_->run();
          return;
        }
        for (auto next = network_->next(); next && next->routine == i; next = network_->next()) network_->step();
      };
      host.check_signals();
      if (std::holds_alternative<cvimodel::TpuRoutine>(routines[i].body)) {
        const TpuJob job{file_, program_, static_cast<unsigned>(i), streams_[i]};
        host.run_tpu(job, routine);
        if (runtime_.pmu_enabled()) runtime_.report_pmu(job);
      } else {
        routine();
      }
    }
    if (routines.size() > 1) network_->step();  // at the end: back to the start
    for (auto& output : outputs_) output.bytes = network_->get(output.name).bytes;
    return cvi_success;
  } catch (const Error& error) {
    explain(runtime_.out_, error);
    return cvi_failure;
  }
}

bool Runtime::pmu_enabled() const { return is_switched_on(host_.variable("TPU_ENABLE_PMU")); }

void Runtime::report_pmu(const TpuJob& job) {
  const auto& stream = job.stream;
  const auto prefix = pmu_prefix_ ? pmu_prefix_ : host_.variable("TPU_PMUBUF_OUTPUT_FILE");
  const bool talkative = host_.chip() == "cv180x";  // that build of the library has its debug lines left in
  const auto records = host_.pmu_records(job);
  const std::uint32_t clock = host_.tpu_clock();
  if (talkative) out_.format("TPU_LOG_DEBUG tpu_pmu_time() all_info=%d\n", prefix ? 1 : 0);
  if (clock == 0) out_.print("can't get tpu clock, assume to 750Mhz\n");
  out_.print(pmu_report(total(records, clock), host_.chip()));
  if (!prefix) return;
  const auto groups = cv18xx::split_groups(stream);
  if (talkative) {
    std::uint64_t tiu = 0, tdma = 0;
    for (const auto& group : groups) tiu += group.tiu.size(), tdma += group.tdma.size();
    const std::uint64_t first_tiu = align(128 + cv18xx::cpu_bytes * groups.size(), 256);
    out_.format("tpu_pmu_fill_cmdbuf() tiu_offset=0x%llx, tdma_offset=0x%llx\n",
                static_cast<unsigned long long>(first_tiu),
                static_cast<unsigned long long>(dmabuf_bytes(stream) - 64 * tdma));
    out_.format("tpu_pmu_fill_cmdbuf() tiu_cnt=%llu, tdma_cnt=%llu\n", static_cast<unsigned long long>(tiu),
                static_cast<unsigned long long>(tdma));
  }
  const auto write = [&](const char* ending, const std::string& text) {
    if (talkative) out_.print("out file_des name=" + *prefix + ending + "\n");
    host_.write_file(*prefix + ending, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  };
  write("_des.csv", pmu_command_csv(records, stream));
  if (talkative) out_.print("tpu_pmu_getlayerInfo() start\n");
  write("_layer.csv", pmu_layer_csv(records, stream, clock));
}

}  // namespace vnpu::programs
