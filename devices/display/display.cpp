#include "devices/display/display.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/error.h"

namespace vnpu::display {

namespace {

namespace fs = std::filesystem;

void write(std::ofstream& out, const Bytes& bytes, const fs::path& path) {
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  out.flush();
  if (!out) throw Error(ErrorKind::usage, path.string() + " cannot be written");
}

class Pngs : public Sink {
 public:
  explicit Pngs(fs::path folder) : folder_(std::move(folder)) {
    std::error_code failed;
    fs::create_directories(folder_, failed);
    if (failed) throw Error(ErrorKind::usage, folder_.string() + ": " + failed.message());
  }
  void show(const Image& picture, std::uint64_t) override {
    if (picture.width == last_.width && picture.height == last_.height && picture.pixels == last_.pixels) return;
    last_ = picture;
    char name[32];
    std::snprintf(name, sizeof name, "frame_%06u.png", number_++);
    std::ofstream out(folder_ / name, std::ios::binary);
    write(out, encode_png(picture), folder_ / name);
  }

 private:
  fs::path folder_;
  unsigned number_ = 0;
  Image last_;
};

class Mjpeg : public Sink {
 public:
  explicit Mjpeg(fs::path path) : path_(std::move(path)), out_(path_, std::ios::binary) {
    if (!out_) throw Error(ErrorKind::usage, path_.string() + " cannot be written");
  }
  void show(const Image& picture, std::uint64_t) override { write(out_, encode_jpeg(picture, 90), path_); }

 private:
  fs::path path_;
  std::ofstream out_;
};

class None : public Sink {
 public:
  void show(const Image&, std::uint64_t) override {}
};

}  // namespace

std::unique_ptr<Sink> open_sink(const std::string& spec) {
  const std::size_t colon = std::min(spec.find(':'), spec.size());
  const std::string kind = spec.substr(0, colon), value = colon < spec.size() ? spec.substr(colon + 1) : "";
  if (spec == "none") return std::make_unique<None>();
  if (kind == "png" && !value.empty()) return std::make_unique<Pngs>(value);
  if (kind == "mjpeg" && !value.empty()) return std::make_unique<Mjpeg>(value);
  throw Error(ErrorKind::usage, "display '" + spec + "' is none of png:FOLDER, mjpeg:FILE, none");
}

}  // namespace vnpu::display
