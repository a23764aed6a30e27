#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "devices/camera/readers.h"

namespace vnpu::camera {

namespace {

struct Piece {
  std::uint64_t offset, size;
};

constexpr std::size_t max_frames = 1 << 22;

// The JPEG that begins at `at`, by its markers.
Piece jpeg_at(std::span<const std::uint8_t> file, std::uint64_t at) {
  const std::uint64_t start = at;
  const auto fail = [&](std::uint64_t offset, const char* what) -> Error {
    return {ErrorKind::damaged, offset, "JPEG marker", what};
  };
  if (file.size() - at < 4 || file[at] != 0xff || file[at + 1] != 0xd8) throw fail(at, "no JPEG begins here");
  at += 2;
  bool scan = false;
  for (;;) {
    if (scan) {  // entropy-coded bytes: to the next marker that is not a stuffed FF or a restart
      while (at + 1 < file.size() && !(file[at] == 0xff && file[at + 1] != 0 && file[at + 1] != 0xff &&
                                       (file[at + 1] < 0xd0 || file[at + 1] > 0xd7)))
        ++at;
      scan = false;
    }
    if (file.size() - at < 2) throw fail(at, "the picture is cut");
    if (file[at] != 0xff) throw fail(at, "a marker is missing");
    const std::uint8_t marker = file[at + 1];
    if (marker == 0xff) {  // fill
      ++at;
      continue;
    }
    at += 2;
    if (marker == 0xd9) return {start, at - start};
    if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7)) continue;
    if (marker == 0xd8 || marker == 0) throw fail(at - 2, "not expected here");
    if (file.size() - at < 2) throw fail(at, "the picture is cut");
    const std::uint64_t length = static_cast<std::uint64_t>(file[at]) << 8 | file[at + 1];
    if (length < 2 || length > file.size() - at) throw fail(at, "a segment leaves the file");
    at += length;
    scan = marker == 0xda;
  }
}

std::vector<Piece> concatenated(std::span<const std::uint8_t> file) {
  std::vector<Piece> out;
  for (std::uint64_t at = 0; at < file.size() && out.size() < max_frames;) {
    if (file[at] == 0 || file[at] == '\n' || file[at] == '\r') {  // between pictures
      ++at;
      continue;
    }
    try {
      out.push_back(jpeg_at(file, at));
    } catch (const Error&) {
      if (out.empty()) throw;
      break;  // a recording that was cut
    }
    at = out.back().offset + out.back().size;
  }
  return out;
}

std::uint32_t u32(std::span<const std::uint8_t> file, std::uint64_t at) {
  return static_cast<std::uint32_t>(file[at]) | static_cast<std::uint32_t>(file[at + 1]) << 8 |
         static_cast<std::uint32_t>(file[at + 2]) << 16 | static_cast<std::uint32_t>(file[at + 3]) << 24;
}

std::string_view tag(std::span<const std::uint8_t> file, std::uint64_t at) {
  return {reinterpret_cast<const char*>(file.data() + at), 4};
}

bool is_avi(std::span<const std::uint8_t> file) {
  return file.size() >= 12 && tag(file, 0) == "RIFF" && tag(file, 8) == "AVI ";
}

// Chunks one behind the other; LISTs are entered. ##dc and ##db are video frames, avih tells the rate.
std::vector<Piece> avi_frames(std::span<const std::uint8_t> file, std::optional<Rate>& rate) {
  std::vector<Piece> out;
  for (std::uint64_t at = 12; file.size() - at >= 8 && out.size() < max_frames;) {
    const std::string_view name = tag(file, at);
    const std::uint64_t size = u32(file, at + 4), body = at + 8;
    if (name == "LIST" || name == "RIFF") {
      if (file.size() - body < 4) break;
      at = body + 4;
      continue;
    }
    if (size > file.size() - body) {
      if (out.empty()) throw Error(ErrorKind::damaged, at, "chunk", "leaves the file");
      break;
    }
    if (name == "avih" && size >= 4) {
      if (const std::uint32_t us = u32(file, body); us >= 100 && us <= 100'000'000) rate = Rate{1'000'000, us};
    } else if ((name.substr(2) == "dc" || name.substr(2) == "db") && size > 0) {
      out.push_back({body, size});
    }
    at = body + size + (size & 1);
    if (at > file.size()) break;
  }
  return out;
}

class Mjpeg : public FrameSource {
 public:
  Mjpeg(Bytes file, Rate usual, const Playback& playback) : file_(std::move(file)), loop_(playback.loop) {
    std::optional<Rate> own;
    frames_ = is_avi(file_) ? avi_frames(file_, own) : concatenated(file_);
    rate_ = playback.rate.value_or(own.value_or(usual));
    if (frames_.empty()) throw Error(ErrorKind::damaged, "there is no frame in the file");
  }
  Rate rate() const override { return rate_; }
  std::optional<std::uint64_t> count() const override { return frames_.size(); }
  bool loops() const override { return loop_; }
  Image frame(std::uint64_t number) const override {
    const Piece& piece = frames_.at(number);
    return decode_image(std::span(file_).subspan(piece.offset, piece.size), max_frame_pixels);
  }

 private:
  Bytes file_;
  bool loop_;
  Rate rate_;
  std::vector<Piece> frames_;
};

}  // namespace

std::unique_ptr<FrameSource> read_mjpeg(Bytes file, Rate usual, const Playback& playback) {
  return std::make_unique<Mjpeg>(std::move(file), usual, playback);
}

}  // namespace vnpu::camera
