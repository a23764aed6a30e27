#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "sim/k210/v5/operations.h"

namespace vnpu::k210::v5 {
namespace {

[[noreturn]] void refuse(const TensorJob& job, const std::string& text) {
  throw Error(ErrorKind::unsupported, job.place.offset, job.place.what, text);
}

// For every dimension, which index of the input each index of the output takes; -1: the pad value.
using IndexTable = std::vector<std::vector<std::int64_t>>;

// out[i, j, ...] = in[table[0][i], table[1][j], ...]
Bytes pick(TensorJob& job, const View& in, const IndexTable& table, std::span<const std::uint8_t> gap = {}) {
  Extents shape;
  for (const auto& dimension : table) shape.push_back(static_cast<std::int64_t>(dimension.size()));
  const auto count = count_of(job.place, shape);
  job.budget.charge(job.place, count);
  const auto item = in.item();
  Bytes out(count * item);
  Extents at(table.size(), 0);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::int64_t offset = 0;
    bool is_gap = false;
    for (std::size_t d = 0; d < table.size(); ++d) {
      const auto index = table[d][static_cast<std::size_t>(at[d])];
      is_gap |= index < 0;
      offset += index * in.strides[d];
    }
    const auto* from = is_gap ? gap.data() : in.data + offset * static_cast<std::int64_t>(item);
    std::memcpy(out.data() + i * item, from, item);
    for (auto d = table.size(); d-- > 0;) {
      if (++at[d] < shape[d]) break;
      at[d] = 0;
    }
  }
  return out;
}

Extents shape_of(const IndexTable& table) {
  Extents shape;
  for (const auto& dimension : table) shape.push_back(static_cast<std::int64_t>(dimension.size()));
  return shape;
}

// Which index a position outside of 0..size-1 takes.
std::int64_t outside(const TensorJob& job, std::int64_t mode, std::int64_t index, std::int64_t size) {
  std::int64_t out = -1;
  switch (mode) {
    case 0: return -1;
    case 1: out = index < 0 ? -index : 2 * (size - 1) - index; break;
    case 2: out = index < 0 ? -index - 1 : 2 * size - 1 - index; break;
    case 3: out = index < 0 ? 0 : size - 1; break;
    default: refuse(job, "padding mode " + std::to_string(mode) + " is not known");
  }
  if (out < 0 || out >= size) fault(job.place, "is padded by more than the tensor has");
  return out;
}

std::vector<std::int64_t> padded(const TensorJob& job, std::int64_t size, const AxisPadding& padding,
                                 std::int64_t mode) {
  constexpr auto most = static_cast<std::int64_t>(most_elements);
  constexpr std::int64_t widest = 1 << 20;
  for (const auto side : {padding.before, padding.after, padding.interior}) {
    if (side > widest || side < -widest) fault(job.place, "a padding is " + std::to_string(side));
  }
  if (padding.interior < 0) fault(job.place, "a padding between elements is negative");
  // Elements are spread first; what lies between them takes the pad value in every mode.
  const auto step = padding.interior + 1, spread = size + (size - 1) * padding.interior;
  if (spread > most) fault(job.place, "a dimension grows beyond the limit");
  // Negative paddings crop before anything is added.
  const auto first = std::max<std::int64_t>(0, -padding.before);
  const auto last = spread - std::max<std::int64_t>(0, -padding.after);
  const auto kept = std::max<std::int64_t>(0, last - first);
  const auto front = std::max<std::int64_t>(0, padding.before), back = std::max<std::int64_t>(0, padding.after);
  std::vector<std::int64_t> out;
  for (auto i = -front; i < kept + back; ++i) {
    auto index = i;
    if (i < 0 || i >= kept) index = kept == 0 ? -1 : outside(job, mode, i, kept);
    if (index >= 0) index += first;
    out.push_back(index >= 0 && index % step == 0 ? index / step : -1);
  }
  return out;
}

// The pad value as bytes of the element type.
Bytes pad_value(const TensorJob& job, DType type, const Value& value) {
  const auto* integer = std::get_if<std::int64_t>(&value);
  const auto* number = std::get_if<float>(&value);
  if (!integer && !number) fault(job.place, "the pad value is no number");
  Bytes out(8);
  if (type == DType::f32) {
    const float stored = number ? *number : static_cast<float>(*integer);
    std::memcpy(out.data(), &stored, sizeof stored);
  } else if (is_integer(type)) {
    const auto stored = integer ? *integer : to_integer(*number);
    std::memcpy(out.data(), &stored, sizeof stored);  // little endian: the lower bytes are the value cut to its width
  } else {
    refuse(job, "elements of type " + std::string(name(type)) + " are not supported here");
  }
  return out;
}

// Where an output position of a resized dimension reads: two indices and the weight of the second.
struct Taps {
  std::vector<std::int64_t> first, second;
  std::vector<float> weight;
};

float resize_scale(std::int64_t in, std::int64_t out, bool align) {
  if (align && out > 1) return static_cast<float>(in - 1) / static_cast<float>(out - 1);
  return static_cast<float>(in) / static_cast<float>(out);
}

std::vector<std::int64_t> nearest(std::int64_t in, std::int64_t out, bool align, bool half_pixel) {
  const float scale = resize_scale(in, out, align);
  std::vector<std::int64_t> indices;
  for (std::int64_t i = 0; i < out; ++i) {
    const float centre = static_cast<float>(i) + (half_pixel ? 0.5f : 0.0f);
    const float position = centre * scale;
    const auto index = to_integer(align ? std::nearbyint(position) : std::floor(position));
    indices.push_back(std::clamp<std::int64_t>(index, 0, in - 1));
  }
  return indices;
}

Taps bilinear(std::int64_t in, std::int64_t out, bool align, bool half_pixel) {
  const float scale = resize_scale(in, out, align);
  Taps taps;
  for (std::int64_t i = 0; i < out; ++i) {
    float position;
    if (half_pixel) {
      const float centre = static_cast<float>(i) + 0.5f;
      const float scaled = centre * scale;
      position = scaled - 0.5f;
    } else {
      position = static_cast<float>(i) * scale;
    }
    const auto low = std::max<std::int64_t>(to_integer(std::floor(position)), 0);
    const auto high = half_pixel ? to_integer(std::ceil(position)) : low + 1;
    taps.first.push_back(std::min(low, in - 1));
    taps.second.push_back(std::clamp<std::int64_t>(high, 0, in - 1));
    taps.weight.push_back(position - static_cast<float>(low));
  }
  return taps;
}

void resize_bilinear(TensorJob& job, const View& in, const View& out, bool align, bool half_pixel) {
  std::vector<float> values;
  if (in.dtype == DType::f32) {
    values = gather<float>(in);
  } else {
    const auto integers = gather_integers(job.place, in);
    values.assign(integers.begin(), integers.end());
  }
  const auto height = in.shape[2], width = in.shape[3];
  const auto rows = bilinear(height, out.shape[2], align, half_pixel);
  const auto columns = bilinear(width, out.shape[3], align, half_pixel);
  std::vector<float> result;
  result.reserve(out.count);
  for (std::int64_t plane = 0; plane < in.shape[0] * in.shape[1]; ++plane) {
    const float* image = values.data() + plane * height * width;
    for (std::size_t y = 0; y < rows.first.size(); ++y) {
      const float dy = rows.weight[y];
      const float* top = image + rows.first[y] * width;
      const float* bottom = image + rows.second[y] * width;
      for (std::size_t x = 0; x < columns.first.size(); ++x) {
        const float dx = columns.weight[x];
        const auto left = columns.first[x], right = columns.second[x];
        const float v0 = top[left] * ((1.0f - dy) * (1.0f - dx)), v1 = bottom[left] * (dy * (1.0f - dx));
        const float v2 = top[right] * ((1.0f - dy) * dx), v3 = bottom[right] * (dy * dx);
        result.push_back(((v0 + v1) + v2) + v3);
      }
    }
  }
  if (in.dtype == DType::f32) return scatter<float>(out, result);
  std::vector<std::int64_t> integers;
  for (const float value : result) integers.push_back(to_integer(value + 0.5f));
  scatter_integers(job.place, out, integers);
}

}  // namespace

