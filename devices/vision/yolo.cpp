#include "devices/vision/yolo.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <optional>
#include <span>

#include "base/error.h"
#include "sim/runtime/region_layer.h"

namespace vnpu::vision {
namespace {

float sigmoid(float x) { return static_cast<float>(1.0 / (1 + std::exp(-x))); }

// A number of a tensor to a whole one, toward zero; far outside of any picture it stops.
int whole(double value) {
  constexpr double far = 1 << 28;
  return std::isnan(value) ? 0 : static_cast<int>(std::clamp(value, -far, far));
}

std::vector<float> floats(const Tensor& tensor) {
  std::vector<float> out(tensor.count());
  if (tensor.dtype == DType::f32) {
    std::memcpy(out.data(), tensor.bytes.data(), tensor.bytes.size());
  } else {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(element_as_double(tensor, i));
  }
  return out;
}

std::size_t dim(const Tensor& tensor, std::size_t from_the_end) {
  return from_the_end < tensor.shape.size()
             ? static_cast<std::size_t>(tensor.shape[tensor.shape.size() - 1 - from_the_end])
             : 1;
}

std::string shapes(const NamedTensors& outputs) {
  std::string text;
  for (const auto& [name, tensor] : outputs) text += " " + name + " " + to_string(tensor.shape);
  return text;
}

float overlap(const Object& a, const Object& b) {
  const std::int64_t w = std::min(a.x + a.w, b.x + b.w) - std::max(a.x, b.x);
  const std::int64_t h = std::min(a.y + a.h, b.y + b.h) - std::max(a.y, b.y);
  const auto both = static_cast<float>(std::max<std::int64_t>(w, 0) * std::max<std::int64_t>(h, 0));
  const auto all = static_cast<float>(std::int64_t{a.w} * a.h + std::int64_t{b.w} * b.h) - both;
  return both / all;
}

// Keeps what does not overlap a better one of its class; equal scores as std::sort leaves them.
std::vector<Object> suppress(std::vector<Object> objects, float threshold) {
  std::sort(objects.begin(), objects.end(), [](const Object& a, const Object& b) { return a.score > b.score; });
  std::vector<bool> gone(objects.size());
  std::vector<Object> kept;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (gone[i]) continue;
    kept.push_back(objects[i]);
    for (std::size_t j = i + 1; j < objects.size(); ++j) {
      if (!gone[j] && objects[i].label == objects[j].label && overlap(objects[i], objects[j]) > threshold)
        gone[j] = true;
    }
  }
  return kept;
}

void clip(Object& object, int width, int height) {
  if (object.x < 0) object.w += object.x, object.x = 0;
  if (object.y < 0) object.h += object.y, object.y = 0;
  if (object.x + object.w > width) object.w = width - object.x;
  if (object.y + object.h > height) object.h = height - object.y;
}

// From the model's input to the picture; every assignment cuts to a whole number.
void to_picture(Object& o, const DetectOptions& options) {
  const auto W = static_cast<float>(options.input_width), H = static_cast<float>(options.input_height);
  const auto w = static_cast<float>(options.width), h = static_cast<float>(options.height);
  if (options.fit == Fit::fill) {
    const float across = w / W, down = h / H;
    o = {whole(static_cast<float>(o.x) * across),
         whole(static_cast<float>(o.y) * down),
         whole(static_cast<float>(o.w) * across),
         whole(static_cast<float>(o.h) * down),
         o.label,
         o.score};
    return;
  }
  if (options.fit == Fit::letterbox) {
    const double scale = std::min(static_cast<double>(W) / w, static_cast<double>(H) / h);
    const int left = (options.input_width - std::max(static_cast<int>(w * scale), 1)) / 2;
    const int top = (options.input_height - std::max(static_cast<int>(h * scale), 1)) / 2;
    o = {whole((o.x - left) / scale),
         whole((o.y - top) / scale),
         whole(o.w / scale),
         whole(o.h / scale),
         o.label,
         o.score};
    return;
  }
  const bool contain = options.fit == Fit::contain;
  const float scale = contain ? std::min(W / w, H / h) : std::max(W / w, H / h);
  const float back = 1.0f / scale;
  const float left = (W - w * scale) / 2, top = (H - h * scale) / 2;  // negative where the picture was cut
  o = {whole((static_cast<float>(o.x) - left) * back),
       whole((static_cast<float>(o.y) - top) * back),
       whole(static_cast<float>(o.w) * back),
       whole(static_cast<float>(o.h) * back),
       o.label,
       o.score};
}

// Clipped, ordered as asked, and brought to the picture.
std::vector<Object> place(std::vector<Object> objects, const DetectOptions& options) {
  for (auto& object : objects) clip(object, options.input_width, options.input_height);
  const auto area = [](const Object& o) { return std::int64_t{o.w} * o.h; };
  if (options.sort > 0)
    std::sort(objects.begin(), objects.end(), [&](const auto& a, const auto& b) { return area(a) > area(b); });
  if (options.sort < 0)
    std::sort(objects.begin(), objects.end(), [&](const auto& a, const auto& b) { return area(a) < area(b); });
  if (options.width == options.input_width && options.height == options.input_height) return objects;
  for (auto& object : objects) {
    to_picture(object, options);
    clip(object, options.width, options.height);
  }
  return objects;
}

std::vector<Object> finish(std::vector<Object> objects, const DetectOptions& options) {
  constexpr std::size_t most = 20000;  // suppression takes the square
  if (objects.size() > most) {
    throw Error(ErrorKind::unsupported, std::to_string(objects.size()) + " candidates: more than " +
                                            std::to_string(most) + "; ask for a higher confidence");
  }
  return place(suppress(std::move(objects), options.overlap), options);
}

}  // namespace

