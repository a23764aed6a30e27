// Where the pixels of a block read, tap by tap, as runs of neighbours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/bm1684x/window.h"

namespace vnpu::bm1684x::kernels {

class WindowMap {
 public:
  explicit WindowMap(const Window& window);

  // The block of `count` results (row-major) from `first`.
  void place(std::size_t first, std::size_t count);
  // Copies what the block reads with a tap (ky * kernel columns + kx) of one plane of cells.
  void pack(std::size_t tap, const std::int32_t* plane, std::int32_t padding, std::int32_t inserted,
            std::int32_t* cells) const;

 private:
  struct Run {
    std::uint32_t at, length;
    std::int32_t source;  // place in the plane, or is_padding or is_inserted
    std::uint32_t step;
  };
  void add(std::vector<Run>& runs, const Run& run) const;
  void add_row(std::vector<Run>& runs, std::uint32_t at, std::uint32_t length, std::uint32_t ox, std::int32_t row,
               std::uint32_t kx) const;

  const Window& window_;
  std::vector<std::vector<Run>> runs_;  // of every tap
};

}  // namespace vnpu::bm1684x::kernels
