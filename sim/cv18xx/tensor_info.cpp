#include "sim/cv18xx/tensor_info.h"

#include <cmath>

#include "base/error.h"
#include "isa/cv18xx/schedule.h"
#include "sim/cv18xx/placement.h"

namespace vnpu::cv18xx {

TensorInfo tensor_info(const cvimodel::Tensor& tensor, bool is_input) {
  TensorInfo info;
  info.name = tensor.name;
  info.dtype = tensor.dtype;
  info.byte_size = tensor.byte_size();
  if (tensor.aligned && info.byte_size != tensor.count() * size_of(tensor.dtype)) {
    info.dtype = DType::u8;
    info.shape = {1, 1, 1, static_cast<std::int64_t>(info.byte_size)};
  } else {
    info.shape.assign(tensor.shape.begin(), tensor.shape.end());
  }
  if (tensor.quant) {
    info.qscale = tensor.quant->qscale;
    info.zero_point = static_cast<int>(std::lround(tensor.quant->zero_point));
  }
  info.is_input = is_input;
  info.memory = tensor.place ? base_name(tensor.place->sel) : "host";
  if (tensor.place) info.address = tensor.place->offset;
  info.image.pixel_format = tensor.pixel_format;
  info.image.aligned = tensor.aligned;
  info.image.mean = tensor.mean;
  info.image.scale = tensor.scale;
  info.image.shape.assign(tensor.shape.begin(), tensor.shape.end());
  return info;
}

std::vector<TensorInfo> tensor_infos(const cvimodel::Program& program, const std::vector<std::string>& names,
                                     bool is_input) {
  std::vector<TensorInfo> infos;
  for (const auto& name : names) {
    const auto* found = program.find(name);
    if (!found)
      throw Error(ErrorKind::damaged, "tensor '" + name + "' is named as input or output and not in the tensor map");
    infos.push_back(tensor_info(*found, is_input));
  }
  return infos;
}

std::vector<StreamEntry> read_commands(const cvimodel::Section& section, bool is_dmabuf, const Chip& chip) {
  const ByteView bytes(section.bytes, section.compressed ? 0 : section.file_offset);
  if (!is_dmabuf) return parse_cmdbuf(bytes, chip);
  std::vector<StreamEntry> entries;
  for (const CommandGroup& group : parse_dmabuf(bytes).groups) {
    for (StreamEntry& entry : in_order(group)) entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace vnpu::cv18xx