void copy(TensorJob& job) {
  const auto out_at = job.stack.address(job.place), in_at = job.stack.address(job.place);
  const auto bytes = gather_bytes(job.read(in_at, job.dtype(0), job.shape(1), 2));
  scatter_bytes(job.write(out_at, job.dtype(0), job.shape(1), 3), bytes);
}

void broadcast_copy(TensorJob& job) {
  const auto out_at = job.stack.address(job.place), in_at = job.stack.address(job.place);
  const auto in = broadcast(job.place, job.read(in_at, job.dtype(0), job.shape(1), 2), job.shape(3));
  scatter_bytes(job.write(out_at, job.dtype(0), job.shape(3), 4), gather_bytes(in));
}

void pad(TensorJob& job) {
  const auto value = job.stack.pop(job.place);
  const auto out_at = job.stack.address(job.place), in_at = job.stack.address(job.place);
  const auto in = job.read(in_at, job.dtype(0), job.shape(1), 2);
  const auto& paddings = job.registers.paddings[static_cast<std::size_t>(job.operand(4))];
  if (paddings.size() != in.rank()) fault(job.place, "the paddings have another rank than the tensor");
  if (in.count == 0) fault(job.place, "pads an empty tensor");
  IndexTable table;
  for (std::size_t d = 0; d < in.rank(); ++d) {
    table.push_back(padded(job, in.shape[d], paddings[d], job.operand(5)));
    count_of(job.place, shape_of(table));  // before more memory is taken
  }
  const auto bytes = pick(job, in, table, pad_value(job, in.dtype, value));
  scatter_bytes(job.write(out_at, in.dtype, shape_of(table), 3), bytes);
}

