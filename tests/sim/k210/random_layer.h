// Random KPU layers with all their tables, in the forms converters write and beyond them.
#pragma once

#include <random>
#include <vector>

#include "sim/k210/kpu.h"

namespace vnpu::k210 {

struct RandomLayer {
  Layer layer;
  Bytes weights, bn, activation;
  bool wide_weights = false;
  std::uint32_t batches = 1;
  Arithmetic arithmetic = Arithmetic::v4;

  KpuParameters parameters() const { return {weights, wide_weights, bn, activation}; }
};

struct RandomOptions {
  std::uint32_t most_width = 320, most_height = 40, most_channels = 40;
  std::uint64_t most_work = 4'000'000;  // products
};

// A layer whose descriptor passes check_layer(), with its maps at random places of the AI RAM (they may overlap).
RandomLayer random_layer(std::mt19937& random, const RandomOptions& options = {});

// A descriptor for the shapes: all fields that follow from them set as converters do.
Layer make_layer(const MapShape& in, std::uint32_t out_channels, std::uint32_t kernel, bool depthwise,
                 std::int64_t pool, Arithmetic arithmetic);

}  // namespace vnpu::k210
