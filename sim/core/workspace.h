// Scratch memory that is kept from command to command, so that no command pays for fresh pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <vector>

namespace vnpu {

class Workspace {
 public:
  // `count` uninitialised elements on a cache line of their own, followed by `slack` readable and writable bytes; valid
  // until reset().
  template <class T>
  T* take(std::size_t count) {
    return reinterpret_cast<T*>(take_bytes(count * sizeof(T) + slack));
  }

  // Gives everything back; the room stays for the next command.
  void reset();

  static constexpr std::size_t slack = 512;

 private:
  struct Free {
    void operator()(std::uint8_t* bytes) const { ::operator delete[](bytes, std::align_val_t{64}); }
  };
  struct Block {
    std::unique_ptr<std::uint8_t[], Free> bytes;
    std::size_t size = 0;
  };

  std::uint8_t* take_bytes(std::size_t size);
  void add_block(std::size_t size);

  std::vector<Block> blocks_;  // the last one is in use
  std::size_t used_ = 0;       // of the last block
};

}  // namespace vnpu
