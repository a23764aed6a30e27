#include "devices/guest/wasmtime_api.h"

#include <dlfcn.h>

#include "base/error.h"

namespace vnpu::devices::wasm {

Api::Api(const std::filesystem::path& library) {
  library_ = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library_) {
    const char* why = ::dlerror();
    throw vnpu::Error(ErrorKind::unsupported, "the guest's runtime cannot be loaded: " + std::string(why ? why : ""));
  }
#define VNPU_FIND(name, result, parameters)                                \
  name = reinterpret_cast<result(*) parameters>(::dlsym(library_, #name)); \
  if (!name) throw vnpu::Error(ErrorKind::unsupported, "the guest's runtime lacks " #name);
  VNPU_WASMTIME_FUNCTIONS(VNPU_FIND)
#undef VNPU_FIND
}

// The library keeps threads of its own, so it is never unloaded.
Api::~Api() = default;

}  // namespace vnpu::devices::wasm
