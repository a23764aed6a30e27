#include "sim/cv18xx/law.h"

#include <iterator>

#include "sim/cv18xx/tiu_job.h"

namespace vnpu::cv18xx {

const char* operation_name(const TiuCommand& c) {
  static constexpr const char* pools[] = {"maxpool", "avgpool", "depthwise", "minpool"};
  static constexpr const char* ariths[] = {"mul", "mac", "add", "sub",  "max", "min", "shift",
                                           "and", "or",  "xor", "copy", "ge",  "lut"};
  switch (c.tsk_typ) {
    case tsk_conv: return "conv";
    case tsk_pool: return c.tsk_eu_typ < std::size(pools) ? pools[c.tsk_eu_typ] : "pool";
    case tsk_matmul: return "matmul";
    case tsk_arith: return c.tsk_eu_typ < std::size(ariths) ? ariths[c.tsk_eu_typ] : "arithmetic";
    default: return "tiu";
  }
}

void check_any(const TiuJob& job) {
  job.require_supported(job.command.opt_opd0_const == 0, "opt_opd0_const must be 0");
  job.require_supported(job.command.tsk_opd_num < 3 || job.command.opt_opd2_const == 0, "opt_opd2_const must be 0");
}

void execute_tiu_law(const TiuCommand& command, Memory& memory, const Quirks& quirks) {
  const TiuJob job{command, memory.local(), memory.lanes(), quirks, operation_name(command)};
  check_any(job);
  switch (command.tsk_typ) {
    case tsk_conv: return execute_conv(job);
    case tsk_pool:
      job.require(command.tsk_eu_typ <= pool_min, "tsk_eu_typ is no operation");
      return command.tsk_eu_typ == pool_depthwise ? execute_depthwise(job) : execute_pool(job);
    case tsk_matmul: return execute_matmul(job);
    case tsk_arith:
      job.require(command.tsk_eu_typ <= arith_lut, "tsk_eu_typ is no operation");
      return command.tsk_eu_typ == arith_lut ? execute_lut(job) : execute_arith(job);
    default: job.require(false, "tsk_typ is no operation");
  }
}

}  // namespace vnpu::cv18xx
