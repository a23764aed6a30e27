// vnpu detect as its users call it: boxes as JSON and drawn, for YOLOv5 against recorded results of MaixPy's own
// post-processing, for the whole and cut heads of YOLOv8 and YOLO11 against the model's outputs decoded one step at a
// time.
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/archive.h"
#include "base/image.h"
#include "base/npz.h"
#include "devices/vision/canvas.h"
#include "devices/vision/yolo.h"
#include "tests/devices/recordings.h"
#include "tests/host/run_vnpu.h"

namespace vnpu {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

class Detect : public CommandTest {
 protected:
  // The picture whose bytes the recorded YOLOv5 heads were computed from, 96 x 64.
  static Image picture() {
    const auto heads = read_npz(recordings() / "yolo5" / "cv180x_heads.npz");
    const Tensor& planes = *find(heads, "images_raw");
    Image image{64, 96, 3, Bytes(64 * 96 * 3)};
    for (std::size_t i = 0; i < 64 * 96; ++i) {
      for (std::size_t c = 0; c < 3; ++c) image.pixels[3 * i + c] = planes.bytes[c * 64 * 96 + i];
    }
    return image;
  }
  void unpack_model(const std::string& name) const {
    for_each_entry(read_file(VNPU_SOURCE_DIR "/tests/golden/detect/detector.tar.xz"), ArchiveFormat::tar, {},
                   [&](const std::string& entry, const Bytes& bytes) {
                     if (entry.find("/" + name) != entry.npos && entry.ends_with("/model.cvimodel"))
                       write_file(path(name + ".cvimodel"), bytes);
                   });
  }
  static json run(const std::string& arguments) {
    const Ran ran = vnpu("detect --json " + arguments);
    EXPECT_EQ(ran.status, 0) << ran.text;
    return ran.status == 0 ? json::parse(ran.text) : json::object();
  }
};

std::string lines(const std::vector<vision::Object>& objects) {
  std::string out;
  for (const auto& o : objects)
    out += json({o.x, o.y, o.w, o.h, o.label}).dump() + " " + std::to_string(o.score) + "\n";
  return out;
}
std::string lines(const json& report) {
  std::vector<vision::Object> objects;
  for (const auto& o : report["objects"])
    objects.push_back({o["x"], o["y"], o["w"], o["h"], o["class"], o["score"].get<float>()});
  return lines(objects);
}

TEST_F(Detect, Yolo5FindsTheRecordedBoxes) {
  write_file(path("picture.png"), encode_png(picture()));
  std::string labels;
  for (int i = 0; i < 80; ++i) labels += "class " + std::to_string(i) + "\n";
  save("labels.txt", labels);
  std::ifstream file(recordings() / "yolo5" / "maixpy4_yolov5_postprocess.json");
  int compared = 0;
  for (const auto& recorded : json::parse(file)) {
    if (recorded["img"] != json({96, 64}) || recorded["sort"] != 0) continue;
    const auto report = run((recordings() / "models/cv180x/y5_fused.cvimodel").string() + " --type yolov5 --labels " +
                            path("labels.txt") + " -i " + path("picture.png") + " --conf " + recorded["conf"].dump() +
                            " --iou " + recorded["iou"].dump());
    std::vector<vision::Object> wanted;
    for (const auto& o : recorded["objects"]) wanted.push_back({o[0], o[1], o[2], o[3], o[4], o[5].get<float>()});
    EXPECT_FALSE(wanted.empty());
    EXPECT_EQ(lines(report), lines(wanted));
    EXPECT_EQ(report["width"], 96);
    EXPECT_EQ(report["objects"][0]["label"], "class " + std::to_string(wanted[0].label));
    ++compared;
  }
  EXPECT_EQ(compared, 6);
}

TEST_F(Detect, HeadsOfYolo8WithADescription) {
  const Image image = picture();
  write_file(path("picture.png"), encode_png(image));
  // Each pixel twice in both directions: fitted by nearest neighbours it is the same again.
  Image large{128, 192, 3, {}};
  for (std::size_t y = 0; y < 128; ++y) {
    for (std::size_t x = 0; x < 192 * 3; ++x) large.pixels.push_back(image.pixels[(y / 2 * 96 + x / 6) * 3 + x % 3]);
  }
  write_file(path("large.png"), encode_png(large));
  Tensor input{DType::f32, {1, 3, 64, 96}, Bytes(64 * 96 * 3 * 4)};
  for (std::size_t i = 0; i < 64 * 96 * 3; ++i) {
    const float x = static_cast<float>(image.pixels[i % (64 * 96) * 3 + i / (64 * 96)]) * 0.00392156862745098f;
    std::memcpy(&input.bytes[4 * i], &x, 4);
  }
  write_npz(fs::path(path("in.npz")), {{"images", input}});
  const std::vector<std::string> names{"red", "green", "blue", "yellow", "white"};

  for (const std::string kind : {"whole", "cut"}) {
    SCOPED_TRACE(kind);
    unpack_model("y8_" + kind);
    save("y8.mud", "[basic]\ntype = cvimodel\nmodel = y8_" + kind +
                       ".cvimodel\n\n[extra]\nmodel_type = " + (kind == "whole" ? "yolov8" : "yolo11") +
                       "\ninput_type = rgb\nmean = 0, 0, 0\nscale = 0.00392156862745098, 0.00392156862745098, "
                       "0.00392156862745098\nlabels = red, green, blue, yellow, white\n");
    ASSERT_EQ(
        vnpu("run " + path("y8_" + kind + ".cvimodel") + " -i " + path("in.npz") + " -o " + path("out.npz")).status, 0);
    const auto outputs = read_npz(fs::path(path("out.npz")));
    vision::DetectOptions options;
    options.input_width = 96;
    options.input_height = 64;
    options.confidence = 0.3f;
    for (const int factor : {1, 2}) {
      options.width = 96 * factor;
      options.height = 64 * factor;
      const auto wanted = vision::detect_yolo_v8(outputs, names.size(), options);
      ASSERT_GT(wanted.size(), 2u);
      const std::string source = factor == 1 ? "picture.png" : "large.png";
      const auto report = run(path("y8.mud") + " -i " + path(source) + " --conf 0.3 --draw " + path("drawn.png"));
      EXPECT_EQ(lines(report), lines(wanted));
      for (std::size_t i = 0; i < wanted.size(); ++i)
        EXPECT_EQ(report["objects"][i]["label"], names[static_cast<std::size_t>(wanted[i].label)]);
      Image canvas = factor == 1 ? image : large;
      for (const auto& o : wanted) {
        char score[16];
        std::snprintf(score, sizeof score, ": %.2f", static_cast<double>(o.score));
        vision::draw_rect(canvas, o.x, o.y, o.w, o.h, {255, 0, 0});
        vision::draw_string(canvas, o.x, o.y, names[static_cast<std::size_t>(o.label)] + score, {255, 0, 0});
      }
      EXPECT_EQ(decode_image(ByteView(read_file(path("drawn.png")))).pixels, canvas.pixels);
    }
  }
}

TEST_F(Detect, PicturesAreTurnedUpright) {
  unpack_model("y8_cut");
  save("labels.txt", "a\nb\nc\nd\ne\n");
  Bytes jpeg = encode_jpeg(picture());
  const std::string note(
      "\xff\xe1\0\x22"
      "Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0",
      36);
  jpeg.insert(jpeg.begin() + 2, note.begin(), note.end());
  write_file(path("turned.jpg"), jpeg);
  const auto report = run(path("y8_cut.cvimodel") + " --type yolov8 --labels " + path("labels.txt") + " -i " +
                          path("turned.jpg") + " --mean 0 --scale 0.0039216 --draw " + path("drawn.png"));
  EXPECT_EQ(report["width"], 64);
  EXPECT_EQ(report["height"], 96);
  EXPECT_EQ(decode_image(ByteView(read_file(path("drawn.png")))).height, 96);
}

TEST_F(Detect, WrongLabelsAreRefusedWithTheOutputsThere) {
  unpack_model("y8_cut");
  save("labels.txt", "a\nb\n");
  write_file(path("picture.png"), encode_png(picture()));
  const Ran ran = vnpu("detect " + path("y8_cut.cvimodel") + " --type yolov8 --labels " + path("labels.txt") + " -i " +
                       path("picture.png") + " --mean 0 --scale 0.0039216");
  EXPECT_EQ(ran.status, 2);
  EXPECT_NE(ran.text.find("scores_Sigmoid_f32 1x5x126x1"), std::string::npos) << ran.text;
}

}  // namespace
}  // namespace vnpu
