// The performance unit's records and the report the vendor's runtime makes of them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "isa/cv18xx/command_stream.h"

namespace vnpu::programs {

// One finished command, in ticks of the TPU's clock: a counter of 32 bits that wraps.
struct PmuRecord {
  enum class Type : std::uint8_t { end = 0, tdma_load = 1, tdma_store = 2, tdma_move = 3, tiu = 4 };
  Type type = Type::end;
  std::uint16_t id = 0;      // the command's own sync id
  std::uint32_t event0 = 0;  // TDMA: bursts on the bus; 22 bits
  std::uint32_t event1 = 0;  // TDMA: beats of 16 bytes; 22 bits
  std::uint32_t start = 0, end = 0;
};

// The 16 bytes the unit writes: type:4, id:16, event0:22, event1:22, end:32, start:32.
PmuRecord decode_pmu_record(ByteView bytes);

struct PmuTotals {
  std::uint32_t clock_hz = 0;
  std::uint64_t bytes = 0;  // loaded and stored
  std::uint64_t tdma_ticks = 0, tiu_ticks = 0, ticks = 0;
};

// `clock_hz` 0: 750 MHz is assumed.
PmuTotals total(std::span<const PmuRecord> records, std::uint32_t clock_hz);

// "=====inference total info ====" and the four lines below it.
std::string pmu_report(const PmuTotals& totals, const std::string& chip);

// The two tables of TPU_PMUBUF_OUTPUT_FILE: a row a record, with the fields of its command; a row a layer.
std::string pmu_command_csv(std::span<const PmuRecord> records, std::span<const cv18xx::StreamEntry> stream);
std::string pmu_layer_csv(std::span<const PmuRecord> records, std::span<const cv18xx::StreamEntry> stream,
                          std::uint32_t clock_hz);

}  // namespace vnpu::programs
