// Comparing tensors: two files of named tensors, or a running model against a reference of the converter.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "sim/core/network.h"
#include "sim/runtime/junit.h"
#include "sim/runtime/layer_trace.h"

namespace vnpu {

// What counts as the same. With none set, every element must be equal (NaN equals NaN of the same bits).
struct Tolerance {
  std::optional<double> cosine = {};          // at least
  std::optional<double> euclidean = {};       // at least
  std::optional<double> max_difference = {};  // at most

  bool exact() const { return !cosine && !euclidean && !max_difference; }
};

enum class Match {
  equal,      // every element
  close,      // within the tolerance
  different,  // and why: `note` where it is not the elements
  only_left,
  only_right,
};
const char* name(Match match);

struct TensorComparison {
  std::string name;
  Match match = Match::equal;
  std::string note;  // "2x3 against 3x2: the same count, compared in order"
  Shape shape;
  std::uint64_t count = 0, differing = 0;
  // Similarities as the converter's own comparison defines them, in double: cosine = a.b / (|a| |b|), 0 when either is
  // zero throughout; Euclidean = 1 - |a - b| / (|(a + b) / 2| + 1e-7). NaN counts as 0 there, infinity as +-10000.
  double cosine = 1, euclidean = 1, max_difference = 0;
  std::optional<std::uint64_t> first;  // first element that differs, in C order
  std::vector<std::int64_t> index;     // the same, by dimension
  double left = 0, right = 0;          // its values

  bool ok() const { return match == Match::equal || match == Match::close; }
};

// Elements are compared as numbers, whatever their types; a uint16 against a bf16 is taken as bf16 bits.
TensorComparison compare(const std::string& name, const Tensor& left, const Tensor& right, const Tolerance& tolerance);

// Tensors of both, in the order of the left, then those only on the right. `scales`: stored integers on the left are
// multiplied by the scale of their name when the right is floating point, and the other way round.
std::vector<TensorComparison> compare(const NamedTensors& left, const NamedTensors& right, const Tolerance& tolerance,
                                      const std::map<std::string, double>& scales = {});

// One inference against reference tensors.
struct LayerComparison {
  std::uint32_t layer_id = 0;
  TensorComparison tensor;
};

struct ModelComparison {
  std::vector<LayerComparison> layers;  // in the order of execution
  std::optional<std::size_t> first_wrong;
  std::vector<std::string> not_compared;  // reference tensors that the run never showed
  std::vector<std::string> overwritten;   // tensors whose memory a later one reused (only without a layer table)

  bool ok() const { return !first_wrong && !layers.empty(); }
};

// Runs the network (its inputs must be set). With a layer table, step by step, each layer read when it is produced;
// without, every tensor of the model that still holds its own data after the whole run, in file order. Integers are
// dequantised where the reference is floating point.
ModelComparison compare_model(Network& network, const std::vector<LayerRow>& table, const NamedTensors& reference,
                              const Tolerance& tolerance);

nlohmann::json to_json(const TensorComparison& comparison);
nlohmann::json to_json(const ModelComparison& comparison);
// One line: name, match, shape, similarities, first differing element.
std::string to_line(const TensorComparison& comparison);
std::vector<JunitCase> junit(const std::vector<TensorComparison>& comparisons, const std::string& suite);
std::vector<JunitCase> junit(const ModelComparison& comparison, const std::string& suite);

}  // namespace vnpu
