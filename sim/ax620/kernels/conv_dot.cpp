#include "sim/ax620/kernels/conv_dot.h"

namespace vnpu::ax620 {

PackedFilter pack_filter(const std::vector<std::int8_t>& values, std::size_t channels, std::size_t rows,
                         std::size_t row_bytes) {
  PackedFilter out;
  out.blocks = (channels + 15) / 16;
  out.rows = rows;
  out.groups = (row_bytes + 3) / 4;
  out.values.assign(out.blocks * rows * out.groups * 64, 0);
  for (std::size_t channel = 0; channel < channels; ++channel) {
    for (std::size_t row = 0; row < rows; ++row) {
      const auto* from = values.data() + (channel * rows + row) * row_bytes;
      auto* to = out.values.data() + ((channel / 16 * rows + row) * out.groups * 16 + channel % 16) * 4;
      for (std::size_t i = 0; i < row_bytes; ++i) to[i / 4 * 64 + i % 4] = from[i];
    }
  }
  return out;
}

}  // namespace vnpu::ax620
