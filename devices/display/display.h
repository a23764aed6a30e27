// Where the pictures of a board's panel go.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/image.h"

namespace vnpu::display {

class Sink {
 public:
  virtual ~Sink() = default;
  // The panel as it is seen from `now_ns` of the board's time on. Called for each picture shown, also equal ones.
  virtual void show(const Image& picture, std::uint64_t now_ns) = 0;
};

// png:DIR (frame_000000.png, ..., one for each picture that differs from the one before; the folder is made),
// mjpeg:FILE (JPEGs one behind the other, one a picture shown, quality 90), none. Throws Error(usage) for another form
// or a place that cannot be written.
std::unique_ptr<Sink> open_sink(const std::string& spec);

}  // namespace vnpu::display
