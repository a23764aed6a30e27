#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "sim/k210/float_windows.h"
#include "sim/k210/v5/operations.h"

namespace vnpu::k210::v5 {
namespace {

[[noreturn]] void refuse(const TensorJob& job, const std::string& text) {
  throw Error(ErrorKind::unsupported, job.place.offset, job.place.what, text);
}

void require_float(const TensorJob& job, std::size_t dtype) {
  if (job.dtype(dtype) != DType::f32) {
    refuse(job, "elements of type " + std::string(name(job.dtype(dtype))) + " are not supported here");
  }
}

kmodel::v4::Padding pop_padding(TensorJob& job) {
  const auto interior = job.stack.integer(job.place), after = job.stack.integer(job.place),
             before = job.stack.integer(job.place);
  constexpr std::int64_t most = 1 << 16;
  if (interior != 0) refuse(job, "padding between the elements is not supported here");
  if (before < 0 || before > most || after < 0 || after > most) fault(job.place, "a padding is out of range");
  return {static_cast<std::int32_t>(before), static_cast<std::int32_t>(after)};
}

std::int32_t positive(const TensorJob& job, std::int64_t value) {
  if (value < 1) fault(job.place, "a filter, stride or dilation is 0");
  return static_cast<std::int32_t>(value);
}

ImageShape image_shape(const TensorJob& job, const View& view) {
  if (view.rank() != 4 || view.count == 0) fault(job.place, "an image has not four dimensions");
  return {view.shape[0], view.shape[1], view.shape[2], view.shape[3]};
}

Extents extents_of(const TensorJob& job, const ImageShape& shape) {
  if (shape.height < 1 || shape.width < 1) fault(job.place, "the window fits nowhere");
  return {shape.batches, shape.channels, shape.height, shape.width};
}

}  // namespace

void conv2d(TensorJob& job) {
  kmodel::v4::Window window;
  window.pad_w = pop_padding(job);
  window.pad_h = pop_padding(job);
  const auto out_at = job.stack.address(job.place), bias_at = job.stack.address(job.place),
             weights_at = job.stack.address(job.place), in_at = job.stack.address(job.place);
  require_float(job, 0);
  const auto in = job.read_float(in_at, 1, 2), weights = job.read_float(weights_at, 3, 4);
  const auto shape = image_shape(job, in), filters = image_shape(job, weights);
  const auto bias = job.read(bias_at, DType::f32, {filters.batches}, 5);
  const auto groups = positive(job, job.operand(7));
  window.filter_h = static_cast<std::int32_t>(filters.height);
  window.filter_w = static_cast<std::int32_t>(filters.width);
  window.stride_h = positive(job, job.operand(8));
  window.stride_w = positive(job, job.operand(9));
  window.dilation_h = positive(job, job.operand(10));
  window.dilation_w = positive(job, job.operand(11));
  if (filters.batches % groups != 0 || filters.channels * groups != shape.channels) {
    fault(job.place, "channels and groups of image and filters do not fit");
  }
  const auto to = window_output(shape, window, filters.batches);
  const auto extents = extents_of(job, to);
  const auto count = count_of(job.place, extents);
  job.budget.charge(job.place, count * static_cast<std::uint64_t>(filters.count() / filters.batches));
  std::vector<float> result(count);
  k210::conv2d(gather<float>(in), shape, gather<float>(weights), gather<float>(bias), groups, filters.batches, window,
               {job.instruction.f32(12), job.instruction.f32(13)}, result);
  scatter<float>(job.write(out_at, DType::f32, extents, 6), result);
}

void matmul(TensorJob& job) {
  const auto out_at = job.stack.address(job.place), bias_at = job.stack.address(job.place),
             b_at = job.stack.address(job.place), a_at = job.stack.address(job.place);
  auto a = job.read_float(a_at, 0, 1), b = job.read_float(b_at, 2, 3);
  const auto out = job.write(out_at, DType::f32, job.shape(4), 5);
  if (a.rank() < 2 || b.rank() < 2 || out.rank() < 2) fault(job.place, "a matrix has less than two dimensions");
  const auto inner = a.shape.back(), rows = out.shape[out.rank() - 2], columns = out.shape.back();
  if (b.shape[b.rank() - 2] != inner) fault(job.place, "the inner dimensions differ");
  const auto bias = gather<float>(make_view(job.place, bias_at, DType::f32, {columns}, {1}, false));
  // Leading dimensions broadcast; the matrices themselves must fit.
  Extents lead(out.shape.begin(), out.shape.end() - 2);
  auto a_shape = lead, b_shape = lead;
  a_shape.insert(a_shape.end(), {rows, inner});
  b_shape.insert(b_shape.end(), {inner, columns});
  a = broadcast(job.place, a, a_shape);
  b = broadcast(job.place, b, b_shape);
  job.budget.charge(job.place, a.count + b.count + out.count * static_cast<std::uint64_t>(inner));
  const auto left = gather<float>(a), right = gather<float>(b);
  std::vector<float> result(out.count);
  const kmodel::v4::Range act{job.instruction.f32(6), job.instruction.f32(7)};
  const auto matrices = rows * columns == 0 ? 0 : static_cast<std::int64_t>(out.count) / (rows * columns);
  for (std::int64_t m = 0; m < matrices; ++m) {
    for (std::int64_t r = 0; r < rows; ++r) {
      float* row = result.data() + (m * rows + r) * columns;
      std::ranges::copy(bias, row);
      for (std::int64_t k = 0; k < inner; ++k) {
        const float factor = left[static_cast<std::size_t>((m * rows + r) * inner + k)];
        const float* line = right.data() + (m * inner + k) * columns;
        for (std::int64_t c = 0; c < columns; ++c) row[c] += factor * line[c];
      }
      for (std::int64_t c = 0; c < columns; ++c) row[c] = clamp(row[c], act);
    }
  }
  scatter<float>(out, result);
}

void reduce(TensorJob& job) {
  const float init = job.stack.number(job.place);
  const auto out_at = job.stack.address(job.place), in_at = job.stack.address(job.place);
  require_float(job, 0);
  if (job.operand(4) > 3) refuse(job, "operation " + std::to_string(job.operand(4)) + " is not supported");
  const auto op = static_cast<ReduceOp>(job.operand(4));
  const auto in = job.read_float(in_at, 1, 2);
  std::vector<bool> reduced(in.rank(), false);
  Extents outer_first, order;  // axes that are summed over, in the order they are named
  for (const auto axis : job.shape(5)) {
    if (axis < 0 || axis >= static_cast<std::int64_t>(in.rank()) || reduced[static_cast<std::size_t>(axis)]) {
      fault(job.place, "an axis is out of range or named twice");
    }
    reduced[static_cast<std::size_t>(axis)] = true;
    order.push_back(axis);
  }
  View moved = in;
  moved.shape.clear();
  moved.strides.clear();
  const auto add = [&](std::size_t d) {
    moved.shape.push_back(in.shape[d]);
    moved.strides.push_back(in.strides[d]);
  };
  std::uint64_t terms = 1;
  for (const auto axis : order) {
    add(static_cast<std::size_t>(axis));
    terms *= static_cast<std::uint64_t>(in.shape[static_cast<std::size_t>(axis)]);
  }
  Extents out_shape;
  for (std::size_t d = 0; d < in.rank(); ++d) {
    if (!reduced[d]) add(d);
    if (!reduced[d] || job.operand(6) != 0) out_shape.push_back(reduced[d] ? 1 : in.shape[d]);
  }
  if (in.count == 0) fault(job.place, "reduces an empty tensor");
  const auto values = gather<float>(moved);
  const auto count = values.size() / terms;
  const float start = op == ReduceOp::min   ? std::numeric_limits<float>::max()
                      : op == ReduceOp::max ? std::numeric_limits<float>::lowest()
                                            : init;
  std::vector<float> result(count, start);
  for (std::uint64_t t = 0; t < terms; ++t) {
    for (std::size_t i = 0; i < count; ++i) result[i] = accumulate(op, result[i], values[t * count + i]);
  }
  if (op == ReduceOp::mean) {
    for (auto& value : result) value /= static_cast<float>(terms);
  }
  if (out_shape.empty()) {
    const auto out = make_view(job.place, out_at, DType::f32, {1}, {1}, true);
    return scatter<float>(out, result);
  }
  scatter<float>(job.write(out_at, DType::f32, out_shape, 3), result);
}

void reduce_window2d(TensorJob& job) {
  kmodel::v4::Window window;
  window.pad_w = pop_padding(job);
  window.pad_h = pop_padding(job);
  const auto out_at = job.stack.address(job.place);
  const float init = job.stack.number(job.place);
  const auto in_at = job.stack.address(job.place);
  require_float(job, 0);
  if (job.operand(1) > 3) refuse(job, "operation " + std::to_string(job.operand(1)) + " is not supported");
  const auto in = job.read_float(in_at, 2, 3);
  const auto shape = image_shape(job, in);
  window.filter_h = positive(job, job.operand(5));
  window.filter_w = positive(job, job.operand(6));
  window.stride_h = positive(job, job.operand(7));
  window.stride_w = positive(job, job.operand(8));
  window.dilation_h = positive(job, job.operand(9));
  window.dilation_w = positive(job, job.operand(10));
  const auto extents = extents_of(job, window_output(shape, window, shape.channels));
  const auto count = count_of(job.place, extents);
  job.budget.charge(job.place,
                    count * static_cast<std::uint64_t>(window.filter_h) * static_cast<std::uint64_t>(window.filter_w));
  std::vector<float> result(count);
  k210::reduce_window2d(gather<float>(in), shape, static_cast<ReduceOp>(job.operand(1)), init, window,
                        {job.instruction.f32(11), job.instruction.f32(12)}, result);
  scatter<float>(job.write(out_at, DType::f32, extents, 4), result);
}

void softmax(TensorJob& job) {
  const auto out_at = job.stack.address(job.place), in_at = job.stack.address(job.place);
  require_float(job, 0);
  const auto in = job.read_float(in_at, 1, 2);
  const auto rank = static_cast<std::int64_t>(in.rank());
  auto axis = job.operand(4);
  if (axis < 0) axis += rank;
  if (axis < 0 || axis >= rank) fault(job.place, "the axis is out of range");
  if (in.count == 0) return;
  const float beta = job.instruction.f32(5);
  auto values = gather<float>(in);
  const auto size = static_cast<std::size_t>(in.shape[static_cast<std::size_t>(axis)]);
  std::size_t inner = 1;
  for (auto d = static_cast<std::size_t>(axis) + 1; d < in.rank(); ++d) inner *= static_cast<std::size_t>(in.shape[d]);
  for (std::size_t first = 0; first < values.size(); ++first) {
    if (first / inner % size != 0) continue;  // not the start of a row along the axis
    float largest = values[first];
    for (std::size_t i = 0; i < size; ++i) largest = std::max(largest, values[first + i * inner]);
    float sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
      auto& value = values[first + i * inner];
      const float shifted = value - largest;
      value = std::exp(shifted * beta);
      sum += value;
    }
    for (std::size_t i = 0; i < size; ++i) values[first + i * inner] /= sum;
  }
  scatter<float>(job.write(out_at, DType::f32, job.shape(1), 3), values);
}

}  // namespace vnpu::k210::v5
