// The carve-out heap the TPU's buffers come from: a fixed range of DRAM, shared by all programs of the board.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace vnpu::devices {

class IonHeap;

// Given back when destroyed.
class IonBuffer {
 public:
  IonBuffer() = default;
  IonBuffer(IonBuffer&& other) noexcept;
  IonBuffer& operator=(IonBuffer&& other) noexcept;
  ~IonBuffer();
  explicit operator bool() const { return heap_ != nullptr; }
  std::uint64_t address() const { return address_; }  // physical
  std::uint64_t size() const { return size_; }        // bytes, a multiple of 4096

 private:
  friend class IonHeap;
  IonHeap* heap_ = nullptr;
  std::uint64_t address_ = 0, size_ = 0;
};

class IonHeap {
 public:
  IonHeap(std::uint64_t base, std::uint64_t bytes) : base_(base), bytes_(bytes) {}
  // First fit, rounded up to pages of 4096; an empty buffer when no hole is large enough ("Out of memory").
  IonBuffer allocate(std::uint64_t bytes, int pid, const std::string& name);
  std::uint64_t total() const { return bytes_; }
  std::uint64_t used() const;
  std::uint64_t peak() const;
  std::string summary() const;  // /sys/kernel/debug/ion/cvi_carveout_heap_dump/summary

 private:
  friend class IonBuffer;
  void release(std::uint64_t address);

  struct Block {
    std::uint64_t size;
    int pid;
    std::string name;
  };
  mutable std::mutex mutex_;
  std::uint64_t base_, bytes_;
  std::uint64_t used_ = 0, peak_ = 0;
  std::map<std::uint64_t, Block> blocks_;
};

}  // namespace vnpu::devices
