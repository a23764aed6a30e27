#include "sim/runtime/compare.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"

namespace vnpu {
namespace {

bool is_floating(DType dtype) {
  return dtype == DType::f32 || dtype == DType::f64 || dtype == DType::bf16 || dtype == DType::f16;
}

// NumPy files have no bf16.
Tensor with_dtype_of(const Tensor& tensor, const Tensor& other) {
  Tensor out = tensor;
  if (tensor.dtype == DType::u16 && other.dtype == DType::bf16) out.dtype = DType::bf16;
  return out;
}

double finite(double value) {
  if (std::isnan(value)) return 0;
  return std::clamp(value, -1e300, 1e300) == value ? value : std::copysign(10000.0, value);
}

// Sums in one pass over the elements.
struct Sums {
  double dot = 0, left = 0, right = 0, difference = 0, mean = 0;

  void add(double a, double b) {
    a = finite(a), b = finite(b);
    dot += a * b;
    left += a * a;
    right += b * b;
    difference += (a - b) * (a - b);
    mean += (a + b) / 2 * ((a + b) / 2);
  }
  double cosine() const { return left == 0 || right == 0 ? 0 : dot / (std::sqrt(left) * std::sqrt(right)); }
  double euclidean() const { return 1 - std::sqrt(difference) / (std::sqrt(mean) + 1e-7); }
};

bool within(const TensorComparison& result, const Tolerance& tolerance) {
  if (tolerance.exact()) return false;
  return (!tolerance.cosine || result.cosine >= *tolerance.cosine) &&
         (!tolerance.euclidean || result.euclidean >= *tolerance.euclidean) &&
         (!tolerance.max_difference || result.max_difference <= *tolerance.max_difference);
}

std::vector<std::int64_t> unravel(const Shape& shape, std::uint64_t i) {
  std::vector<std::int64_t> out(shape.size());
  for (std::size_t d = shape.size(); d-- > 0;) {
    const auto dim = static_cast<std::uint64_t>(std::max<std::int64_t>(shape[d], 1));
    out[d] = static_cast<std::int64_t>(i % dim);
    i /= dim;
  }
  return out;
}

void note(TensorComparison& result, const std::string& text) {
  result.note += (result.note.empty() ? "" : "; ") + text;
}

TensorComparison one_sided(const std::string& name, const Tensor& tensor, Match match) {
  TensorComparison out;
  out.name = name;
  out.match = match;
  out.shape = tensor.shape;
  out.count = tensor.count();
  return out;
}

}  // namespace

const char* name(Match match) {
  switch (match) {
    case Match::equal: return "equal";
    case Match::close: return "close";
    case Match::different: return "different";
    case Match::only_left: return "only left";
    case Match::only_right: return "only right";
  }
  return "different";
}

TensorComparison compare(const std::string& name, const Tensor& left_tensor, const Tensor& right_tensor,
                         const Tolerance& tolerance) {
  const auto left = with_dtype_of(left_tensor, right_tensor);
  const auto right = with_dtype_of(right_tensor, left_tensor);
  TensorComparison out;
  out.name = name;
  out.shape = left.shape;
  out.count = left.count();
  if (right.count() != out.count) {
    out.match = Match::different;
    out.cosine = out.euclidean = 0;
    out.note = "shape " + to_string(left.shape) + " against " + to_string(right.shape);
    return out;
  }
  if (left.shape != right.shape) {
    note(out, to_string(left.shape) + " against " + to_string(right.shape) + ": the same count, compared in order");
  }
  if (left.dtype != right.dtype)
    note(out, std::string(vnpu::name(left.dtype)) + " against " + std::string(vnpu::name(right.dtype)));
  const bool same_type = left.dtype == right.dtype;
  if (same_type && left.bytes == right.bytes) return out;
  const auto size = size_of(left.dtype);
  Sums sums;
  for (std::uint64_t i = 0; i < out.count; ++i) {
    const double a = element_as_double(left, i), b = element_as_double(right, i);
    sums.add(a, b);
    const bool same = same_type && std::isnan(a) && std::isnan(b)
                          ? std::memcmp(left.bytes.data() + i * size, right.bytes.data() + i * size, size) == 0
                          : a == b || (std::isnan(a) && std::isnan(b));
    if (same) continue;
    const double difference = std::abs(a - b);
    out.max_difference =
        std::isnan(difference) ? std::numeric_limits<double>::infinity() : std::max(out.max_difference, difference);
    if (out.differing++ == 0) {
      out.first = i;
      out.index = unravel(left.shape, i);
      out.left = a;
      out.right = b;
    }
  }
  if (out.differing == 0) return out;
  out.cosine = sums.cosine();
  out.euclidean = sums.euclidean();
  out.match = within(out, tolerance) ? Match::close : Match::different;
  return out;
}

std::vector<TensorComparison> compare(const NamedTensors& left, const NamedTensors& right, const Tolerance& tolerance,
                                      const std::map<std::string, double>& scales) {
  std::vector<TensorComparison> out;
  for (const auto& [name, tensor] : left) {
    const Tensor* other = find(right, name);
    if (!other) {
      out.push_back(one_sided(name, tensor, Match::only_left));
      continue;
    }
    const auto scale = scales.find(name);
    const bool mixed = scale != scales.end() && is_floating(tensor.dtype) != is_floating(other->dtype);
    const auto plain = [&](const Tensor& t) {
      return mixed && !is_floating(t.dtype) ? dequantise(t, scale->second) : t;
    };
    out.push_back(compare(name, plain(tensor), plain(*other), tolerance));
  }
  for (const auto& [name, tensor] : right) {
    if (!find(left, name)) out.push_back(one_sided(name, tensor, Match::only_right));
  }
  return out;
}

namespace {

// Tensors whose bytes a tensor later in the file uses too: compilers give the same memory to tensors in turn.
std::vector<bool> reused(const std::vector<TensorInfo>& tensors) {
  std::vector<bool> out(tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    for (std::size_t k = i + 1; k < tensors.size() && !out[i]; ++k) {
      const auto &a = tensors[i], &b = tensors[k];
      if (!a.address || !b.address || a.memory != b.memory) continue;
      out[i] = *a.address < *b.address + b.byte_size && *b.address < *a.address + a.byte_size;
    }
  }
  return out;
}

class ModelComparer {
 public:
  ModelComparer(const NamedTensors& reference, const Tolerance& tolerance)
      : reference_(reference), tolerance_(tolerance) {
    for (const auto& [name, tensor] : reference) left_.insert(name);
  }

