// What the KPU has and what it has not.
#include "sim/k210/kpu.h"

#include "base/error.h"

namespace vnpu::k210 {
namespace {

// The fields that say how a map lies in the lines must be those of its width: simulators go by the width, the KPU by
// the fields, and no converter lets them differ.
void check_lines(std::vector<LayerNote>& notes, const MapShape& shape, std::int64_t group, std::int64_t row_switch,
                 std::int64_t channel_switch, const std::string& prefix) {
  const RowLayout layout = row_layout(shape.width);
  const auto compare = [&](const std::string& field, std::int64_t found, std::uint64_t wanted) {
    if (found == static_cast<std::int64_t>(wanted)) return;
    notes.push_back({true, field,
                     std::to_string(found) + ", but a map " + std::to_string(shape.width) + " wide and " +
                         std::to_string(shape.height) + " high has " + std::to_string(wanted)});
  };
  compare(prefix == "wb_" ? "wb_group" : "coef_group", group, layout.groups);
  compare(prefix + "row_switch_addr", row_switch, layout.row_lines);
  compare(prefix + "channel_switch_addr", channel_switch, shape.group_lines() & 0x7FFF);
}

void check_map(std::vector<LayerNote>& notes, std::uint64_t line, const MapShape& shape, std::uint64_t batches,
               const char* field) {
  try {
    AiRam::require(line, shape, "a map");
    AiRam::require(line + (batches - 1) * shape.lines(), shape, "the map of the last batch");
  } catch (const Error& error) {
    notes.push_back({true, field, error.what()});
  }
}

}  // namespace

MapShape input_shape(const Layer& layer) { return {layer.in_channels(), layer.in_height(), layer.in_width()}; }

MapShape output_shape(const Layer& layer, Arithmetic arithmetic) {
  const PoolShape* pool = pool_shape(layer.pool_type);
  if (arithmetic == Arithmetic::v3 || !pool) return {layer.out_channels(), layer.out_height(), layer.out_width()};
  return {layer.out_channels(), layer.in_height() / pool->stride, layer.in_width() / pool->stride};
}

std::vector<LayerNote> check_layer(const Layer& layer, Arithmetic arithmetic, std::uint32_t batches) {
  std::vector<LayerNote> notes;
  const auto refuse = [&](std::string field, std::string text) {
    notes.push_back({true, std::move(field), std::move(text)});
  };
  const auto remark = [&](std::string field, std::string text) {
    notes.push_back({false, std::move(field), std::move(text)});
  };
  const auto values = field_values(layer);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Field& field = layer_fields()[i];
    if (field.effect == Effect::refused && values[i] != 0) {
      refuse(std::string(field.name),
             std::to_string(values[i]) + " is not known: no converter sets it and no public source describes it");
    }
  }
  if (layer.kernel() == 0) refuse("kernel_type", std::to_string(layer.kernel_type) + " is neither 1x1 (0) nor 3x3 (1)");
  if (!pool_shape(layer.pool_type)) refuse("pool_type", std::to_string(layer.pool_type) + " does not exist");
  if (layer.depthwise() && layer.in_channels() != layer.out_channels()) {
    refuse("depth_wise_layer", "a depthwise layer of " + std::to_string(layer.in_channels()) + " input and " +
                                   std::to_string(layer.out_channels()) + " output channels");
  }
  if (batches == 0) refuse("batches", "none");
  if (!notes.empty()) return notes;

  const MapShape in = input_shape(layer), out = output_shape(layer, arithmetic);
  const PoolShape& pool = *pool_shape(layer.pool_type);
  const MapShape told{layer.out_channels(), layer.out_height(), layer.out_width()};
  if (out.count() == 0) {
    refuse("pool_type", "the input is smaller than the pooling stride");
  } else if (out.width != told.width || out.height != told.height ||
             (layer.pool_type == pool_none && (told.width != in.width || told.height != in.height))) {
    refuse("o_row_wid", "an output of " + std::to_string(told.width) + "x" + std::to_string(told.height) +
                            " does not come from an input of " + std::to_string(in.width) + "x" +
                            std::to_string(in.height) + " by pooling with stride " + std::to_string(pool.stride));
  } else if (std::uint64_t{out.width - 1} * pool.stride >= in.width ||
             std::uint64_t{out.height - 1} * pool.stride >= in.height) {
    refuse("o_row_wid", "the last pooling windows lie outside of the input map");
  }
  if (!notes.empty()) return notes;
  check_map(notes, static_cast<std::uint64_t>(layer.image_src_addr), in, batches, "image_src_addr");
  check_map(notes, static_cast<std::uint64_t>(layer.image_dst_addr), out, batches, "image_dst_addr");
  check_lines(notes, in, layer.coef_group, layer.row_switch_addr, layer.channel_switch_addr, "");
  check_lines(notes, out, layer.wb_group, layer.wb_row_switch_addr, layer.wb_channel_switch_addr, "wb_");
  if (in.width > 320 || in.height > 240) {
    remark("i_row_wid", "the vendor states input maps up to 320x240, this one is " + std::to_string(in.width) + "x" +
                            std::to_string(in.height));
  }
  if (out.width < 4 || out.height < 4) {
    remark("o_row_wid", "the vendor states output maps from 4x4, this one is " + std::to_string(out.width) + "x" +
                            std::to_string(out.height));
  }
  return notes;
}

}  // namespace vnpu::k210
