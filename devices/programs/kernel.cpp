#include "devices/programs/kernel.h"

#include "base/error.h"
#include "isa/cv18xx/chip.h"
#include "sim/cv18xx/execute.h"

namespace vnpu::programs {

using namespace cv18xx;

namespace {

constexpr std::uint32_t stride_registers = 3;  // strides from the command's own fields

const Chip& chip_of(const ProgramHost& host) {
  if (const Chip* chip = find_chip(host.chip())) return *chip;
  throw Error(ErrorKind::unsupported, "chip " + host.chip());
}

std::uint32_t channel_bytes(const Kernel::Matrix& m) { return (2 * m.width + 15) / 16 * 16; }

}  // namespace

Kernel::Kernel(ProgramHost& host, Output& out) : host_(host), memory_(chip_of(host), std::uint64_t{1} << 20) {
  constexpr std::uint64_t bytes = 1 << 20;
  ion_ = host.allocate_ion(bytes, "command buffer");
  if (!ion_) {
    out.print("alloc command buffer failed\n");
    abort_program();
  }
  out.format("alloc command buffer %llu bytes success\n", static_cast<unsigned long long>(bytes));
}

void Kernel::move(bool load, std::uint64_t global, std::uint32_t local, std::uint32_t rows, std::uint32_t width,
                  std::uint32_t element, std::uint32_t global_step, std::uint32_t channel_count) {
  TdmaCommand c;
  c.vld = 1;
  c.trans_dir = load ? g2l : l2g;
  c.src_fmt = c.dst_fmt = element;  // 1 int8, 2 bf16: also the bytes of an element
  c.src_n = 1;
  c.src_c = c.dst_c = channel_count;
  c.src_h = c.dst_h = rows;
  c.src_w = c.dst_w = width;
  const std::uint32_t step = width * element;
  (load ? c.src_h_stride : c.dst_h_stride) = global_step;
  (load ? c.src_c_stride_low : c.dst_c_stride_low) = global_step * rows & 0xffff;
  (load ? c.src_c_stride_high : c.dst_c_stride_high) = global_step * rows >> 16;
  (load ? c.src_n_stride : c.dst_n_stride) = global_step * rows * channel_count;
  (load ? c.dst_h_stride : c.src_h_stride) = step;
  (load ? c.dst_c_stride_low : c.src_c_stride_low) = step * rows;
  (load ? c.dst_n_stride : c.src_n_stride) = step * rows * channel_count;
  (load ? c.src_base_addr_low : c.dst_base_addr_low) = static_cast<std::uint32_t>(global);
  (load ? c.dst_base_addr_low : c.src_base_addr_low) = local;
  add({Engine::tdma, c, 0, 0});
}

void Kernel::arith(ArithOp op, std::uint32_t element, const Operand& result, const Operand& a, const Operand* b,
                   std::uint32_t constant, std::uint32_t channel_count, std::uint32_t rows, std::uint32_t width) {
  TiuCommand c;
  c.cmd_en = 1;
  c.tsk_typ = tsk_arith;
  c.tsk_eu_typ = op;
  c.tsk_opd_num = op == arith_copy ? 1 : 2;
  c.opt_res_shift = 0;
  c.opt_rshift_typ = 0;
  c.opd_typ = element == 2;
  c.opt_res0_sign = c.opt_opd0_sign = c.opt_opd1_sign = 1;
  c.res0_c = c.opd0_c = channel_count;
  c.res0_h = c.opd0_h = rows;
  c.res0_w = c.opd0_w = width;
  c.short_res0_str = c.short_opd0_str = c.short_opd1_str = stride_registers;
  const auto strides = [&](const Operand& o, std::uint32_t& n, std::uint32_t& ch, std::uint32_t& h, std::uint32_t& w,
                           std::uint32_t& plane) {
    w = o.column_step * element;
    h = o.row_step * element;
    n = ch = plane = o.channel_step * element;
  };
  strides(result, c.res0_n_str, c.res0_c_str, c.res0_h_str, c.res0_w_str, c.res0_b_str);
  strides(a, c.opd0_n_str, c.opd0_c_str, c.opd0_h_str, c.opd0_w_str, c.opd0_b_str);
  c.res0_addr = result.address;
  c.opd0_addr = a.address;
  if (op != arith_copy) {  // of a constant, too
    c.opd1_c = channel_count;
    c.opd1_h = rows;
    c.opd1_w = width;
  }
  if (b) {
    strides(*b, c.opd1_n_str, c.opd1_c_str, c.opd1_h_str, c.opd1_w_str, c.opd1_b_str);
    c.opd1_addr = b->address;
  } else {
    c.opt_opd1_const = op != arith_copy;
    c.opd1_addr = constant;
  }
  add({Engine::tiu, c, 0, 0});
}

std::uint32_t Kernel::row_bytes(const Matrix& m) const {
  return channel_bytes(m) * ((m.channel_count + lanes() - 1) / lanes());
}

void Kernel::move(bool load, std::uint64_t global, const Matrix& local, std::uint32_t global_step) {
  TdmaCommand c;
  c.vld = 1;
  c.trans_dir = load ? g2l : l2g;
  c.src_fmt = c.dst_fmt = 2;
  c.src_n = local.rows;
  c.src_c = c.dst_c = local.channel_count;
  c.src_h = c.dst_h = 1;
  c.src_w = c.dst_w = local.width;
  c.src_h_stride = c.dst_h_stride = 2 * local.width;
  (load ? c.src_c_stride_low : c.dst_c_stride_low) = 2 * local.width;
  (load ? c.dst_c_stride_low : c.src_c_stride_low) = channel_bytes(local);
  (load ? c.src_n_stride : c.dst_n_stride) = global_step;
  (load ? c.dst_n_stride : c.src_n_stride) = row_bytes(local);
  (load ? c.src_base_addr_low : c.dst_base_addr_low) = static_cast<std::uint32_t>(global);
  (load ? c.dst_base_addr_low : c.src_base_addr_low) = local.address;
  add({Engine::tdma, c, 0, 0});
}

void Kernel::multiply(const Matrix& result, const Matrix& left, const Matrix& right) {
  TiuCommand c;
  c.cmd_en = 1;
  c.tsk_typ = tsk_matmul;
  c.tsk_opd_num = 2;
  c.opd_typ = 1;
  c.opt_opd0_seg = c.opt_opd1_seg = c.opt_res0_seg = 1;
  c.res0_addr = result.address;
  c.opd0_addr = left.address;
  c.opd1_addr = right.address;
  c.res0_n = c.opd0_n = result.rows;
  c.res0_c = c.opd1_c = result.channel_count;
  c.res0_w = result.width;
  c.opd0_c = left.channel_count;
  c.opd0_w = c.opd1_w = left.width;  // opd1_w: the columns used in the last channel of the left matrix
  c.opd1_n = right.rows;
  c.res0_h = c.opd0_h = c.opd1_h = c.opd2_n = c.opd2_c = c.opd2_h = c.opd2_w = 1;
  add({Engine::tiu, c, 0, 0});
}

void Kernel::run() {
  TpuJob job;
  job.stream = list_;
  host_.run_tpu(job, [&] {
    const ExecuteOptions options;
    for (const auto& entry : list_) {
      if (entry.engine == Engine::tdma) {
        execute(entry.tdma(), memory_, options);
      } else {
        execute(entry.tiu(), memory_, options);
      }
    }
  });
  list_.clear();
}

void Kernel::add(StreamEntry entry) {
  entry.index = static_cast<std::uint32_t>(list_.size());
  list_.push_back(std::move(entry));
}

}  // namespace vnpu::programs
