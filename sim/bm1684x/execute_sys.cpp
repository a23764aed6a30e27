// SYS 2..4: the lane mask register.
#include <string>

#include "base/error.h"
#include "sim/bm1684x/law.h"

namespace vnpu::bm1684x {

void set_lane_mask(const TiuCommand& command, Memory& memory) {
  LaneMaskRegister& mask = memory.lane_mask;
  const std::uint64_t value = command.swr_value();
  if (command.tsk_eu_typ == sys_swr) {
    mask.mask = value;
  } else {
    // 64 flags: successive bytes of one lane, or one byte of every lane.
    const bool collect = command.tsk_eu_typ == sys_swr_collect_from_lmem;
    const std::uint64_t offset = value % lane_bytes;
    const auto lane = static_cast<std::uint32_t>(value / lane_bytes % lane_count);
    mask.mask = 0;
    for (std::uint32_t i = 0; i < lane_count; ++i) {
      const std::uint8_t flag =
          collect ? memory.lane_range(i, offset, 1)[0] : memory.lane_range(lane, offset + i, 1)[0];
      mask.mask |= std::uint64_t{flag != 0} << i;
    }
  }
  using State = LaneMaskRegister::State;
  mask.state = command.swr_hold ? State::hold : command.swr_once ? State::once : State::off;
}

}  // namespace vnpu::bm1684x
