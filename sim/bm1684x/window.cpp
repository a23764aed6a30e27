#include "sim/bm1684x/window.h"

#include <string>

#include "base/error.h"

namespace vnpu::bm1684x {
namespace {

void check(const WindowAxis& axis, const char* name) {
  const auto refuse = [&](const char* what) { throw Error(ErrorKind::fault, std::string(name) + ": " + what); };
  if (axis.input == 0 || axis.kernel == 0 || axis.output == 0 || axis.stride == 0) refuse("a size or stride is 0");
  const std::uint64_t reach = std::uint64_t{axis.output - 1} * axis.stride + (axis.kernel - 1) * axis.dilation + 1;
  if (reach > std::uint64_t{axis.before} + axis.spread() + axis.after) refuse("the window leaves the padded input");
}

}  // namespace

std::int32_t WindowAxis::source(std::uint32_t o, std::uint32_t k) const {
  const std::uint32_t place = o * stride + k * dilation;
  if (place < before || place - before >= spread()) return is_padding;
  const std::uint32_t inside = place - before;
  if (inside % (inserted + 1) != 0) return is_inserted;
  return static_cast<std::int32_t>(inside / (inserted + 1));
}

Window make_window(const TiuCommand& c) {
  Window window;
  window.y = {c.opd0_h,          c.opd1_h,      c.res0_h,      c.res_op_y_str,
              c.opd1_y_ins0 + 1, c.opd0_y_ins0, c.opd0_up_pad, c.opd0_dn_pad};
  window.x = {c.opd0_w,          c.opd1_w,      c.res0_w,      c.res_op_x_str,
              c.opd1_x_ins0 + 1, c.opd0_x_ins0, c.opd0_lf_pad, c.opd0_rt_pad};
  window.pad_mode = c.pad_mode;
  window.rotated = c.kernel_rotate != 0;
  check(window.y, "rows");
  check(window.x, "columns");
  if (c.pad_mode != 0) throw Error(ErrorKind::unsupported, "pad_mode " + std::to_string(c.pad_mode));
  return window;
}

WindowFill read_window_fill(const TiuJob& job, Precision precision, std::uint32_t channels) {
  const TiuCommand& c = job.command;
  if (c.opd3_const) return {{c.opd3_addr, c.res1_addr}, false};
  return {read(job.memory, compact_view(c.opd3_addr, precision, {1, channels, 1, 2}), "opd3"), true};
}

}  // namespace vnpu::bm1684x
