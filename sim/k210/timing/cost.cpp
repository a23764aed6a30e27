#include "sim/k210/timing/cost.h"

#include <algorithm>

#include "sim/k210/ai_ram.h"

namespace vnpu::k210 {
namespace {

// KPU cycles of `bytes` at `mbps`.
double transfer(std::uint64_t bytes, double mbps, const TimingValues& values) {
  return static_cast<double>(bytes) / mbps * values.kpu_mhz;
}

}  // namespace

double LayerTime::cycles(const TimingValues& values) const {
  return start + std::max(compute, transfer(later_bytes, values.weights_mbps, values));
}

LayerTime layer_time(const Layer& layer, bool wide_weights, const TimingValues& values) {
  const RowLayout layout = row_layout(layer.in_width());
  const double rows = layer.in_height(), lines = layout.row_lines;
  LayerTime time;
  const std::uint64_t bytes = layer.weight_count() * (wide_weights ? 2 : 1);
  time.first_bytes =
      layer.depthwise() ? bytes : std::min<std::uint64_t>(bytes, static_cast<std::uint64_t>(layer.para_size));
  time.later_bytes = bytes - time.first_bytes;
  time.macs = layer.weight_count() * layer.in_width() * layer.in_height();
  if (layer.depthwise()) {
    const std::uint32_t groups = (layer.in_channels() + layout.groups - 1) / layout.groups;
    time.compute = groups * lines * (2 * rows + values.rows_depthwise);
  } else {
    const double groups = (layer.in_channels() + layout.groups - 1) / layout.groups;
    const double added =
        layer.kernel() == 1 ? values.rows_1x1 : values.rows_3x3 + values.rows_shared * (layout.groups - 1);
    time.compute = layer.out_channels() * lines * (groups * (rows + added) + rows);
  }
  time.start =
      values.layer_cycles / values.cpu_mhz * values.kpu_mhz + transfer(time.first_bytes, values.weights_mbps, values);
  return time;
}

}  // namespace vnpu::k210
