#include "devices/axera/detectors.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "base/error.h"

namespace vnpu::axera {
namespace {

constexpr std::size_t most_candidates = 20'000;  // suppression takes the square

float sigmoid(float x) { return 1.0F / (1.0F + std::exp(-x)); }

// The mean of the positions of a distribution, from its logarithms.
float expected_position(std::span<const float> logits) {
  const float largest = *std::ranges::max_element(logits);
  float sum = 0, position = 0;
  for (const float logit : logits) sum += std::exp(logit - largest);
  for (std::size_t i = 0; i < logits.size(); ++i)
    position += static_cast<float>(i) * (std::exp(logits[i] - largest) / sum);
  return position;
}

std::pair<int, float> best_class(std::span<const float> scores) {
  std::pair<int, float> best{0, -std::numeric_limits<float>::max()};
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] > best.second) best = {static_cast<int>(i), scores[i]};
  }
  return best;
}

std::span<const float> values_of(const DetectorOutput& output, std::size_t wanted) {
  if (output.values.size() < wanted) {
    throw Error(ErrorKind::fault, "output '" + output.name + "' has " + std::to_string(output.values.size()) +
                                      " numbers, this sample reads " + std::to_string(wanted));
  }
  return std::span(output.values).first(wanted);
}

const DetectorOutput& output_at(const std::vector<DetectorOutput>& outputs, std::size_t i) {
  if (i < outputs.size()) return outputs[i];
  throw Error(ErrorKind::fault, "the model has " + std::to_string(outputs.size()) + " outputs, this sample reads more");
}

const DetectorOutput& output_named(const std::vector<DetectorOutput>& outputs, const std::string& name) {
  for (const auto& output : outputs) {
    if (output.name == name) return output;
  }
  throw Error(ErrorKind::fault, "the model has no output '" + name + "', which this sample reads");
}

struct Grid {
  int stride = 8, height = 0, width = 0;
  std::size_t cells() const { return static_cast<std::size_t>(height) * static_cast<std::size_t>(width); }
};

Grid grid_of(const PictureFrame& frame, int stride) {
  return {stride, frame.input_height / stride, frame.input_width / stride};
}

Detection between(float x0, float y0, float x1, float y1, int label, float score) {
  return {x0, y0, x1 - x0, y1 - y0, label, score};
}

// Three anchors a cell: x, y, w, h, object, (ten numbers of landmarks,) classes.
void yolo_v5(const DetectorForm& form, const DetectorOutput& output, const Grid& grid, std::size_t group, bool face,
             std::vector<Detection>& out) {
  const auto classes = static_cast<std::size_t>(face ? 1 : form.classes);
  const std::size_t first_class = face ? 15 : 5, step = first_class + classes;
  const auto values = values_of(output, grid.cells() * 3 * step);
  const float least = -1.0F * std::log(1.0F / form.confidence - 1.0F);
  const auto stride = static_cast<float>(grid.stride);
  for (std::size_t cell = 0; cell < grid.cells(); ++cell) {
    const auto w = static_cast<float>(cell % static_cast<std::size_t>(grid.width));
    const auto h = static_cast<float>(cell / static_cast<std::size_t>(grid.width));
    for (std::size_t a = 0; a < 3; ++a) {
      const auto row = values.subspan((cell * 3 + a) * step, step);
      if (row[4] < least) continue;
      const auto [label, class_score] = best_class(row.subspan(first_class, classes));
      const float score = sigmoid(row[4]) * sigmoid(class_score);
      if (!(score >= form.confidence)) continue;
      const float cx = (sigmoid(row[0]) * 2.0F - 0.5F + w) * stride, cy = (sigmoid(row[1]) * 2.0F - 0.5F + h) * stride;
      const float dw = sigmoid(row[2]), dh = sigmoid(row[3]);
      const float width = dw * dw * 4.0F * form.anchors[group * 6 + a * 2];
      const float height = dh * dh * 4.0F * form.anchors[group * 6 + a * 2 + 1];
      out.push_back(
          between(cx - width * 0.5F, cy - height * 0.5F, cx + width * 0.5F, cy + height * 0.5F, label, score));
    }
  }
}

