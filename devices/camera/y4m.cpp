#include <algorithm>
#include <charconv>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "devices/camera/readers.h"

namespace vnpu::camera {

namespace {

constexpr std::size_t max_header = 4096;

struct Header {
  std::uint64_t width = 0, height = 0;
  Rate rate{25, 1};
  int chroma_w = 2, chroma_h = 2;  // luma samples a chroma sample; 0: none
  bool full_range = false;
};

std::uint64_t number(std::string_view text, std::uint64_t offset, const char* field) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty())
    throw Error(ErrorKind::damaged, offset, field, "not a number");
  return value;
}

// A line without its LF.
std::string_view line_at(std::span<const std::uint8_t> file, std::uint64_t offset, const char* field) {
  const auto rest = file.subspan(offset, std::min<std::uint64_t>(file.size() - offset, max_header));
  const auto end = std::find(rest.begin(), rest.end(), std::uint8_t{'\n'});
  if (end == rest.end()) throw Error(ErrorKind::damaged, offset, field, "the line does not end");
  return {reinterpret_cast<const char*>(rest.data()), static_cast<std::size_t>(end - rest.begin())};
}

void colour_space(Header& header, std::string_view value, std::uint64_t at) {
  if (value == "420jpeg" || value == "420") {
    header.full_range = value == "420jpeg";
  } else if (value == "420mpeg2" || value == "420paldv") {
  } else if (value == "422") {
    header.chroma_h = 1;
  } else if (value == "444") {
    header.chroma_w = header.chroma_h = 1;
  } else if (value == "mono") {
    header.chroma_w = header.chroma_h = 0;
  } else {
    throw Error(ErrorKind::unsupported, at, "colour space", std::string(value.substr(0, 20)) + " is not read");
  }
}

Header parse_header(std::string_view line) {
  Header header;
  for (std::size_t at = line.find(' '); at != std::string_view::npos;) {
    const std::size_t end = line.find(' ', at + 1);
    const std::string_view word = line.substr(at + 1, end == std::string_view::npos ? end : end - at - 1);
    at = end;
    if (word.empty()) continue;
    const auto offset = static_cast<std::uint64_t>(word.data() - line.data());
    const std::string_view value = word.substr(1);
    if (word[0] == 'W') {
      header.width = number(value, offset, "width");
    } else if (word[0] == 'H') {
      header.height = number(value, offset, "height");
    } else if (word[0] == 'F') {
      const std::size_t colon = value.find(':');
      const auto n = number(value.substr(0, colon), offset, "rate");
      const auto d = colon == std::string_view::npos ? 1 : number(value.substr(colon + 1), offset, "rate");
      if (n == 0 || d == 0 || n > 1'000'000 || d > 1'000'000)
        throw Error(ErrorKind::damaged, offset, "rate", "out of range");
      header.rate = {static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(d)};
    } else if (word[0] == 'C') {
      colour_space(header, value, offset);
    } else if (word == "XCOLORRANGE=FULL") {
      header.full_range = true;
    }
  }
  if (header.width == 0 || header.height == 0 || header.width > 8192 || header.height > 8192 ||
      header.width * header.height > max_frame_pixels)
    throw Error(ErrorKind::damaged, 0, "size", "out of range");
  return header;
}

class Y4m : public FrameSource {
 public:
  Y4m(Bytes file, const Playback& playback) : file_(std::move(file)), loop_(playback.loop) {
    const std::string_view magic = "YUV4MPEG2";
    const std::span<const std::uint8_t> view(file_);
    if (view.size() < magic.size() || !std::equal(magic.begin(), magic.end(), view.begin()))
      throw Error(ErrorKind::damaged, 0, "signature", "not a YUV4MPEG2 file");
    const std::string_view line = line_at(view, 0, "header");
    header_ = parse_header(line);
    rate_ = playback.rate.value_or(header_.rate);
    if (header_.chroma_w) {
      chroma_width_ = (header_.width + static_cast<unsigned>(header_.chroma_w) - 1) / header_.chroma_w;
      chroma_height_ = (header_.height + static_cast<unsigned>(header_.chroma_h) - 1) / header_.chroma_h;
    }
    const std::uint64_t size = header_.width * header_.height + 2 * chroma_width_ * chroma_height_;
    for (std::uint64_t at = line.size() + 1; at < view.size();) {
      const std::string_view frame = line_at(view, at, "frame");
      if (!frame.starts_with("FRAME")) throw Error(ErrorKind::damaged, at, "frame", "no FRAME here");
      at += frame.size() + 1;
      if (view.size() - at < size) break;  // a recording that was cut
      frames_.push_back(at);
      at += size;
    }
    if (frames_.empty()) throw Error(ErrorKind::damaged, "there is no whole frame in the file");
  }
  Rate rate() const override { return rate_; }
  std::optional<std::uint64_t> count() const override { return frames_.size(); }
  bool loops() const override { return loop_; }

  Image frame(std::uint64_t number) const override {
    Image out;
    out.width = static_cast<int>(header_.width);
    out.height = static_cast<int>(header_.height);
    out.pixels.resize(header_.width * header_.height * 3);
    const std::uint8_t* luma = file_.data() + frames_.at(number);
    const std::uint8_t* cb = luma + header_.width * header_.height;
    const std::uint8_t* cr = cb + chroma_width_ * chroma_height_;
    auto* to = out.pixels.data();
    for (std::uint64_t y = 0; y < header_.height; ++y)
      for (std::uint64_t x = 0; x < header_.width; ++x, to += 3) {
        int u = 0, v = 0;
        if (header_.chroma_w) {
          const auto at =
              y / static_cast<unsigned>(header_.chroma_h) * chroma_width_ + x / static_cast<unsigned>(header_.chroma_w);
          u = cb[at] - 128;
          v = cr[at] - 128;
        }
        convert(luma[y * header_.width + x], u, v, to);
      }
    return out;
  }

 private:
  // BT.601 with 16 fraction bits, rounded to nearest.
  void convert(int y, int u, int v, std::uint8_t* to) const {
    const auto clip = [](std::int64_t value) {
      return static_cast<std::uint8_t>(std::clamp<std::int64_t>((value + 32768) >> 16, 0, 255));
    };
    if (header_.full_range) {
      const std::int64_t l = std::int64_t{y} << 16;
      to[0] = clip(l + 91881 * v);
      to[1] = clip(l - 22554 * u - 46802 * v);
      to[2] = clip(l + 116130 * u);
    } else {
      const std::int64_t l = std::int64_t{76309} * (y - 16);
      to[0] = clip(l + 104597 * v);
      to[1] = clip(l - 25675 * u - 53279 * v);
      to[2] = clip(l + 132201 * u);
    }
  }

  Bytes file_;
  Header header_;
  Rate rate_;
  bool loop_;
  std::uint64_t chroma_width_ = 0, chroma_height_ = 0;
  std::vector<std::uint64_t> frames_;
};

}  // namespace

std::unique_ptr<FrameSource> read_y4m(Bytes file, const Playback& playback) {
  return std::make_unique<Y4m>(std::move(file), playback);
}

}  // namespace vnpu::camera