  void check(const std::string& name, std::uint32_t layer, const Tensor& stored, double scale, int zero_point = 0) {
    const Tensor* expected = find(reference_, name);
    if (!expected) return;
    left_.erase(name);
    const bool dequantised = is_floating(expected->dtype) && !is_floating(stored.dtype) && scale != 0;
    out.layers.push_back(
        {layer, compare(name, dequantised ? dequantise(stored, scale, zero_point) : stored, *expected, tolerance_)});
    if (!out.layers.back().tensor.ok() && !out.first_wrong) out.first_wrong = out.layers.size() - 1;
  }

  void overwritten(const std::string& name) {
    if (left_.erase(name)) out.overwritten.push_back(name);
  }
  bool wanted(const std::string& name) const { return left_.contains(name); }
  void finish() { out.not_compared.assign(left_.begin(), left_.end()); }

  ModelComparison out;

 private:
  const NamedTensors& reference_;
  const Tolerance& tolerance_;
  std::set<std::string> left_;
};

}  // namespace

ModelComparison compare_model(Network& network, const std::vector<LayerRow>& table, const NamedTensors& reference,
                              const Tolerance& tolerance) {
  ModelComparer comparer(reference, tolerance);
  const auto tensors = network.tensors();
  if (table.empty()) {
    network.run();
    const auto gone = reused(tensors);
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      if (gone[i]) {
        comparer.overwritten(tensors[i].name);
        continue;
      }
      comparer.check(tensors[i].name, 0, network.get(tensors[i].name), tensors[i].qscale, tensors[i].zero_point);
    }
  } else {
    trace_layers(network, table,
                 [&](LayerResult&& layer) { comparer.check(layer.name, layer.layer_id, layer.tensor, layer.scale); });
    // Inputs and results of host functions are not in the table; they keep their memory to the end.
    for (const auto& info : tensors) {
      if (comparer.wanted(info.name))
        comparer.check(info.name, 0, network.get(info.name), info.qscale, info.zero_point);
    }
  }
  comparer.finish();
  return std::move(comparer.out);
}