// Distances as distributions of 16, class scores, and the class that has the best one.
void yolo_v8(const DetectorForm& form, const std::vector<DetectorOutput>& outputs, std::size_t head,
             const PictureFrame& frame, const Grid& grid, std::vector<Detection>& out) {
  const auto classes = static_cast<std::size_t>(form.classes);
  const auto distances = values_of(output_at(outputs, head), grid.cells() * 64);
  const auto scores = values_of(output_at(outputs, head + 3), grid.cells() * classes);
  const auto labels = values_of(output_at(outputs, head + 6), grid.cells());
  const auto stride = static_cast<float>(grid.stride);
  const auto right = static_cast<float>(frame.input_width - 1), bottom = static_cast<float>(frame.input_height - 1);
  for (std::size_t cell = 0; cell < grid.cells(); ++cell) {
    const float label = labels[cell];
    if (!(label > -1 && label < static_cast<float>(classes)))
      throw Error(ErrorKind::fault, "class " + std::to_string(label) + " of " + std::to_string(classes));
    const float score = sigmoid(scores[cell * classes + static_cast<std::size_t>(label)]);
    if (!(score > form.confidence)) continue;
    std::array<float, 4> far{};
    for (std::size_t k = 0; k < 4; ++k) far[k] = expected_position(distances.subspan(cell * 64 + k * 16, 16)) * stride;
    const float cx = (static_cast<float>(cell % static_cast<std::size_t>(grid.width)) + 0.5F) * stride;
    const float cy = (static_cast<float>(cell / static_cast<std::size_t>(grid.width)) + 0.5F) * stride;
    out.push_back(between(std::clamp(cx - far[0], 0.0F, right), std::clamp(cy - far[1], 0.0F, bottom),
                          std::clamp(cx + far[2], 0.0F, right), std::clamp(cy + far[3], 0.0F, bottom),
                          static_cast<int>(label), score));
  }
}

// Classes, then distances as distributions of 8.
void nanodet(const DetectorForm& form, const DetectorOutput& output, const Grid& grid, std::vector<Detection>& out) {
  const auto classes = static_cast<std::size_t>(form.classes);
  const std::size_t step = classes + 32;
  const auto values = values_of(output, grid.cells() * step);
  const auto stride = static_cast<float>(grid.stride);
  for (std::size_t cell = 0; cell < grid.cells(); ++cell) {
    const auto row = values.subspan(cell * step, step);
    const auto [label, class_score] = best_class(row.first(classes));
    const float score = sigmoid(class_score);
    if (!(score >= form.confidence)) continue;
    std::array<float, 4> far{};
    for (std::size_t k = 0; k < 4; ++k) far[k] = expected_position(row.subspan(classes + k * 8, 8)) * stride;
    const float cx = (static_cast<float>(cell % static_cast<std::size_t>(grid.width)) + 0.5F) * stride;
    const float cy = (static_cast<float>(cell / static_cast<std::size_t>(grid.width)) + 0.5F) * stride;
    out.push_back(between(cx - far[0], cy - far[1], cx + far[2], cy + far[3], label, score));
  }
}

