#include "sim/cv18xx/tiu_job.h"

#include "base/error.h"
#include "sim/cv18xx/law.h"

namespace vnpu::cv18xx {

void TiuJob::require(bool ok, const char* what) const {
  if (!ok) throw Error(ErrorKind::fault, std::string(operation) + ": " + what);
}

void TiuJob::require_work(std::uint64_t a, std::uint64_t b, std::uint64_t c) const {
  unsigned __int128 work = a;
  work = work * b * c;
  require(work <= tiu_work_limit, "more work than operands in local memory can ask for");
}

std::vector<std::int32_t> TiuJob::load_int(const TensorView& view, unsigned bytes, bool is_signed) const {
  require_inside(view, bytes, local.size(), operation);
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
  require_inside(view, 1, local.size(), operation);
  std::vector<std::uint16_t> values;
  values.reserve(view.count());
  view.for_each([&](std::uint64_t address) {
    values.push_back(static_cast<std::uint16_t>(local[address] | local[address + 1] << 8));
  });
  return values;
}

std::vector<float> TiuJob::load_bf16s(const TensorView& view) const {
  std::vector<float> values;
  values.reserve(view.count());
  for (const std::uint16_t bits : load_halves(view)) values.push_back(load_bf16(bits));
  return values;
}

std::vector<std::uint32_t> TiuJob::load_words(const TensorView& view) const {
  require_inside(view, 2, local.size(), operation);
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
  require_inside(view, bytes, local.size(), operation);
  auto value = values.begin();
  view.for_each([&](std::uint64_t address) {
    for (unsigned plane = 0; plane < bytes; ++plane) {
      local[address + plane * view.plane_stride] = static_cast<std::uint8_t>(*value >> 8 * plane);
    }
    ++value;
  });
}

void TiuJob::store_halves(const TensorView& view, std::span<const std::uint16_t> values) const {
  require_inside(view, 1, local.size(), operation);
  auto value = values.begin();
  view.for_each([&](std::uint64_t address) {
    local[address] = static_cast<std::uint8_t>(*value);
    local[address + 1] = static_cast<std::uint8_t>(*value >> 8);
    ++value;
  });
}

void TiuJob::store_words(const TensorView& view, std::span<const std::uint32_t> values) const {
  require_inside(view, 2, local.size(), operation);
  auto value = values.begin();
  view.for_each([&](std::uint64_t address) {
    const std::uint64_t lower = address + view.plane_stride;
    local[address] = static_cast<std::uint8_t>(*value >> 16);
    local[address + 1] = static_cast<std::uint8_t>(*value >> 24);
    local[lower] = static_cast<std::uint8_t>(*value);
    local[lower + 1] = static_cast<std::uint8_t>(*value >> 8);
    ++value;
  });
}

std::int32_t TiuJob::insert_int() const { return sign_extend(command.opd0_ins_val, 8, command.opt_opd0_sign); }

float TiuJob::insert_float() const {
  // Quirk: the field's integer value, not the bf16 number whose pattern it holds.
  if (quirks.bf16_insert_integer) return static_cast<float>(command.opd0_ins_val);
  return load_bf16(static_cast<std::uint16_t>(command.opd0_ins_val));
}

namespace {

WindowAxis checked_axis(const TiuJob& job, std::uint32_t in, std::uint32_t out, std::uint32_t kernel,
                        std::uint32_t stride, std::uint32_t dilation, std::uint32_t insert, std::uint32_t insert_last,
                        std::uint32_t pad_before, std::uint32_t pad_after, bool fewer_allowed) {
  job.require(in > 0 && out > 0 && kernel > 0, "a size of 0");
  job.require(stride > 0, "conv_op_x_str and conv_op_y_str must not be 0");
  job.require(insert < 15 && insert_last < 15, "conv_opd0_x_ins0, conv_opd0_y_ins0 and their _last must be below 15");
  const WindowAxis axis{in, out, kernel, stride, dilation, insert + 1, pad_before};
  const std::int64_t padded = (axis.in - 1) * axis.gap + 1 + insert_last + pad_before + pad_after;
  const std::int64_t extent = (axis.kernel - 1) * dilation + 1;
  job.require(padded >= extent, "the kernel is larger than the padded input");
  const std::int64_t windows = (padded - extent) / stride + 1;
  job.require(fewer_allowed ? axis.out <= windows : axis.out == windows,
              "res0_h and res0_w do not follow from input, kernel and pads");
  return axis;
}

}  // namespace

// Pools (not dilated) may ask for fewer windows than fit; the converter does so for unequal pads.
Window checked_window(const TiuJob& job, bool dilated) {
  const TiuCommand& c = job.command;
  return {
      checked_axis(job, c.opd0_h, c.res0_h, c.opd1_h, c.conv_op_y_str, dilated ? c.conv_opd1_y_ins0 + 1 : 1,
                   c.conv_opd0_y_ins0, c.conv_opd0_y_ins0_last, c.conv_opd0_up_pad, c.conv_opd0_dn_pad, !dilated),
      checked_axis(job, c.opd0_w, c.res0_w, c.opd1_w, c.conv_op_x_str, dilated ? c.conv_opd1_x_ins0 + 1 : 1,
                   c.conv_opd0_x_ins0, c.conv_opd0_x_ins0_last, c.conv_opd0_lf_pad, c.conv_opd0_rt_pad, !dilated),
  };
}

}  // namespace vnpu::cv18xx
