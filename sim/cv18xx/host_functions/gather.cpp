// Rows and elements picked by index: embedding, gathernd_tf, gatherelements_pt.
#include <algorithm>
#include <array>

#include "sim/cv18xx/host_functions/access.h"
#include "sim/cv18xx/host_functions/functions.h"

namespace vnpu::cv18xx::host {

namespace {

std::vector<std::int64_t> indices_of(const HostCall& call, const HostTensor& tensor) {
  std::vector<std::int64_t> indices;
  const auto take = [&](const auto& values) { indices.assign(values.begin(), values.end()); };
  switch (tensor.dtype) {
    case DType::i16: take(elements<std::int16_t>(tensor)); break;
    case DType::u16: take(elements<std::uint16_t>(tensor)); break;
    case DType::i32: take(elements<std::int32_t>(tensor)); break;
    case DType::u32: take(elements<std::uint32_t>(tensor)); break;
    default: damaged(call, "indices " + describe(tensor) + " are not 16- or 32-bit integers");
  }
  return indices;
}

void check_index(const HostCall& call, std::int64_t index, std::int64_t size) {
  if (index < 0 || index >= size) {
    fail(call, ErrorKind::fault, "index " + std::to_string(index) + " is not in 0.." + std::to_string(size - 1));
  }
}

}  // namespace

void embedding(HostCall& call) {
  const HostTensor& table = input(call, 1);
  HostTensor& out = output(call, 0);
  const std::vector<std::int64_t> indices = indices_of(call, input(call, 0));
  if (out.dtype != table.dtype) damaged(call, "output " + describe(out) + " has not the type of " + describe(table));
  const std::int64_t width = table.shape[1];
  if (width <= 0) damaged(call, "table " + describe(table) + " has no columns");
  const std::int64_t rows = count(table) / width;
  // Everything that is not int8 is copied as 16-bit elements, wider ones too.
  const std::size_t item = size_of(table.dtype) == 1 ? 1 : 2;
  const auto row_bytes = static_cast<std::size_t>(width) * item;
  bound_work(call, static_cast<std::int64_t>(indices.size()), width);
  expect_at_least(call, out, static_cast<std::int64_t>(indices.size()) * width);
  Bytes bytes;
  for (const std::int64_t index : indices) {
    check_index(call, index, rows);
    const auto from = table.bytes.begin() + index * static_cast<std::int64_t>(row_bytes);
    bytes.insert(bytes.end(), from, from + static_cast<std::ptrdiff_t>(row_bytes));
  }
  store(call, out, bytes);
}

// Dimensions below batch_dims are walked in step by data and indices; the last dimension of the indices
// (indice_dims - 1) holds tuples that pick from the next dimensions of the data.
void gather_nd(HostCall& call) {
  const HostTensor& data = input(call, 0);
  const HostTensor& tensor = input(call, 1);
  HostTensor& out = output(call, 0);
  const int batch_dims = integer_in(call, "batch_dims", 0, 3);
  const int indice_dims = integer_in(call, "indice_dims", 1, 4);
  if (indice_dims <= batch_dims) damaged(call, "indice_dims must be more than batch_dims");
  if (out.dtype != data.dtype) damaged(call, "output " + describe(out) + " has not the type of " + describe(data));
  const std::vector<std::int64_t> indices = indices_of(call, tensor);
  const std::int64_t depth = tensor.shape[static_cast<std::size_t>(indice_dims - 1)];
  if (depth <= 0 || batch_dims + depth > 4) {
    damaged(call, "index tuples of " + std::to_string(depth) + " do not fit " + describe(data));
  }
  std::int64_t batches = 1, tuples = 1, row = 1;
  for (int i = 0; i < batch_dims; ++i) {
    const auto k = static_cast<std::size_t>(i);
    if (tensor.shape[k] != data.shape[k]) damaged(call, "batch dimensions differ");
    batches *= data.shape[k];
  }
  for (int i = batch_dims; i < indice_dims - 1; ++i) tuples *= tensor.shape[static_cast<std::size_t>(i)];
  for (std::int64_t i = batch_dims + depth; i < 4; ++i) row *= data.shape[static_cast<std::size_t>(i)];
  expect_at_least(call, tensor, batches * tuples * depth);
  bound_work(call, batches * tuples, row * depth);
  const std::int64_t item = static_cast<std::int64_t>(size_of(data.dtype));
  expect_count(call, out, batches * tuples * row);
  Bytes bytes;
  for (std::int64_t t = 0; t < batches * tuples; ++t) {
    std::int64_t at = t / tuples;
    for (std::int64_t d = 0; d < depth; ++d) {
      const std::int64_t size = data.shape[static_cast<std::size_t>(batch_dims + d)];
      const std::int64_t index = indices[static_cast<std::size_t>(t * depth + d)];
      check_index(call, index, size);
      at = at * size + index;
    }
    const auto from = data.bytes.begin() + at * row * item;
    bytes.insert(bytes.end(), from, from + row * item);
  }
  store(call, out, bytes);
}

void gather_elements(HostCall& call) {
  const HostTensor& data = input(call, 0);
  const HostTensor& index = input(call, 1);
  HostTensor& out = output(call, 0);
  const auto axis = static_cast<std::size_t>(axis_in(call, integer(call, "axis")));
  expect(call, index, DType::i32);
  expect(call, out, DType::f32);
  const std::vector<float> x = floats(call, data);
  const std::vector<std::int32_t> indices = elements<std::int32_t>(index);
  for (std::size_t i = 0; i < 4; ++i) {
    if (i != axis && index.shape[i] > data.shape[i]) damaged(call, "indices " + describe(index) + " are too large");
  }
  expect_count(call, out, count(index));
  std::vector<float> y(indices.size());
  std::array<std::int64_t, 4> at{};
  for (std::size_t k = 0; k < indices.size(); ++k) {
    std::array<std::int64_t, 4> from = at;
    check_index(call, indices[k], data.shape[axis]);
    from[axis] = indices[k];
    std::int64_t offset = 0;
    for (std::size_t i = 0; i < 4; ++i) offset = offset * data.shape[i] + from[i];
    y[k] = x[static_cast<std::size_t>(offset)];
    for (std::size_t i = 4; i-- > 0;) {
      if (++at[i] < index.shape[i]) break;
      at[i] = 0;
    }
  }
  store(call, out, y);
}

}  // namespace vnpu::cv18xx::host
