#include "devices/camera/camera.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <vector>

#include "base/error.h"
#include "devices/camera/readers.h"
#include "devices/vision/canvas.h"

namespace vnpu::camera {

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t second = 1'000'000'000;
constexpr int pattern_width = 640, pattern_height = 480;

class Pattern : public FrameSource {
 public:
  enum class Kind { bars, gradient, checker, moving };
  Pattern(Kind kind, Rate rate) : kind_(kind), rate_(rate) {}
  Rate rate() const override { return rate_; }
  std::optional<std::uint64_t> count() const override { return std::nullopt; }

  Image frame(std::uint64_t number) const override {
    Image out;
    out.width = pattern_width;
    out.height = pattern_height;
    out.pixels.resize(std::size_t{3} * pattern_width * pattern_height);
    auto* to = out.pixels.data();
    for (int y = 0; y < pattern_height; ++y)
      for (int x = 0; x < pattern_width; ++x, to += 3) colour(x, y, number, to);
    vision::draw_string(out, 16, 16, std::to_string(number), {255, 255, 255}, 2);
    return out;
  }

 private:
  void colour(int x, int y, std::uint64_t number, std::uint8_t* to) const {
    if (kind_ == Kind::bars) {  // white yellow cyan green magenta red blue black
      const int bar = 7 - x * 8 / pattern_width;
      to[0] = bar & 2 ? 255 : 0;
      to[1] = bar & 4 ? 255 : 0;
      to[2] = bar & 1 ? 255 : 0;
    } else if (kind_ == Kind::gradient) {
      to[0] = static_cast<std::uint8_t>(x * 255 / (pattern_width - 1));
      to[1] = static_cast<std::uint8_t>(y * 255 / (pattern_height - 1));
      to[2] = 128;
    } else if (kind_ == Kind::checker) {
      std::fill_n(to, 3, (x / 32 + y / 32) % 2 ? std::uint8_t{224} : std::uint8_t{32});
    } else {  // a square that crosses the picture in 160 frames
      const int left = static_cast<int>(number * 4 % pattern_width);
      const bool inside = x >= left && x < left + 80 && y >= 200 && y < 280;
      to[0] = inside ? 255 : 32;
      to[1] = inside ? 160 : 48;
      to[2] = inside ? 0 : 96;
    }
  }
  Kind kind_;
  Rate rate_;
};

class Pictures : public FrameSource {
 public:
  Pictures(std::vector<fs::path> files, Rate rate, bool loop) : files_(std::move(files)), rate_(rate), loop_(loop) {}
  Rate rate() const override { return rate_; }
  std::optional<std::uint64_t> count() const override { return files_.size(); }
  bool loops() const override { return loop_; }
  Image frame(std::uint64_t number) const override { return read_image(files_.at(number)); }

 private:
  std::vector<fs::path> files_;
  Rate rate_;
  bool loop_;
};

Playback parse_playback(const std::string& text, const std::string& spec) {
  Playback out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('&', at), text.size());
    const std::string word = text.substr(at, end - at);
    at = end + 1;
    double fps = 0;
    if (word == "loop=1" || word == "loop=0") {
      out.loop = word.back() == '1';
    } else if (word.starts_with("fps=") &&
               std::from_chars(word.data() + 4, word.data() + word.size(), fps).ptr == word.data() + word.size() &&
               fps >= 0.001 && fps <= 1000) {
      out.rate = Rate{static_cast<std::uint32_t>(fps * 1000 + 0.5), 1000};
    } else {
      throw Error(ErrorKind::usage, "camera " + spec + ": '" + word + "' is none of loop=0, loop=1, fps=N");
    }
  }
  return out;
}

}  // namespace

