// The position of the maximum of each row. The chip has already taken the maxima of tiles of 256 elements (input 1);
// the CPU finds the best tile, then the element in it.
#include <algorithm>

#include "sim/cv18xx/host_functions/access.h"
#include "sim/cv18xx/host_functions/functions.h"

namespace vnpu::cv18xx::host {

namespace {

constexpr std::int64_t tile = 256;

struct Found {
  std::int64_t index = 0;
  std::int64_t value = 0;  // as stored: int8, or the bf16 pattern as a signed 16-bit integer
};

struct Rows {
  std::int64_t rows = 0, length = 0, tiles = 0;
};

Rows rows_of(const HostCall& call) {
  const HostTensor& data = input(call, 0);
  const HostTensor& map = input(call, 1);
  const Around a = around(data, axis_in(call, integer(call, "axis")));
  Rows r;
  r.length = a.axis;
  r.rows = a.outer;  // what lies behind the axis is ignored: only the last axis makes sense
  r.tiles = (r.length + tile - 1) / tile;
  if (data.dtype != DType::i8 && data.dtype != DType::bf16) {
    damaged(call, "tensor " + describe(data) + " is neither i8 nor bf16");
  }
  if (map.dtype != data.dtype) damaged(call, "tensor " + describe(map) + " has not the type of " + describe(data));
  expect_at_least(call, map, r.rows * r.tiles);
  return r;
}

// `positive_only`: the search starts at 0 in tile 0 instead of at the first tile's maximum.
template <class T>
std::vector<Found> search(const HostCall& call, const Rows& r, bool positive_only) {
  const std::vector<T> data = elements<T>(call.inputs[0]), map = elements<T>(call.inputs[1]);
  std::vector<Found> found(static_cast<std::size_t>(r.rows));
  for (std::int64_t row = 0; row < r.rows; ++row) {
    const T* maxima = map.data() + row * r.tiles;
    T best = positive_only ? T{0} : maxima[0];
    std::int64_t best_tile = 0;
    for (std::int64_t t = 0; t < r.tiles; ++t) {
      if (maxima[t] > best) {
        best = maxima[t];
        best_tile = t;
      }
    }
    const T* line = data.data() + row * r.length;
    const std::int64_t first = best_tile * tile;
    const std::int64_t last = std::min(r.length, first + tile);
    const T* hit = std::find(line + first, line + last, best);
    const std::int64_t index = hit == line + last ? 0 : hit - line;
    found[static_cast<std::size_t>(row)] = {index, best};
  }
  return found;
}

std::vector<Found> search(const HostCall& call, const Rows& r, bool positive_only) {
  return call.inputs[0].dtype == DType::i8 ? search<std::int8_t>(call, r, positive_only)
                                           : search<std::int16_t>(call, r, positive_only);
}

float value_of(const HostCall& call, const Found& found, float scale) {
  if (call.inputs[0].dtype == DType::i8) return static_cast<float>(found.value) * scale;
  return bf16_to_float(static_cast<std::uint16_t>(found.value));
}

}  // namespace

void argmax(HostCall& call) {
  const Rows r = rows_of(call);
  expect(call, output(call, 0), DType::f32);
  std::vector<float> indices;
  for (const Found& f : search(call, r, true)) indices.push_back(static_cast<float>(f.index));
  store(call, output(call, 0), indices);
}

void argmax_with_conf(HostCall& call) {
  const Rows r = rows_of(call);
  const float scale = number(call, "scale", 1.0f);
  expect(call, output(call, 0), DType::f32);
  std::vector<float> pairs;
  for (const Found& f : search(call, r, false)) {
    pairs.push_back(value_of(call, f, scale));
    pairs.push_back(static_cast<float>(f.index));
  }
  store(call, output(call, 0), pairs);
}

void argmax_v3(HostCall& call) {
  const Rows r = rows_of(call);
  const float scale = number(call, "scale", 1.0f);
  expect(call, output(call, 0), DType::f32);
  std::vector<float> indices, values;
  for (const Found& f : search(call, r, false)) {
    indices.push_back(static_cast<float>(f.index));
    values.push_back(value_of(call, f, scale));
  }
  store(call, output(call, 0), indices);
  if (call.outputs.size() > 1) {
    expect(call, output(call, 1), DType::f32);
    store(call, output(call, 1), values);
  }
}

}  // namespace vnpu::cv18xx::host
