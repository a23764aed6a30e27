#include "devices/guest/micropython.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "devices/guest/imports.h"

namespace vnpu::devices {

namespace fs = std::filesystem;

std::span<std::uint8_t> GuestMemory::at(std::uint64_t address, std::uint64_t size) const {
  if (size > bytes_.size() || address > bytes_.size() - size)
    throw Error(ErrorKind::fault, "the guest names memory it does not have");
  return bytes_.subspan(address, size);
}

std::string GuestMemory::text(std::uint64_t address, std::uint64_t size) const {
  const auto bytes = at(address, size);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void GuestMemory::store(std::uint64_t address, std::uint64_t value, unsigned bytes) const {
  std::memcpy(at(address, bytes).data(), &value, bytes);
}

std::uint64_t GuestMemory::load(std::uint64_t address, unsigned bytes) const {
  std::uint64_t value = 0;
  std::memcpy(&value, at(address, bytes).data(), bytes);
  return value;
}

namespace {

constexpr const char* module_name = "micropython.wasm";
constexpr const char* library_name = "libwasmtime.so";
// Of a store: the guest's memory (its heap lies in it), tables' elements, instances, tables, memories.
constexpr std::int64_t memory_limit = std::int64_t{16} << 20;
constexpr std::size_t stack_limit = std::size_t{8} << 20;  // of the host's, for nested WebAssembly calls
constexpr std::uint64_t all_fuel = std::uint64_t{1} << 62;

// Where this build of the guest keeps what a signal handler would set (mp_state_ctx in its data segment): the exception
// to raise at the next safe point, and the state of its scheduler, which must be "pending" for that point to look.
constexpr std::uint32_t pending_exception = 0x104f0, scheduler_state = 0x106a4;
constexpr std::uint16_t scheduler_idle = 1, scheduler_pending = 0;

std::vector<std::uint8_t> read_all(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool complete(const fs::path& folder) { return fs::exists(folder / module_name) && fs::exists(folder / library_name); }

}  // namespace

fs::path MicroPython::folder() {
  if (const char* named = std::getenv("VNPU_GUEST_DIR"); named && *named) return named;
  const fs::path built = VNPU_GUEST_DIR;
  if (complete(built)) return built;
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  return program.parent_path().parent_path() / "lib" / "vnpu" / "guest";
}

bool MicroPython::installed() { return complete(folder()); }

class MicroPython::Impl {
 public:
  explicit Impl(const fs::path& folder) : api_(folder / library_name) {
    wasm::Config* config = api_.wasm_config_new();
    api_.wasmtime_config_consume_fuel_set(config, true);
    api_.wasmtime_config_epoch_interruption_set(config, true);
    api_.wasmtime_config_wasm_exceptions_set(config, true);
    api_.wasmtime_config_async_stack_size_set(config, 2 * stack_limit);
    api_.wasmtime_config_max_wasm_stack_set(config, stack_limit);
    api_.wasmtime_config_signals_based_traps_set(config, false);  // the process's signal handlers stay its own
    engine_ = api_.wasm_engine_new_with_config(config);
    if (!engine_) throw Error(ErrorKind::internal, "the guest's runtime does not start");
    try {
      load(folder);
    } catch (...) {
      api_.wasm_engine_delete(engine_);
      throw;
    }
  }
  ~Impl() {
    api_.wasmtime_module_delete(module_);
    api_.wasm_engine_delete(engine_);
  }

  End run(GuestHost& host, const std::string& program, std::uint32_t heap) {
    stop_ = false;
    interrupt_ = false;
    object_ = 0;
    GuestImports imports(api_, host, {"micropython", "-X", "heapsize=" + std::to_string(heap), "-c", program});
    imports.on_return = [this](wasm::Context* context, GuestMemory& memory) { return deliver(context, memory); };
    wasm::Store* store = api_.wasmtime_store_new(engine_, nullptr, nullptr);
    wasm::Linker* linker = api_.wasmtime_linker_new(engine_);
    End end;
    try {
      end = run_in(store, linker, imports);
    } catch (const Error& error) {
      end = {true, error.what()};
    }
    context_ = nullptr;
    api_.wasmtime_linker_delete(linker);
    api_.wasmtime_store_delete(store);
    return end;
  }

  void interrupt() {
    interrupt_ = true;
    api_.wasmtime_engine_increment_epoch(engine_);
  }
  void clear_interrupt() { interrupt_ = false; }
  void stop() {
    stop_ = true;
    api_.wasmtime_engine_increment_epoch(engine_);
  }
  void offer_interrupt(std::uint32_t object) { object_ = object; }

  std::uint64_t operations() const {
    if (!context_) return 0;
    std::uint64_t left = all_fuel;
    if (wasm::Error* error = api_.wasmtime_context_get_fuel(context_, &left)) api_.wasmtime_error_delete(error);
    return all_fuel - left;
  }

 private:
  End run_in(wasm::Store* store, wasm::Linker* linker, GuestImports& imports) {
    context_ = api_.wasmtime_store_context(store);
    api_.wasmtime_store_limiter(store, memory_limit, 10000, 1, 8, 1);
    check(api_.wasmtime_context_set_fuel(context_, all_fuel));
    api_.wasmtime_context_set_epoch_deadline(context_, 1);
    api_.wasmtime_store_epoch_deadline_callback(store, epoch_passed, this, nullptr);
    imports.context = context_;
    imports.define(linker);
    wasm::Instance instance{};
    wasm::Trap* trap = nullptr;
    check(api_.wasmtime_linker_instantiate(linker, context_, module_, &instance, &trap));
    if (trap) return ended(trap, imports);
    wasm::Extern start{}, memory{};
    if (!api_.wasmtime_instance_export_get(context_, &instance, "_start", 6, &start) ||
        start.kind != wasm::extern_function ||
        !api_.wasmtime_instance_export_get(context_, &instance, "memory", 6, &memory) ||
        memory.kind != wasm::extern_memory)
      throw Error(ErrorKind::unsupported, "the guest module is not the one that was tested");
    imports.set_memory(memory);
    memory_ = memory;
    wasm::Error* error = api_.wasmtime_func_call(context_, start.of, nullptr, 0, nullptr, 0, &trap);
    if (trap) return ended(trap, imports);
    if (error) {
      const std::string why = message(error);
      return imports.ended() || stop_ ? End{} : End{true, why};
    }
    return {};
  }

  End ended(wasm::Trap* trap, const GuestImports& imports) {
    wasm::ByteVector text{};
    api_.wasm_trap_message(trap, &text);
    std::string why(text.data, text.size);
    api_.wasm_byte_vec_delete(&text);
    api_.wasm_trap_delete(trap);
    if (imports.ended() || stop_) return {};
    while (!why.empty() && why.back() == '\0') why.pop_back();
    return {true, why};
  }

  std::string message(wasm::Error* error) const {
    wasm::ByteVector text{};
    api_.wasmtime_error_message(error, &text);
    std::string why(text.data, text.size);
    api_.wasm_byte_vec_delete(&text);
    api_.wasmtime_error_delete(error);
    return why;
  }
  void check(wasm::Error* error) const {
    if (error) throw Error(ErrorKind::internal, "the guest's runtime: " + message(error));
  }

  // True: the guest must end. An interrupt that arrived is handed to the interpreter.
  bool deliver(wasm::Context*, GuestMemory& memory) {
    if (stop_) return true;
    if (interrupt_.exchange(false)) {
      const std::uint32_t object = object_;
      if (object && memory.load(pending_exception, 4) == 0) {
        memory.store(pending_exception, object, 4);
        if (memory.load(scheduler_state, 2) == scheduler_idle) memory.store(scheduler_state, scheduler_pending, 2);
      }
    }
    return false;
  }

  // Called by running code after increment_epoch.
  static wasm::Error* epoch_passed(wasm::Context* context, void* data, std::uint64_t* delta, std::uint8_t* kind) {
    auto& self = *static_cast<Impl*>(data);
    *delta = 1;
    *kind = 0;  // go on
    GuestMemory memory({self.api_.wasmtime_memory_data(context, self.memory_.of),
                        self.api_.wasmtime_memory_data_size(context, self.memory_.of)});
    if (self.deliver(context, memory)) return self.api_.wasmtime_error_new("stopped");
    return nullptr;
  }

  void load(const fs::path& folder) {
    const auto bytes = read_all(folder / module_name);
    const std::string hash = sha256_hex(bytes);
    if (hash != VNPU_GUEST_SHA256)
      throw Error(ErrorKind::unsupported, (folder / module_name).string() +
                                              " is not the guest that this program was made for: run "
                                              "tools/guest/install.sh again");
    // Compiling takes a second or more. The library refuses a kept result of another version, processor or setting.
    const fs::path kept = folder / ("micropython-" + hash.substr(0, 12) + ".compiled");
    if (const auto ready = read_all(kept); !ready.empty()) {
      wasm::Error* error = api_.wasmtime_module_deserialize(engine_, ready.data(), ready.size(), &module_);
      if (!error) return;
      api_.wasmtime_error_delete(error);
    }
    check(api_.wasmtime_module_new(engine_, bytes.data(), bytes.size(), &module_));
    wasm::ByteVector compiled{};
    check(api_.wasmtime_module_serialize(module_, &compiled));
    const fs::path part = kept.string() + "." + std::to_string(::getpid()) + ".part";
    std::ofstream out(part, std::ios::binary);
    out.write(compiled.data, static_cast<std::streamsize>(compiled.size));
    out.close();
    api_.wasm_byte_vec_delete(&compiled);
    std::error_code failed;
    if (out) fs::rename(part, kept, failed);
    if (!out || failed) fs::remove(part, failed);
  }

  wasm::Api api_;
  wasm::Engine* engine_ = nullptr;
  wasm::Module* module_ = nullptr;
  wasm::Context* context_ = nullptr;
  wasm::Extern memory_{};
  std::atomic<bool> interrupt_{false}, stop_{false};
  std::atomic<std::uint32_t> object_{0};
};

MicroPython::MicroPython() {
  const fs::path where = folder();
  if (!complete(where))
    throw Error(ErrorKind::unsupported,
                "MicroPython, which this board runs, is not installed: tools/guest/install.sh fetches it (looked in " +
                    where.string() + ")");
  impl_ = std::make_unique<Impl>(where);
}
MicroPython::~MicroPython() = default;

MicroPython::End MicroPython::run(GuestHost& host, const std::string& program, std::uint32_t heap) {
  return impl_->run(host, program, heap);
}
void MicroPython::interrupt() { impl_->interrupt(); }
void MicroPython::clear_interrupt() { impl_->clear_interrupt(); }
void MicroPython::stop() { impl_->stop(); }
void MicroPython::offer_interrupt(std::uint32_t object) { impl_->offer_interrupt(object); }
std::uint64_t MicroPython::operations() const { return impl_->operations(); }

}  // namespace vnpu::devices
