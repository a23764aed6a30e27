#include "devices/vfs/content.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace vnpu::devices {

namespace {

constexpr std::uint64_t file_limit = std::uint64_t{1} << 40;

std::uint64_t rounded(std::uint64_t size) { return (size + 4095) / 4096 * 4096; }

}  // namespace

Errno Quota::resize(std::uint64_t old_size, std::uint64_t new_size) {
  const std::uint64_t before = rounded(old_size), after = rounded(new_size);
  if (after <= before) {
    used_bytes_ -= before - after;
    return Errno::ok;
  }
  std::uint64_t used = used_bytes_;
  do {
    if (after - before > bytes_ - std::min(used, bytes_)) return Errno::nospc;
  } while (!used_bytes_.compare_exchange_weak(used, used + (after - before)));
  return Errno::ok;
}

Errno Quota::add_file() {
  if (++used_files_ <= files_) return Errno::ok;
  --used_files_;
  return Errno::nospc;
}

Result<std::size_t> Content::read_at(std::uint64_t offset, std::span<std::uint8_t> into) {
  std::scoped_lock lock(mutex_);
  const std::uint64_t size = size_;
  if (offset >= size || into.empty()) return std::size_t{0};
  const std::size_t length = std::min<std::uint64_t>(into.size(), size - offset);
  if (const Errno error = load(offset, into.first(length)); error != Errno::ok) return error;
  return length;
}

Result<std::size_t> Content::write_locked(std::uint64_t offset, std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return std::size_t{0};
  if (offset > file_limit || bytes.size() > file_limit - offset) return Errno::fbig;
  const std::uint64_t old_size = size_, end = offset + bytes.size();
  if (end > old_size) {
    if (const Errno error = quota_->resize(old_size, end); error != Errno::ok) return error;
    size_ = end;
  }
  if (const Errno error = store(offset, bytes); error != Errno::ok) {
    if (end > old_size) {
      quota_->resize(end, old_size);
      size_ = old_size;
    }
    return error;
  }
  return bytes.size();
}

Result<std::size_t> Content::write_at(std::uint64_t offset, std::span<const std::uint8_t> bytes) {
  std::scoped_lock lock(mutex_);
  return write_locked(offset, bytes);
}

Result<std::uint64_t> Content::append(std::span<const std::uint8_t> bytes) {
  std::scoped_lock lock(mutex_);
  const auto written = write_locked(size_, bytes);
  if (!written) return written.error();
  return size_.load();
}

Errno Content::truncate(std::uint64_t size) {
  std::scoped_lock lock(mutex_);
  if (size > file_limit) return Errno::fbig;
  const std::uint64_t old_size = size_;
  if (size == old_size) return Errno::ok;
  if (const Errno error = quota_->resize(old_size, size); error != Errno::ok) return error;
  if (const Errno error = cut(old_size, size); error != Errno::ok) {
    quota_->resize(size, old_size);
    return error;
  }
  size_ = size;
  return Errno::ok;
}

Errno MemoryContent::load(std::uint64_t offset, std::span<std::uint8_t> into) {
  while (!into.empty()) {
    const std::uint64_t block = offset / block_size, at = offset % block_size;
    const std::size_t length = std::min<std::uint64_t>(into.size(), block_size - at);
    std::size_t stored = 0;
    if (block < blocks_.size() && at < blocks_[block].size()) {
      stored = std::min<std::size_t>(length, blocks_[block].size() - at);
      std::memcpy(into.data(), blocks_[block].data() + at, stored);
    }
    std::memset(into.data() + stored, 0, length - stored);
    into = into.subspan(length);
    offset += length;
  }
  return Errno::ok;
}

Errno MemoryContent::store(std::uint64_t offset, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const std::uint64_t block = offset / block_size, at = offset % block_size;
    const std::size_t length = std::min<std::uint64_t>(bytes.size(), block_size - at);
    if (block >= blocks_.size()) blocks_.resize(block + 1);
    auto& stored = blocks_[block];
    if (stored.size() < at + length) stored.resize(at + length);
    std::memcpy(stored.data() + at, bytes.data(), length);
    bytes = bytes.subspan(length);
    offset += length;
  }
  return Errno::ok;
}

Errno MemoryContent::cut(std::uint64_t old_size, std::uint64_t size) {
  if (size > old_size) return Errno::ok;
  const std::uint64_t whole = (size + block_size - 1) / block_size;
  if (whole < blocks_.size()) blocks_.resize(whole);
  if (size % block_size && whole == blocks_.size() && whole > 0) {
    auto& last = blocks_.back();
    if (last.size() > size % block_size) last.resize(size % block_size);
  }
  return Errno::ok;
}

void HostContent::attach(int fd) {
  fd_ = fd;
  handles_ = 1;
}

void HostContent::detach() {
  if (--handles_ > 0) return;
  close(fd_);
  fd_ = -1;
}

void HostContent::forget() { forgotten_ = true; }

HostContent::~HostContent() {
  if (fd_ >= 0) close(fd_);
  if (forgotten_) quota_->resize(size_, 0);
}

Errno HostContent::load(std::uint64_t offset, std::span<std::uint8_t> into) {
  while (!into.empty()) {
    const ssize_t got = pread(fd_, into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0) return Errno::io;
    if (got == 0) {  // shortened behind our back
      std::memset(into.data(), 0, into.size());
      return Errno::ok;
    }
    into = into.subspan(got);
    offset += got;
  }
  return Errno::ok;
}

Errno HostContent::store(std::uint64_t offset, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t put = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put < 0) return errno == ENOSPC ? Errno::nospc : Errno::io;
    bytes = bytes.subspan(put);
    offset += put;
  }
  return Errno::ok;
}

Errno HostContent::cut(std::uint64_t, std::uint64_t size) {
  return ftruncate(fd_, static_cast<off_t>(size)) == 0 ? Errno::ok : Errno::io;
}

}  // namespace vnpu::devices
