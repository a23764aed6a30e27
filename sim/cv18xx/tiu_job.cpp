#include "sim/cv18xx/tiu_job.h"

#include <algorithm>

#include "base/error.h"
#include "sim/cv18xx/law.h"

namespace vnpu::cv18xx {

void TiuJob::require(bool ok, const char* what) const {
  if (!ok) throw Error(ErrorKind::fault, std::string(operation) + ": " + what);
}

void TiuJob::require_supported(bool ok, const char* what) const {
  if (!ok) throw Error(ErrorKind::unsupported, std::string(operation) + ": " + what);
}

void TiuJob::require_work(std::uint64_t a, std::uint64_t b, std::uint64_t c) const {
  unsigned __int128 work = a;
  work = work * b * c;
  require(work <= tiu_work_limit, "more work than operands in local memory can ask for");
}

std::vector<std::int32_t> TiuJob::load_int(const TensorView& view, unsigned bytes, bool is_signed) const {
  require_inside(view, bytes, operation);
  std::vector<std::int32_t> values;
  values.reserve(view.count());
  view.for_each([&](std::uint64_t address) {
    std::uint32_t value = 0;
    for (unsigned plane = 0; plane < bytes; ++plane) {
      value |= std::uint32_t{local[address + plane * view.plane_stride]} << 8 * plane;
    }
    values.push_back(sign_extend(value, 8 * bytes, is_signed));
  });
  return values;
}

std::vector<std::uint16_t> TiuJob::load_halves(const TensorView& view) const {
  require_inside(view, 1, operation);
  std::vector<std::uint16_t> values;
  values.reserve(view.count());
  view.for_each([&](std::uint64_t address) {
    values.push_back(static_cast<std::uint16_t>(local[address] | local[address + 1] << 8));
  });
  return values;
}

std::vector<float> TiuJob::load_bf16s(const TensorView& view) const {
  const std::vector<std::uint16_t> halves = load_halves(view);
  std::vector<float> values(halves.size());
  std::transform(halves.begin(), halves.end(), values.begin(), load_bf16);
  return values;
}

std::vector<std::uint32_t> TiuJob::load_words(const TensorView& view) const {
  require_inside(view, 2, operation);
  std::vector<std::uint32_t> values;
  values.reserve(view.count());
  view.for_each([&](std::uint64_t address) {
    const std::uint64_t lower = address + view.plane_stride;
    values.push_back(std::uint32_t{local[address]} << 16 | std::uint32_t{local[address + 1]} << 24 | local[lower] |
                     std::uint32_t{local[lower + 1]} << 8);
  });
  return values;
}

void TiuJob::store_int(const TensorView& view, unsigned bytes, std::span<const std::int32_t> values) const {
  require_inside(view, bytes, operation);
  for (unsigned plane = 0; plane < bytes; ++plane) {
    auto value = values.begin();
    view.for_each([&](std::uint64_t address) {
      local[address + plane * view.plane_stride] = static_cast<std::uint8_t>(*value++ >> 8 * plane);
    });
  }
}

void TiuJob::store_halves(const TensorView& view, std::span<const std::uint16_t> values) const {
  require_inside(view, 1, operation);
  auto value = values.begin();
  view.for_each([&](std::uint64_t address) {
    local[address] = static_cast<std::uint8_t>(*value);
    local[address + 1] = static_cast<std::uint8_t>(*value >> 8);
    ++value;
  });
}

void TiuJob::store_bf16s(const TensorView& view, std::span<const float> values, bool relu) const {
  std::vector<std::uint16_t> halves;
  halves.reserve(values.size());
  for (const float v : values) {
    const std::uint16_t bits = store_bf16(v, quirks);
    halves.push_back(relu ? relu_bf16(bits) : bits);
  }
  store_halves(view, halves);
}

void TiuJob::store_partial_sums(const TensorView& view, std::span<const float> values) const {
  require_inside(view, 2, operation);
  for (unsigned plane = 0; plane < 2; ++plane) {
    auto value = values.begin();
    view.for_each([&](std::uint64_t address) {
      const std::uint64_t at = address + plane * view.plane_stride;
      const std::uint32_t half = store_fp32(*value++, quirks) >> (plane == 0 ? 16 : 0);
      local[at] = static_cast<std::uint8_t>(half);
      local[at + 1] = static_cast<std::uint8_t>(half >> 8);
    });
  }
}

std::int32_t TiuJob::insert_int() const { return sign_extend(command.opd0_ins_val, 8, command.opt_opd0_sign); }

float TiuJob::insert_float() const {
  // Quirk: the field's integer value, not the bf16 number whose pattern it holds.
  if (quirks.bf16_insert_integer) return static_cast<float>(command.opd0_ins_val);
  return load_bf16(static_cast<std::uint16_t>(command.opd0_ins_val));
}

void TiuJob::require_signs() const {
  const TiuCommand& c = command;
  require(c.tsk_opd_num > 0, "tsk_opd_num must not be 0");
  require(c.opt_relu_typ <= 1, "opt_relu_typ must be 0 or 1");
  const bool any =
      c.opt_opd0_sign || (c.tsk_opd_num >= 2 && c.opt_opd1_sign) || (c.tsk_opd_num == 3 && c.opt_opd2_sign);
  if (c.opt_relu_typ == 0) {
    require(c.opt_res0_sign == any, "opt_res0_sign must be that of the operands");
  } else {
    require(any, "opt_relu_typ needs a signed operand");
  }
  require(c.opt_res_shift == 0 || c.opt_shift_typ == any, "opt_shift_typ must be 1 with signed operands and 0 without");
}

void TiuJob::require_bias() const {
  const TiuCommand& c = command;
  require(c.opd2_n > 0 && c.opd2_c > 0 && c.opd2_h > 0 && c.opd2_w > 0, "a size of opd2 is 0");
  if (c.opt_opd2_seg) return;
  require(c.opd2_b_str > 0, "opd2_b_str must not be 0");
  require(c.short_opd2_str == stride_bias || c.opd2_b_str % eu_num == 0, "opd2_b_str must be a multiple of 16");
}

namespace {

struct AxisFields {
  std::uint32_t in, out, kernel, stride, dilation, insert, insert_last, pad_before, pad_after;
};

WindowAxis read_axis(const TiuJob& job, const AxisFields& f, bool exact_size) {
  job.require(f.in > 0 && f.out > 0 && f.kernel > 0, "a size of opd0, opd1 or res0 is 0");
  job.require(f.stride > 0, "conv_op_x_str and conv_op_y_str must not be 0");
  const WindowAxis axis{f.in, f.out, f.kernel, f.stride, f.dilation, f.insert + 1, f.pad_before};
  const std::int64_t padded = (axis.in - 1) * axis.gap + 1 + f.insert_last + f.pad_before + f.pad_after;
  const std::int64_t extent = (axis.kernel - 1) * axis.dilation + 1;
  job.require(padded >= extent, "the kernel is larger than the padded input");
  const std::int64_t size = (padded - extent) / axis.stride + 1;
  job.require(exact_size ? axis.out == size : axis.out <= size,
              "res0_h and res0_w do not follow from input, kernel and pads");
  return axis;
}

}  // namespace

Window read_window(const TiuJob& job, bool dilated, bool exact_size) {
  const TiuCommand& c = job.command;
  if (dilated) {
    job.require(c.conv_opd0_x_ins0 < 15 && c.conv_opd0_y_ins0 < 15 && c.conv_opd0_x_ins0_last < 15 &&
                    c.conv_opd0_y_ins0_last < 15,
                "conv_opd0_x_ins0, conv_opd0_y_ins0 and their _last must be below 15");
    job.require(c.conv_opd1_x_ins0 < 15 && c.conv_opd1_y_ins0 < 15,
                "conv_opd1_x_ins0 and conv_opd1_y_ins0 must be below 15");
  }
  return {
      read_axis(job,
                {c.opd0_h, c.res0_h, c.opd1_h, c.conv_op_y_str, dilated ? c.conv_opd1_y_ins0 + 1 : 1,
                 c.conv_opd0_y_ins0, c.conv_opd0_y_ins0_last, c.conv_opd0_up_pad, c.conv_opd0_dn_pad},
                exact_size),
      read_axis(job,
                {c.opd0_w, c.res0_w, c.opd1_w, c.conv_op_x_str, dilated ? c.conv_opd1_x_ins0 + 1 : 1,
                 c.conv_opd0_x_ins0, c.conv_opd0_x_ins0_last, c.conv_opd0_lf_pad, c.conv_opd0_rt_pad},
                exact_size),
  };
}

}  // namespace vnpu::cv18xx