namespace {

// One head of YOLOv5 as its logits lie: where the next anchor, channel and cell are.
struct Head {
  const Tensor* tensor;
  std::size_t height, width, anchor_step, channel_step, cell_step;
};

// The forms a head of `count` anchors and `entries` channels each comes in; nullopt for others.
std::optional<Head> head_of(const Tensor& tensor, std::size_t count, std::size_t entries) {
  const std::size_t channels = count * entries, d0 = dim(tensor, 0), d1 = dim(tensor, 1), d2 = dim(tensor, 2);
  if (count == 0 || tensor.count() == 0) return std::nullopt;
  if (tensor.shape.size() >= 5 && d0 == entries && dim(tensor, 3) == count && tensor.count() == channels * d1 * d2)
    return Head{&tensor, d2, d1, d1 * d2 * entries, 1, entries};
  if (d2 == channels && tensor.count() == channels * d1 * d0)
    return Head{&tensor, d1, d0, d1 * d0 * entries, d1 * d0, 1};
  if (d0 == channels && tensor.count() == channels * d1 * d2) return Head{&tensor, d2, d1, entries, 1, channels};
  return std::nullopt;
}

// One row a box: centre, size, objectness, a score for each class.
std::vector<Object> from_rows(const Tensor& rows, std::size_t classes, float confidence) {
  const auto data = floats(rows);
  std::vector<Object> found;
  for (std::size_t at = 0; at + 5 + classes <= data.size(); at += 5 + classes) {
    const float* row = &data[at];
    if (!(row[4] > confidence)) continue;
    const auto label = std::max_element(row + 5, row + 5 + classes) - (row + 5);
    const float score = row[4] * row[5 + label];
    if (!(score > confidence) || !std::isfinite(score)) continue;
    found.push_back({whole(row[0] - row[2] * 0.5), whole(row[1] - row[3] * 0.5), whole(row[2]), whole(row[3]),
                     static_cast<int>(label), score});
  }
  return found;
}

// [1, N, entries], with more dimensions of 1 or without.
bool are_rows(const Shape& shape, std::size_t entries) {
  std::vector<std::size_t> large;
  for (const auto d : shape) {
    if (d != 1) large.push_back(static_cast<std::size_t>(d));
  }
  if (large.size() == 1) return shape.size() > 1 && shape[shape.size() - 2] == 1 && large[0] == entries;  // one row
  return large.size() == 2 && large[1] == entries && (shape[0] == 1 || shape.size() == 2);
}

}  // namespace

