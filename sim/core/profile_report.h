// A profile in the forms that other programs read.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <ostream>

#include "sim/core/profile.h"

namespace vnpu {

// Everything but the single commands; the same profile gives the same text. Schema: docs/profile.md.
nlohmann::ordered_json profile_json(const Profile& profile);

// A timeline that Perfetto opens: one track an engine, tracks of layers, a counter of the memory. As packets in
// Perfetto's own format, or in the JSON form that Chrome's viewer reads too.
void write_trace_packets(const Profile& profile, std::ostream& out);
void write_trace_json(const Profile& profile, std::ostream& out);

// What the memory bus carried in each of about `slices` equal parts of the time.
struct MemoryRate {
  std::uint64_t cycle = 0;  // start of the part
  double mb_per_s = 0;
};
std::vector<MemoryRate> memory_rate(const Profile& profile, std::size_t slices);

// A waveform of what each engine does: busy, id of the command, layer. Time unit 1 ps.
void write_vcd(const Profile& profile, std::ostream& out);

// Where the roof is and where the model stands below it.
struct Roofline {
  double peak_macs_per_second = 0, memory_bytes_per_second = 0;
  double macs_per_byte = 0;               // of the model
  double attainable_macs_per_second = 0;  // at that intensity
  double reached_macs_per_second = 0;
  double ridge_macs_per_byte = 0;  // above it the multipliers are the roof
  bool memory_bound() const { return macs_per_byte < ridge_macs_per_byte; }
};
Roofline roofline(const Profile& profile);

// The layers with the largest part of the critical path, at most `count`, as indices into profile.layers.
std::vector<std::size_t> costliest_layers(const Profile& profile, std::size_t count);

// Why a layer takes its time, in a sentence's half: "multiply-bound: tiu 96 % of its time, 41 % of the peak".
std::string why(const Profile& profile, const ProfiledLayer& layer);

}  // namespace vnpu
