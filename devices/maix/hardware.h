// The parts of the board that MaixPy's modules work on, and the account of its system heap.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/image.h"
#include "devices/camera/camera.h"
#include "devices/display/display.h"
#include "devices/maix/console.h"
#include "devices/maix/data.h"
#include "devices/maix/flash.h"
#include "devices/vfs/vfs.h"

namespace vnpu::devices::maix {

// The board's time since power-on. The machine moves it; see board.h.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::uint64_t now_ns() = 0;
  virtual void spend_ns(std::uint64_t ns) = 0;       // a device works
  virtual bool wait_until_ns(std::uint64_t ns) = 0;  // false: an interrupt came first
  virtual std::int64_t date_ns() = 0;                // since 1970
};

// Bytes only: what they hold lies elsewhere. Frees itself.
class SystemHeap {
 public:
  explicit SystemHeap(std::uint64_t bytes) : total_(bytes) {}
  class Block {
   public:
    Block() = default;
    Block(Block&& other) noexcept : heap_(std::exchange(other.heap_, nullptr)), bytes_(other.bytes_) {}
    Block& operator=(Block&& other) noexcept {
      std::swap(heap_, other.heap_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Block() {
      if (heap_) heap_->used_ -= bytes_;
    }

   private:
    friend SystemHeap;
    Block(SystemHeap* heap, std::uint64_t bytes) : heap_(heap), bytes_(bytes) {}
    SystemHeap* heap_ = nullptr;
    std::uint64_t bytes_ = 0;
  };
  // None when they are not there.
  std::optional<Block> take(std::uint64_t bytes) {
    if (bytes > free()) return std::nullopt;
    used_ += bytes;
    return Block(this, bytes);
  }
  std::uint64_t free() const { return total_ - used_; }

 private:
  std::uint64_t total_, used_ = 0;
};

struct Sensor {
  bool ready = false, running = true;
  int format = 0;  // 0 RGB565, 1 grayscale, 2 YUV422: as img formats below
  int frame_width = 320, frame_height = 240;
  int x = 0, y = 0, width = 320, height = 240;  // the window
  bool mirror = false, flip = false;
  std::optional<std::uint64_t> last_number;
  // The two memories that the camera port writes: RGB565 (or gray) pixels, and the planes for the KPU.
  Bytes pixels, planes;
  SystemHeap::Block memory;
};

struct Panel {
  bool ready = false;
  int width = 320, height = 240;  // as rotated
  int rotation = 0;
  bool mirror = false, invert = false;
  std::uint32_t frequency = 15'000'000;
  Image picture;  // what is seen: lcd_width x lcd_height, unrotated
};

struct Hardware {
  Hardware(const MaixData& data, Vfs& files, Flash& flash, Clock& clock, Console& console)
      : data(data), files(files), flash(flash), clock(clock), console(console), heap(data.system_heap_bytes()) {}

  const MaixData& data;
  Vfs& files;
  Flash& flash;
  Clock& clock;
  Console& console;
  SystemHeap heap;
  std::unique_ptr<camera::Camera> camera;  // null: none is connected
  std::vector<std::unique_ptr<display::Sink>> displays;
  Sensor sensor;
  Panel panel;

  void reset();  // what a soft reset forgets
};

}  // namespace vnpu::devices::maix
