// The VLC decoder for streams without surprises.
#pragma once

#include <cstdint>
#include <span>

namespace vnpu::cv18xx {

// As vlc_decode(), block by block instead of bit by bit. False when the stream is damaged or ends too close to the end
// of the span: `plain` is then undefined and vlc_decode() says what is wrong, if anything.
bool vlc_decode_fast(std::span<const std::uint8_t> stream, std::span<std::uint8_t> plain);

}  // namespace vnpu::cv18xx