// Planes: two anchors a cell, scores, four distances each in strides. Boxes are a pixel larger than their corners say.
void scrfd(const DetectorForm& form, const std::vector<DetectorOutput>& outputs, const Grid& grid,
           std::vector<Detection>& out) {
  const std::string ending = std::to_string(grid.stride);
  const auto scores = values_of(output_named(outputs, "score_" + ending), grid.cells() * 2);
  const auto boxes = values_of(output_named(outputs, "bbox_" + ending), grid.cells() * 8);
  const auto stride = static_cast<float>(grid.stride);
  for (std::size_t anchor = 0; anchor < 2; ++anchor) {
    for (std::size_t cell = 0; cell < grid.cells(); ++cell) {
      const float score = sigmoid(scores[anchor * grid.cells() + cell]);
      if (!(score >= form.confidence)) continue;
      const auto far = [&](std::size_t side) { return boxes[(anchor * 4 + side) * grid.cells() + cell] * stride; };
      const float cx = static_cast<float>(cell % static_cast<std::size_t>(grid.width)) * stride;
      const float cy = static_cast<float>(cell / static_cast<std::size_t>(grid.width)) * stride;
      Detection found = between(cx - far(0), cy - far(1), cx + far(2), cy + far(3), 0, score);
      found.w += 1, found.h += 1;
      out.push_back(found);
    }
  }
}

// YOLOv3's heads at strides 32 and 16; boxes in parts of the picture.
void yolo_fastest(const DetectorForm& form, const std::vector<DetectorOutput>& outputs, std::vector<Detection>& out) {
  const auto classes = static_cast<std::size_t>(form.classes);
  const float least = -1.0F * std::log(1.0F / form.confidence - 1.0F);
  for (std::size_t b = 0; b < outputs.size(); ++b) {
    const auto& shape = outputs[b].shape;
    const auto fits = [](std::int64_t side) { return side > 0 && side <= 4096; };
    if (b > 1 || shape.size() != 4 || !fits(shape[1]) || !fits(shape[2]))
      throw Error(ErrorKind::fault, "this sample reads two outputs [1, h, w, c]");
    const auto height = static_cast<std::size_t>(shape[1]), width = static_cast<std::size_t>(shape[2]);
    const auto values = values_of(outputs[b], height * width * 3 * (classes + 5));
    const float scale = b == 0 ? 32 : 16;
    const float net_width = scale * static_cast<float>(width), net_height = scale * static_cast<float>(height);
    for (std::size_t at = 0; at < height * width * 3; ++at) {
      const auto row = values.subspan(at * (classes + 5), classes + 5);
      if (row[4] < least) continue;
      const auto [label, class_score] = best_class(row.subspan(5));
      const float score = 1.0F / ((1.0F + std::exp(-row[4])) * (1.0F + std::exp(-class_score)));
      if (!(score >= form.confidence)) continue;
      const std::size_t cell = at / 3, anchor = at % 3 + (b == 0 ? 3 : 0);
      const float cx = (static_cast<float>(cell % width) + sigmoid(row[0])) / static_cast<float>(width);
      const float cy = (static_cast<float>(cell / width) + sigmoid(row[1])) / static_cast<float>(height);
      const float w = std::exp(row[2]) * form.anchors[anchor * 2] / net_width;
      const float h = std::exp(row[3]) * form.anchors[anchor * 2 + 1] / net_height;
      out.push_back(between(cx - w * 0.5F, cy - h * 0.5F, cx + w * 0.5F, cy + h * 0.5F, label, score));
    }
  }
}

float overlap(const Detection& a, const Detection& b) {
  const float w = std::min(a.x + a.w, b.x + b.w) - std::max(a.x, b.x);
  const float h = std::min(a.y + a.h, b.y + b.h) - std::max(a.y, b.y);
  const float both = w > 0 && h > 0 ? w * h : 0;
  return both / (a.w * a.h + b.w * b.h - both);
}

// Best first; what overlaps a better one goes, whatever its class. Things that have a score and a box are looked at.
template <class Thing>
std::vector<Thing> suppress(std::vector<Thing> all, float threshold) {
  if (all.size() > most_candidates) {
    throw Error(ErrorKind::unsupported,
                std::to_string(all.size()) + " candidates: more than " + std::to_string(most_candidates));
  }
  std::ranges::stable_sort(all, std::ranges::greater{}, &Thing::score);
  std::vector<Thing> kept;
  for (const auto& each : all) {
    if (std::ranges::none_of(kept, [&](const Thing& better) { return overlap(each, better) > threshold; }))
      kept.push_back(each);
  }
  return kept;
}