std::vector<Object> detect_yolo_v5(const NamedTensors& outputs, const std::vector<float>& anchors, std::size_t classes,
                                   const DetectOptions& options) {
  if (outputs.empty()) throw Error(ErrorKind::usage, "YOLOv5: there are no outputs");
  if (classes > 0 && outputs.size() == 1 && are_rows(outputs[0].second.shape, classes + 5))
    return finish(from_rows(outputs[0].second, classes, options.confidence), options);
  std::vector<const std::pair<std::string, Tensor>*> named;
  for (const auto& output : outputs) named.push_back(&output);
  if (!options.heads_by_size) std::ranges::sort(named, {}, [](const auto* head) { return head->first; });
  const std::size_t count = anchors.size() / 2 / outputs.size();
  std::vector<Head> heads;
  for (const auto* output : named) {
    const auto head = classes > 0 ? head_of(output->second, count, classes + 5) : std::nullopt;
    if (!head) {
      throw Error(ErrorKind::usage, "outputs of YOLOv5 with " + std::to_string(classes) + " labels and " +
                                        std::to_string(anchors.size() / 2) + " anchors have " +
                                        std::to_string(count * (classes + 5)) +
                                        " channels; there are:" + shapes(outputs));
    }
    heads.push_back(*head);
  }
  if (options.heads_by_size)
    std::ranges::stable_sort(heads, std::greater{}, [](const Head& head) { return head.height * head.width; });
  std::vector<Object> found;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    const auto data = floats(*heads[i].tensor);
    const auto [tensor, height, width, anchor_step, step, cell_step] = heads[i];
    const auto across = static_cast<float>(options.input_width / static_cast<int>(width));
    const auto down = static_cast<float>(options.input_height / static_cast<int>(height));
    for (std::size_t a = 0; a < count; ++a) {
      for (std::size_t at = 0; at < height * width; ++at) {
        const float* cell = &data[a * anchor_step + at * cell_step];
        const float object = sigmoid(cell[4 * step]);
        if (!(object > options.confidence)) continue;  // nor what is no number
        std::size_t label = 0;
        for (std::size_t k = 1; k < classes; ++k) {
          if (cell[(5 + label) * step] < cell[(5 + k) * step]) label = k;
        }
        const float score = object * sigmoid(cell[(5 + label) * step]);
        if (!(score > options.confidence)) continue;
        const auto centre = [](float logit, std::size_t place, float stride) {
          return static_cast<float>((sigmoid(logit) * 2 + static_cast<float>(place) - 0.5) * stride);
        };
        const auto side = [](float logit, float anchor) {
          return static_cast<float>(std::pow(static_cast<double>(sigmoid(logit) * 2), 2) * anchor);
        };
        const float w = side(cell[2 * step], anchors[2 * (count * i + a)]);
        const float h = side(cell[3 * step], anchors[2 * (count * i + a) + 1]);
        const auto x = static_cast<float>(centre(cell[0], at % width, across) - w * 0.5);
        const auto y = static_cast<float>(centre(cell[step], at / width, down) - h * 0.5);
        found.push_back({whole(x), whole(y), whole(w), whole(h), static_cast<int>(label), score});
      }
    }
  }
  return finish(std::move(found), options);
}

