#include "base/error.h"
#include "sim/k210/v5/operations.h"

namespace vnpu::k210::v5 {

DType TensorJob::dtype(std::size_t i) const {
  DType out{};
  if (!kmodel::v5::data_type(static_cast<std::uint8_t>(operand(i)), out) || out == DType::bf16) {
    throw Error(ErrorKind::unsupported, place.offset, place.what,
                "element type " + std::to_string(operand(i)) + " is not supported");
  }
  return out;
}

View TensorJob::read(const Address& address, DType type, const Extents& extents, std::size_t strides) const {
  auto view = make_view(place, address, type, extents, shape(strides), false);
  budget.charge(place, view.count + 1);
  return view;
}

View TensorJob::write(const Address& address, DType type, const Extents& extents, std::size_t strides) const {
  auto view = make_view(place, address, type, extents, shape(strides), true);
  budget.charge(place, view.count + 1);
  return view;
}

View TensorJob::read_float(const Address& address, std::size_t extents, std::size_t strides) const {
  return read(address, DType::f32, shape(extents), strides);
}

void execute_tensor(TensorJob& job) {
  switch (job.instruction.function) {
    case TensorFunction::binary: return binary(job);
    case TensorFunction::broadcast: return broadcast_copy(job);
    case TensorFunction::conv2d: return conv2d(job);
    case TensorFunction::convert: return convert(job);
    case TensorFunction::copy: return copy(job);
    case TensorFunction::dequantize: return dequantize(job);
    case TensorFunction::lut1d: return lut1d(job);
    case TensorFunction::matmul: return matmul(job);
    case TensorFunction::pad: return pad(job);
    case TensorFunction::quantize: return quantize(job);
    case TensorFunction::reduce: return reduce(job);
    case TensorFunction::reduce_window2d: return reduce_window2d(job);
    case TensorFunction::resize_image: return resize_image(job);
    case TensorFunction::sigmoid: return sigmoid(job);
    case TensorFunction::slice: return slice(job);
    case TensorFunction::softmax: return softmax(job);
    case TensorFunction::transpose: return transpose(job);
    case TensorFunction::unary: return unary(job);
    case TensorFunction::call: break;  // the machine's
  }
  throw Error(ErrorKind::internal, "a tensor function without an executor");
}

}  // namespace vnpu::k210::v5
