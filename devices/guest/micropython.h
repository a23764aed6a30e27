// MicroPython in a sandbox: a WebAssembly module whose every import is answered here, so that the guest has no host
// file, socket, clock or environment to reach. What it is and how it is made fit: docs/board_maix_k210.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace vnpu::devices {

// The guest's linear memory during one call. Valid until the call returns.
class GuestMemory {
 public:
  explicit GuestMemory(std::span<std::uint8_t> bytes) : bytes_(bytes) {}
  // Throws Error(fault) for what lies outside.
  std::span<std::uint8_t> at(std::uint64_t address, std::uint64_t size) const;
  std::string text(std::uint64_t address, std::uint64_t size) const;
  void store(std::uint64_t address, std::uint64_t value, unsigned bytes) const;
  std::uint64_t load(std::uint64_t address, unsigned bytes) const;

 private:
  std::span<std::uint8_t> bytes_;
};

// Thrown by a GuestHost to end the guest: a reset.
struct GuestEnd {};

// The machine around the guest. All calls come from the thread that runs it.
class GuestHost {
 public:
  virtual ~GuestHost() = default;
  virtual void output(std::string_view text) = 0;               // print, error messages; LF line ends
  virtual std::size_t input(std::span<std::uint8_t> into) = 0;  // sys.stdin; 0: the end
  virtual std::uint64_t now_ns() = 0;                           // the board's clock
  virtual void sleep_ns(std::uint64_t ns) = 0;
  // host.call(name, payload) of the guest. An answer longer than the guest takes at once is fetched by it in pieces.
  virtual std::string call(GuestMemory& memory, std::string_view name, std::string_view payload) = 0;
};

class MicroPython {
 public:
  // Where micropython.wasm and libwasmtime.so are: VNPU_GUEST_DIR of the environment, else where tools/guest/install.sh
  // puts them for this build, else beside the program (../lib/vnpu/guest).
  static std::filesystem::path folder();
  static bool installed();

  // Throws Error(unsupported) by name when the guest is not installed. Compiles it once, and keeps the result beside
  // it where that folder can be written.
  MicroPython();
  ~MicroPython();
  MicroPython(const MicroPython&) = delete;
  MicroPython& operator=(const MicroPython&) = delete;

  struct End {
    bool crashed = false;  // the guest did what its machine cannot: its state is lost
    std::string why;
  };
  // A fresh machine that runs `program` until it ends or `host` throws GuestEnd. `heap`: bytes of MicroPython's heap.
  End run(GuestHost& host, const std::string& program, std::uint32_t heap);

  // From any thread. interrupt: KeyboardInterrupt at the guest's next safe point; dropped when nothing was offered by
  // offer_interrupt. stop: ends run().
  void interrupt();
  void clear_interrupt();  // one that has not been delivered is forgotten
  void stop();
  // The address of the exception object that an interrupt raises; the guest makes one and tells it. 0: none.
  void offer_interrupt(std::uint32_t object);
  // WebAssembly operations executed in this run: the measure of the time that Python code takes.
  std::uint64_t operations() const;

  class Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace vnpu::devices
