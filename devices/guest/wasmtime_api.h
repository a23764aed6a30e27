// The few functions of wasmtime's C interface that the guest needs, found in its shared library at run time. Types are
// opaque here; the shapes of the plain ones are those of the published wasmtime.h, version 50.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>

namespace vnpu::devices::wasm {

struct Engine;
struct Config;
struct Store;
struct Context;
struct Module;
struct Linker;
struct Caller;
struct Trap;
struct Error;
struct ValueType;
struct FunctionType;

struct ByteVector {
  std::size_t size;
  char* data;
};
struct ValueTypeVector {
  std::size_t size;
  ValueType** data;
};
union RawValue {
  std::int32_t i32;
  std::int64_t i64;
  alignas(16) std::uint8_t v128[16];
};
// wasmtime_extern_t, wasmtime_instance_t: filled and read by the library; room to spare.
struct alignas(8) Extern {
  std::uint8_t kind;  // 0 function, 3 memory
  alignas(8) std::uint8_t of[56];
};
struct alignas(8) Instance {
  std::uint8_t bytes[64];
};
inline constexpr std::uint8_t extern_function = 0, extern_memory = 3;
inline constexpr std::uint8_t type_i32 = 0, type_i64 = 1;

using Callback = Trap* (*)(void* environment, Caller* caller, RawValue* values, std::size_t count);
using EpochCallback = Error* (*)(Context* context, void* data, std::uint64_t* delta, std::uint8_t* kind);
using Finalizer = void (*)(void*);

// name, result, parameters
#define VNPU_WASMTIME_FUNCTIONS(X)                                                                                \
  X(wasm_config_new, Config*, ())                                                                                 \
  X(wasmtime_config_consume_fuel_set, void, (Config*, bool))                                                      \
  X(wasmtime_config_epoch_interruption_set, void, (Config*, bool))                                                \
  X(wasmtime_config_max_wasm_stack_set, void, (Config*, std::size_t))                                             \
  X(wasmtime_config_async_stack_size_set, void, (Config*, std::uint64_t))                                         \
  X(wasmtime_config_wasm_exceptions_set, void, (Config*, bool))                                                   \
  X(wasmtime_config_signals_based_traps_set, void, (Config*, bool))                                               \
  X(wasm_engine_new_with_config, Engine*, (Config*))                                                              \
  X(wasm_engine_delete, void, (Engine*))                                                                          \
  X(wasmtime_engine_increment_epoch, void, (Engine*))                                                             \
  X(wasmtime_module_new, Error*, (Engine*, const std::uint8_t*, std::size_t, Module**))                           \
  X(wasmtime_module_serialize, Error*, (Module*, ByteVector*))                                                    \
  X(wasmtime_module_deserialize, Error*, (Engine*, const std::uint8_t*, std::size_t, Module**))                   \
  X(wasmtime_module_delete, void, (Module*))                                                                      \
  X(wasmtime_store_new, Store*, (Engine*, void*, Finalizer))                                                      \
  X(wasmtime_store_delete, void, (Store*))                                                                        \
  X(wasmtime_store_context, Context*, (Store*))                                                                   \
  X(wasmtime_store_limiter, void, (Store*, std::int64_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t)) \
  X(wasmtime_store_epoch_deadline_callback, void, (Store*, EpochCallback, void*, Finalizer))                      \
  X(wasmtime_context_set_epoch_deadline, void, (Context*, std::uint64_t))                                         \
  X(wasmtime_context_set_fuel, Error*, (Context*, std::uint64_t))                                                 \
  X(wasmtime_context_get_fuel, Error*, (Context*, std::uint64_t*))                                                \
  X(wasmtime_linker_new, Linker*, (Engine*))                                                                      \
  X(wasmtime_linker_delete, void, (Linker*))                                                                      \
  X(wasmtime_linker_define_func_unchecked, Error*,                                                                \
    (Linker*, const char*, std::size_t, const char*, std::size_t, FunctionType*, Callback, void*, Finalizer))     \
  X(wasmtime_linker_instantiate, Error*, (Linker*, Context*, Module*, Instance*, Trap**))                         \
  X(wasmtime_instance_export_get, bool, (Context*, Instance*, const char*, std::size_t, Extern*))                 \
  X(wasmtime_func_call, Error*, (Context*, const void*, const void*, std::size_t, void*, std::size_t, Trap**))    \
  X(wasmtime_memory_data, std::uint8_t*, (Context*, const void*))                                                 \
  X(wasmtime_memory_data_size, std::size_t, (Context*, const void*))                                              \
  X(wasmtime_error_new, Error*, (const char*))                                                                    \
  X(wasmtime_error_message, void, (const Error*, ByteVector*))                                                    \
  X(wasmtime_error_delete, void, (Error*))                                                                        \
  X(wasmtime_trap_new, Trap*, (const char*, std::size_t))                                                         \
  X(wasm_trap_message, void, (const Trap*, ByteVector*))                                                          \
  X(wasm_trap_delete, void, (Trap*))                                                                              \
  X(wasm_byte_vec_delete, void, (ByteVector*))                                                                    \
  X(wasm_valtype_new, ValueType*, (std::uint8_t))                                                                 \
  X(wasm_valtype_vec_new, void, (ValueTypeVector*, std::size_t, ValueType* const*))                               \
  X(wasm_functype_new, FunctionType*, (ValueTypeVector*, ValueTypeVector*))                                       \
  X(wasm_functype_delete, void, (FunctionType*))

class Api {
 public:
  // Throws vnpu::Error(unsupported) when the library is absent or of another make.
  explicit Api(const std::filesystem::path& library);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

#define VNPU_DECLARE(name, result, parameters) result(*name) parameters = nullptr;
  VNPU_WASMTIME_FUNCTIONS(VNPU_DECLARE)
#undef VNPU_DECLARE

 private:
  void* library_ = nullptr;
};

}  // namespace vnpu::devices::wasm
