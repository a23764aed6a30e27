// The vendor's detector samples: one table of what differs between them, one way through.
#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "base/error.h"
#include "devices/axera/detectors.h"
#include "devices/axera/programs.h"
#include "devices/axera/samples.h"
#include "devices/axera/text.h"
#include "devices/vision/canvas.h"

namespace vnpu::axera {
namespace {

constexpr std::array coco{
    "person",         "bicycle",    "car",           "motorcycle",    "airplane",     "bus",           "train",
    "truck",          "boat",       "traffic light", "fire hydrant",  "stop sign",    "parking meter", "bench",
    "bird",           "cat",        "dog",           "horse",         "sheep",        "cow",           "elephant",
    "bear",           "zebra",      "giraffe",       "backpack",      "umbrella",     "handbag",       "tie",
    "suitcase",       "frisbee",    "skis",          "snowboard",     "sports ball",  "kite",          "baseball bat",
    "baseball glove", "skateboard", "surfboard",     "tennis racket", "bottle",       "wine glass",    "cup",
    "fork",           "knife",      "spoon",         "bowl",          "banana",       "apple",         "sandwich",
    "orange",         "broccoli",   "carrot",        "hot dog",       "pizza",        "donut",         "cake",
    "chair",          "couch",      "potted plant",  "bed",           "dining table", "toilet",        "tv",
    "laptop",         "mouse",      "remote",        "keyboard",      "cell phone",   "microwave",     "oven",
    "toaster",        "sink",       "refrigerator",  "book",          "clock",        "vase",          "scissors",
    "teddy bear",     "hair drier", "toothbrush"};
constexpr std::array face{"face"}, body{"body"};

struct Sample {
  DetectorForm form;
  int side = 640;             // of the input, when -g does not say
  bool letterboxed = true;    // else stretched
  bool rgb = false;           // else B G R
  bool asks_classes = false;  // -c
  const char* drawing = "";   // of the picture with the boxes
  std::span<const char* const> labels;
  const char* notice = "";  // on stderr before boxes are made
};

// B G R or R G B bytes of the picture in the model's size.
Bytes input_pixels(const Image& picture, const SampleOptions& options, const Sample& sample) {
  const char* order = sample.rgb ? "RGB_PACKED" : "BGR_PACKED";
  if (!sample.letterboxed) {
    return to_device_pixels(resize(picture, options.height, options.width), order, false, options.height,
                            options.width);
  }
  const float down = static_cast<float>(options.height) / static_cast<float>(picture.height);
  const float across = static_cast<float>(options.width) / static_cast<float>(picture.width);
  const float scale = std::min(down, across);
  const int rows = std::clamp(static_cast<int>(scale * static_cast<float>(picture.height)), 1, options.height);
  const int columns = std::clamp(static_cast<int>(scale * static_cast<float>(picture.width)), 1, options.width);
  const Image small = resize(picture, rows, columns);
  const auto stride = static_cast<std::size_t>(options.width) * 3, small_stride = static_cast<std::size_t>(columns) * 3;
  Image whole{options.height, options.width, 3, Bytes(static_cast<std::size_t>(options.height) * stride)};
  const auto top = static_cast<std::size_t>((options.height - rows) / 2);
  const auto left = static_cast<std::size_t>((options.width - columns) / 2) * 3;
  for (std::size_t y = 0; y < static_cast<std::size_t>(rows); ++y) {
    std::copy_n(small.pixels.begin() + static_cast<std::ptrdiff_t>(y * small_stride), small_stride,
                whole.pixels.begin() + static_cast<std::ptrdiff_t>((top + y) * stride + left));
  }
  return to_device_pixels(whole, order, false, options.height, options.width);
}

int pixel(float value) { return std::isnan(value) ? 0 : static_cast<int>(std::clamp(value, -1e6F, 1e6F)); }

void write_drawing(devices::Process& process, const Image& picture, const Sample& sample) {
  const Bytes file = encode_jpeg(picture);
  process.files().write_file(process.user, process.path(std::string(sample.drawing) + ".jpg"),
                             {reinterpret_cast<const char*>(file.data()), file.size()}, 0644);
}

// Prints the boxes and writes the picture with them beside the program's place.
void show(devices::Process& process, Image picture, const std::vector<Detection>& found, const Sample& sample) {
  constexpr vision::Colour frame{0, 255, 0}, white{255, 255, 255};
  process.print(text("detection num: %d\n", static_cast<int>(found.size())));
  for (const auto& each : found) {
    const auto label = static_cast<std::size_t>(each.label);
    const char* name = label < sample.labels.size() ? sample.labels[label] : "";
    process.print(text("%2d: %3.0f%%, [%4.0f, %4.0f, %4.0f, %4.0f], %s\n", each.label,
                       static_cast<double>(each.score * 100), static_cast<double>(each.x), static_cast<double>(each.y),
                       static_cast<double>(each.x + each.w), static_cast<double>(each.y + each.h), name));
    vision::draw_rect(picture, pixel(each.x), pixel(each.y), pixel(each.w), pixel(each.h), frame);
    vision::draw_string(picture, pixel(each.x), pixel(each.y),
                        name + text(" %.1f%%", static_cast<double>(each.score * 100)), white);
  }
  write_drawing(process, picture, sample);
}

// Hands are drawn only.
void show(devices::Process& process, Image picture, const std::vector<Palm>& found, const Sample& sample) {
  constexpr vision::Colour red{255, 0, 0}, green{0, 255, 0};
  process.print(text("detection num: %d\n", static_cast<int>(found.size())));
  for (const Palm& palm : found) {
    for (std::size_t i = 0; i < 4; ++i) {
      const auto& from = palm.corners[i];
      const auto& to = palm.corners[(i + 1) % 4];
      vision::draw_line(picture, pixel(from.x), pixel(from.y), pixel(to.x), pixel(to.y), red, 2);
    }
    for (const auto& point : palm.points) vision::draw_circle(picture, pixel(point.x), pixel(point.y), 2, green, -1);
  }
  write_drawing(process, picture, sample);
}

bool run_detection(devices::Process& process, const SampleOptions& options, const Image& picture,
                   const Sample& sample) {
  JointRuntime runtime(process);
  if (!start_sample(process, runtime, options.model, false)) return false;
  if (!fill_sample(process, runtime, input_pixels(picture, options, sample))) return false;
  if (!run_sample(process, runtime, options.repeat)) return false;
  process.print(text("run over: output len %d\n", static_cast<int>(runtime.outputs().size())));
  std::vector<DetectorOutput> outputs;
  for (std::size_t i = 0; i < runtime.outputs().size(); ++i)
    outputs.push_back({runtime.outputs()[i].name, runtime.outputs()[i].shape, output_floats(runtime, i)});
  process.complain(sample.notice);
  DetectorForm form = sample.form;
  if (sample.asks_classes) form.classes = options.classes;
  const PictureFrame frame{options.height, options.width, picture.height, picture.width};
  std::vector<Detection> found;
  std::vector<Palm> palms;
  try {
    if (form.classes < 1 || form.classes > 10'000)
      throw Error(ErrorKind::fault, std::to_string(form.classes) + " classes");
    if (form.form == HeadForm::palm) {
      palms = detect_palms(form, outputs, frame);
    } else {
      found = detect(form, outputs, frame);
    }
  } catch (const Error& error) {
    // The sample itself would read what is not its own.
    process.complain(std::string(error.what()) + "\n");
    throw devices::Killed{devices::signal_number::segv};
  }
  tell_times(process, runtime, options.repeat);
  process.print(sample_rule);
  if (form.form == HeadForm::palm) {
    show(process, picture, palms, sample);
  } else {
    show(process, picture, found, sample);
  }
  return true;
}

int run(devices::Process& process, const Sample& sample) {
  SampleOptions options;
  options.height = options.width = sample.side;
  if (sample.asks_classes) options.classes = sample.form.classes;
  if (const auto status = parse_sample(process, options, true)) return *status;
  process.print(sample_rule);
  if (sample.asks_classes) process.print(text("num of class : %d\n", options.classes));
  process.print("model file : " + options.model + "\nimage file : " + options.image + "\n" +
                text("img_h, img_w : %d %d\n", options.height, options.width));
  const auto picture = sample_picture(process, options.image);
  if (!picture) return 255;
  process.print(std::string("Run-Joint Runtime version: ") + runtime_version + "\n" + sample_rule);
  // What failed later does not change the exit status.
  if (!run_detection(process, options, *picture, sample)) process.complain("Run classification failed.\n");
  return 0;
}

constexpr std::array<float, 18> yolo_v5_anchors{10, 13, 16,  30,  33, 23,  30,  61,  62,
                                                45, 59, 119, 116, 90, 156, 198, 373, 326};
constexpr std::array<float, 18> face_anchors{4,  5,  8,   10,  13,  16,  23,  29,  43,
                                             55, 73, 105, 146, 217, 231, 300, 335, 433};
constexpr std::array<float, 12> fastest_anchors{12, 18, 37, 49, 52, 132, 115, 73, 119, 199, 242, 238};
constexpr std::array<float, 12> body_anchors{7, 17, 20, 50, 45, 99, 64, 187, 123, 211, 227, 264};

int yolo_v5s(devices::Process& process) {
  return run(process,
             {{HeadForm::yolo_v5, 0.35F, 0.45F, 80, yolo_v5_anchors}, 640, true, true, true, "yolov5s_out", coco});
}

int yolo_v5s_face(devices::Process& process) {
  return run(process,
             {{HeadForm::yolo_v5_face, 0.35F, 0.45F, 1, face_anchors}, 640, true, true, false, "yolov5s_out", face});
}

int yolo_v8s(devices::Process& process) {
  return run(process, {{HeadForm::yolo_v8, 0.3F, 0.65F, 80, {}}, 640, true, true, false, "yolov8s", coco});
}

int yolo_fastest_xl(devices::Process& process) {
  return run(process, {{HeadForm::yolo_fastest, 0.48F, 0.45F, 80, fastest_anchors},
                       320,
                       false,
                       false,
                       false,
                       "yolo_fastest",
                       coco,
                       "YoloDetectionOutput init param[5]\n"});
}

int yolo_fastest_body(devices::Process& process) {
  return run(process, {{HeadForm::yolo_fastest, 0.48F, 0.45F, 1, body_anchors},
                       320,
                       false,
                       false,
                       false,
                       "yolo_fastest",
                       body,
                       "YoloDetectionOutput init param[6]\n"});
}

int nanodet_m(devices::Process& process) {
  return run(process, {{HeadForm::nanodet, 0.33F, 0.4F, 80, {}}, 320, true, false, false, "nano_det", coco});
}

int scrfd_face(devices::Process& process) {
  return run(process, {{HeadForm::scrfd, 0.5F, 0.45F, 1, {}}, 640, true, false, false, "scrfd_out", face});
}

int palm_detection(devices::Process& process) {
  return run(process, {{HeadForm::palm, 0.45F, 0.45F, 1, {}}, 192, true, true, false, "palm_detection", {}});
}

}  // namespace

void add_programs(devices::ProgramTable& table) {
  table.add_vendor("run_joint", run_joint);
  table.add_vendor("ax_classification", classification);
  table.add_vendor("axpi_classification_cam", classification_camera);
  table.add_vendor("ax_yolov5s", yolo_v5s);
  table.add_vendor("ax_yolov5s_face", yolo_v5s_face);
  table.add_vendor("ax_yolov8s", yolo_v8s);
  table.add_vendor("ax_yolo_fastest", yolo_fastest_xl);
  table.add_vendor("ax_yolo_fastest_body", yolo_fastest_body);
  table.add_vendor("ax_nanodet", nanodet_m);
  table.add_vendor("ax_scrfd", scrfd_face);
  table.add_vendor("ax_palm_detection", palm_detection);
}

}  // namespace vnpu::axera