std::unique_ptr<FrameSource> open_source(const std::string& spec, Rate usual) {
  const std::size_t colon = std::min(spec.find(':'), spec.size()), query = std::min(spec.find('?'), spec.size());
  const std::string kind = spec.substr(0, std::min(colon, query));
  const std::string value = colon < query ? spec.substr(colon + 1, query - colon - 1) : "";
  const Playback playback = parse_playback(query < spec.size() ? spec.substr(query + 1) : "", spec);
  const Rate rate = playback.rate.value_or(usual);
  if (kind == "pattern") {
    const std::pair<const char*, Pattern::Kind> kinds[] = {{"bars", Pattern::Kind::bars},
                                                           {"gradient", Pattern::Kind::gradient},
                                                           {"checker", Pattern::Kind::checker},
                                                           {"moving", Pattern::Kind::moving}};
    for (const auto& [name, which] : kinds)
      if (value == name || (value.empty() && which == Pattern::Kind::bars))
        return std::make_unique<Pattern>(which, rate);
    throw Error(ErrorKind::usage,
                "no camera pattern is named '" + value + "'; there are bars, gradient, checker, moving");
  }
  if (value.empty())
    throw Error(ErrorKind::usage,
                "camera '" + spec + "' is none of pattern[:KIND], image:FILE, dir:PATH, y4m:FILE, mjpeg:FILE");
  if (kind == "image") {
    read_image(value);
    return std::make_unique<Pictures>(std::vector<fs::path>{value}, rate, true);
  }
  if (kind == "dir") {
    std::vector<fs::path> files;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(value, failed))
      if (entry.is_regular_file(failed) && !entry.path().filename().string().starts_with("."))
        files.push_back(entry.path());
    if (failed) throw Error(ErrorKind::usage, value + ": " + failed.message());
    if (files.empty()) throw Error(ErrorKind::usage, value + " holds no picture");
    std::sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) { return a.native() < b.native(); });
    return std::make_unique<Pictures>(std::move(files), rate, playback.loop);
  }
  if (kind == "y4m") return read_y4m(read_file(value), playback);
  if (kind == "mjpeg") return read_mjpeg(read_file(value), usual, playback);
  throw Error(ErrorKind::usage, "no camera is named '" + kind + "'; there are pattern, image, dir, y4m, mjpeg");
}

Image fit_frame(const Image& image, int height, int width) {
  const auto sw = static_cast<std::int64_t>(image.width), sh = static_cast<std::int64_t>(image.height);
  std::int64_t cw = sw, ch = sh;
  if (sw * height > width * sh) {
    cw = std::max<std::int64_t>(1, sh * width / height);
  } else {
    ch = std::max<std::int64_t>(1, sw * height / width);
  }
  const std::int64_t left = (sw - cw) / 2, top = (sh - ch) / 2;
  Image cut;
  cut.width = static_cast<int>(cw);
  cut.height = static_cast<int>(ch);
  cut.channels = image.channels;
  for (std::int64_t y = 0; y < ch; ++y) {
    const auto* row = image.pixels.data() + ((top + y) * sw + left) * image.channels;
    cut.pixels.insert(cut.pixels.end(), row, row + cw * image.channels);
  }
  return cw == width && ch == height ? cut : resize(cut, height, width);
}

std::optional<std::uint64_t> Camera::number_at(std::uint64_t now_ns) const {
  const Rate rate = source_->rate();
  const auto index = static_cast<std::uint64_t>(static_cast<unsigned __int128>(now_ns) * rate.numerator /
                                                (static_cast<unsigned __int128>(rate.denominator) * second));
  const auto count = source_->count();
  if (count && index >= *count && !source_->loops()) return std::nullopt;
  return index;
}

std::uint64_t Camera::time_of(std::uint64_t number) const {
  const Rate rate = source_->rate();
  const auto product = static_cast<unsigned __int128>(number) * rate.denominator * second;
  return static_cast<std::uint64_t>((product + rate.numerator - 1) / rate.numerator);
}

const Image& Camera::picture(std::uint64_t number, int height, int width) {
  if (kept_number_ == number && kept_.height == height && kept_.width == width) return kept_;
  const auto count = source_->count();
  kept_ = fit_frame(source_->frame(count ? number % *count : number), height, width);
  kept_number_ = number;
  return kept_;
}

}  // namespace vnpu::camera
