#include "sim/bm1684x/timing/cost.h"

#include <algorithm>
#include <cmath>
#include <tuple>
#include <vector>

#include "base/error.h"
#include "sim/bm1684x/dma_side.h"

namespace vnpu::bm1684x {
namespace {

double up(double a, double b) { return std::ceil(a / b); }

double bytes_of_type(std::uint32_t prec) {
  const auto bytes = element_bytes(prec);
  if (bytes == 0) throw Error(ErrorKind::unsupported, std::string("profile: elements of ") + prec_name(prec));
  return bytes;
}

// Elements a lane works on in a cycle.
double units(std::uint32_t prec) { return eu_bytes / bytes_of_type(prec); }

struct Sizes {
  double n, c, h, w, first_lane;
};
Sizes result_of(const TiuCommand& c) {
  return {static_cast<double>(c.res0_n), static_cast<double>(c.res0_c), static_cast<double>(c.res0_h),
          static_cast<double>(c.res0_w), static_cast<double>(c.res0_addr / lane_bytes % lane_count)};
}

double conv(const TiuCommand& c) {
  const auto r = result_of(c);
  const bool wide = bytes_of_type(c.opd0_prec) == 4;
  const double channels = wide ? 1 : units(c.opd0_prec), pixels = wide ? 16 : 4;
  return r.n * up(r.c, lane_count) * c.opd1_h * c.opd1_w * up(c.opd0_c, channels) * up(r.h * r.w, pixels);
}

double pord(const TiuCommand& c) {
  const auto r = result_of(c);
  const double unit = std::min(units(c.opd0_prec), units(c.res0_prec));
  const double height = std::max(c.opd1_h, 1u), width = std::max(c.opd1_w, 1u);
  const double groups = height == 1 ? r.h * up(r.w, unit) : up(r.h * r.w, unit);
  const double slow = std::min(c.res_op_x_str, c.res_op_y_str) > 1 ? 3 : 1;
  return r.n * up(r.c + r.first_lane, lane_count) * groups * height * width * slow;
}

// The contraction of an MM runs over the left matrix's whole blocks of opd0_w columns and a last one of opd1_w.
double mm(const TiuCommand& c) {
  const double depth = (std::max(c.opd0_c, 1u) - 1.0) * c.opd0_w + c.opd1_w;
  return c.opd0_n * up(c.res0_c, lane_count) * up(c.res0_w, units(c.opd0_prec)) *
         (depth + (c.opd2_const ? 0 : 1) + (c.res_add ? 1 : 0));
}

double mm2(const TiuCommand& c) {
  const double depth = c.tsk_eu_typ == 4 ? c.opd1_c : c.opd1_w;
  const double block = bytes_of_type(c.opd0_prec) == 1 ? 64 : 32;
  return up(c.res0_c, lane_count) * up(c.res0_w, 4) * up(depth, block);
}

// How much slower a walk by free strides is than a dense one.
double spread(const Sizes& r, double row, double column, double unit) {
  if (column > 1) return std::min(column, unit);
  if (row == 0 || column == 0) return 1;
  const double lines = std::min(up((r.h - 1) * row + r.w, unit), r.h * up(r.w, unit));
  return std::max(1.0, std::floor(lines / up(r.h * r.w, unit)));
}

double ar(const TiuCommand& c) {
  enum Eu : std::uint32_t { div = 12, clamp = 17, mac = 18, copy = 19, copy_mb = 28, first_one = 29 };
  const auto r = result_of(c);
  const bool two = c.tsk_opd_num >= 2;
  double unit = std::min(units(c.res0_prec), units(c.opd0_prec));
  if (two) unit = std::min(unit, units(c.opd1_prec));
  const double cycles = r.n * up(r.c, lane_count) * up(r.h * r.w, unit);
  const auto eu = c.tsk_eu_typ;
  if (eu == div) return 31 * cycles;
  double slow = 1;
  constexpr std::uint32_t low = 0x3FFFF;
  const bool a = !c.opd0_const, b = two && !c.opd1_const;
  if (c.res0_str == Layout::strided) slow = std::max(slow, spread(r, c.res0_h_str & low, c.res0_w_str & low, unit));
  if (a && c.opd0_str == Layout::strided) {
    slow = std::max(slow, spread(r, c.opd0_h_str & low, c.opd0_w_str & low, unit));
  }
  if (b && c.opd1_str == Layout::strided) {
    slow = std::max(slow, spread(r, c.opd1_h_str & low, c.opd1_w_str & low, unit));
  }
  // Both operands walk by free strides, neither repeating a column in every row.
  const auto repeats = [](std::uint32_t row, std::uint32_t column) { return (column & low) == 0 && (row & low) != 0; };
  if (a && b && c.opd0_str == Layout::strided && c.opd1_str == Layout::strided &&
      !repeats(c.opd0_h_str, c.opd0_w_str) && !repeats(c.opd1_h_str, c.opd1_w_str)) {
    slow *= 2;
  }
  // In place, as far as both operands go.
  const bool over = (a && c.opd0_addr == c.res0_addr) || (b && c.opd1_addr == c.res0_addr);
  const bool free_of_it = eu == clamp || eu == mac || eu == copy || eu == copy_mb || eu == first_one;
  return cycles * slow * (over && !free_of_it ? 2 : 1);
}

double sfu(const TiuCommand& c) {
  const auto r = result_of(c);
  const double terms = c.tsk_eu_typ == 17 ? 30 : c.tsk_eu_typ == 15 ? 1 : c.opd1_n;
  return terms * r.n * up(r.c + r.first_lane, lane_count) * up(r.h * r.w, units(c.opd0_prec));
}

// The same memory is read and written.
bool in_place(const TiuCommand& c) { return !c.opd0_const && c.opd0_addr == c.res0_addr; }

double trans(const TiuCommand& c) {
  const auto r = result_of(c);
  const double unit = units(c.res0_prec), groups = up(r.h * r.w, unit);
  const double slow = in_place(c) ? 2 : 1;
  switch (c.tsk_eu_typ) {
    case 0: return r.n * up(r.c, unit) * r.h;
    case 1: return r.n * up(c.opd0_c, unit) * r.h;
    case 2: return r.n * r.c * groups * slow;
    case 3: return r.n * up(r.c, lane_count) * groups * slow;
    case 4: return groups;
    default: return up(r.c, 32);
  }
}

double sg(const TiuCommand& c) {
  const auto r = result_of(c);
  const double lanes = r.n * up(r.c, lane_count);
  switch (c.tsk_eu_typ) {
    case 17:
    case 18: return 2 * lanes * r.h * up(r.w, units(c.res0_prec));
    case 13:
    case 14:
    case 15:
    case 16: return std::floor(1.5 * lanes * std::max(c.opd1_w, 1u));
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
    case 10: return lanes * std::max(c.opd1_w, 1u);
    default: return lanes * r.h * r.w;
  }
}

struct Side {
  std::uint64_t address;
  double n, c, h, w;
  std::uint64_t n_stride, c_stride, h_stride, w_stride;  // elements
};

// Bytes that follow each other, as the law counts them.
double run_of(const Side& side, double bytes) {
  if (side.w_stride > 1) return bytes;
  return (static_cast<double>(side.h_stride) == side.w ? side.h * side.w : side.w) * bytes;
}

// Offsets below `limit` bytes at which something starts: every step of a walk adds `count` times `stride` to what was
// there. Bounded in time by the limit, whatever the sizes.
std::vector<std::uint32_t> stepped(const std::vector<std::uint32_t>& from, double count, double stride,
                                   std::uint32_t limit) {
  if (count <= 1 || stride <= 0) return from;
  const auto steps = static_cast<std::uint64_t>(std::min(count, up(limit, stride)));
  std::vector<std::uint32_t> to;
  if (from.size() * steps <= 4096) {
    for (const std::uint32_t start : from) {
      for (std::uint64_t i = 0; i < steps; ++i) {
        const double at = start + static_cast<double>(i) * stride;
        if (at >= limit) break;
        to.push_back(static_cast<std::uint32_t>(at));
      }
    }
    return to;
  }
  // Steps since the last offset of `from` on the same chain; `steps` and more: not reached.
  std::vector<std::uint64_t> since(limit, steps);
  for (const std::uint32_t start : from) since[start] = 0;
  const auto jump = static_cast<std::uint64_t>(std::min(stride, static_cast<double>(limit)));
  for (std::uint64_t at = 0; at < limit; ++at) {
    if (at >= jump) since[at] = std::min(since[at], since[at - jump] + 1);
    if (since[at] < steps) to.push_back(static_cast<std::uint32_t>(at));
  }
  return to;
}

// 4 KiB pages in which runs start, or go on, in the first `most` pages.
double pages_of(const Side& side, double bytes, double most) {
  constexpr std::uint32_t page = 4096;
  const auto limit = static_cast<std::uint32_t>(std::ceil(most)) * page;
  const double run = run_of(side, bytes);
  const double row = static_cast<double>(side.h_stride) * bytes;
  if (static_cast<double>(side.h_stride) != side.w && row >= page) return most;  // rows in pages of their own
  std::vector<std::uint32_t> starts{0};
  starts = stepped(starts, side.n, static_cast<double>(side.n_stride) * bytes, limit);
  starts = stepped(starts, side.c, static_cast<double>(side.c_stride) * bytes, limit);
  if (run >= side.h * side.w * bytes) {
    starts = stepped(starts, up(run, page), page, limit);
  } else {
    starts = stepped(starts, side.h, static_cast<double>(side.h_stride) * bytes, limit);
    if (run < side.w * bytes) {
      starts = stepped(starts, side.w, static_cast<double>(std::max<std::uint64_t>(side.w_stride, 1)) * bytes, limit);
    }
  }
  std::vector<bool> touched(limit / page);
  for (const std::uint32_t at : starts) touched[at / page] = true;
  return std::clamp(static_cast<double>(std::ranges::count(touched, true)), 1.0, most);
}

bool in_ddr(std::uint64_t address) { return address >= ddr_base; }

class Transfer {
 public:
  Transfer(const GdmaCommand& command, const TimingValues& values)
      : c_(command), values_(values), bytes_(bytes_of_type(command.src_data_format)) {
    from_ = {c_.src_address(),
             static_cast<double>(c_.src_nsize),
             static_cast<double>(c_.src_csize),
             static_cast<double>(c_.src_hsize),
             static_cast<double>(c_.src_wsize),
             c_.src_nstride,
             c_.src_cstride,
             c_.src_hstride,
             std::uint64_t{c_.src_wstride}};
    to_ = {c_.dst_address(),
           static_cast<double>(c_.dst_nsize),
           static_cast<double>(c_.dst_csize),
           static_cast<double>(c_.dst_hsize),
           static_cast<double>(c_.dst_wsize),
           c_.dst_nstride,
           c_.dst_cstride,
           c_.dst_hstride,
           std::uint64_t{c_.dst_wstride}};
    if (c_.nchw_copy) std::tie(to_.n, to_.c, to_.h, to_.w) = std::tie(from_.n, from_.c, from_.h, from_.w);
  }

