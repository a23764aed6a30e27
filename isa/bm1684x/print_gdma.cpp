#include <array>

#include "base/text.h"
#include "isa/bm1684x/print.h"

namespace vnpu::bm1684x {
namespace {

using Four = std::array<std::uint32_t, 4>;

std::string list(std::initializer_list<std::uint32_t> values, const char* separator = ",") {
  std::string text;
  for (const auto value : values) text += (text.empty() ? "" : separator) + std::to_string(value);
  return text;
}

std::string list(const Four& values, const char* separator) {
  return list({values[0], values[1], values[2], values[3]}, separator);
}

std::string strides(const GdmaCommand& c, const Four& values) {
  return c.stride_enable ? " str=" + list(values, ",") : "";
}

std::string source(const GdmaCommand& c, const std::string& rest) {
  const std::string type = std::string(" ") + prec_name(c.src_data_format);
  if (c.fill_constant_en) return "src =" + hex(c.constant_value) + type;
  return "src " + global_address(c.src_address()) + type + rest;
}

}  // namespace

Line line_of(const GdmaCommand& c) {
  Line line;
  const Four src{c.src_nsize, c.src_csize, c.src_hsize, c.src_wsize};
  const Four dst{c.dst_nsize, c.dst_csize, c.dst_hsize, c.dst_wsize};
  const Four src_strides{c.src_nstride, c.src_cstride, c.src_hstride, c.src_wstride};
  const Four dst_strides{c.dst_nstride, c.dst_cstride, c.dst_hstride, c.dst_wstride};
  const std::string to = "dst " + global_address(c.dst_address());
  switch (c.cmd_type) {
    case dma_sys: return line;
    case dma_general:
      line.operands = {to + (c.cmd_special_function == 1 ? " lanes=" + std::to_string(c.dst_csize) : ""),
                       source(c, " elements=" + std::to_string(c.src_cstride))};
      break;
    case dma_gather:
    case dma_scatter:
      line.operands = {to + " " + list({1, c.dst_csize, c.dst_hsize, c.dst_wsize}, "x") +
                           " str=" + std::to_string(c.dst_cstride) + "," + std::to_string(c.dst_hstride),
                       source(c, " " + list({1, c.src_csize, c.src_hsize, c.src_wsize}, "x") +
                                     " str=" + std::to_string(c.src_cstride) + "," + std::to_string(c.src_hstride)),
                       "index " + global_address(c.index_address()) + " " +
                           list({1, c.index_csize, c.index_hsize, 1}, "x") + " str=" + std::to_string(c.index_cstride) +
                           "," + std::to_string(c.index_hstride)};
      if (c.constant_value) line.attributes.push_back("fill=" + hex(c.constant_value));
      return line;
    case dma_masked_select:
      line.operands = {to, source(c, " " + list(src, "x")),
                       "mask " + global_address(c.index_address()) + " " + prec_name(c.index_data_format)};
      break;
    case dma_nonzero:
      line.operands = {to + " " + prec_name(c.index_data_format), source(c, " " + list(src, "x"))};
      if (c.dst_nstride) line.attributes.push_back("base=" + std::to_string(c.dst_nstride));
      break;
    case dma_matrix: {
      // The side in DDR is a matrix, the other one its rows folded over lanes.
      const bool load = c.dst_address() < ddr_base;
      const auto matrix = [](std::uint32_t rows, std::uint32_t columns, std::uint32_t stride) {
        return " " + std::to_string(rows) + "x" + std::to_string(columns) + " str=" + std::to_string(stride);
      };
      const auto folded = [](const Four& size, const Four& stride) {
        return " " + list({size[0], size[1], 1, size[3]}, "x") + " str=" + list({stride[0], stride[1]});
      };
      line.operands = {to + (load ? folded(dst, dst_strides) : matrix(dst[2], dst[3], dst_strides[2])),
                       source(c, load ? matrix(src[2], src[3], src_strides[2]) : folded(src, src_strides))};
      break;
    }
    default:
      line.operands = {to + (c.nchw_copy ? "" : " " + list(dst, "x")) + strides(c, dst_strides),
                       source(c, " " + list(src, "x") + strides(c, src_strides))};
      if (c.fill_constant_en) line.operands[0] = to + " " + list(dst, "x") + strides(c, dst_strides);
  }
  if (!c.cmd_short && ~c.lane_mask() != 0) line.attributes.push_back("lanes=" + hex(c.lane_mask(), 16));
  if (c.decompress_enable) line.attributes.emplace_back("decompress");
  return line;
}

}  // namespace vnpu::bm1684x
