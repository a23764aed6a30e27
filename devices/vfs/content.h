// The bytes of stored files, and the account of a file system's space.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "devices/vfs/errno.h"

namespace vnpu::devices {

// Space and nodes of one mount. Bytes are counted in blocks of 4096, also those of holes, so that no file can promise
// more than the flash holds.
class Quota {
 public:
  Quota(std::uint64_t bytes, std::uint64_t files) : bytes_(bytes), files_(files) {}
  Errno resize(std::uint64_t old_size, std::uint64_t new_size);
  Errno add_file();
  void remove_file() { --used_files_; }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t files() const { return files_; }
  std::uint64_t used_bytes() const { return used_bytes_; }
  std::uint64_t used_files() const { return used_files_; }

 private:
  const std::uint64_t bytes_, files_;
  std::atomic<std::uint64_t> used_bytes_{0}, used_files_{0};
};

// Thread-safe.
class Content {
 public:
  explicit Content(std::shared_ptr<Quota> quota) : quota_(std::move(quota)) {}
  virtual ~Content() = default;

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> into);
  Result<std::size_t> write_at(std::uint64_t offset, std::span<const std::uint8_t> bytes);
  Result<std::uint64_t> append(std::span<const std::uint8_t> bytes);
  Errno truncate(std::uint64_t size);
  std::uint64_t size() const { return size_; }

 protected:
  // Called locked; `offset` + bytes lie within size() for load, and size() is already set for store.
  virtual Errno load(std::uint64_t offset, std::span<std::uint8_t> into) = 0;
  virtual Errno store(std::uint64_t offset, std::span<const std::uint8_t> bytes) = 0;
  virtual Errno cut(std::uint64_t old_size, std::uint64_t size) = 0;

  std::shared_ptr<Quota> quota_;
  std::atomic<std::uint64_t> size_{0};

 private:
  Result<std::size_t> write_locked(std::uint64_t offset, std::span<const std::uint8_t> bytes);
  std::mutex mutex_;
};

class MemoryContent : public Content {
 public:
  using Content::Content;
  ~MemoryContent() override { quota_->resize(size_, 0); }

 protected:
  Errno load(std::uint64_t offset, std::span<std::uint8_t> into) override;
  Errno store(std::uint64_t offset, std::span<const std::uint8_t> bytes) override;
  Errno cut(std::uint64_t old_size, std::uint64_t size) override;

 private:
  static constexpr std::uint64_t block_size = 65536;
  std::vector<std::vector<std::uint8_t>> blocks_;  // each as long as was written; what is missing is zero
};

// A file of the host, by a descriptor that its opener gives and that lives while some handle is open.
class HostContent : public Content {
 public:
  HostContent(std::shared_ptr<Quota> quota, std::uint64_t size) : Content(std::move(quota)) { size_ = size; }
  // While handles are open; -1 otherwise. `fd` is owned and closed by the last detach().
  void attach(int fd);
  bool attached() const { return handles_ > 0; }
  void attach_again() { ++handles_; }
  void detach();
  void forget();  // the last name is gone: the space is free once nothing is open

  ~HostContent() override;

 protected:
  Errno load(std::uint64_t offset, std::span<std::uint8_t> into) override;
  Errno store(std::uint64_t offset, std::span<const std::uint8_t> bytes) override;
  Errno cut(std::uint64_t old_size, std::uint64_t size) override;

 private:
  std::atomic<int> handles_{0};
  int fd_ = -1;
  bool forgotten_ = false;
};

}  // namespace vnpu::devices