  CommandWork work() {
    const double cycles = std::floor(std::min(law(), 1e18));
    CommandWork out;
    out.cycles = cycles;
    if (moved_ > static_cast<double>(dma_element_limit) * 4)
      throw Error(ErrorKind::fault, "profile: " + mnemonic(c_) + ": more bytes than any network moves");
    const auto moved = static_cast<std::uint64_t>(moved_);
    if (!c_.fill_constant_en && in_ddr(from_.address)) out.ddr_read = moved;
    if (in_ddr(to_.address)) out.ddr_written = moved;
    return out;
  }

 private:
  static constexpr double giga = 1.073741824;  // the law takes a GB for 2^30 bytes in some commands

  double rate() const {
    if (in_ddr(from_.address) == in_ddr(to_.address)) return values_.copy_rate;
    return in_ddr(from_.address) ? values_.load_rate : values_.store_rate;
  }
  double short_runs(double run) const { return std::max(1.0, values_.short_run / std::max(run, 1.0)); }

  double law() {
    switch (c_.cmd_type) {
      case dma_tensor: return c_.fill_constant_en ? fill() : c_.cmd_special_function == 3 ? broadcast() : tensor();
      case dma_matrix: return matrix();
      case dma_general:
        moved_ = c_.src_cstride * bytes_;
        return c_.fill_constant_en ? moved_ / values_.load_rate : moved_ / rate();
      case dma_cw_transpose: moved_ = from_.n * from_.c * from_.h * from_.w * bytes_; return moved_ * giga / rate();
      case dma_gather:
      case dma_scatter:
        moved_ = std::max(c_.index_csize, 1u) * static_cast<double>(c_.index_hsize) * c_.src_wsize * bytes_;
        return moved_ / 64;
      case dma_sys: return 0;
      default: throw Error(ErrorKind::unsupported, "profile: the time of " + mnemonic(c_) + " is not known");
    }
  }

