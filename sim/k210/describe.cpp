#include "sim/k210/describe.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "sim/k210/network.h"

namespace vnpu::k210 {

nlohmann::json describe(const kmodel::Model& model) {
  return {{"format", "kmodel"},
          {"format_version", model.as_v3()   ? "3"
                             : model.as_v4() ? "4"
                                             : "5"},
          {"chip", "k210"},
          {"word_swapped", model.word_swapped},
          {"file_bytes", model.file.size()},
          {"programs", nlohmann::json::array()},
          {"refusals", nlohmann::json::array()}};
}

}  // namespace vnpu::k210
