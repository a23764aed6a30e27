#include "host/detect_report.h"

#include <cmath>
#include <filesystem>
#include <iostream>

#include "devices/vision/side_by_side.h"

namespace vnpu::cli {
namespace {

using Json = nlohmann::ordered_json;
using vision::Object;

std::string text(const char* format, auto... values) {
  char out[400];
  std::snprintf(out, sizeof out, format, values...);
  return out;
}

// Scores and the like: six decimals say all a float32 between 0 and 1 tells.
double rounded(double value) { return std::round(value * 1e6) / 1e6; }

const std::string& label(const DetectReport& report, const Object& object) {
  return report.labels.at(static_cast<std::size_t>(object.label));
}

Json counts_json(const vision::Agreement::Counts& c) {
  Json j{{"reference", c.reference},
         {"model", c.other},
         {"matched", c.matched},
         {"lost", c.lost()},
         {"extra", c.extra()},
         {"recall", rounded(c.recall())},
         {"precision", rounded(c.precision())},
         {"f1", rounded(c.f1())}};
  const auto of_matched = [&](double value) { return c.matched > 0 ? Json(rounded(value)) : Json(); };
  j["mean_iou"] = of_matched(c.mean_iou());
  j["min_iou"] = of_matched(c.least_iou);
  j["mean_score_difference"] = of_matched(c.mean_difference());
  j["max_score_difference"] = of_matched(c.largest_difference);
  return j;
}

Json alone(const DetectReport& report, const std::vector<Object>& objects, const std::vector<std::size_t>& indices,
           const std::map<std::size_t, float>& faint) {
  Json list = Json::array();
  for (const std::size_t i : indices) {
    Json one{{"index", i}, {"label", label(report, objects[i])}, {"score", objects[i].score}};
    const auto there = faint.find(i);
    one["score_in_other"] = there == faint.end() ? Json() : Json(there->second);
    list.push_back(std::move(one));
  }
  return list;
}

Json picture_json(const DetectReport& report, const EvaluatedPicture& picture) {
  Json j{{"picture", picture.path}, {"width", picture.width}, {"height", picture.height}};
  if (!picture.drawing.empty()) j["drawing"] = picture.drawing;
  j["objects"] = Json::array();
  for (const auto& objects : picture.objects) {
    Json list = Json::array();
    for (const auto& o : objects)
      list.push_back({{"x", o.x}, {"y", o.y}, {"w", o.w}, {"h", o.h}, {"label", label(report, o)}, {"score", o.score}});
    j["objects"].push_back(std::move(list));
  }
  j["comparisons"] = Json::array();
  for (std::size_t m = 1; m < report.models.size(); ++m) {
    const auto& [boxes, faint_lost, faint_extra] = picture.matchings[m - 1];
    vision::Agreement here;
    here.add(picture.objects[0], picture.objects[m], boxes);
    Json one{{"model", report.models[m].name}, {"totals", counts_json(here.total())}, {"matched", Json::array()}};
    for (const auto& match : boxes.matched) {
      one["matched"].push_back({{"reference", match.reference},
                                {"model", match.other},
                                {"label", label(report, picture.objects[0][match.reference])},
                                {"iou", rounded(match.iou)},
                                {"score_difference", rounded(match.score_difference)}});
    }
    one["lost"] = alone(report, picture.objects[0], boxes.lost, faint_lost);
    one["extra"] = alone(report, picture.objects[m], boxes.extra, faint_extra);
    j["comparisons"].push_back(std::move(one));
  }
  return j;
}

std::string row(const std::string& name, std::size_t width, const vision::Agreement::Counts& c) {
  std::string line = name + std::string(width - name.size(), ' ') +
                     text(" %6zu %8zu %6zu %6zu  %6.4f  %9.4f  %6.4f", c.other, c.matched, c.lost(), c.extra(),
                          c.recall(), c.precision(), c.f1());
  return line + (c.matched > 0 ? text("   %6.4f  %6.4f     %6.4f   %6.4f", c.mean_iou(), c.least_iou,
                                      c.mean_difference(), c.largest_difference)
                               : "        -       -          -        -");
}

std::string header(std::string first, std::size_t width) {
  first.resize(width, ' ');
  return first + "  boxes  matched   lost  extra  recall  precision      F1      IoU   worst   d(score)    worst";
}

std::string one_box(const DetectReport& report, const Object& o, const std::map<std::size_t, float>& faint,
                    std::size_t index) {
  const auto there = faint.find(index);
  return label(report, o) + text(" %.3f at %d,%d %dx%d", static_cast<double>(o.score), o.x, o.y, o.w, o.h) +
         (there == faint.end() ? std::string() : text(", %.3f in the other", static_cast<double>(there->second)));
}

void print_differences(const DetectReport& report, std::size_t m, const Common& common) {
  constexpr std::size_t few = 10;
  const auto& counts = report.models[m].agreement.total();
  if (counts.lost() + counts.extra() == 0 && common.verbose == 0) return;
  std::cout << "\n" << paint(common, "bold", report.models[m].name) << "\n";
  std::size_t shown = 0, left = 0;
  for (const auto& picture : report.pictures) {
    const auto& [boxes, faint_lost, faint_extra] = picture.matchings[m - 1];
    if (boxes.lost.empty() && boxes.extra.empty()) continue;
    if (common.verbose == 0 && shown == few) {
      ++left;
      continue;
    }
    ++shown;
    std::cout << "  " << std::filesystem::path(picture.path).filename().string() << ": " << boxes.matched.size()
              << " matched\n";
    std::size_t boxes_shown = 0;
    const auto list = [&](const std::vector<std::size_t>& which, const char* color, const char* word,
                          const std::vector<Object>& objects, const std::map<std::size_t, float>& faint) {
      for (const std::size_t i : which) {
        if (common.verbose == 0 && boxes_shown == few) return;
        ++boxes_shown;
        std::cout << paint(common, color, word) << one_box(report, objects[i], faint, i) << "\n";
      }
    };
    list(boxes.lost, "red", "    lost   ", picture.objects[0], faint_lost);
    list(boxes.extra, "yellow", "    extra  ", picture.objects[m], faint_extra);
    if (const std::size_t more = boxes.lost.size() + boxes.extra.size() - boxes_shown; more > 0)
      std::cout << "    " << more << " more boxes differ (-v lists them)\n";
  }
  if (left > 0) std::cout << "  " << left << " more pictures differ (-v lists them)\n";
  if (common.verbose == 0) return;
  std::size_t width = 5;
  for (const auto& name : report.labels) width = std::max(width, name.size());
  std::cout << "  " << header("class", width) << "\n";
  for (const auto& [index, class_counts] : report.models[m].agreement.classes())
    std::cout << "  " << row(report.labels.at(static_cast<std::size_t>(index)), width, class_counts) << "\n";
}

}  // namespace

Json to_json(const DetectReport& report) {
  Json j{{"pictures_compared", report.pictures.size()},
         {"confidence", rounded(static_cast<double>(report.confidence))},
         {"overlap", rounded(static_cast<double>(report.overlap))},
         {"match_iou", report.match_iou},
         {"models", Json::array()}};
  bool passed = true;
  for (std::size_t m = 0; m < report.models.size(); ++m) {
    const auto& model = report.models[m];
    Json one{{"model", model.path}, {"name", model.name},   {"chip", model.chip},
             {"type", model.type},  {"width", model.width}, {"height", model.height},
             {"fit", model.fit},    {"boxes", model.boxes}, {"reference", m == 0}};
    if (m > 0) {
      one["totals"] = counts_json(model.agreement.total());
      one["classes"] = Json::array();
      for (const auto& [index, counts] : model.agreement.classes()) {
        Json of_class{{"label", report.labels.at(static_cast<std::size_t>(index))}};
        of_class.update(counts_json(counts));
        one["classes"].push_back(std::move(of_class));
      }
      one["failures"] = model.failures;
      passed = passed && model.failures.empty();
    }
    j["models"].push_back(std::move(one));
  }
  j["passed"] = passed;
  j["pictures"] = Json::array();
  for (const auto& picture : report.pictures) j["pictures"].push_back(picture_json(report, picture));
  return j;
}

void print(const DetectReport& report, const Common& common) {
  std::size_t width = 5;
  for (const auto& model : report.models) width = std::max(width, model.name.size());
  for (const auto& model : report.models) {
    std::string name = model.name;
    name.resize(width, ' ');
    std::cout << name << "  " << model.chip << "  " << model.type << "  " << model.width << "x" << model.height << "  "
              << model.fit << "\n";
  }
  std::cout << report.pictures.size() << (report.pictures.size() == 1 ? " picture" : " pictures") << ", scores over "
            << report.confidence << ", boxes match from IoU " << report.match_iou << "\n\n";
  std::cout << paint(common, "bold", header("model", width)) << "\n";
  const auto& reference = report.models[0];
  std::cout << reference.name << std::string(width - reference.name.size(), ' ') << text(" %6zu", reference.boxes)
            << "  reference\n";
  for (std::size_t m = 1; m < report.models.size(); ++m)
    std::cout << row(report.models[m].name, width, report.models[m].agreement.total()) << "\n";
  for (std::size_t m = 1; m < report.models.size(); ++m) print_differences(report, m, common);
  for (const auto& model : report.models) {
    for (const auto& failure : model.failures) std::cout << paint(common, "red", model.name + ": " + failure) << "\n";
  }
}

Image draw(const DetectReport& report, const EvaluatedPicture& picture, const Image& image) {
  using vision::BoxMark;
  std::vector<vision::BoxPanel> panels(report.models.size());
  const auto score = [](const Object& o) { return text(" %.2f", static_cast<double>(o.score)); };
  for (std::size_t m = 0; m < panels.size(); ++m) {
    const auto& objects = picture.objects[m];
    auto& panel = panels[m];
    panel.title = report.models[m].name;
    panel.note = std::to_string(objects.size()) + (objects.size() == 1 ? " box" : " boxes");
    for (const auto& o : objects) panel.boxes.push_back({o, BoxMark::matched, label(report, o) + score(o)});
    if (m == 0) continue;
    const auto& matching = picture.matchings[m - 1].boxes;
    for (const auto& match : matching.matched) {
      if (std::abs(match.score_difference) >= 0.005)
        panel.boxes[match.other].text += text(" (%+.2f)", match.score_difference);
    }
    for (const std::size_t i : matching.extra) panel.boxes[i].mark = BoxMark::extra;
    for (const std::size_t i : matching.lost) {
      panels[0].boxes[i].mark = BoxMark::lost;
      panel.boxes.push_back({picture.objects[0][i], BoxMark::missing, ""});
    }
    if (!matching.lost.empty()) panel.note += text(", %zu lost", matching.lost.size());
    if (!matching.extra.empty()) panel.note += text(", %zu extra", matching.extra.size());
  }
  panels[0].note += ", reference";
  return side_by_side(image, panels);
}

}  // namespace vnpu::cli
