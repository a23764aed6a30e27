// The 2 MiB RAM that the KPU computes on, and how a map lies in it (docs/arithmetic_k210.md, "AI RAM").
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "sim/core/workspace.h"

namespace vnpu::k210 {

inline constexpr std::uint32_t line_bytes = 64;
inline constexpr std::uint32_t line_count = 32768;
inline constexpr std::uint32_t ai_ram_bytes = line_bytes * line_count;

// How rows are packed, by the map's width alone.
struct RowLayout {
  std::uint32_t groups = 1;     // channels that share a line: 4, 2 or 1
  std::uint32_t row_lines = 1;  // lines of one row
  std::uint32_t pitch = 64;     // bytes between the channels of a line
};
constexpr RowLayout row_layout(std::uint32_t width) {
  if (width <= 16) return {4, 1, 16};
  if (width <= 32) return {2, 1, 32};
  return {1, (width + line_bytes - 1) / line_bytes, line_bytes};
}

struct MapShape {
  std::uint32_t channels = 1, height = 1, width = 1;

  std::uint64_t count() const { return std::uint64_t{channels} * height * width; }
  std::uint64_t group_lines() const { return std::uint64_t{row_layout(width).row_lines} * height; }
  // Lines from one map of a batch to the next. A map of fewer channels than share a line takes whole lines, too.
  std::uint64_t lines() const;
  // Of row 0 of a channel, in bytes from the map's first line; row y lies row_bytes() * y behind it.
  std::uint64_t channel_offset(std::uint32_t channel) const;
  std::uint64_t row_bytes() const { return std::uint64_t{row_layout(width).row_lines} * line_bytes; }
};

class AiRam {
 public:
  AiRam() : bytes_(ai_ram_bytes) {}

  std::span<std::uint8_t> bytes() { return bytes_; }
  std::span<const std::uint8_t> bytes() const { return bytes_; }

  // Throws Error(fault) when a map of that shape at that line does not lie inside; `what` begins the message.
  static void require(std::uint64_t line, const MapShape& shape, std::string_view what);

  // A packed CHW map into its rows, and back. Bytes of the lines that no channel has are left as they are.
  void write(std::uint64_t line, const MapShape& shape, std::span<const std::uint8_t> packed);
  void read(std::uint64_t line, const MapShape& shape, std::span<std::uint8_t> packed) const;

  Workspace& workspace() { return workspace_; }  // of what computes on this memory

 private:
  Bytes bytes_;
  Workspace workspace_;
};

}  // namespace vnpu::k210
