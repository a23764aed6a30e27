// Files of moving pictures as frame sources. They read from memory and keep the bytes.
#pragma once

#include "base/bytes.h"
#include "devices/camera/camera.h"

namespace vnpu::camera {

// A frame's pixels; also the limit of the sides is 8192.
inline constexpr std::uint64_t max_frame_pixels = std::uint64_t{16} << 20;

struct Playback {
  std::optional<Rate> rate;  // instead of the file's own
  bool loop = true;
};

// YUV4MPEG2 with 8 bits: C420jpeg (and plain 420), C420mpeg2, C420paldv, C422, C444, Cmono. Chroma samples are
// repeated, not filtered. BT.601; full range for 420jpeg and XCOLORRANGE=FULL, else limited range. Throws
// Error(damaged) with the offset, Error(unsupported) for other forms.
std::unique_ptr<FrameSource> read_y4m(Bytes file, const Playback& playback = {});

// JPEG files one behind the other, or the video frames of an AVI file that holds them.
std::unique_ptr<FrameSource> read_mjpeg(Bytes file, Rate usual, const Playback& playback = {});

}  // namespace vnpu::camera