namespace {

struct Distances {
  float left, top, right, bottom;
};

// A cell of the grid of one stride to a box in input pixels.
Object box(std::size_t column, std::size_t row, float stride, const Distances& d, std::size_t label, float score) {
  const float cx = static_cast<float>(column) + 0.5f, cy = static_cast<float>(row) + 0.5f;
  const float x = (cx - d.left) * stride, y = (cy - d.top) * stride;
  const float w = (cx + d.right) * stride - x, h = (cy + d.bottom) * stride - y;
  return {whole(x), whole(y), whole(w), whole(h), static_cast<int>(label), score};
}

constexpr std::size_t bins = 16;

// The expected bin of a softmax.
float distance(const float* values, std::size_t step) {
  float most = values[0];
  for (std::size_t i = 1; i < bins; ++i) most = std::max(most, values[i * step]);
  float sum = 0, weighted = 0;
  for (std::size_t i = 0; i < bins; ++i) {
    const float e = std::exp(values[i * step] - most);
    sum += e;
    weighted += static_cast<float>(i) * e;
  }
  return weighted / sum;
}

template <class Score>
std::size_t best(std::size_t classes, Score score) {
  std::size_t label = 0;
  for (std::size_t k = 1; k < classes; ++k) {
    if (score(label) < score(k)) label = k;
  }
  return label;
}

std::vector<Object> from_whole_heads(const NamedTensors& outputs, std::size_t classes, const DetectOptions& options) {
  std::vector<Object> found;
  for (const auto& [name, tensor] : outputs) {
    const auto data = floats(tensor);
    const std::size_t width = dim(tensor, 0), area = width * dim(tensor, 1);
    const auto stride = static_cast<float>(options.input_width / static_cast<int>(width));
    for (std::size_t at = 0; at < area; ++at) {
      const auto logit = [&](std::size_t k) { return data[(4 * bins + k) * area + at]; };
      const std::size_t label = best(classes, logit);
      const float score = sigmoid(logit(label));
      if (!(score > options.confidence)) continue;
      const auto side = [&](std::size_t k) { return distance(&data[k * bins * area + at], area); };
      found.push_back(box(at % width, at / width, stride, {side(0), side(1), side(2), side(3)}, label, score));
    }
  }
  return found;
}

// Dimensions of 1 do not count: converters add them in front and behind.
bool is_matrix(const Tensor& tensor, std::size_t rows, std::size_t columns) {
  std::vector<std::size_t> found, wanted;
  for (const auto d : tensor.shape) {
    if (d != 1) found.push_back(static_cast<std::size_t>(d));
  }
  for (const std::size_t d : {rows, columns}) {
    if (d != 1) wanted.push_back(d);
  }
  return found == wanted;
}

std::vector<Object> from_cut_model(const Tensor& scores, const Tensor& boxes, std::size_t classes, std::size_t cells,
                                   const DetectOptions& options) {
  const auto score = floats(scores), sides = floats(boxes);
  std::vector<Object> found;
  std::size_t at = 0;
  for (const int stride : {8, 16, 32}) {
    const auto width = static_cast<std::size_t>(options.input_width / stride);
    const auto height = static_cast<std::size_t>(options.input_height / stride);
    for (std::size_t i = 0; i < width * height && at < cells; ++i, ++at) {
      const std::size_t label = best(classes, [&](std::size_t k) { return score[k * cells + at]; });
      if (!(score[label * cells + at] > options.confidence)) continue;
      const auto side = [&](std::size_t k) { return sides[k * cells + at]; };
      found.push_back(box(i % width, i / width, static_cast<float>(stride), {side(0), side(1), side(2), side(3)}, label,
                          score[label * cells + at]));
    }
  }
  return found;
}

// [1, 4 + classes, cells]: centre and size in input pixels, then scores between 0 and 1.
std::vector<Object> from_columns(const Tensor& columns, std::size_t classes, std::size_t cells, float confidence) {
  const auto data = floats(columns);
  std::vector<Object> found;
  for (std::size_t at = 0; at < cells; ++at) {
    const auto value = [&](std::size_t row) { return data[row * cells + at]; };
    const std::size_t label = best(classes, [&](std::size_t k) { return value(4 + k); });
    const float score = value(4 + label);
    if (!(score > confidence) || !std::isfinite(score)) continue;
    found.push_back({whole(value(0) - value(2) * 0.5), whole(value(1) - value(3) * 0.5), whole(value(2)),
                     whole(value(3)), static_cast<int>(label), score});
  }
  return found;
}

}  // namespace

