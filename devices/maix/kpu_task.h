// A model that the KPU module has loaded: the firmware's loader with its order of checks and its error numbers, and
// what the module needs to know of the model. Source: docs/board_maix_k210.md, "The KPU module".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "devices/maix/hardware.h"
#include "models/kmodel/model.h"
#include "sim/core/network.h"

namespace vnpu::devices::maix {

namespace kpu_error {
inline constexpr int param = 2001, kmodel_version = 2002, kmodel_format = 2003, decrypt = 2004, read_file = 2005,
                     no_mem = 2006, get_conv_layer = 2007, run_model = 2008, models_full = 2009, permission = 2010,
                     index_out_of_range = 2011, size_not_match = 2012, outputs_not_done = 2013, not_implement = 2014,
                     unknown = 2015;
}
// "ERR_PARAM: please check param, load address or kmodel file name"
const char* kpu_error_text(int code);

// A picture's planes or, for models that begin with a fully connected layer, floats.
struct KpuOutput {
  Bytes bytes;
  std::uint32_t width = 0, height = 1, channels = 1;
  char type = 'f';  // 'B', 'f', or 0: what cannot be read
};

class KpuTask {
 public:
  // The file as it lies at a place: of a file, or of the flash from an address on (then it may go on behind the model).
  // Returns the error number, 0 when `task` has become a model.
  static int load(ByteView bytes, bool in_flash, SystemHeap& heap, std::unique_ptr<KpuTask>& task);

  bool version4() const { return model_->as_v4() != nullptr; }
  std::uint64_t size() const { return model_->file.size(); }
  // Width, height, channels of the picture that the first layer takes; none when it takes none.
  struct Input {
    std::uint32_t width = 0, height = 0, channels = 0;
  };
  std::optional<Input> picture() const;
  std::optional<std::uint32_t> floats() const;  // that a fully connected first layer takes
  std::size_t layers() const;
  std::size_t outputs() const;
  std::uint64_t output_bytes(std::size_t index) const;

  // Runs all or the first `layers` of them; outputs are kept. Throws vnpu::Error as the network does.
  void run(std::span<const std::uint8_t> input, std::size_t layers);
  bool done() const { return done_; }
  // Form of an output as forward() tells it; version 4 knows none by itself (0 x 1 x 1 then).
  KpuOutput output(std::size_t index) const;

  // One line of netinfo.
  struct LayerInfo {
    std::string name;  // "KL_K210_CONV"
    std::uint32_t type = 0, body_bytes = 0;
    std::uint32_t wi = 0, hi = 0, wo = 0, ho = 0, chi = 0, cho = 0, dw = 0, kernel_type = 0, pool_type = 0,
                  para_size = 0;
  };
  std::vector<LayerInfo> netinfo() const;             // empty for version 4
  std::uint64_t time_ns() const { return time_ns_; }  // of one run; 0 while there is no time model of the chip

 private:
  std::unique_ptr<ModelFile> file_;
  std::shared_ptr<const kmodel::Model> model_;
  std::unique_ptr<Network> network_;
  std::optional<Error> refusal_;  // why there is no network
  SystemHeap::Block file_memory_, main_memory_;
  std::uint64_t time_ns_ = 0;
  bool done_ = false;
  std::size_t ran_ = 0;       // layers of the last run
  std::optional<Bytes> cut_;  // the output when only some layers ran
};

}  // namespace vnpu::devices::maix
