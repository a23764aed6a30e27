#include "models/cvimodel/model.h"

namespace vnpu::cvimodel {

std::uint64_t Tensor::count() const {
  std::uint64_t product = 1;
  for (const auto dim : shape) product *= static_cast<std::uint64_t>(dim);
  return product;
}

const Tensor* Program::find(std::string_view name) const {
  for (const Tensor& tensor : tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

const Section* Model::find_section(std::string_view name) const {
  for (const Section& section : sections) {
    if (section.name == name) return &section;
  }
  return nullptr;
}

}  // namespace vnpu::cvimodel
