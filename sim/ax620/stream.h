// The strided byte streams between memories and units: a Detail as addresses in stream order (docs/isa_ax620.md).
#pragma once

#include <span>

#include "base/bytes.h"
#include "isa/ax620/command_list.h"

namespace vnpu::ax620 {

inline constexpr std::uint64_t max_stream = std::uint64_t{64} << 20;  // bytes one stream may carry

// Bytes the stream carries; throws Error(unsupported) for a form that is not known (compressed streams) and
// Error(damaged) beyond max_stream.
std::uint64_t stream_size(const pb::Detail& detail);

// The pieces of the address list are one logical space from 0; the first loop is the innermost. All three throw
// Error(fault) for an address outside of `memory`.
// The stream's bytes out of `memory`; `out` is replaced.
void gather(std::span<const std::uint8_t> memory, const pb::Detail& detail, Bytes& out);
// The same, where they lie when they are one run; else gathered into `scratch`.
std::span<const std::uint8_t> view(std::span<const std::uint8_t> memory, const pb::Detail& detail, Bytes& scratch);
// `bytes` to the stream's places; throws Error(damaged) when their numbers differ.
void scatter(std::span<std::uint8_t> memory, const pb::Detail& detail, std::span<const std::uint8_t> bytes);

}  // namespace vnpu::ax620
