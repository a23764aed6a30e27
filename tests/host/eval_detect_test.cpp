// vnpu detect and eval-detect on small YOLOv5 models of one net in several forms (tests/golden/detect): boxes as they
// follow from the outputs of the vendors' simulators, comparison against a second way of matching, limits, refusals.
#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "base/archive.h"
#include "base/digest.h"
#include "base/image.h"
#include "base/npz.h"
#include "devices/vision/yolo.h"
#include "sim/runtime/layer_trace.h"
#include "tests/host/run_vnpu.h"

namespace vnpu {
namespace {

using nlohmann::json;

const std::string anchors = "16,16,24,12,12,24,32,32,48,24,24,48,64,64,96,48,48,96";
const std::vector<float> anchor_numbers{16, 16, 24, 12, 12, 24, 32, 32, 48, 24, 24, 48, 64, 64, 96, 48, 48, 96};

class EvalDetect : public CommandTest {
 protected:
  void SetUp() override {
    CommandTest::SetUp();
    for_each_entry(read_file(VNPU_SOURCE_DIR "/tests/golden/detect/squares.tar.xz"), ArchiveFormat::tar, {},
                   [&](const std::string& entry, const Bytes& bytes) {
                     const auto first = entry.find('/'), second = entry.find('/', first + 1);
                     const std::string name = entry.substr(first + 9, second - first - 9);  // without "squares_"
                     const std::string file = entry.substr(second + 1);
                     if (file.starts_with("model.")) write_file(path(name + file.substr(5)), bytes);
                     if (file.ends_with(".npz")) write_file(path(name + "." + file), bytes);
                   });
    save("labels.txt", "red\ngreen\nblue\n");
    std::filesystem::create_directories(path("pictures"));
    for (unsigned n = 0; n < 6; ++n)
      write_file(path("pictures/p" + std::to_string(n) + ".png"), encode_png(painted(n)));
    options_ = " --labels " + path("labels.txt") + " --anchors " + anchors;
  }

  // Squares of three sizes and colours, some pale, on a grey slope with noise.
  static Image painted(unsigned n) {
    std::mt19937 random(n);
    const auto up_to = [&](int most) { return static_cast<int>(random() % static_cast<unsigned>(most)); };
    Image image{120, 160, 3, {}};
    for (int i = 0; i < 120 * 160 * 3; ++i)
      image.pixels.push_back(
          static_cast<std::uint8_t>(80 + 6 * n + static_cast<unsigned>(i / 3 % 160 / 4 + up_to(12))));
    for (int square = 0; square < 5; ++square) {
      const int side = std::array{20, 22, 38, 42, 76}[static_cast<std::size_t>(up_to(5))];
      const int x = up_to(160 - side), y = up_to(120 - side), colour = up_to(3), strong = 130 + up_to(110);
      const int weak = 20 + up_to(70);
      for (int r = y; r < y + side; ++r)
        for (int c = x; c < x + side; ++c)
          for (int k = 0; k < 3; ++k)
            image.pixels[static_cast<std::size_t>((r * 160 + c) * 3 + k)] =
                static_cast<std::uint8_t>(k == colour ? strong : weak);
    }
    return image;
  }

  static json run(const std::string& arguments, int status = 0) {
    const Ran ran = vnpu("eval-detect --json " + arguments);
    EXPECT_EQ(ran.status, status) << ran.text;
    return json::parse(ran.text, nullptr, false);
  }
  std::string models(std::initializer_list<const char*> names) const {
    std::string out;
    for (const std::string name : names) out += " " + path(name);
    return out;
  }
  std::string pictures() const { return " -i " + path("pictures") + options_ + " --conf 0.4"; }

