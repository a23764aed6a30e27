// The scalar law of the two engines: what one command does to memory, bit for bit as the vendor's functional model does
// it (docs/arithmetic_bm1684x.md). One file a kind of command.
#pragma once

#include "isa/bm1684x/command.h"
#include "sim/bm1684x/arithmetic.h"
#include "sim/bm1684x/memory.h"
#include "sim/bm1684x/tensor_view.h"

namespace vnpu::bm1684x {

// One TIU command on its way: results go only to lanes whose bit is set.
struct TiuJob {
  const TiuCommand& command;
  Memory& memory;
  std::uint64_t lanes;

  Rounding rounding() const;  // opd2_n_str & 7; throws Error(fault) for 7
};

// All operands are read before any result byte is written. Each throws Error(fault) for what the vendor's model aborts
// on or what leaves memory, Error(unsupported) for forms whose law is not known; memory is then unchanged.
void execute_ar(const TiuJob& job);
void execute_cmp(const TiuJob& job);
void execute_conv(const TiuJob& job);
void execute_lin(const TiuJob& job);
void execute_mm(const TiuJob& job);
void execute_mm2(const TiuJob& job);
void execute_pord(const TiuJob& job);
void execute_rqdq(const TiuJob& job);
void execute_sfu(const TiuJob& job);
void execute_sg(const TiuJob& job);
void execute_sgl(const TiuJob& job);
void execute_trans(const TiuJob& job);
void execute_vc(const TiuJob& job);

// SYS 2..4: sets memory.lane_mask.
void set_lane_mask(const TiuCommand& command, Memory& memory);

void execute_dma_tensor(const GdmaCommand& command, Memory& memory);
void execute_dma_cw_transpose(const GdmaCommand& command, Memory& memory);
void execute_dma_matrix(const GdmaCommand& command, Memory& memory);
void execute_dma_general(const GdmaCommand& command, Memory& memory);
void execute_dma_gather(const GdmaCommand& command, Memory& memory);
void execute_dma_scatter(const GdmaCommand& command, Memory& memory);
void execute_dma_masked_select(const GdmaCommand& command, Memory& memory);
void execute_dma_nonzero(const GdmaCommand& command, Memory& memory);

// Products (or comparisons) of one command; only hostile commands reach it.
inline constexpr std::uint64_t work_limit = std::uint64_t{1} << 35;

// A command's operand that may be a constant: dense values in the order n, c, h, w of `shape`.
std::vector<std::uint32_t> read_operand(const TiuJob& job, bool is_constant, std::uint32_t address_or_value,
                                        const TensorView& view, const char* operand);

}  // namespace vnpu::bm1684x
