// One KPU layer: descriptor and tables in, the map in AI RAM changed. The scalar law (law.h) and the SIMD kernels stand
// behind this seam and give the same bytes.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "isa/k210/layer.h"
#include "sim/core/simd.h"
#include "sim/k210/ai_ram.h"

namespace vnpu::k210 {

// The two laws of rounding and of segment borders: version 3 files, and versions 4 and 5 (docs/arithmetic_k210.md).
enum class Arithmetic { v3, v4 };

// What a layer loads from main memory. Must stay valid as long as the layer that was prepared with it.
struct KpuParameters {
  std::span<const std::uint8_t> weights;     // [oc][ic][ky][kx], depthwise [c][ky][kx]; u8, or u16 little endian
  bool wide_weights = false;                 // 16 bits
  std::span<const std::uint8_t> bn;          // 8 bytes an output channel
  std::span<const std::uint8_t> activation;  // 144 bytes
};

// Why a layer cannot run, or what is unusual about it.
struct LayerNote {
  bool refused = false;
  std::string field, text;
};
// All that is wrong or unusual with a descriptor, whatever its parameters. Refused: forms that do not exist on the KPU,
// that no public source describes, maps outside of the AI RAM. Not refused: beyond what the vendor states as limits
// (input up to 320x240, output from 4x4) but within the registers.
std::vector<LayerNote> check_layer(const Layer& layer, Arithmetic arithmetic, std::uint32_t batches = 1);

MapShape input_shape(const Layer& layer);
// What pooling leaves: version 3 takes the descriptor's size, versions 4 and 5 the input's by the stride.
MapShape output_shape(const Layer& layer, Arithmetic arithmetic);

class LayerKernel;  // the SIMD side

// A layer checked and made ready once, run many times.
class KpuLayer {
 public:
  // Throws Error(unsupported) or Error(fault) with the first refusing note, Error(damaged) for parameters that are too
  // short. `level` must be one this CPU has.
  KpuLayer(const Layer& layer, const KpuParameters& parameters, std::uint32_t batches, Arithmetic arithmetic,
           SimdLevel level);
  KpuLayer(KpuLayer&&) noexcept;
  KpuLayer& operator=(KpuLayer&&) noexcept;
  ~KpuLayer();

  const Layer& layer() const { return layer_; }
  std::uint32_t batches() const { return batches_; }
  const MapShape& input() const { return input_; }
  const MapShape& output() const { return output_; }  // of one batch

  // Computes every batch. Throws Error(fault) for a value below every segment of the activation table.
  void run(AiRam& ram) const;
  // The output maps, packed, as the output FIFO delivers them to main memory; `to` takes batches * output().count().
  void read_output(const AiRam& ram, std::span<std::uint8_t> to) const;

 private:
  Layer layer_;
  KpuParameters parameters_;
  std::uint32_t batches_;
  Arithmetic arithmetic_;
  MapShape input_, output_;
  std::unique_ptr<LayerKernel> kernel_;  // null: scalar law only
};

}  // namespace vnpu::k210