void slice(TensorJob& job) {
  const auto out_at = job.stack.address(job.place), in_at = job.stack.address(job.place);
  const auto in = job.read(in_at, job.dtype(0), job.shape(1), 2);
  const auto &begin = job.shape(4), &end = job.shape(5), &stride = job.shape(6);
  if (begin.size() != in.rank() || end.size() != in.rank() || stride.size() != in.rank()) {
    fault(job.place, "begin, end and strides have another rank than the tensor");
  }
  IndexTable table(in.rank());
  for (std::size_t d = 0; d < in.rank(); ++d) {
    if (stride[d] == 0) fault(job.place, "a stride is 0");
    for (auto i = begin[d]; stride[d] > 0 ? i < end[d] : i > end[d]; i += stride[d]) {
      if (i < 0 || i >= in.shape[d]) fault(job.place, "takes elements outside of the tensor");
      table[d].push_back(i);
    }
  }
  const auto bytes = pick(job, in, table);
  scatter_bytes(job.write(out_at, in.dtype, shape_of(table), 3), bytes);
}

void transpose(TensorJob& job) {
  const auto out_at = job.stack.address(job.place), in_at = job.stack.address(job.place);
  auto in = job.read(in_at, job.dtype(0), job.shape(1), 2);
  const auto& permutation = job.shape(4);
  auto sorted = permutation;
  std::ranges::sort(sorted);
  for (std::size_t d = 0; d < sorted.size(); ++d) {
    if (sorted[d] != static_cast<std::int64_t>(d)) fault(job.place, "the permutation is none");
  }
  if (sorted.size() != in.rank()) fault(job.place, "the permutation has another rank than the tensor");
  Extents shape, strides;
  for (const auto from : permutation) {
    shape.push_back(in.shape[static_cast<std::size_t>(from)]);
    strides.push_back(in.strides[static_cast<std::size_t>(from)]);
  }
  in.shape = shape;
  in.strides = strides;
  scatter_bytes(job.write(out_at, in.dtype, shape, 3), gather_bytes(in));
}

void resize_image(TensorJob& job) {
  const auto out_at = job.stack.address(job.place), in_at = job.stack.address(job.place);
  const auto out_w = job.stack.integer(job.place), out_h = job.stack.integer(job.place);
  const auto in = job.read(in_at, job.dtype(0), job.shape(1), 2);
  if (in.rank() != 4 || in.count == 0) fault(job.place, "resizes something that is no image");
  const Extents shape{in.shape[0], in.shape[1], out_h, out_w};
  const auto out = job.write(out_at, in.dtype, shape, 3);
  const bool align = job.operand(4) != 0, half_pixel = job.operand(5) != 0;
  if (job.operand(6) == 0) return resize_bilinear(job, in, out, align, half_pixel);
  if (job.operand(6) != 1) refuse(job, "mode " + std::to_string(job.operand(6)) + " is not known");
  IndexTable table(4);
  for (std::int64_t i = 0; i < in.shape[0]; ++i) table[0].push_back(i);
  for (std::int64_t i = 0; i < in.shape[1]; ++i) table[1].push_back(i);
  table[2] = nearest(in.shape[2], out_h, align, half_pixel);
  table[3] = nearest(in.shape[3], out_w, align, half_pixel);
  scatter_bytes(out, pick(job, in, table));
}

}  // namespace vnpu::k210::v5
