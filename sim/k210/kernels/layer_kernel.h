// A layer made ready for the kernels: weights packed, ranges of values known.
#pragma once

#include <span>
#include <vector>

#include "sim/k210/kernels/plan.h"

namespace vnpu::k210 {

class LayerKernel {
 public:
  // `level` is not scalar.
  LayerKernel(const Layer& layer, const KpuParameters& parameters, Arithmetic arithmetic, SimdLevel level);

  // Gives the bytes of the law. One batch: `from` and `to` are AI RAM bytes at the maps' first lines; `from` may be
  // overwritten by `to` when `overlap` says so.
  void run(const std::uint8_t* from, std::uint8_t* to, bool overlap, Workspace& workspace) const;

 private:
  struct Grid {                                    // flat pixels
    std::size_t step = 1;                          // every step-th row and column is computed
    std::size_t pitch = 0;                         // pixels from one computed row to the next
    std::size_t rows = 0, columns = 0, count = 0;  // computed ones; count includes what lies between the rows
  };

  void pack();
  void pack_depthwise();
  Grid grid() const;
  void convolve(const std::uint8_t* from, std::uint8_t* to, Workspace& workspace) const;
  void depthwise(const std::uint8_t* from, std::uint8_t* to, bool overlap, Workspace& workspace) const;
  std::uint32_t weight_of(std::uint64_t index) const;
  // `low`: sums with the low bytes of the weights, `high`: with the high bytes, or null.
  void finish(std::uint32_t channel, const std::int32_t* low, const std::int32_t* high, const std::int32_t* terms,
              const std::int32_t* sum_x, std::size_t first, const Grid& grid, std::size_t count, std::int32_t* scratch,
              std::uint8_t* out) const;
  void write_channel(std::uint32_t channel, const Grid& grid, const std::uint8_t* flat, std::uint8_t* to,
                     std::uint8_t* scratch) const;

  Layer layer_;
  KpuParameters parameters_;
  Arithmetic arithmetic_;
  const kernels::Ops& ops_;
  MapShape input_, output_;
  kernels::FinishPlan plan_;
  Activation activation_;
  std::vector<BnEntry> bn_;
  std::vector<std::int32_t> packed_[2];  // by byte of the weights
  std::vector<std::int32_t> ones_;       // depthwise
};

}  // namespace vnpu::k210
