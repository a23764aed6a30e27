#include "sim/ax620/timing/cost.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace vnpu::ax620 {
namespace {

double up(double a, double b) { return std::ceil(a / b); }

// Numbers of the file as they are; the executor is what checks them.
double times(const pb::Detail& detail) {
  double out = 1;
  for (const auto count : detail.times()) out *= std::max(count, 0);
  return out;
}

std::uint64_t bytes(const pb::Detail& detail) {
  return static_cast<std::uint64_t>(std::min(std::max(detail.subsize(), 0) * times(detail), 1e12));
}

double beats(const pb::Detail& detail) { return times(detail) * up(std::max(detail.subsize(), 0), 16); }

// 8-bit weights: 16 input and 8 output channels of a 3x3 window a cycle; 2-bit weights: 16 and 32; a 1x1 layer: 32
// and 32.
CommandWork conv(const pb::ConvCmd& in, const TimingValues& values) {
  CommandWork out;
  double channels = 0;
  for (const auto& input : in.inputs()) channels += std::max(input.c(), 0);
  const bool im2col = in.l_stride() == 3 && in.p_stride() == 3 && in.output_width() == 1 && in.inputs_size() > 0 &&
                      in.inputs(0).line_count() == 1;
  if (im2col) channels = std::floor(channels / 9);
  const double lines = static_cast<double>(in.output_lc()) * std::max(in.l_pooling(), 1);
  const double width = static_cast<double>(in.output_width()) * std::max(in.p_pooling(), 1);
  const double filters = in.output_ch();
  double cycles, fill = 1;
  if (in.conv_1x1_opt()) {
    cycles = lines * width * up(channels, 32) * up(filters, 32);
    fill = 0.5;
  } else {
    cycles = lines * width * up(channels, 16) * up(filters, in.w_bit() == 8 ? 8 : 32);
    if (in.l_stride() == 2 && in.p_stride() == 2) fill = 2;
  }
  const double input_width = in.inputs_size() > 0 ? in.inputs(0).width() : 0;
  out.array_cycles = std::max(0.0, cycles + values.conv_start + values.conv_line * lines +
                                       values.conv_fill * input_width * channels / 8 * fill);
  const double macs = lines * width * channels * filters * (in.conv_1x1_opt() ? 1 : 9);
  out.macs = static_cast<std::uint64_t>(std::clamp(macs, 0.0, 1e15));
  return out;
}

// Loads through the float unit only expand parameters, at full speed.
void slow_down(const pb::DMAStream& stream, const TimingValues& values, CommandWork& out) {
  for (const auto& unit : stream.sub_ips()) {
    if (unit.has_fma()) out.beats *= values.float_beat;
  }
}

void add_streams(const pb::DMAStream& stream, CommandWork& out) {
  for (const auto& unit : stream.sub_ips()) {
    for (const auto& input : unit.fma().input_stream()) {
      if (input.has_from_ddr()) out.ddr_read += bytes(input.from_ddr());
    }
  }
}

}  // namespace

CommandWork work_of(const pb::Cmd& command, const TimingValues& values) {
  CommandWork out;
  switch (kind(command)) {
    case Kind::sync: break;
    case Kind::conv: return conv(command.conv(), values);
    case Kind::fetch: out.fetch_bytes = std::max(command.fetch().from_ocm().subsize(), 0); break;
    case Kind::ld:
      out.beats = beats(command.ld().to_ocm());
      out.ddr_read = bytes(command.ld().from_ddr()) * command.ld().has_from_ddr() +
                     bytes(command.ld().uv_from_ddr()) * command.ld().has_uv_from_ddr();
      add_streams(command.ld().dma_stream(), out);
      break;
    case Kind::st:
      out.beats = beats(command.st().from_ocm());
      out.ddr_written = bytes(command.st().to_ddr());
      add_streams(command.st().dma_stream(), out);
      slow_down(command.st().dma_stream(), values, out);
      break;
    case Kind::mv:
      out.beats =
          std::max(command.mv().has_from_ocm() ? beats(command.mv().from_ocm()) : 0.0, beats(command.mv().to_ocm()));
      add_streams(command.mv().dma_stream(), out);
      slow_down(command.mv().dma_stream(), values, out);
      break;
    default:
      throw Error(ErrorKind::unsupported,
                  std::string("profile: the time of '") + name(kind(command)) + "' is not known");
  }
  return out;
}

}  // namespace vnpu::ax620