struct Back {
  float left, top, across, down;
};

// How a letterboxed box comes back. `swapped`: as most samples do it, x with the ratio of rows and y with that of
// columns (they differ by the cut to whole pixels only).
Back letterbox_back(const PictureFrame& frame, bool swapped) {
  const double scale = std::min(static_cast<double>(frame.input_height) / frame.height,
                                static_cast<double>(frame.input_width) / frame.width);
  if (!swapped) {
    const auto single = static_cast<float>(scale);
    const int columns = static_cast<int>(single * static_cast<float>(frame.width));
    const int rows = static_cast<int>(single * static_cast<float>(frame.height));
    return {static_cast<float>((frame.input_width - columns) / 2), static_cast<float>((frame.input_height - rows) / 2),
            1.0F / single, 1.0F / single};
  }
  const auto single = static_cast<float>(scale);
  const int columns = std::max(1, static_cast<int>(single * static_cast<float>(frame.width)));
  const int rows = std::max(1, static_cast<int>(single * static_cast<float>(frame.height)));
  return {static_cast<float>((frame.input_width - columns) / 2), static_cast<float>((frame.input_height - rows) / 2),
          static_cast<float>(frame.height) / static_cast<float>(rows),
          static_cast<float>(frame.width) / static_cast<float>(columns)};
}

void to_picture(std::vector<Detection>& found, const PictureFrame& frame, const Back& back) {
  const auto right = static_cast<float>(frame.width - 1), bottom = static_cast<float>(frame.height - 1);
  for (auto& each : found) {
    const float x0 = std::clamp((each.x - back.left) * back.across, 0.0F, right);
    const float y0 = std::clamp((each.y - back.top) * back.down, 0.0F, bottom);
    const float x1 = std::clamp((each.x + each.w - back.left) * back.across, 0.0F, right);
    const float y1 = std::clamp((each.y + each.h - back.top) * back.down, 0.0F, bottom);
    each = between(x0, y0, x1, y1, each.label, each.score);
  }
}

}  // namespace

std::vector<Detection> detect(const DetectorForm& form, const std::vector<DetectorOutput>& outputs,
                              const PictureFrame& frame) {
  std::vector<Detection> found;
  constexpr std::array strides{8, 16, 32};
  switch (form.form) {
    case HeadForm::yolo_v5:
    case HeadForm::yolo_v5_face:
      for (std::size_t i = 0; i < outputs.size(); ++i) {
        if (i > 2) throw Error(ErrorKind::fault, "the model has more than the three outputs that this sample reads");
        yolo_v5(form, outputs[i], grid_of(frame, strides[i]), i, form.form == HeadForm::yolo_v5_face, found);
      }
      break;
    case HeadForm::yolo_v8:
      for (std::size_t i = 0; i < 3; ++i) yolo_v8(form, outputs, i, frame, grid_of(frame, strides[i]), found);
      break;
    case HeadForm::nanodet:
      for (std::size_t i = 0; i < outputs.size() && i < 3; ++i)
        nanodet(form, outputs[i], grid_of(frame, strides[2 - i]), found);
      break;
    case HeadForm::scrfd:
      for (const int stride : strides) scrfd(form, outputs, grid_of(frame, stride), found);
      break;
    case HeadForm::yolo_fastest: yolo_fastest(form, outputs, found); break;
    case HeadForm::palm: throw Error(ErrorKind::internal, "palms are not boxes");
  }
  std::erase_if(found, [](const Detection& each) {
    return !std::isfinite(each.x) || !std::isfinite(each.y) || !std::isfinite(each.w) || !std::isfinite(each.h);
  });
  found = suppress(std::move(found), form.overlap);
  if (form.form == HeadForm::yolo_fastest) {
    for (auto& each : found) {
      each.x *= static_cast<float>(frame.width), each.w *= static_cast<float>(frame.width);
      each.y *= static_cast<float>(frame.height), each.h *= static_cast<float>(frame.height);
    }
  } else {
    to_picture(found, frame, letterbox_back(frame, form.form != HeadForm::nanodet));
  }
  return found;
}

