#include "sim/bm1684x/window.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace vnpu::bm1684x {
namespace {

void check(const WindowAxis& axis, const char* name) {
  const auto refuse = [&](const char* what) { throw Error(ErrorKind::fault, std::string(name) + ": " + what); };
  if (axis.input == 0 || axis.kernel == 0 || axis.output == 0 || axis.stride == 0) refuse("a size or stride is 0");
  const std::uint64_t reach = std::uint64_t{axis.output - 1} * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
  if (reach > std::uint64_t{axis.before} + axis.spread() + axis.after) refuse("the window leaves the padded input");
  const std::uint32_t widest = std::max(axis.before, axis.after);
  if ((axis.mode == PadMode::reflect && widest >= axis.spread()) ||
      (axis.mode == PadMode::circular && widest > axis.spread()))
    refuse("more padding than input to take it from");
}

}  // namespace

std::int32_t WindowAxis::source(std::uint32_t o, std::uint32_t k) const {
  const std::int64_t count = spread();
  std::int64_t place = static_cast<std::int64_t>(o * stride + k * dilation) - before;
  if (place < 0 || place >= count) {
    switch (mode) {
      case PadMode::constant: return is_padding;
      case PadMode::reflect: place = place < 0 ? -place : 2 * (count - 1) - place; break;
      case PadMode::edge: place = place < 0 ? 0 : count - 1; break;
      case PadMode::circular: place += place < 0 ? count : -count; break;
    }
  }
  if (place % (inserted + 1) != 0) return is_inserted;
  return static_cast<std::int32_t>(place / (inserted + 1));
}

Window make_window(const TiuCommand& c) {
  Window window;
  const auto mode = static_cast<PadMode>(c.pad_mode & 3);
  window.y = {c.opd0_h,      c.opd1_h,      c.res0_h, c.res_op_y_str, c.opd1_y_ins0 + 1, c.opd0_y_ins0,
              c.opd0_up_pad, c.opd0_dn_pad, mode};
  window.x = {c.opd0_w,      c.opd1_w,      c.res0_w, c.res_op_x_str, c.opd1_x_ins0 + 1, c.opd0_x_ins0,
              c.opd0_lf_pad, c.opd0_rt_pad, mode};
  window.rotated = c.kernel_rotate != 0;
  check(window.y, "rows");
  check(window.x, "columns");
  return window;
}

WindowFill read_window_fill(const TiuJob& job, Precision precision, std::uint32_t channels) {
  const TiuCommand& c = job.command;
  if (c.opd3_const) return {{c.opd3_addr, c.res1_addr}, false};
  return {read(job.memory, compact_view(c.opd3_addr, precision, {1, channels, 1, 2}), "opd3"), true};
}

}  // namespace vnpu::bm1684x
