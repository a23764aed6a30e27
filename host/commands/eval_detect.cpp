// vnpu eval-detect: several detectors on the same pictures, their boxes laid on those of the first one.
#include <algorithm>
#include <cctype>
#include <iostream>
#include <set>

#include "base/error.h"
#include "base/exif.h"
#include "base/progress.h"
#include "host/detect_report.h"
#include "host/detector_options.h"

namespace vnpu::cli {
namespace {

namespace fs = std::filesystem;
using vision::Object;

struct Options {
  std::vector<std::string> models, pictures;
  std::string folder;
  double match_iou = 0.5;
  std::optional<double> least_recall, least_precision, least_f1, least_mean_iou, largest_difference;
  DetectorOptions detector;

  bool has_limits() const {
    return least_recall || least_precision || least_f1 || least_mean_iou || largest_difference;
  }
};

constexpr std::size_t most_models = 16, most_pictures = 1000000;

bool is_picture_name(const fs::path& path) {
  std::string end = path.extension().string();
  std::ranges::transform(end, end.begin(), [](unsigned char c) { return std::tolower(c); });
  return end == ".jpg" || end == ".jpeg" || end == ".png";
}

// Files as given; of a folder its pictures by name.
std::vector<fs::path> pictures_of(const std::vector<std::string>& arguments) {
  std::vector<fs::path> all;
  for (const fs::path argument : arguments) {
    if (!fs::is_directory(argument)) {
      all.push_back(argument);
      continue;
    }
    std::vector<fs::path> inside;
    for (const auto& entry : fs::directory_iterator(argument)) {
      if (entry.is_regular_file() && is_picture_name(entry.path())) inside.push_back(entry.path());
    }
    if (inside.empty()) throw Error(ErrorKind::usage, argument.string() + ": no .jpg, .jpeg or .png in this folder");
    std::ranges::sort(inside);
    all.insert(all.end(), inside.begin(), inside.end());
  }
  if (all.size() > most_pictures) throw Error(ErrorKind::unsupported, "more than a million pictures");
  return all;
}

// File names where they tell the models apart, else the paths as given.
void name_models(std::vector<EvaluatedModel>& models) {
  std::set<std::string> names;
  for (auto& model : models) {
    model.name = fs::path(model.path).filename().string();
    names.insert(model.name);
  }
  if (names.size() == models.size()) return;
  names.clear();
  for (auto& model : models) {
    model.name = model.path;
    for (int n = 2; !names.insert(model.name).second; ++n) model.name = model.path + " #" + std::to_string(n);
  }
}

// Classes of all models under one numbering. Models without names of their own take those of the reference.
std::vector<std::vector<int>> common_labels(const std::vector<vision::Detector>& detectors,
                                            std::vector<std::string>& labels) {
  const vision::Detector* named = nullptr;
  for (const auto& detector : detectors) {
    if (detector.named() && !named) named = &detector;
  }
  std::vector<std::vector<int>> places;
  for (const auto& detector : detectors) {
    const auto& source = detector.named() || !named ? detector : *named;
    if (source.labels().size() != detector.labels().size() ||
        (!named && detector.labels().size() != detectors[0].labels().size())) {
      throw Error(ErrorKind::usage, detector.model() + " has " + std::to_string(detector.labels().size()) +
                                        " classes without names, the others have " +
                                        std::to_string((named ? *named : detectors[0]).labels().size()) +
                                        ": describe both with a .mud each");
    }
    auto& place = places.emplace_back();
    for (std::size_t i = 0; i < source.labels().size(); ++i) {
      const auto& name = source.labels()[i];
      // Of equal names in one model each has its own place.
      auto found = std::ranges::find(labels, name);
      while (found != labels.end() && std::ranges::count(place, static_cast<int>(found - labels.begin())) > 0)
        found = std::find(found + 1, labels.end(), name);
      place.push_back(static_cast<int>(found - labels.begin()));
      if (found == labels.end()) labels.push_back(name);
    }
  }
  return places;
}

// Scores of boxes that only `mine` has, where the other detector has them below the least score.
std::map<std::size_t, float> faint(const std::vector<Object>& mine, const std::vector<std::size_t>& alone,
                                   const vision::Detector& other, const std::vector<int>& place, float confidence,
                                   double match_iou) {
  std::map<std::size_t, float> scores;
  if (alone.empty() || confidence <= 0) return scores;
  std::vector<Object> below, wanted;
  try {
    below = other.boxes(confidence / 2);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unsupported) throw;  // too many of them: no hint
  }
  std::erase_if(below, [&](const Object& o) { return o.score > confidence; });
  for (auto& o : below) o.label = place.at(static_cast<std::size_t>(o.label));
  for (const std::size_t i : alone) wanted.push_back(mine[i]);
  for (const auto& match : vision::match_boxes(wanted, below, match_iou).matched)
    scores[alone[match.reference]] = below[match.other].score;
  return scores;
}

void check_limits(const Options& options, EvaluatedModel& model) {
  const auto& c = model.agreement.total();
  const auto fail = [&](const char* what, double value, const char* relation, double limit) {
    char text[120];
    std::snprintf(text, sizeof text, "%s %.6g is %s than %.6g", what, value, relation, limit);
    model.failures.emplace_back(text);
  };
  const auto least = [&](const char* what, double value, const std::optional<double>& limit) {
    if (limit && value < *limit) fail(what, value, "less", *limit);
  };
  if (!options.has_limits()) return;
  if (c.reference == 0) {  // agreement about nothing proves nothing
    model.failures.emplace_back("the reference has no box in any picture, so nothing was compared (lower --conf?)");
    return;
  }
  least("recall", c.recall(), options.least_recall);
  least("precision", c.precision(), options.least_precision);
  least("F1", c.f1(), options.least_f1);
  least("mean IoU", c.matched > 0 ? c.mean_iou() : 0, options.least_mean_iou);
  if (options.largest_difference && c.matched > 0 && c.largest_difference > *options.largest_difference)
    fail("score difference", c.largest_difference, "more", *options.largest_difference);
  if (options.largest_difference && c.matched == 0) model.failures.emplace_back("no box matched: no scores to compare");
}

std::string drawing_name(const fs::path& picture, std::set<std::string>& taken) {
  const std::string stem = picture.stem().string();
  std::string name = stem;
  for (int n = 2; !taken.insert(name).second; ++n) name = stem + "-" + std::to_string(n);
  return name + ".png";
}

EvaluatedPicture evaluate(const Image& image, std::vector<vision::Detector>& detectors,
                          const std::vector<std::vector<int>>& places, const Options& options, ProgressBar& bar,
                          const std::string& note) {
  EvaluatedPicture out;
  out.path = note;
  out.width = image.width;
  out.height = image.height;
  for (std::size_t m = 0; m < detectors.size(); ++m) {
    auto objects = detectors[m].detect(image);
    for (auto& o : objects) o.label = places[m].at(static_cast<std::size_t>(o.label));
    out.objects.push_back(std::move(objects));
    bar.advance(1, fs::path(note).filename().string());
  }
  const float confidence = options.detector.confidence;
  for (std::size_t m = 1; m < detectors.size(); ++m) {
    auto& matching = out.matchings.emplace_back();
    matching.boxes = vision::match_boxes(out.objects[0], out.objects[m], options.match_iou);
    matching.faint_lost =
        faint(out.objects[0], matching.boxes.lost, detectors[m], places[m], confidence, options.match_iou);
    matching.faint_extra =
        faint(out.objects[m], matching.boxes.extra, detectors[0], places[0], confidence, options.match_iou);
  }
  return out;
}

void eval_detect(const Options& options, const Common& common, int& status) {
  if (options.models.size() < 2) throw Error(ErrorKind::usage, "two models or more are laid side by side");
  if (options.models.size() > most_models)
    throw Error(ErrorKind::usage, "more than " + std::to_string(most_models) + " models");
  const auto pictures = pictures_of(options.pictures);
  DetectReport report;
  report.confidence = options.detector.confidence;
  report.overlap = options.detector.overlap;
  report.match_iou = options.match_iou;
  std::vector<vision::Detector> detectors;
  DetectorOptions choice = options.detector;
  for (const auto& path : options.models) {
    detectors.push_back(choice.open(path));
    const auto& d = detectors.back();
    // All see the pictures in the same way, that of the reference.
    choice.fit = d.fit();
    report.models.push_back(
        {path, {}, d.chip(), d.type(), std::string(d.fit()), d.input_width(), d.input_height(), 0, {}, {}});
  }
  name_models(report.models);
  const auto places = common_labels(detectors, report.labels);
  if (!options.folder.empty()) {
    std::error_code error;
    fs::create_directories(options.folder, error);
    if (error) throw Error(ErrorKind::usage, options.folder + ": " + error.message());
  }
  ProgressBar bar("eval-detect", pictures.size() * detectors.size(),
                  !common.quiet && !common.json && is_terminal(stderr));
  std::set<std::string> taken;
  for (const auto& path : pictures) {
    const Image image = read_upright_image(path);
    auto picture = evaluate(image, detectors, places, options, bar, path.string());
    for (std::size_t m = 0; m < report.models.size(); ++m) {
      report.models[m].boxes += picture.objects[m].size();
      if (m > 0) report.models[m].agreement.add(picture.objects[0], picture.objects[m], picture.matchings[m - 1].boxes);
    }
    if (!options.folder.empty()) {
      picture.drawing = (fs::path(options.folder) / drawing_name(path, taken)).string();
      write_file(picture.drawing, encode_png(draw(report, picture, image)));
    }
    report.pictures.push_back(std::move(picture));
  }
  bar.clear();
  for (std::size_t m = 1; m < report.models.size(); ++m) {
    check_limits(options, report.models[m]);
    if (!report.models[m].failures.empty()) status = 1;
  }
  if (common.json) {
    std::cout << to_json(report).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else if (!common.quiet) {
    print(report, common);
    if (!options.folder.empty())
      std::cout << "written: " << pictures.size() << " pictures in " << options.folder << "\n";
  }
}

}  // namespace

void add_eval_detect(CLI::App& app, Common& common, int& status) {
  auto* command = app.add_subcommand("eval-detect", "detectors side by side on pictures: which boxes agree, how well");
  auto options = std::make_shared<Options>();
  command->add_option("MODELS", options->models, "model files or .mud descriptions; the first is the reference")
      ->required();
  command->add_option("-i,--images", options->pictures, "pictures (JPEG, PNG) and folders of them")->required();
  command->add_option("--out", options->folder, "folder for a picture with the boxes side by side for each input");
  command->add_option("--match-iou", options->match_iou, "boxes of a class match from this overlap on")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  const auto limit = [&](const char* name, std::optional<double>& value, const char* what) {
    command->add_option(name, value, std::string("exit status 1 when ") + what)->check(CLI::Range(0.0, 1.0));
  };
  limit("--min-recall", options->least_recall, "a smaller part of the reference's boxes is found");
  limit("--min-precision", options->least_precision, "a smaller part of a model's boxes is in the reference");
  limit("--min-f1", options->least_f1, "recall and precision together are less");
  limit("--min-mean-iou", options->least_mean_iou, "matched boxes overlap less, on average");
  limit("--max-score-diff", options->largest_difference, "the score of a matched box differs by more");
  add_detector_options(*command, options->detector);
  command->footer(
      "Examples:\n  vnpu eval-detect yolov5s_f32.bmodel yolov5s_f16.bmodel yolov5s_int8.bmodel -i street/ --labels "
      "coco.txt --out boxes/\n  vnpu eval-detect f32.bmodel int8.bmodel -i street/ --min-recall 0.95 --max-score-diff "
      "0.1 --json");
  command->callback([options, &common, &status] { eval_detect(*options, common, status); });
}

}  // namespace vnpu::cli