namespace {

struct PalmCandidate : Detection {  // in parts of the input
  std::array<Palm::Point, 7> points;
};

// Where the detector looks: two places of a 24x24 grid's cells, six of a 12x12 grid's, at their middle.
std::vector<Palm::Point> palm_places() {
  std::vector<Palm::Point> out;
  for (const auto& [side, each] : {std::pair(24, 2), std::pair(12, 6)}) {
    for (int cell = 0; cell < side * side; ++cell) {
      const Palm::Point middle{(static_cast<float>(cell % side) + 0.5F) / static_cast<float>(side),
                               (static_cast<float>(cell / side) + 0.5F) / static_cast<float>(side)};
      out.insert(out.end(), static_cast<std::size_t>(each), middle);
    }
  }
  return out;
}

// The square around the hand: it lies half a box before the palm, in the direction from the wrist (point 0) to the
// middle finger (point 2), and is 2.6 long sides wide.
std::array<Palm::Point, 4> around_hand(const PalmCandidate& palm) {
  const float turn = static_cast<float>(M_PI) * 0.5F -
                     std::atan2(palm.points[0].y - palm.points[2].y, palm.points[2].x - palm.points[0].x);
  const float cosine = std::cos(turn), sine = std::sin(turn), ahead = -0.5F * palm.h;
  const float cx = palm.x + palm.w * 0.5F - ahead * sine, cy = palm.y + palm.h * 0.5F + ahead * cosine;
  const float half = std::max(palm.w, palm.h) * 1.3F;
  std::array<Palm::Point, 4> out{{{-half, -half}, {half, -half}, {half, half}, {-half, half}}};
  for (auto& corner : out)
    corner = {corner.x * cosine - corner.y * sine + cx, corner.x * sine + corner.y * cosine + cy};
  return out;
}

}  // namespace

std::vector<Palm> detect_palms(const DetectorForm& form, const std::vector<DetectorOutput>& outputs,
                               const PictureFrame& frame) {
  constexpr float side = 192;
  const auto places = palm_places();
  const auto boxes = values_of(output_at(outputs, 0), places.size() * 18);
  const auto scores = values_of(output_at(outputs, 1), places.size());
  std::vector<PalmCandidate> found;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const float score = sigmoid(scores[i]);
    if (!(score > form.confidence)) continue;
    const auto row = boxes.subspan(i * 18, 18);
    PalmCandidate palm;
    palm.w = row[2] / side, palm.h = row[3] / side;
    palm.x = row[0] / side + places[i].x - palm.w * 0.5F;
    palm.y = row[1] / side + places[i].y - palm.h * 0.5F;
    palm.score = score;
    for (std::size_t p = 0; p < palm.points.size(); ++p)
      palm.points[p] = {row[4 + 2 * p] / side + places[i].x, row[5 + 2 * p] / side + places[i].y};
    found.push_back(palm);
  }
  Back back = letterbox_back(frame, true);
  std::swap(back.across, back.down);  // this sample does not mix them up
  const auto to_picture_point = [&](const Palm::Point& point) {
    return Palm::Point{(point.x * static_cast<float>(frame.input_width) - back.left) * back.across,
                       (point.y * static_cast<float>(frame.input_height) - back.top) * back.down};
  };
  std::vector<Palm> out;
  for (const PalmCandidate& palm : suppress(std::move(found), form.overlap)) {
    Palm& made = out.emplace_back();
    std::ranges::transform(around_hand(palm), made.corners.begin(), to_picture_point);
    std::ranges::transform(palm.points, made.points.begin(), to_picture_point);
  }
  return out;
}

}  // namespace vnpu::axera
