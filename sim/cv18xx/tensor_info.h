// The file's tensors in the family-neutral form, and the commands of a section in an order to execute.
#pragma once

#include <string>
#include <vector>

#include "isa/cv18xx/command_stream.h"
#include "models/cvimodel/model.h"
#include "sim/core/network.h"

namespace vnpu::cv18xx {

// Shape and dtype of the bytes in memory: an aligned image is u8 [1,1,1,size].
TensorInfo tensor_info(const cvimodel::Tensor& tensor, bool is_input);
std::vector<TensorInfo> tensor_infos(const cvimodel::Program& program, const std::vector<std::string>& names,
                                     bool is_input);

// Commands of a CMDBUF section in file order, or of a DMABUF section in an order that respects its sync ids.
std::vector<StreamEntry> read_commands(const cvimodel::Section& section, bool is_dmabuf, const Chip& chip);

}  // namespace vnpu::cv18xx
