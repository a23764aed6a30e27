// Lookup table: res0 (n, c, h, w) = entry [low byte of opd0] of the table of 256 entries each lane holds.
#include "sim/cv18xx/tiu_job.h"

namespace vnpu::cv18xx {
namespace {

void check(const TiuJob& job) {
  const TiuCommand& c = job.command;
  job.require(c.tsk_opd_num == 2, "tsk_opd_num must be 2");
  job.require_supported(c.opt_opd1_const == 0, "opt_opd1_const must be 0");
  job.require(c.opt_opd0_seg == 1 && c.opt_opd1_seg == 1 && c.opt_res0_seg,
              "opt_opd0_seg, opt_opd1_seg, opt_res0_seg must be 1");
  const std::uint32_t sign = c.opd_typ;
  job.require(c.opt_opd0_sign == sign && c.opt_opd1_sign == sign && c.opt_res0_sign == sign,
              "signs must be 0 for int8 and 1 for bf16");
  job.require(!c.opd_typ || (c.opt_opd2_seg == 1 && c.opt_opd2_sign == 1),
              "opt_opd2_seg and opt_opd2_sign must be 1 for bf16");
  job.require(
      c.short_res0_str == stride_aligned && c.short_opd0_str == stride_aligned && c.short_opd1_str == stride_aligned,
      "stride codes must be 0");
  job.require(c.opd0_n == c.res0_n && c.opd0_c == c.res0_c && c.opd0_h == c.res0_h && c.opd0_w == c.res0_w,
              "opd0 and res0 must have one shape");
  job.require(
      c.opd1_n == 1 && c.opd1_c == job.lanes && c.opd1_h == (c.opd_typ ? 32 : 16) && c.opd1_w == (c.opd_typ ? 8 : 16),
      "opd1 must be (1, lanes, 16, 16) or (1, lanes, 32, 8)");
  job.require(c.res0_addr / lane_bytes == c.opd0_addr / lane_bytes, "opd0 and res0 must start in one lane");
}

}  // namespace

void check_lut(const TiuJob& job) {
  check(job);
  require_inside(job.opd1(), 1, job.operation);
  require_inside(job.res0(), 1, job.operation);
  require_inside(job.opd0(), 1, job.operation);
}

void execute_lut(const TiuJob& job) {
  const TiuCommand& c = job.command;
  check_lut(job);
  const TensorView out = job.res0();
  const TensorView table = job.opd1();
  // Quirk: the table of a channel is rotated by the 64 KiB page of the result.
  const std::uint32_t rotation = job.quirks.lut_channel_rotation ? c.res0_addr >> 16 : 0;
  const auto entry = [&](std::size_t element, std::uint32_t index) {
    const std::size_t channel = element / (std::size_t{out.h} * out.w) % out.c;
    return table.channel((channel + rotation) % job.lanes) + std::uint64_t{index} * table.element;
  };

  if (c.opd_typ == 0) {
    std::vector<std::int32_t> values = job.load_int(job.opd0(), 1, false);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = job.local[entry(i, values[i])];
    job.store_int(out, 1, values);
  } else {
    std::vector<std::uint16_t> values = job.load_halves(job.opd0());
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::uint64_t at = entry(i, values[i] & 0xFF);
      values[i] = static_cast<std::uint16_t>(job.local[at] | job.local[at + 1] << 8);
    }
    job.store_halves(out, values);
  }
}

}  // namespace vnpu::cv18xx
