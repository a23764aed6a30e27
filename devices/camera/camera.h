// A board's camera: where its frames come from, and which of them is seen at a moment of the board's time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/image.h"

namespace vnpu::camera {

struct Rate {
  std::uint32_t numerator = 30, denominator = 1;  // frames per second; both at least 1
};

// Frames of any size, three channels. Frame numbers begin at 0.
class FrameSource {
 public:
  virtual ~FrameSource() = default;
  virtual Rate rate() const = 0;
  virtual std::optional<std::uint64_t> count() const = 0;  // none: endless
  virtual bool loops() const { return true; }              // after the last frame; else the camera has no more
  // Throws Error(damaged) for a frame that cannot be decoded.
  virtual Image frame(std::uint64_t number) const = 0;
};

// pattern[:bars|gradient|checker|moving], image:FILE, dir:PATH, y4m:FILE, mjpeg:FILE (concatenated JPEGs, or AVI with
// MJPEG), each with ?fps=N and ?loop=0|1 behind it, joined by '&'. Throws Error(usage) for another form and the
// reader's errors for files.
std::unique_ptr<FrameSource> open_source(const std::string& spec, Rate usual = {});

// Cut about the centre to the wanted aspect (sides rounded down, at least 1), then base's resize().
Image fit_frame(const Image& image, int height, int width);

class Camera {
 public:
  explicit Camera(std::unique_ptr<FrameSource> source) : source_(std::move(source)) {}
  const FrameSource& source() const { return *source_; }

  // The frame whose exposure ended last at `now_ns`: number floor(now * rate). None: the source has ended.
  std::optional<std::uint64_t> number_at(std::uint64_t now_ns) const;
  // When that frame number is there.
  std::uint64_t time_of(std::uint64_t number) const;
  // The picture of a number, fitted; the last one decoded is kept.
  const Image& picture(std::uint64_t number, int height, int width);

 private:
  std::unique_ptr<FrameSource> source_;
  std::optional<std::uint64_t> kept_number_;
  Image kept_;
};

}  // namespace vnpu::camera
