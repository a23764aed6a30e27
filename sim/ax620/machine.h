// The functional AX620A: on-chip memory, DDR map, convolution and DMA units; one command at a time. No time.
#pragma once

#include <memory>
#include <span>
#include <unordered_map>

#include "base/bytes.h"
#include "isa/ax620/command_list.h"
#include "sim/ax620/quirks.h"
#include "sim/core/simd.h"
#include "sim/core/zero_pages.h"

namespace vnpu::ax620 {

// Half of the whole chip's memory is what MODE_111 has; every known file stays within it, none says more.
inline constexpr std::uint64_t ocm_bytes = std::uint64_t{4} << 20;

struct LoadedWeights;
struct ConvMemory;

class Machine {
 public:
  // `ddr`: bytes of the DDR map.
  Machine(std::uint64_t ddr, const Quirks& quirks, SimdLevel level);
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  std::span<std::uint8_t> ddr() { return ddr_.bytes(); }
  std::span<const std::uint8_t> ddr() const { return ddr_.bytes(); }
  std::span<const std::uint8_t> ocm() const { return ocm_.bytes(); }

  // Throws Error(unsupported) for what is outside of the known law, Error(fault) for an address outside of a memory and
  // Error(damaged) for operands that do not fit each other.
  void execute(const pb::Cmd& command);
  // Bytes the last command wrote, in stream order; empty for a fetch.
  const Bytes& written() const { return written_; }

 private:
  void load(const pb::LdCmd& command);
  void store(const pb::StCmd& command);
  void move(const pb::MvCmd& command);
  void fetch(const pb::FetchCmd& command);
  void convolve(const pb::ConvCmd& command);

  std::shared_ptr<LoadedWeights> decoded(const pb::FetchCmd& command, std::span<const std::uint8_t> bytes);

  Quirks quirks_;
  SimdLevel level_;
  ZeroPages ddr_, ocm_;
  Bytes written_;
  Bytes input_, second_, spare_;            // kept for their room only
  std::shared_ptr<LoadedWeights> weights_;  // of the last fetch
  std::unique_ptr<ConvMemory> conv_;
  // Weights as they were decoded, by the command that fetched them; used again when the same bytes come.
  std::unordered_map<const pb::FetchCmd*, std::shared_ptr<LoadedWeights>> decoded_;
  std::uint64_t decoded_bytes_ = 0;
};

// What a DMA unit is fed with: the main stream, and for NV12 the second plane.
struct UnitInput {
  std::span<const std::uint8_t> bytes, second;
};

// The DMA's tensor units in their order (dma_units.cpp), the result in `out`; `spare` is room for what lies between
// them. `ocm` and `ddr` are read by units with streams of their own.
void run_units(const pb::DMAStream& stream, UnitInput input, std::span<const std::uint8_t> ocm,
               std::span<const std::uint8_t> ddr, const Quirks& quirks, SimdLevel level, Bytes& out, Bytes& spare);

// The float unit (float_unit.cpp). `bytes`: the main stream, read by statistics only.
void run_float_unit(const pb::FMASubIP& unit, std::span<const std::uint8_t> bytes, std::span<const std::uint8_t> ocm,
                    std::span<const std::uint8_t> ddr, const Quirks& quirks, Bytes& out);

}  // namespace vnpu::ax620
