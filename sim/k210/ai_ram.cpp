#include "sim/k210/ai_ram.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/error.h"

namespace vnpu::k210 {

std::uint64_t MapShape::lines() const {
  const std::uint32_t shared = std::min(channels, row_layout(width).groups);
  return group_lines() * ((channels + shared - 1) / shared);
}

std::uint64_t MapShape::channel_offset(std::uint32_t channel) const {
  const RowLayout layout = row_layout(width);
  return channel / layout.groups * group_lines() * line_bytes + channel % layout.groups * layout.pitch;
}

void AiRam::require(std::uint64_t line, const MapShape& shape, std::string_view what) {
  const bool sane = shape.channels <= ai_ram_bytes && shape.height <= ai_ram_bytes && shape.width <= ai_ram_bytes;
  if (sane && shape.count() != 0 && shape.count() <= ai_ram_bytes && line <= line_count &&
      shape.lines() <= line_count - line) {
    return;
  }
  throw Error(ErrorKind::fault, std::string(what) + " of " + std::to_string(shape.channels) + "x" +
                                    std::to_string(shape.height) + "x" + std::to_string(shape.width) + " at line " +
                                    std::to_string(line) + " does not lie in the AI RAM of " +
                                    std::to_string(line_count) + " lines");
}

void AiRam::write(std::uint64_t line, const MapShape& shape, std::span<const std::uint8_t> packed) {
  require(line, shape, "a map");
  if (packed.size() != shape.count()) throw Error(ErrorKind::internal, "a map's bytes do not fit its shape");
  const std::uint8_t* from = packed.data();
  const std::uint64_t step = shape.row_bytes();
  for (std::uint32_t c = 0; c < shape.channels; ++c) {
    std::uint8_t* row = bytes_.data() + line * line_bytes + shape.channel_offset(c);
    for (std::uint32_t y = 0; y < shape.height; ++y, row += step, from += shape.width) {
      std::memcpy(row, from, shape.width);
    }
  }
}

void AiRam::read(std::uint64_t line, const MapShape& shape, std::span<std::uint8_t> packed) const {
  require(line, shape, "a map");
  if (packed.size() != shape.count()) throw Error(ErrorKind::internal, "a map's bytes do not fit its shape");
  std::uint8_t* to = packed.data();
  const std::uint64_t step = shape.row_bytes();
  for (std::uint32_t c = 0; c < shape.channels; ++c) {
    const std::uint8_t* row = bytes_.data() + line * line_bytes + shape.channel_offset(c);
    for (std::uint32_t y = 0; y < shape.height; ++y, row += step, to += shape.width) {
      std::memcpy(to, row, shape.width);
    }
  }
}

}  // namespace vnpu::k210
