#include "sim/cv18xx/tensor_view.h"

#include <string>

#include "base/error.h"

namespace vnpu::cv18xx {
namespace {

std::uint32_t operand_address(const TiuCommand& command, std::uint32_t low16, const Quirks& quirks) {
  return quirks.operand_page_from_result ? (command.res0_addr & 0xFF0000) | low16 : low16;
}

}  // namespace

void apply_stride_code(TensorView& view, std::uint32_t code) {
  const std::uint64_t rows = ceil_div(std::uint64_t{view.start_lane} + view.c, view.lanes);
  switch (code) {
    case stride_aligned:
    case stride_dense:
      view.w_stride = view.element;
      view.h_stride = std::uint64_t{view.w} * view.element;
      view.c_stride = view.h * view.h_stride;
      if (code == stride_aligned) view.c_stride = align_up(view.c_stride, eu_num);
      view.n_stride = view.c_stride * rows;
      view.plane_stride = view.n * view.n_stride;
      break;
    case stride_bias:
      view.w_stride = view.h_stride = view.c_stride = view.element;
      view.n_stride = view.c_stride * rows;
      view.plane_stride = ceil_div(view.c, view.lanes) * view.element;
      break;
    default: break;
  }
}

// One function for each operand: they differ in the names of their registers only.
#define VNPU_OPERAND_VIEW(operand, address)               \
  TensorView view;                                        \
  view.name = #operand;                                   \
  view.n = command.operand##_n;                           \
  view.c = command.operand##_c;                           \
  view.h = command.operand##_h;                           \
  view.w = command.operand##_w;                           \
  view.element = command.opd_typ ? 2 : 1;                 \
  view.lanes = lanes;                                     \
  view.start_lane = (address) / lane_bytes;               \
  view.offset = (address) % lane_bytes;                   \
  view.n_stride = command.operand##_n_str;                \
  view.c_stride = command.operand##_c_str;                \
  view.h_stride = command.operand##_h_str;                \
  view.w_stride = command.operand##_w_str;                \
  view.plane_stride = command.operand##_b_str;            \
  apply_stride_code(view, command.short_##operand##_str); \
  return view;

TensorView res0_view(const TiuCommand& command,
                     std::uint32_t lanes){VNPU_OPERAND_VIEW(res0, command.res0_addr)} TensorView
    opd0_view(const TiuCommand& command, std::uint32_t lanes){VNPU_OPERAND_VIEW(opd0, command.opd0_addr)} TensorView
    opd1_view(const TiuCommand& command, std::uint32_t lanes, const Quirks& quirks){
        VNPU_OPERAND_VIEW(opd1, operand_address(command, command.opd1_addr, quirks))} TensorView
    opd2_view(const TiuCommand& command, std::uint32_t lanes, const Quirks& quirks) {
  VNPU_OPERAND_VIEW(opd2, operand_address(command, command.opd2_addr, quirks))
}
#undef VNPU_OPERAND_VIEW

void require_inside(const TensorView& view, std::uint32_t planes, const char* operation) {
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::fault, std::string(operation) + ": " + view.name + " (" + std::to_string(view.n) + ", " +
                                      std::to_string(view.c) + ", " + std::to_string(view.h) + ", " +
                                      std::to_string(view.w) + ") " + why);
  };
  if (view.count() == 0) refuse("has a size of 0");
  if (view.count() > std::uint64_t{view.lanes} * lane_bytes) refuse("has more elements than local memory has bytes");
  const std::uint64_t span = (view.n - 1) * view.n_stride + (view.h - 1) * view.h_stride +
                             (view.w - 1) * view.w_stride + (planes - 1) * view.plane_stride + view.element;
  if (view.start_lane >= view.lanes) {
    refuse("starts in lane " + std::to_string(view.start_lane) + " of " + std::to_string(view.lanes));
  }
  const std::uint64_t last_row = (std::uint64_t{view.start_lane} + view.c - 1) / view.lanes;
  const std::uint64_t end = view.offset + last_row * view.c_stride + span;
  if (end > lane_bytes) {
    refuse("at address " + std::to_string(view.start_lane * lane_bytes + view.offset) + " reaches byte " +
           std::to_string(end - 1) + " of a lane of " + std::to_string(lane_bytes) + " bytes");
  }
}

}  // namespace vnpu::cv18xx
