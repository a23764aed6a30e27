#include "sim/bm1684x/execute.h"

#include "base/error.h"
#include "sim/bm1684x/kernels/kernels.h"
#include "sim/bm1684x/law.h"

namespace vnpu::bm1684x {
namespace {

[[noreturn]] void not_implemented(const std::string& mnemonic) {
  throw Error(ErrorKind::unsupported, mnemonic + " is not implemented");
}

// Which lanes a command writes; a mask for one command is used up.
std::uint64_t take_lanes(const TiuCommand& command, Memory& memory) {
  LaneMaskRegister& mask = memory.lane_mask;
  if (mask.state == LaneMaskRegister::State::off) return command.lane_mask();
  if (mask.state == LaneMaskRegister::State::once) mask.state = LaneMaskRegister::State::off;
  return mask.mask;
}

bool is_lane_mask_command(const TiuCommand& command) {
  return command.tsk_eu_typ >= sys_swr && command.tsk_eu_typ <= sys_swr_collect_from_lmem;
}

void execute_tiu(const TiuCommand& command, Memory& memory, SimdLevel level) {
  if (command.tsk_typ == tsk_sys) {
    if (is_lane_mask_command(command)) set_lane_mask(command, memory);
    return;
  }
  const TiuJob job{command, memory, take_lanes(command, memory)};
  if (kernels::execute(job, level)) return;
  switch (command.tsk_typ) {
    case tsk_conv: return execute_conv(job);
    case tsk_pord: return execute_pord(job);
    case tsk_mm: return command.tsk_eu_typ < 4 ? execute_mm(job) : execute_mm2(job);
    case tsk_ar: return execute_ar(job);
    case tsk_rqdq: return execute_rqdq(job);
    case tsk_trans_bc: return execute_trans(job);
    case tsk_sg: return command.tsk_eu_typ < 17 ? execute_sg(job) : execute_sgl(job);
    case tsk_sfu: return execute_sfu(job);
    case tsk_lin: return execute_lin(job);
    case tsk_cmp: return execute_cmp(job);
    case tsk_vc: return execute_vc(job);
    default: not_implemented(mnemonic(command));
  }
}

void execute_gdma(const GdmaCommand& command, Memory& memory, SimdLevel level) {
  if (command.decompress_enable) throw Error(ErrorKind::unsupported, "compressed source");
  if (kernels::execute(command, memory, level)) return;
  switch (command.cmd_type) {
    case dma_tensor: return execute_dma_tensor(command, memory);
    case dma_cw_transpose: return execute_dma_cw_transpose(command, memory);
    case dma_matrix: return execute_dma_matrix(command, memory);
    case dma_general: return execute_dma_general(command, memory);
    case dma_gather: return execute_dma_gather(command, memory);
    case dma_scatter: return execute_dma_scatter(command, memory);
    case dma_masked_select: return execute_dma_masked_select(command, memory);
    case dma_nonzero: return execute_dma_nonzero(command, memory);
    case dma_sys: return;
    default: not_implemented(mnemonic(command));
  }
}

}  // namespace

Rounding TiuJob::rounding() const {
  const std::uint32_t mode = command.opd2_n_str & 7;
  if (mode == 7) throw Error(ErrorKind::fault, "opd2_n_str: rounding mode 7");
  return static_cast<Rounding>(mode);
}

void execute(const TiuCommand& command, Memory& memory, const ExecuteOptions& options) {
  const FlushSubnormals flush;
  try {
    execute_tiu(command, memory, options.level);
  } catch (const Error& error) {
    throw with_context(error, mnemonic(command));
  }
}

void execute(const GdmaCommand& command, Memory& memory, const ExecuteOptions& options) {
  try {
    execute_gdma(command, memory, options.level);
  } catch (const Error& error) {
    throw with_context(error, mnemonic(command));
  }
}

}  // namespace vnpu::bm1684x