  std::string options_;
};

std::string lines(const std::vector<vision::Object>& objects) {
  std::string out;
  for (const auto& o : objects)
    out += json({o.x, o.y, o.w, o.h, o.label}).dump() + " " + std::to_string(o.score) + "\n";
  return out;
}
std::string lines(const json& objects) {
  std::vector<vision::Object> list;
  for (const auto& o : objects) list.push_back({o["x"], o["y"], o["w"], o["h"], o["class"], o["score"].get<float>()});
  return lines(list);
}

// The picture of the golden cases, whose pixels are the input of the fused model: every model must find in it what
// its simulator's outputs mean, through every type of input and output.
TEST_F(EvalDetect, DetectFindsWhatTheSimulatorsOutputsMean) {
  const auto inputs = read_npz(std::filesystem::path(path("heads-int8_fused.input.npz")));
  const Bytes& planes = inputs.at(0).second.bytes;
  Image image{96, 128, 3, Bytes(96 * 128 * 3)};
  ASSERT_EQ(planes.size(), image.pixels.size());
  for (std::size_t i = 0; i < 96 * 128; ++i)
    for (std::size_t c = 0; c < 3; ++c) image.pixels[3 * i + c] = planes[c * 96 * 128 + i];
  write_file(path("picture.png"), encode_png(image));
  struct Model {
    std::string name, end;
    std::map<std::string, std::pair<double, int>> quantised = {};
  };
  const std::vector<Model> all{{"heads-f32", ".bmodel"},
                               {"heads-f16", ".bmodel"},
                               {"heads-int8", ".bmodel"},
                               {"heads-int8_fused", ".bmodel"},
                               {"heads-int8a_io",
                                ".bmodel",
                                {{"det0_Conv", {0.1035972386598587, 69}},
                                 {"det1_Conv", {0.07368484884500504, 31}},
                                 {"det2_Conv", {0.060948148369789124, 8}}}},
                               {"cells-f16_io", ".bmodel"},
                               {"boxes-int8", ".bmodel"},
                               {"heads-cv181x-int8", ".cvimodel"},
                               {"heads-cv181x-bf16", ".cvimodel"}};
  vision::DetectOptions options;
  options.confidence = 0.25f;
  options.input_width = options.width = 128;
  options.input_height = options.height = 96;
  for (const auto& [name, end, quantised] : all) {
    SCOPED_TRACE(name);
    NamedTensors outputs;
    for (const auto& [output, tensor] : read_npz(std::filesystem::path(path(name + ".output.npz")))) {
      const auto scale = quantised.find(output);
      outputs.emplace_back(
          output, scale == quantised.end() ? tensor : dequantise(tensor, scale->second.first, scale->second.second));
    }
    const auto wanted = vision::detect_yolo_v5(outputs, anchor_numbers, 3, options);
    EXPECT_GE(wanted.size(), 2u);
    // The converter of these two had 1/255 in seven digits.
    const std::string scale = end == ".cvimodel" ? " --scale 0.0039216" : "";
    const Ran ran =
        vnpu("detect --json --conf 0.25 " + path(name + end) + " -i " + path("picture.png") + options_ + scale);
    ASSERT_EQ(ran.status, 0) << ran.text;
    EXPECT_EQ(lines(json::parse(ran.text)["objects"]), lines(wanted));
  }
}

TEST_F(EvalDetect, TheSameModelAgreesPerfectly) {
  const auto report = run(models({"heads-int8.bmodel", "heads-int8.bmodel", "heads-int8_fused.bmodel"}) + pictures() +
                          " --min-recall 1 --min-precision 1 --min-f1 1 --min-mean-iou 1 --max-score-diff 0");
  EXPECT_EQ(report["passed"], true);
  EXPECT_GT(report["models"][0]["boxes"], 6);
  for (const std::size_t m : {1u, 2u}) {
    const auto& totals = report["models"][m]["totals"];
    EXPECT_EQ(totals["matched"], report["models"][0]["boxes"]);
    for (const char* key : {"recall", "precision", "f1", "mean_iou", "min_iou"}) EXPECT_EQ(totals[key], 1) << key;
    for (const char* key : {"lost", "extra", "mean_score_difference", "max_score_difference"})
      EXPECT_EQ(totals[key], 0) << key;
  }
  // Two files of the same name are told apart.
  EXPECT_NE(report["models"][0]["name"], report["models"][1]["name"]);
}

double overlap(const json& a, const json& b) {
  const double ax = a["x"], ay = a["y"], aw = a["w"], ah = a["h"], bx = b["x"], by = b["y"], bw = b["w"], bh = b["h"];
  const double w = std::max(std::min(ax + aw, bx + bw) - std::max(ax, bx), 0.0);
  const double h = std::max(std::min(ay + ah, by + bh) - std::max(ay, by), 0.0);
  return w * h / (aw * ah + bw * bh - w * h);
}

// A whole report against its own lists of boxes and against vnpu detect.
TEST_F(EvalDetect, ReportsFollowFromTheBoxes) {
  const auto report = run(models({"heads-f32.bmodel", "cells-f16_io.bmodel", "heads-int8.bmodel", "boxes-int8.bmodel",
                                  "heads-cv181x-int8.cvimodel"}) +
                          pictures());
  ASSERT_EQ(report["models"].size(), 5u);
  EXPECT_EQ(report["pictures_compared"], 6);
  EXPECT_EQ(report["models"][0]["reference"], true);
  EXPECT_EQ(report["models"][4]["chip"], "cv181x");
  EXPECT_EQ(report["models"][4]["fit"], "letterbox");  // as the reference
  for (std::size_t m = 1; m < 5; ++m) {
    SCOPED_TRACE(m);
    std::size_t reference = 0, model = 0, matched = 0;
    double iou_sum = 0, least = 1, most = 0;
    for (const auto& picture : report["pictures"]) {
      const auto &a = picture["objects"][0], &b = picture["objects"][m], &comparison = picture["comparisons"][m - 1];
      std::vector<int> seen_a(a.size()), seen_b(b.size());
      for (const auto& match : comparison["matched"]) {
        const auto &one = a.at(match["reference"].get<std::size_t>()), &two = b.at(match["model"].get<std::size_t>());
        EXPECT_EQ(one["label"], two["label"]);
        EXPECT_NEAR(match["iou"].get<double>(), overlap(one, two), 1e-6);
        const double difference = two["score"].get<double>() - one["score"].get<double>();
        EXPECT_NEAR(match["score_difference"].get<double>(), difference, 1e-6);
        EXPECT_GE(match["iou"], 0.5);
        ++seen_a[match["reference"].get<std::size_t>()];
        ++seen_b[match["model"].get<std::size_t>()];
        iou_sum += overlap(one, two);
        least = std::min(least, overlap(one, two));
        most = std::max(most, std::abs(difference));
      }
      for (const auto& one : comparison["lost"]) ++seen_a[one["index"].get<std::size_t>()];
      for (const auto& one : comparison["extra"]) ++seen_b[one["index"].get<std::size_t>()];
      EXPECT_TRUE(std::ranges::all_of(seen_a, [](int n) { return n == 1; }));
      EXPECT_TRUE(std::ranges::all_of(seen_b, [](int n) { return n == 1; }));
      reference += a.size(), model += b.size(), matched += comparison["matched"].size();
    }
    const auto& totals = report["models"][m]["totals"];
    EXPECT_EQ(totals["reference"], reference);
    EXPECT_EQ(totals["model"], model);
    EXPECT_EQ(totals["matched"], matched);
    EXPECT_EQ(totals["lost"], reference - matched);
    EXPECT_EQ(totals["extra"], model - matched);
    EXPECT_NEAR(totals["recall"].get<double>(), static_cast<double>(matched) / static_cast<double>(reference), 1e-6);
    EXPECT_NEAR(totals["mean_iou"].get<double>(), iou_sum / static_cast<double>(matched), 1e-6);
    EXPECT_NEAR(totals["min_iou"].get<double>(), least, 1e-6);
    EXPECT_NEAR(totals["max_score_difference"].get<double>(), most, 1e-6);
    std::size_t by_class = 0;
    for (const auto& one : report["models"][m]["classes"]) by_class += one["matched"].get<std::size_t>();
    EXPECT_EQ(by_class, matched);
  }
  // F16 agrees better than INT8, and boxes in one INT8 tensor with their scores are far off.
  const auto difference = [&](std::size_t m) {
    return report["models"][m]["totals"]["mean_score_difference"].get<double>();
  };
  EXPECT_GT(difference(1), 0);
  EXPECT_LT(difference(1), difference(2));
  EXPECT_LT(10 * difference(2), difference(3));
  EXPECT_LT(report["models"][3]["totals"]["f1"], 1);

  const Ran one =
      vnpu("detect --json --conf 0.4 " + path("heads-int8.bmodel") + " -i " + path("pictures/p1.png") + options_);
  auto alone = json::parse(one.text)["objects"];
  for (auto& object : alone) object.erase("class");
  EXPECT_EQ(alone, report["pictures"][1]["objects"][2]);
}

TEST_F(EvalDetect, LimitsDecideTheExitStatus) {
  const std::string pair = models({"heads-f32.bmodel", "boxes-int8.bmodel"}) + pictures() + " --match-iou 0.8";
  const auto totals = run(pair)["models"][1]["totals"];
  const auto just = [&](const char* key, double more) { return std::to_string(totals[key].get<double>() + more); };
  for (const auto& [option, key] : {std::pair("--min-recall", "recall"), std::pair("--min-precision", "precision"),
                                    std::pair("--min-f1", "f1"), std::pair("--min-mean-iou", "mean_iou")}) {
    SCOPED_TRACE(option);
    ASSERT_LT(totals[key], 0.999);
    EXPECT_EQ(run(pair + " " + option + " " + just(key, -0.0001))["passed"], true);
    const auto failed = run(pair + " " + option + " " + just(key, 0.0001), 1);
    EXPECT_EQ(failed["passed"], false);
    EXPECT_EQ(failed["models"][1]["failures"].size(), 1u);
  }
  run(pair + " --max-score-diff " + just("max_score_difference", 0.0001));
  run(pair + " --max-score-diff " + just("max_score_difference", -0.0001), 1);
  // Agreement about nothing is none.
  const std::string blank = models({"heads-f32.bmodel", "heads-f16.bmodel"}) + " -i " + path("blank.png") + options_;
  write_file(path("blank.png"), encode_png(Image{50, 50, 3, Bytes(50 * 50 * 3, 80)}));
  EXPECT_EQ(run(blank)["models"][1]["totals"]["recall"], 1);
  EXPECT_EQ(run(blank + " --min-recall 0.5", 1)["models"][1]["totals"]["mean_iou"], nullptr);
  const Ran text = vnpu("eval-detect" + blank + " --min-recall 0.5");
  EXPECT_EQ(text.status, 1);
  EXPECT_NE(text.text.find("nothing was compared"), std::string::npos) << text.text;
}

TEST_F(EvalDetect, PicturesAndTable) {
  const Ran ran =
      vnpu("eval-detect" + models({"heads-f32.bmodel", "boxes-int8.bmodel"}) + pictures() + " -v --out " + path("out"));
  ASSERT_EQ(ran.status, 0) << ran.text;
  for (const char* word :
       {"heads-f32.bmodel", "reference", "boxes-int8.bmodel", "6 pictures", "lost", "extra", "green"})
    EXPECT_NE(ran.text.find(word), std::string::npos) << word << "\n" << ran.text;
  for (int n = 0; n < 6; ++n) {
    const Image drawing = read_image(path("out/p" + std::to_string(n) + ".png"));
    EXPECT_EQ(drawing.width, 14 + 2 * (480 + 14));
    EXPECT_EQ(drawing.height, 28 + 360 + 14 + 28);
  }
  // Pictures of one name from two folders keep their drawings.
  std::filesystem::create_directories(path("more"));
  std::filesystem::copy(path("pictures/p0.png"), path("more/p0.png"));
  const auto report = run(models({"heads-f32.bmodel", "heads-f16.bmodel"}) + pictures() + " -i " + path("more/p0.png") +
                          " --out " + path("out2"));
  EXPECT_EQ(report["pictures"][6]["drawing"], path("out2/p0-2.png"));
  EXPECT_TRUE(std::filesystem::exists(path("out2/p0-2.png")));
  EXPECT_EQ(vnpu("eval-detect -q" + models({"heads-f32.bmodel", "heads-f16.bmodel"}) + pictures()).text, "");
}

TEST_F(EvalDetect, DescriptionsOfModelsWithOtherClasses) {
  const std::string rest =
      "[extra]\nmodel_type = yolov5\ninput_type = rgb\nmean = 0\nscale = 0.003921569\nanchors = " + anchors +
      "\nlabels = ";
  save("a.mud", "[basic]\ntype = bmodel\nmodel = heads-f32.bmodel\n" + rest + "red, green, blue\n");
  save("b.mud", "[basic]\ntype = bmodel\nmodel = heads-f16.bmodel\n" + rest + "red, leaf, blue\n");
  const auto report = run(models({"a.mud", "b.mud"}) + " --conf 0.4 -i " + path("pictures"));
  std::map<std::string, json> classes;
  for (const auto& one : report["models"][1]["classes"]) classes[one["label"]] = one;
  EXPECT_EQ(classes["red"]["recall"], 1);
  EXPECT_EQ(classes["green"]["matched"], 0);
  EXPECT_EQ(classes["leaf"]["reference"], 0);
  EXPECT_GT(classes["green"]["lost"], 0);
  EXPECT_EQ(classes["green"]["lost"], classes["leaf"]["extra"]);

  // A K210's detector of one class beside one of three, which has no names.
  save("k.mud",
       "[basic]\ntype = kmodel\nmodel = k.kmodel\n[extra]\nmodel_type = yolov2\ninput_type = rgb\nmean = 0\n"
       "scale = 1\nanchors = 1,1,2,2,3,3,4,4,5,5\nlabels = red\n");
  std::filesystem::copy(VNPU_SOURCE_DIR "/tests/devices/data/square_detector.kmodel", path("k.kmodel"));
  const auto mixed = run(models({"a.mud", "k.mud"}) + " -i " + path("pictures"));
  EXPECT_EQ(mixed["models"][1]["type"], "yolov2");
  EXPECT_EQ(mixed["models"][1]["width"], 320);
  EXPECT_GT(mixed["models"][1]["boxes"], 0);
  const Ran unnamed = vnpu("eval-detect" + models({"k.mud", "heads-f32.bmodel"}) + " -i " + path("pictures"));
  EXPECT_EQ(unnamed.status, 2);
  EXPECT_NE(unnamed.text.find("3 classes without names"), std::string::npos) << unnamed.text;
}

TEST_F(EvalDetect, RefusesWithTheRightStatus) {
  for_each_entry(read_file(VNPU_SOURCE_DIR "/tests/golden/bm1684x/pool.tar.xz"), ArchiveFormat::tar, {},
                 [&](const std::string& entry, const Bytes& bytes) {
                   if (entry.ends_with("/model.bmodel")) write_file(path("pool.bmodel"), bytes);
                 });
  const auto refused = [&](const std::string& arguments, int status, const std::string& words) {
    const Ran ran = vnpu("eval-detect" + arguments);
    EXPECT_EQ(ran.status, status) << arguments << "\n" << ran.text;
    EXPECT_NE(ran.text.find(words), std::string::npos) << words << "\n" << ran.text;
  };
  const std::string f32 = models({"heads-f32.bmodel"});
  refused(f32 + models({"pool.bmodel"}) + " -i " + path("pictures"), 4, "pool.bmodel: no detector");
  refused(f32 + pictures(), 2, "two models or more");
  refused(f32 + f32, 2, "--images");
  refused(f32 + f32 + " -i " + path("nothing.png"), 3, "nothing.png");
  save("broken.png", "\x89PNG\r\n\x1a\nnonsense");
  refused(f32 + f32 + " -i " + path("broken.png") + options_, 3, "broken.png");
  std::filesystem::create_directories(path("empty"));
  refused(f32 + f32 + " -i " + path("empty"), 2, "no .jpg, .jpeg or .png");
  const Bytes whole = read_file(path("heads-f16.bmodel"));
  write_file(path("half.bmodel"), {whole.data(), whole.size() / 2});
  refused(f32 + models({"half.bmodel"}) + pictures(), 3, "half.bmodel");
  save("two.txt", "a\nb\n");
  refused(f32 + f32 + " -i " + path("pictures") + " --labels " + path("two.txt"), 2,
          "heads-f32.bmodel: 2 labels do not fit");
  refused(f32 + f32 + " -i " + path("pictures") + " --type yolov8", 2, "yolov8 does not fit");
  refused(f32 + f32 + pictures() + " --min-recall 1.5", 2, "--min-recall");
  refused(f32 + f32 + pictures() + " --out " + path("labels.txt") + "/x", 2, "labels.txt/x");
}

// Weights changed in the file (its digest made right again): boxes move, and a limit says so.
TEST_F(EvalDetect, ChangedWeightsShow) {
  const Bytes original = read_file(path("heads-cv181x-int8.cvimodel"));
  int different = 0, total = 0;
  for (std::size_t at = original.size() / 30; at + 100 < original.size(); at += original.size() / 30) {
    Bytes bytes = original;
    for (std::size_t i = at; i < at + 100; ++i) bytes[i] = static_cast<std::uint8_t>(~bytes[i]);
    const std::string digest = md5_hex(std::span(bytes).subspan(48));
    for (std::size_t i = 0; i < 16; ++i)
      bytes[14 + i] = static_cast<std::uint8_t>(std::stoi(digest.substr(2 * i, 2), nullptr, 16));
    write_file(path("changed.cvimodel"), bytes);
    const Ran ran = vnpu("eval-detect --json" + models({"heads-cv181x-int8.cvimodel", "changed.cvimodel"}) +
                         pictures() + " --min-f1 1 --min-mean-iou 1 --max-score-diff 0");
    ASSERT_TRUE(ran.status == 0 || ran.status == 1 || (ran.status >= 3 && ran.status <= 5)) << ran.status << ran.text;
    ++total;
    if (ran.status != 1) continue;  // refused, or bytes that nothing reads
    const auto report = json::parse(ran.text);
    EXPECT_EQ(report["passed"], false);
    const auto& totals = report["models"][1]["totals"];
    different += totals["f1"] != 1 || totals["max_score_difference"] != 0 || totals["mean_iou"] != 1;
  }
  EXPECT_GT(total, 20);
  EXPECT_GT(different, 3);
}

}  // namespace
}  // namespace vnpu