std::vector<Object> detect_yolo_v8(const NamedTensors& outputs, std::size_t classes, const DetectOptions& options) {
  const auto is_head = [&](const auto& output) {
    return output.second.shape.size() == 4 && output.second.shape[0] == 1 &&
           dim(output.second, 2) == 4 * bins + classes &&
           dim(output.second, 0) <= static_cast<std::size_t>(options.input_width);
  };
  if (classes > 0 && outputs.size() == 3 && std::ranges::all_of(outputs, is_head))
    return finish(from_whole_heads(outputs, classes, options), options);
  std::size_t cells = 0;
  for (const int stride : {8, 16, 32})
    cells += static_cast<std::size_t>(options.input_width / stride) *
             static_cast<std::size_t>(options.input_height / stride);
  if (classes > 0 && outputs.size() == 1 && is_matrix(outputs[0].second, 4 + classes, cells))
    return finish(from_columns(outputs[0].second, classes, cells, options.confidence), options);
  const Tensor *scores = nullptr, *boxes = nullptr;
  for (const auto& [name, tensor] : outputs) {
    // Distances are [1, 1, 4, cells]: told from the scores of four classes by the second 1.
    const bool one_channel = tensor.shape.size() == 4 && tensor.shape[1] == 1;
    if (is_matrix(tensor, 4, cells) && (classes != 4 || one_channel)) {
      boxes = &tensor;
    } else if (is_matrix(tensor, classes, cells)) {
      scores = &tensor;
    }
  }
  if (outputs.size() != 2 || !scores || !boxes) {
    throw Error(ErrorKind::usage, "outputs of YOLOv8 or YOLO11 with " + std::to_string(classes) +
                                      " labels are three of " + std::to_string(4 * bins + classes) +
                                      " channels, or scores and distances of " + std::to_string(cells) +
                                      " cells, or one output of both; there are:" + shapes(outputs));
  }
  return finish(from_cut_model(*scores, *boxes, classes, cells, options), options);
}

std::vector<Object> detect_yolo_v2(const NamedTensors& outputs, const std::vector<float>& anchors, std::size_t classes,
                                   const DetectOptions& options) {
  RegionLayer layer;
  layer.image_width = static_cast<std::uint32_t>(options.input_width);
  layer.image_height = static_cast<std::uint32_t>(options.input_height);
  layer.anchors = anchors;
  layer.threshold = options.confidence;
  layer.nms = options.overlap;
  if (outputs.size() != 1 || !find_grid(layer, outputs[0].second.count()) ||
      layer.classes() != static_cast<std::int64_t>(classes)) {
    throw Error(ErrorKind::usage, "the output of YOLOv2 with " + std::to_string(classes) + " labels has " +
                                      std::to_string(5 * (classes + 5)) + " maps; there are:" + shapes(outputs));
  }
  std::vector<Object> objects;
  const auto data = floats(outputs[0].second);
  for (const auto& o : region_objects(data, layer)) {
    const auto number = [](std::uint32_t value) { return whole(static_cast<double>(value)); };
    objects.push_back({number(o.x), number(o.y), number(o.w), number(o.h), static_cast<int>(o.class_id), o.value});
  }
  // The layer has kept one box of an object already; equal scores stay in the order of the boxes.
  std::ranges::stable_sort(objects, std::greater{}, &Object::score);
  return place(std::move(objects), options);
}

}  // namespace vnpu::vision