  double fill() {
    moved_ = to_.n * to_.c * to_.h * to_.w * bytes_;
    return moved_ / values_.load_rate * short_runs(run_of(to_, bytes_));
  }

  double broadcast() {
    from_.c = 1;
    from_.w_stride = 1;
    moved_ = from_.n * from_.h * from_.w * bytes_;
    return moved_ / values_.load_rate * short_runs(run_of(from_, bytes_));
  }

  double tensor() {
    if (c_.cmd_special_function == 1) {
      std::tie(to_.n, to_.c, to_.h, to_.w) = std::tie(from_.c, from_.n, from_.h, from_.w);
      from_.w_stride = to_.w_stride = 1;
    }
    moved_ = from_.n * from_.c * from_.h * from_.w * bytes_;
    double spread = 1;
    for (const Side* side : {&from_, &to_}) {
      if (!in_ddr(side->address)) continue;
      if (c_.stride_enable && side->h_stride == 0) return 0;  // the law's loop over rows finds nothing
      spread *= values_.pages / pages_of(*side, bytes_, values_.pages);
    }
    return moved_ * giga / rate() * short_runs(std::min(run_of(from_, bytes_), run_of(to_, bytes_))) * spread;
  }

  double matrix() {
    const bool load = !in_ddr(to_.address);
    moved_ = (load ? from_.h * from_.w : to_.h * to_.w) * bytes_;
    const double width = load ? to_.w : from_.w;
    const double transposed = c_.cmd_special_function == 1 ? 4.0 / 3 : 1;
    return moved_ / (load ? values_.load_rate : values_.store_rate) * short_runs(width * bytes_) * transposed;
  }

