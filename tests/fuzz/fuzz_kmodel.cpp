// A kmodel, a flash image of one, or a kfpkg: read. What is accepted has its arrays inside the file, and errors have
// their place.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "models/kmodel/kfpkg.h"
#include "models/kmodel/model.h"

namespace {

using namespace vnpu;

void check(const kmodel::Model& model, const kmodel::Array& array, std::uint64_t size) {
  (void)model.bytes(array.offset, array.count * size, "array");
}

void check(const kmodel::Model& model) {
  if (const auto* v3 = model.as_v3()) {
    for (const auto& layer : v3->layers) {
      if (const auto* full = std::get_if<kmodel::v3::FullyConnected>(&layer.body)) {
        check(model, full->weights, 4);
        check(model, full->bias, 4);
      }
    }
  } else if (const auto* v4 = model.as_v4()) {
    check(model, v4->constants, 1);
    for (const auto& node : v4->nodes) {
      if (const auto* conv = std::get_if<kmodel::v4::Conv2d>(&node.body)) check(model, conv->weights, 4);
      if (const auto* conv = std::get_if<kmodel::v4::KpuConv2d>(&node.body)) check(model, conv->tail, 1);
    }
  } else {
    for (const auto& module : model.as_v5()->modules) {
      for (const auto& section : module.sections) check(model, section.bytes, 1);
      for (const auto& function : module.functions) {
        check(model, function.text, 1);
        if (module.type != kmodel::v5::ModuleType::k210) continue;
        try {
          (void)kmodel::read_records(model, function);
        } catch (const Error&) {
        }
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView file(std::span(data, size));
  kmodel::Model model;
  try {
    if (kmodel::looks_like_kfpkg(file)) {
      for (const auto& flash : kmodel::read_kfpkg(file)) (void)flash.flash_bytes();
      return 0;
    }
    model = kmodel::read(file);
  } catch (const Error& error) {
    if (!kmodel::looks_like_kfpkg(file) && (!error.offset() || *error.offset() > size + 3 || error.field().empty())) {
      __builtin_trap();
    }
    return 0;
  }
  check(model);
  return 0;
}
