#include "devices/ion_heap.h"

#include <cstdio>
#include <utility>

namespace vnpu::devices {

IonBuffer::IonBuffer(IonBuffer&& other) noexcept
    : heap_(std::exchange(other.heap_, nullptr)), address_(other.address_), size_(other.size_) {}

IonBuffer& IonBuffer::operator=(IonBuffer&& other) noexcept {
  std::swap(heap_, other.heap_);
  std::swap(address_, other.address_);
  std::swap(size_, other.size_);
  return *this;
}

IonBuffer::~IonBuffer() {
  if (heap_) heap_->release(address_);
}

IonBuffer IonHeap::allocate(std::uint64_t bytes, int pid, const std::string& name) {
  std::scoped_lock lock(mutex_);
  IonBuffer out;
  if (bytes == 0 || bytes > bytes_) return out;
  const std::uint64_t size = (bytes + 4095) / 4096 * 4096;
  std::uint64_t at = base_;
  for (const auto& [address, block] : blocks_) {
    if (address - at >= size) break;
    at = address + block.size;
  }
  if (at - base_ > bytes_ || bytes_ - (at - base_) < size) return out;
  blocks_[at] = {size, pid, name};
  used_ += size;
  peak_ = std::max(peak_, used_);
  out.heap_ = this;
  out.address_ = at;
  out.size_ = size;
  return out;
}

void IonHeap::release(std::uint64_t address) {
  std::scoped_lock lock(mutex_);
  const auto it = blocks_.find(address);
  used_ -= it->second.size;
  blocks_.erase(it);
}

std::uint64_t IonHeap::used() const {
  std::scoped_lock lock(mutex_);
  return used_;
}

std::uint64_t IonHeap::peak() const {
  std::scoped_lock lock(mutex_);
  return peak_;
}

std::string IonHeap::summary() const {
  std::scoped_lock lock(mutex_);
  char line[160];
  std::string out = "Summary:\n";
  const auto percent = [&](std::uint64_t part) { return bytes_ ? static_cast<int>(part * 100 / bytes_) : 0; };
  std::snprintf(line, sizeof line, "[0] carveout heap size:%llu bytes, used:%llu bytes\n",
                static_cast<unsigned long long>(bytes_), static_cast<unsigned long long>(used_));
  out += line;
  std::snprintf(line, sizeof line, "usage rate:%d%%, memory usage peak %llu bytes\n\n", percent(used_),
                static_cast<unsigned long long>(peak_));
  out += line;
  out += "Details:\n heap_id   alloc_buf_size    phy_addr      pid  buffer name\n";
  for (const auto& [address, block] : blocks_) {
    std::snprintf(line, sizeof line, "%8d  %15llu  %10llx  %7d  ", 0, static_cast<unsigned long long>(block.size),
                  static_cast<unsigned long long>(address), block.pid);
    out += line + block.name + "\n";
  }
  return out;
}

}  // namespace vnpu::devices