  const GdmaCommand& c_;
  const TimingValues& values_;
  double bytes_, moved_ = 0;
  Side from_{}, to_{};
};

std::uint64_t macs_of(const TiuCommand& c) {
  const auto r = result_of(c);
  double macs = 0;
  if (c.tsk_typ == tsk_conv) macs = r.n * r.c * r.h * r.w * c.opd1_h * c.opd1_w * c.opd0_c;
  if (c.tsk_typ == tsk_pord) macs = r.n * r.c * r.h * r.w * c.opd1_h * c.opd1_w;
  if (c.tsk_typ == tsk_mm && c.tsk_eu_typ >= 4) macs = r.c * r.w * (c.tsk_eu_typ == 4 ? c.opd1_c : c.opd1_w);
  if (c.tsk_typ == tsk_mm && c.tsk_eu_typ < 4) {
    const double depth = (std::max(c.opd0_c, 1u) - 1.0) * c.opd0_w + c.opd1_w;
    macs = static_cast<double>(c.opd0_n) * r.c * r.w * depth;
  }
  return static_cast<std::uint64_t>(std::clamp(macs, 0.0, 1e15));
}

double cycles_of(const TiuCommand& c) {
  const auto r = result_of(c);
  const double dense = r.n * up(r.c, lane_count);
  switch (c.tsk_typ) {
    case tsk_conv: return conv(c);
    case tsk_pord: return pord(c);
    case tsk_mm: return c.tsk_eu_typ < 4 ? mm(c) : mm2(c);
    case tsk_ar: return ar(c);
    case tsk_rqdq: return dense * up(r.h * r.w, 16) * (in_place(c) ? 2 : 1);
    case tsk_trans_bc: return trans(c);
    case tsk_sg: return sg(c);
    case tsk_sfu: return sfu(c);
    case tsk_lin: return dense * up(r.h * r.w, units(c.res0_prec));
    case tsk_cmp: return 2 * dense * up(r.h * r.w, units(c.opd0_prec));
    case tsk_vc: return up(r.c, lane_count) * up(r.w, units(c.res0_prec));
    case tsk_sys: return 0;
    default: throw Error(ErrorKind::unsupported, "profile: the time of " + mnemonic(c) + " is not known");
  }
}

}  // namespace

TiuPart part_of(const TiuCommand& c) {
  if (c.tsk_typ == tsk_conv) return bytes_of_type(c.opd0_prec) == 4 ? TiuPart::conv_f32 : TiuPart::cube;
  if (c.tsk_typ == tsk_mm) return c.tsk_eu_typ < 4 ? TiuPart::product : TiuPart::cube;
  return TiuPart::other;
}

CommandWork work_of(const TiuCommand& command) {
  CommandWork out;
  out.cycles = std::min(cycles_of(command), 1e18);
  out.macs = macs_of(command);
  return out;
}

CommandWork work_of(const GdmaCommand& command, const TimingValues& values) { return Transfer(command, values).work(); }

}  // namespace vnpu::bm1684x
