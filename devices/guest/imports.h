// All that the guest module imports: WASI's preview 1 without files, and host.call.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "devices/guest/micropython.h"
#include "devices/guest/wasmtime_api.h"

namespace vnpu::devices {

class GuestImports {
 public:
  GuestImports(const wasm::Api& api, GuestHost& host, std::vector<std::string> arguments);
  void define(wasm::Linker* linker);
  void set_memory(const wasm::Extern& memory) { memory_ = memory; }
  bool ended() const { return ended_; }  // by GuestEnd or the guest's exit

  wasm::Context* context = nullptr;  // of the store that runs
  // After each import: true ends the guest.
  std::function<bool(wasm::Context*, GuestMemory&)> on_return;

 private:
  struct Entry;
  struct Bound {
    GuestImports* imports;
    const Entry* entry;
  };
  static const Entry entries[];
  static wasm::Trap* called(void* environment, wasm::Caller* caller, wasm::RawValue* values, std::size_t count);
  std::int32_t list(GuestMemory& memory, const std::vector<std::string>& texts, std::uint32_t pointers,
                    std::uint32_t buffer);
  std::int32_t write(GuestMemory& memory, const wasm::RawValue* values);
  std::int32_t read(GuestMemory& memory, const wasm::RawValue* values);
  std::int32_t poll(GuestMemory& memory, const wasm::RawValue* values);
  std::int32_t call(GuestMemory& memory, const wasm::RawValue* values);

  const wasm::Api& api_;
  GuestHost& host_;
  std::vector<std::string> arguments_;
  std::vector<Bound> bound_;
  wasm::Extern memory_{};
  bool ended_ = false;
  std::string rest_;  // of an answer, for host.call("more")
};

}  // namespace vnpu::devices
