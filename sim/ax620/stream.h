// The strided byte streams between memories and units: a Detail as addresses in stream order (docs/isa_ax620.md).
#pragma once

#include <functional>
#include <span>

#include "base/bytes.h"
#include "isa/ax620/command_list.h"

namespace vnpu::ax620 {

inline constexpr std::uint64_t max_stream = std::uint64_t{64} << 20;  // bytes one stream may carry

// Bytes the stream carries; throws Error(unsupported) for a form that is not known (compressed streams) and
// Error(damaged) beyond max_stream.
std::uint64_t stream_size(const pb::Detail& detail);

// Calls visit(address, bytes) for every contiguous run in stream order. The pieces of the address list are one logical
// space from 0; the first loop is the innermost.
void for_each_run(const pb::Detail& detail, const std::function<void(std::uint64_t, std::uint64_t)>& visit);

// The stream's bytes out of `memory`, appended to `out`. Throws Error(fault) for an address outside.
void gather(std::span<const std::uint8_t> memory, const pb::Detail& detail, Bytes& out);
// `bytes` to the stream's places; throws Error(damaged) when their numbers differ.
void scatter(std::span<std::uint8_t> memory, const pb::Detail& detail, std::span<const std::uint8_t> bytes);

}  // namespace vnpu::ax620
