// The face that every chip family shows: a model file that can describe itself, and a network that can be run.
// Family-neutral; sim/runtime finds the families through its registry and hands out these interfaces.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/bytes.h"
#include "base/error.h"
#include "base/tensor.h"
#include "sim/core/profile.h"

namespace vnpu {

// How an image becomes the bytes of an input tensor (fused preprocessing: the model wants raw pixels).
struct ImageInput {
  std::string pixel_format;  // "RGB_PLANAR", "BGR_PACKED", "GRAYSCALE", "YUV420_PLANAR", "YUV_NV12", ...; empty: none
  bool aligned = false;      // rows padded to 64 bytes
  std::vector<float> mean, scale;  // per channel, applied by the caller when not fused
  Shape shape;  // n, c, h, w of the image (n, h, w, c for packed formats), also when bytes are aligned
};

struct TensorInfo {
  std::string name;
  DType dtype = DType::f32;
  Shape shape;
  double qscale = 0;  // input: q = round_half_away(x * qscale + zero_point); output: x = (q - zero_point) * qscale
  int zero_point = 0;
  std::uint64_t byte_size = 0;           // bytes of the device buffer, padding included
  std::string memory;                    // family's word for the place: "shared", "private", "io", "weight", "host"
  std::optional<std::uint64_t> address;  // byte offset within that memory
  bool is_input = false;
  ImageInput image;
};

struct NetworkOptions {
  std::string engine = "fast";    // "scalar", "fast", or an instruction-set level: "avx2", "avx512"
  std::string quirks = "vendor";  // see the family's quirk table
  unsigned program = 0;
  // What every byte of local memory holds when an inference starts; results of a sound model do not depend on it.
  std::uint8_t local_fill = 0;
};

// What step() executes.
struct StepReport {
  std::size_t routine = 0;                // index of the routine in the program
  std::size_t command = 0;                // index of the command in the routine (0 for a host function)
  std::string text;                       // mnemonic, or "cpu FUNCTION"
  std::optional<std::uint32_t> layer_id;  // source layer, when the command tells it
};

// The memories a step-by-step check looks at.
enum class MemoryKind { local, global };
inline constexpr std::uint64_t whole_memory = ~std::uint64_t{0};  // as a size: all there is from the address

class Network {
 public:
  virtual ~Network() = default;

  virtual std::vector<TensorInfo> inputs() const = 0;  // of the selected program, in file order
  virtual std::vector<TensorInfo> outputs() const = 0;
  virtual std::vector<TensorInfo> tensors() const = 0;  // all that live in device or host memory, in file order

  // Copies exactly byte_size bytes; throws Error(usage) for an unknown name or another size.
  virtual void set_input(std::string_view name, std::span<const std::uint8_t> bytes) = 0;
  // Runs all that is left of one inference (from the start, or from where step() stopped).
  virtual void run() = 0;
  // What step() will execute; nullopt when the inference is complete.
  virtual std::optional<StepReport> next() const = 0;
  // Executes one command or host function; nullopt when the inference is complete.
  virtual std::optional<StepReport> step() = 0;
  // Bytes that the last step() produced, packed in the order of its tensor (padding of the chip's memory left out);
  // nullopt when it produced no tensor of its own, or when the family does not tell.
  virtual std::optional<Bytes> last_result() const { return std::nullopt; }
  // The tensor's bytes as they are in memory now; throws Error(usage) for an unknown name.
  virtual Tensor get(std::string_view name) const = 0;
  // `size` bytes of on-chip (local) memory from `address`, for tensors that live only there.
  virtual Bytes read_local(std::uint64_t address, std::uint64_t size) const = 0;
  // The same without a copy, and of global memory at its device address; valid until the network changes.
  virtual std::span<const std::uint8_t> view(MemoryKind, std::uint64_t /*address*/, std::uint64_t /*size*/) const {
    throw Error(ErrorKind::unsupported, "this family does not show its memories");
  }
  virtual unsigned lanes() const = 0;
  // A layer's result that lies in local memory from `address`, in the layout the family's compiler gives such results.
  // Throws Error(unsupported) for an element type the layout does not know, Error(fault) outside of local memory.
  virtual Tensor get_local(std::uint64_t address, DType dtype, const Shape& shape) const = 0;
};

struct DisasmOptions {
  unsigned program = 0;
  std::string engine;  // empty: all; else the family's engine name ("tiu", "tdma", "cpu")
  std::uint64_t first = 0, last = ~std::uint64_t{0};  // range of command indices
  bool json = false;
  const std::vector<std::string>* layer_names = nullptr;  // by layer id, when a *_tensor_info.txt tells them
};

class ModelFile {
 public:
  virtual ~ModelFile() = default;
  virtual std::string family() const = 0;
  virtual std::string chip() const = 0;
  virtual unsigned programs() const = 0;
  // format, version, chip, programs (inputs, outputs, routines, memory need), sections, weights, refusals.
  virtual nlohmann::json describe() const = 0;
  // One call of `line` a listing line, without end of line.
  virtual void disassemble(const DisasmOptions& options, const std::function<void(const std::string&)>& line) const = 0;
  // Throws Error(unsupported) naming what is refused.
  virtual std::unique_ptr<Network> instantiate(const NetworkOptions& options) const = 0;
  // Simulated time on a board; no tensor is computed. Throws Error(usage) for an unknown board or parameter.
  virtual Profile profile(const ProfileOptions& options) const = 0;
};

}  // namespace vnpu