nlohmann::json to_json(const TensorComparison& comparison) {
  // JSON has no infinity.
  const auto number = [](double value) { return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(); };
  nlohmann::json out{{"name", comparison.name},
                     {"match", name(comparison.match)},
                     {"ok", comparison.ok()},
                     {"shape", comparison.shape},
                     {"count", comparison.count}};
  if (!comparison.note.empty()) out["note"] = comparison.note;
  if (comparison.match == Match::only_left || comparison.match == Match::only_right) return out;
  out["cosine"] = number(comparison.cosine);
  out["euclidean"] = number(comparison.euclidean);
  out["max_difference"] = number(comparison.max_difference);
  out["differing"] = comparison.differing;
  if (comparison.first) {
    out["first"] = {{"element", *comparison.first},
                    {"index", comparison.index},
                    {"left", number(comparison.left)},
                    {"right", number(comparison.right)}};
  }
  return out;
}

nlohmann::json to_json(const ModelComparison& comparison) {
  nlohmann::json out{{"ok", comparison.ok()},
                     {"layers", nlohmann::json::array()},
                     {"not_compared", comparison.not_compared},
                     {"overwritten", comparison.overwritten}};
  for (const auto& layer : comparison.layers) {
    auto row = to_json(layer.tensor);
    row["layer"] = layer.layer_id;
    out["layers"].push_back(std::move(row));
  }
  if (comparison.first_wrong) out["first_wrong"] = comparison.layers[*comparison.first_wrong].tensor.name;
  return out;
}

std::string to_line(const TensorComparison& comparison) {
  char text[160];
  std::string out = comparison.name + "  " + name(comparison.match) + "  " + to_string(comparison.shape);
  if (comparison.differing) {
    std::snprintf(text, sizeof text, "  cosine %.6f  euclidean %.6f  max difference %.6g  %llu of %llu differ",
                  comparison.cosine, comparison.euclidean, comparison.max_difference,
                  static_cast<unsigned long long>(comparison.differing),
                  static_cast<unsigned long long>(comparison.count));
    out += text;
  }
  if (comparison.first) {
    std::string index;
    for (const auto at : comparison.index) index += (index.empty() ? "" : ",") + std::to_string(at);
    std::snprintf(text, sizeof text, "]: %.9g against %.9g", comparison.left, comparison.right);
    out += "; first at [" + index + text;
  }
  if (!comparison.note.empty()) out += "  (" + comparison.note + ")";
  return out;
}

std::vector<JunitCase> junit(const std::vector<TensorComparison>& comparisons, const std::string& suite) {
  std::vector<JunitCase> out;
  for (const auto& each : comparisons) {
    out.push_back({suite, each.name, each.ok() ? JunitCase::State::passed : JunitCase::State::failed,
                   each.ok() ? "" : to_line(each), 0});
  }
  return out;
}

std::vector<JunitCase> junit(const ModelComparison& comparison, const std::string& suite) {
  std::vector<TensorComparison> tensors;
  for (const auto& layer : comparison.layers) tensors.push_back(layer.tensor);
  auto out = junit(tensors, suite);
  for (const auto& name : comparison.not_compared) {
    out.push_back({suite, name, JunitCase::State::skipped, "the run never showed this tensor", 0});
  }
  return out;
}

}  // namespace vnpu
