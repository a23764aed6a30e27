#include "devices/vision/yolo.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <span>

#include "base/error.h"

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

std::vector<Object> finish(std::vector<Object> objects, const DetectOptions& options) {
  constexpr std::size_t most = 20000;  // suppression takes the square
  if (objects.size() > most) {
    throw Error(ErrorKind::unsupported, std::to_string(objects.size()) + " candidates: more than " +
                                            std::to_string(most) + "; ask for a higher confidence");
  }
  objects = suppress(std::move(objects), options.overlap);
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

}  // namespace

std::vector<Object> detect_yolo_v5(const NamedTensors& outputs, const std::vector<float>& anchors, std::size_t classes,
                                   const DetectOptions& options) {
  std::vector<const std::pair<std::string, Tensor>*> heads;
  for (const auto& output : outputs) heads.push_back(&output);
  std::ranges::sort(heads, {}, [](const auto* head) { return head->first; });
  const std::size_t count = heads.empty() ? 0 : anchors.size() / 2 / heads.size();
  if (heads.empty()) throw Error(ErrorKind::usage, "YOLOv5: there are no outputs");
  for (const auto* head : heads) {
    if (count == 0 || classes == 0 || dim(head->second, 2) != count * (classes + 5) ||
        head->second.count() != dim(head->second, 2) * dim(head->second, 1) * dim(head->second, 0)) {
      throw Error(ErrorKind::usage, "outputs of YOLOv5 with " + std::to_string(classes) + " labels and " +
                                        std::to_string(anchors.size() / 2) + " anchors have " +
                                        std::to_string(count * (classes + 5)) +
                                        " channels; there are:" + shapes(outputs));
    }
  }
  std::vector<Object> found;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    const auto data = floats(heads[i]->second);
    const std::size_t height = dim(heads[i]->second, 1), width = dim(heads[i]->second, 0), area = height * width;
    const auto across = static_cast<float>(options.input_width / static_cast<int>(width));
    const auto down = static_cast<float>(options.input_height / static_cast<int>(height));
    for (std::size_t a = 0; a < count; ++a) {
      for (std::size_t at = 0; at < area; ++at) {
        const float* cell = &data[a * (classes + 5) * area + at];
        const float object = sigmoid(cell[4 * area]);
        if (object <= options.confidence) continue;
        std::size_t label = 0;
        for (std::size_t k = 1; k < classes; ++k) {
          if (cell[(5 + label) * area] < cell[(5 + k) * area]) label = k;
        }
        const float score = object * sigmoid(cell[(5 + label) * area]);
        if (score <= options.confidence) continue;
        const auto centre = [](float logit, std::size_t place, float stride) {
          return static_cast<float>((sigmoid(logit) * 2 + static_cast<float>(place) - 0.5) * stride);
        };
        const auto side = [](float logit, float anchor) {
          return static_cast<float>(std::pow(static_cast<double>(sigmoid(logit) * 2), 2) * anchor);
        };
        const float w = side(cell[2 * area], anchors[2 * (count * i + a)]);
        const float h = side(cell[3 * area], anchors[2 * (count * i + a) + 1]);
        const auto x = static_cast<float>(centre(cell[0], at % width, across) - w * 0.5);
        const auto y = static_cast<float>(centre(cell[area], at / width, down) - h * 0.5);
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
      if (score <= options.confidence) continue;
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
      if (score[label * cells + at] <= options.confidence) continue;
      const auto side = [&](std::size_t k) { return sides[k * cells + at]; };
      found.push_back(box(i % width, i / width, static_cast<float>(stride), {side(0), side(1), side(2), side(3)}, label,
                          score[label * cells + at]));
    }
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
                                      " cells; there are:" + shapes(outputs));
  }
  return finish(from_cut_model(*scores, *boxes, classes, cells, options), options);
}

}  // namespace vnpu::vision
