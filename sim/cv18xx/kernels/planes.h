// A sliding window turned into plain vector loads: each input channel is copied to planes in which the cells under one
// kernel cell, for all results of a row, are neighbours.
//
// Padding and inserted cells are written out. With stride s the input falls apart into s phases an axis (only those a
// kernel cell meets are made). All planes have `width` columns, and results are numbered oy * width + ox, so the cell
// under kernel cell t for result p is plane[tap[t] + p]: one vector load, whatever window, stride, dilation.
// The numbers oy * width + ox with ox >= the result's width are computed and dropped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/cv18xx/tiu_job.h"

namespace vnpu::cv18xx::kernels {

class Planes {
 public:
  // `in` gives strides and element size (1 or 2 bytes).
  Planes(const Window& window, const TensorView& in);

  std::ptrdiff_t width() const { return x_.length; }
  std::ptrdiff_t size() const { return size_; }  // elements of one channel's planes
  const std::vector<std::ptrdiff_t>& taps() const { return taps_; }
  // False when the planes of one channel would be larger than `limit` elements; nothing else may then be called.
  bool fits() const { return fits_; }

  // Some cell holds the insert value.
  bool filled() const { return filled_; }
  // The planes are the channel as it lies in memory: no copy is needed.
  bool direct() const { return direct_; }

  // Copies one channel; `fill` is the insert value. T is std::uint8_t or std::uint16_t.
  template <class T>
  void gather(T* planes, const std::uint8_t* channel, T fill) const;

  static constexpr std::ptrdiff_t limit = std::ptrdiff_t{1} << 24;
  static constexpr std::uint64_t tap_limit = std::uint64_t{1} << 16;

 private:
  struct Axis {
    std::vector<std::int64_t> phases;      // those kernel cells meet
    std::vector<std::ptrdiff_t> phase_of;  // kernel cell -> index in phases
    std::vector<std::ptrdiff_t> shift;     // kernel cell -> rows (columns) to go on
    std::ptrdiff_t length = 0;             // rows (columns) of a plane
    std::vector<std::int32_t> source;      // [phase][length] input index or -1
    // Inside a phase, without inserted cells: `count` cells from `first`, at input index `start`, every stride.
    struct Run {
      std::ptrdiff_t first = 0, count = 0, start = 0;
    };
    std::vector<Run> runs;
  };
  static bool make_axis(const WindowAxis& window, Axis& axis);

  Axis y_, x_;
  std::ptrdiff_t size_ = 0, stride_x_ = 1;
  bool gaps_x_ = false;
  std::vector<std::ptrdiff_t> taps_;
  std::uint64_t h_stride_ = 0, w_stride_ = 0;
  bool fits_ = false, direct_ = false, filled_ = false;
};

}  // namespace vnpu::cv18xx::kernels
