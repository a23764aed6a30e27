#include <cstdint>

#include "sim/cv18xx/host_functions/access.h"
#include "sim/cv18xx/host_functions/functions.h"

namespace vnpu::cv18xx {

namespace {

struct Row {
  std::string_view name;  // cpu_routine.function_section
  HostFunction function;
};

constexpr Row rows[] = {
    {"argmax", host::argmax},
    {"argmax_v3", host::argmax_v3},
    {"argmax_with_conf", host::argmax_with_conf},
    {"cpu_reduce_max", host::reduce_max},
    {"cpu_reduce_mean", host::reduce_mean},
    {"cumsum", host::cumsum},
    {"deform_conv2d", host::deform_conv2d},
    {"deform_im2col", host::deform_im2col},
    {"detectionoutput", host::detection_output},
    {"embedding", host::embedding},
    {"frcn_detection", host::frcn_detection},
    {"gatherelements_pt", host::gather_elements},
    {"gathernd_tf", host::gather_nd},
    {"grid_sampler", host::grid_sampler},
    {"instance_norm", host::instance_norm},
    {"interp", host::interp},
    {"pixelshuffle", host::pixel_shuffle},
    {"preprocess", host::preprocess},
    {"proposal", host::proposal},
    {"quant", host::quant},
    {"reduce_l2", host::reduce_l2},
    {"retinaface_detection", host::retinaface_detection},
    {"roi_pooling", host::roi_pooling},
    {"softmax", host::softmax},
    {"softmax_cpu", host::softmax},
    {"topk", host::top_k},
    {"transpose", host::transpose},
    {"yolo_detection", host::yolo_detection},
};

// It must have elements, and bytes that hold them all; every function relies on it, also for the bounds of its loops.
void check(const HostCall& call, const HostTensor& tensor) {
  std::uint64_t bytes = size_of(tensor.dtype);
  for (const std::int64_t size : tensor.shape) {
    if (size < 0) host::damaged(call, "tensor " + host::describe(tensor) + " has a negative dimension");
    if (size == 0) host::damaged(call, "tensor " + host::describe(tensor) + " is empty");
    const auto n = static_cast<std::uint64_t>(size);
    if (bytes > (std::uint64_t{1} << 40) / n) {
      host::damaged(call, "tensor " + host::describe(tensor) + " is too large");
    }
    bytes *= n;
  }
  if (bytes > tensor.bytes.size()) {
    host::damaged(call, "tensor " + host::describe(tensor) + " has only " + std::to_string(tensor.bytes.size()) +
                            " bytes of memory");
  }
}

}  // namespace

HostFunction find_host_function(std::string_view name) {
  for (const Row& row : rows) {
    if (row.name == name) return row.function;
  }
  return nullptr;
}

std::vector<std::string_view> host_function_names() {
  std::vector<std::string_view> names;
  for (const Row& row : rows) names.push_back(row.name);
  return names;
}

void run_host_function(HostCall& call) {
  const HostFunction function = find_host_function(call.function);
  if (function == nullptr) {
    throw Error(ErrorKind::unsupported, "CPU function '" + call.function + "' is not known");
  }
  for (const HostTensor& tensor : call.inputs) check(call, tensor);
  for (const HostTensor& tensor : call.outputs) check(call, tensor);
  function(call);
}

}  // namespace vnpu::cv18xx
