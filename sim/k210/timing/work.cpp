#include "sim/k210/timing/work.h"

#include <algorithm>
#include <utility>

namespace vnpu::k210 {
namespace {

constexpr std::uint64_t most = std::uint64_t{1} << 40;  // of one count: what is larger costs no more

std::uint64_t product(std::initializer_list<std::uint64_t> factors) {
  std::uint64_t all = 1;
  for (const std::uint64_t factor : factors) {
    if (factor != 0 && all > most / factor) return most;
    all *= factor;
  }
  return all;
}

std::uint64_t count(const kmodel::v4::Shape& shape) {
  const auto dim = [&](std::size_t i) { return static_cast<std::uint64_t>(shape[i]); };
  return product({dim(0), dim(1), dim(2), dim(3)});
}

std::uint64_t size(std::int32_t value) { return static_cast<std::uint64_t>(std::max(value, 0)); }

struct V3Work {
  const kmodel::v3::Layer& layer;

  CpuWork elements(std::uint64_t n, std::uint64_t functions = 0) const {
    CpuWork work;
    work.elements = n;
    work.functions = functions;
    return work;
  }
  static CpuWork moved(std::uint64_t bytes) {
    CpuWork work;
    work.moved = bytes;
    return work;
  }
  CpuWork operator()(const kmodel::v3::Add& l) const { return elements(l.count); }
  CpuWork operator()(const kmodel::v3::QuantizedAdd& l) const { return elements(l.count); }
  CpuWork operator()(const kmodel::v3::GlobalAveragePool& l) const {
    return elements(product({l.kernel_size, l.channels}));
  }
  CpuWork operator()(const kmodel::v3::Pool& l) const {
    return elements(
        product({l.out_shape.width, l.out_shape.height, l.out_shape.channels, product({l.kernel_w, l.kernel_h})}));
  }
  CpuWork operator()(const kmodel::v3::Quantize& l) const { return elements(l.count); }
  CpuWork operator()(const kmodel::v3::Requantize& l) const { return elements(l.count); }
  CpuWork operator()(const kmodel::v3::Channelwise& l) const {
    const bool functions = layer.type != kmodel::v3::LayerType::l2_normalization;
    return elements(2ull * l.channels, functions ? l.channels : 0);
  }
  CpuWork operator()(const kmodel::v3::Concat& l) const {
    std::uint64_t bytes = 0;
    for (const auto& piece : l.pieces) bytes += piece.size;
    return moved(bytes);
  }
  CpuWork operator()(const kmodel::v3::FullyConnected& l) const {
    CpuWork work;
    work.products = product({l.in_channels, l.out_channels});
    return work;
  }
  CpuWork operator()(const kmodel::v3::Flatten& l) const {
    return elements(product({l.shape.width, l.shape.height, l.shape.channels}));
  }
  CpuWork operator()(const kmodel::v3::Resize& l) const {
    return elements(product({l.out_width, l.out_height, l.shape.channels}));
  }
  CpuWork operator()(const kmodel::v3::ChannelwiseDequantize& l) const {
    return elements(product({l.channels, l.channel_size}));
  }
  CpuWork operator()(const kmodel::v3::RemovePadding& l) const { return moved(l.channels); }
  CpuWork operator()(const kmodel::v3::AddPadding& l) const { return uploaded(l.channels); }
  CpuWork operator()(const kmodel::v3::Upload& l) const {
    return uploaded(product({l.shape.width, l.shape.height, l.shape.channels}));
  }
  static CpuWork uploaded(std::uint64_t bytes) {
    CpuWork work;
    work.uploaded = bytes;
    return work;
  }
  CpuWork operator()(const kmodel::v3::Conv&) const { return {}; }
  CpuWork operator()(const kmodel::v3::Unknown&) const { return {}; }
};

// By the size of what a node writes, and what it does for each element of it.
struct V4Work {
  template <class Node>
  CpuWork operator()(const Node& n) const {
    using namespace kmodel::v4;
    CpuWork work;
    if constexpr (std::is_same_v<Node, Unknown> || std::is_same_v<Node, KpuConv2d>) {
      return work;
    } else if constexpr (std::is_same_v<Node, KpuUpload>) {
      work.uploaded = count(n.in_shape);
    } else if constexpr (std::is_same_v<Node, Conv2d> || std::is_same_v<Node, QuantizedConv2d>) {
      work.products = product({elements(n.out), size(n.in_shape[1] / std::max(n.groups, 1)), size(n.window.filter_h),
                               size(n.window.filter_w)});
    } else if constexpr (std::is_same_v<Node, Conv2dTranspose>) {
      work.products = product({count(n.in_shape), size(n.out_shape[1] / std::max(n.groups, 1)), size(n.window.filter_h),
                               size(n.window.filter_w)});
    } else if constexpr (std::is_same_v<Node, Matmul> || std::is_same_v<Node, QuantizedMatmul>) {
      work.products = product({size(n.a_rows), size(n.a_cols), size(n.b_cols)});
    } else if constexpr (std::is_same_v<Node, ReduceWindow2d>) {
      work.elements = product({elements(n.out), size(n.window.filter_h), size(n.window.filter_w)});
    } else if constexpr (std::is_same_v<Node, Reduce>) {
      work.elements = count(n.in_shape);
    } else if constexpr (std::is_same_v<Node, Softmax>) {
      work.elements = 3 * elements(n.out);
      work.functions = elements(n.out);
    } else if constexpr (std::is_same_v<Node, Unary> || std::is_same_v<Node, NnilUnary>) {
      work.elements = work.functions = elements(n.out);
    } else if constexpr (std::is_same_v<Node, MemoryCopy> || std::is_same_v<Node, Concat>) {
      work.moved = n.out.size;
    } else if constexpr (std::is_same_v<Node, Quantization> || std::is_same_v<Node, TableLookup1d>) {
      work.elements = elements(n.out);
    } else {
      work.walked = elements(n.out);
    }
    return work;
  }
  static std::uint64_t elements(const kmodel::v4::MemoryRange& range) {
    return range.type == kmodel::v4::DataType::float32 ? range.size / 4 : range.size;
  }
};

}  // namespace

double CpuWork::cycles(const TimingValues& v) const {
  return static_cast<double>(elements) * (version3 ? v.element_v3 : v.element) +
         static_cast<double>(walked) * v.walked + static_cast<double>(functions) * v.function +
         static_cast<double>(products) * v.product + static_cast<double>(moved) * v.copy_byte +
         static_cast<double>(uploaded) * v.upload_byte;
}

CpuWork work_of(const kmodel::v3::Layer& layer) {
  CpuWork work = std::visit(V3Work{layer}, layer.body);
  work.version3 = true;
  return work;
}

CpuWork work_of(const kmodel::v4::Node& node) { return std::visit(V4Work{}, node.body); }

std::int64_t VmSizes::operand(const VmInstruction& instruction, std::string_view field, std::int64_t otherwise) {
  std::string_view fields = instruction.fields;
  for (std::size_t i = 0; !fields.empty(); ++i) {
    const auto end = std::min(fields.find(' '), fields.size());
    if (fields.substr(0, end) == field) return instruction.values[i];
    fields.remove_prefix(std::min(end + 1, fields.size()));
  }
  return otherwise;
}

const VmSizes::Extents& VmSizes::shape(const VmInstruction& instruction, std::string_view field) const {
  static const Extents none;
  const std::int64_t at = operand(instruction, field, -1);
  return at < 0 || at > 255 ? none : shapes_[static_cast<std::size_t>(at)];
}

CpuWork VmSizes::take(const VmInstruction& instruction) {
  const auto pop = [&](std::size_t n) {
    n = std::min(n, stack_.size());
    Extents top(stack_.end() - static_cast<std::ptrdiff_t>(n), stack_.end());
    stack_.resize(stack_.size() - n);
    return top;
  };
  switch (instruction.op) {
    case VmOp::ldc_i4: stack_.push_back(instruction.values[0]); return {};
    case VmOp::ldc_i4_1: stack_.push_back(1); return {};
    case VmOp::stshape:
      shapes_[static_cast<std::size_t>(instruction.values[0] & 255)] =
          pop(static_cast<std::size_t>(instruction.values[1] & 255));
      return {};
    case VmOp::stpaddings: pop(3 * static_cast<std::size_t>(instruction.values[1] & 255)); return {};
    case VmOp::tensor: break;
    default: stack_.push_back(0); return {};
  }
  const auto counted = [&](std::string_view field) {
    std::uint64_t all = 1;
    for (const std::int64_t extent : shape(instruction, field)) {
      all = product({all, static_cast<std::uint64_t>(std::clamp<std::int64_t>(extent, 0, std::int64_t{1} << 32))});
    }
    return all;
  };
  const auto size_of = [&](std::string_view field) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(operand(instruction, field, 1), 1));
  };
  CpuWork work;
  if (instruction.function == TensorFunction::conv2d) {
    const Extents& in = shape(instruction, "sh_in");
    if (in.size() == 4) {
      work.products =
          product({counted("sh_w"), counted("sh_in") / std::max<std::uint64_t>(1, static_cast<std::uint64_t>(in[1])) /
                                        size_of("stride_h") / size_of("stride_w")});
    }
  } else if (instruction.function == TensorFunction::matmul) {
    const Extents& b = shape(instruction, "sh_b");
    work.products =
        product({counted("sh_a"), b.empty() ? 1 : static_cast<std::uint64_t>(std::max<std::int64_t>(b.back(), 1))});
  } else if (instruction.function == TensorFunction::reduce_window2d) {
    work.elements = product({counted("sh"), size_of("filter_h"), size_of("filter_w")}) /
                    (size_of("stride_h") * size_of("stride_w"));
  } else if (instruction.function != TensorFunction::call) {
    for (const auto field : {"sh", "sh_in", "sh_out", "sh_a", "sh_b"}) {
      if (operand(instruction, field, -1) >= 0) work.elements = std::max(work.elements, counted(field));
    }
    const bool functions = instruction.function == TensorFunction::softmax ||
                           instruction.function == TensorFunction::sigmoid ||
                           instruction.function == TensorFunction::unary;
    if (functions) work.functions = work.elements;
    using enum TensorFunction;
    for (const TensorFunction walker : {binary, pad, resize_image, slice, transpose, broadcast}) {
      if (instruction.function == walker) work.walked = std::exchange(work.elements, 0);
    }
  }
  stack_.clear();  // what is left are the function's addresses
  return work;
}

}  // namespace vnpu::k210
