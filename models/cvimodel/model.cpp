#include "models/cvimodel/model.h"

#include <algorithm>
#include <future>

#include "base/digest.h"
#include "models/cvimodel/parts.h"

namespace vnpu::cvimodel {
namespace {

constexpr std::uint64_t align(std::uint64_t value, std::uint64_t to) { return (value + to - 1) / to * to; }

}  // namespace

std::uint64_t Tensor::count() const {
  std::uint64_t product = 1;
  for (const auto dim : shape) product *= static_cast<std::uint64_t>(dim);
  return product;
}

bool is_pixel_format(std::string_view name) {
  constexpr std::string_view known[] = {"RGB_PACKED", "BGR_PACKED", "RGB_PLANAR", "BGR_PLANAR",   "RGBA_PLANAR",
                                        "GRAYSCALE",  "YUV_NV12",   "YUV_NV21",   "YUV420_PLANAR"};
  return std::find(std::begin(known), std::end(known), name) != std::end(known);
}

// The sizes of the frames that the board's video path delivers: rows of a multiple of 64 bytes.
std::uint64_t aligned_size(const Tensor& tensor) {
  const auto n = static_cast<std::uint64_t>(tensor.shape[0]), c = static_cast<std::uint64_t>(tensor.shape[1]);
  const auto h = static_cast<std::uint64_t>(tensor.shape[2]), w = static_cast<std::uint64_t>(tensor.shape[3]);
  const std::string& format = tensor.pixel_format;
  const std::uint64_t row = align(w, 64);
  if (format == "RGB_PACKED" || format == "BGR_PACKED") return n * h * align(w * c, 64);
  if (format == "GRAYSCALE") return n * c * h * row;
  if (format == "YUV_NV12" || format == "YUV_NV21") return n * align(align(h * row, 64) + h / 2 * row, 64);
  if (format == "YUV420_PLANAR") {
    const std::uint64_t uv_row = align(w / 2, 64);
    const std::uint64_t u = align(h * align(w, 128), 64);
    const std::uint64_t v = align(u + h / 2 * uv_row, 64);
    return n * align(v + h / 2 * uv_row, 64);
  }
  return n * c * align(row * h, 64);  // the planar ones
}

std::uint64_t Tensor::byte_size() const {
  if (!aligned) return count() * size_of(dtype);
  return size != 0 ? size : aligned_size(*this);
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

const Weight* Model::find_weight(std::string_view name) const {
  for (const Weight& weight : weights) {
    if (weight.name == name) return &weight;
  }
  return nullptr;
}

std::vector<std::string> Model::refusals() const {
  std::vector<std::string> out;
  std::size_t weight_sections = 0;
  for (const Section& section : sections) {
    if (section.encrypted) out.push_back("section \"" + section.name + "\" is encrypted");
    if (section.type == SectionType::func_x86 || section.type == SectionType::func_aarch64) {
      out.push_back("section \"" + section.name + "\" holds custom CPU functions as " +
                    (section.type == SectionType::func_x86 ? "x86" : "aarch64") + " code (FUNC_" +
                    (section.type == SectionType::func_x86 ? "X86)" : "AARCH64)"));
    }
    if (section.type == SectionType::weight) ++weight_sections;
  }
  if (weight_sections > 1) {
    out.push_back(std::to_string(weight_sections) + " weight sections: which program uses which is not known");
  }
  for (std::size_t i = 0; i < programs.size(); ++i) {
    for (const Tensor& tensor : programs[i].tensors) {
      const auto what = "program " + std::to_string(i) + ": tensor \"" + tensor.name + "\" ";
      if (!tensor.stride.empty()) out.push_back(what + "has strides of its own");
      if (!tensor.pixel_format.empty() && !is_pixel_format(tensor.pixel_format)) {
        out.push_back(what + "has the unknown pixel format \"" + tensor.pixel_format + "\"");
      }
    }
  }
  return out;
}

std::uint64_t Model::ion_bytes() const {
  std::uint64_t total = 0, shared = 0;
  for (const Section& section : sections) total += section.size;
  for (const Program& program : programs) {
    total += std::uint64_t{program.neuron_size} + program.private_gmem;
    shared = std::max<std::uint64_t>(shared, program.shared_gmem);
    for (const Tensor& tensor : program.tensors) {
      // The tool counts an aligned buffer as if it were not.
      if (tensor.place && tensor.place->sel > 2) total += tensor.count() * size_of(tensor.dtype);
    }
  }
  return total + shared;
}

namespace {

std::string md5_behind_header(ByteView file) { return md5_hex(file.from(header_bytes, "flatbuffer").span()); }

}  // namespace

Model read_description(ByteView file) {
  Model model;
  model.header = read_header(file);
  check_md5(file, model.header, md5_behind_header(file));
  read_body(file, model);
  return model;
}

void read_section_bytes(ByteView file, Model& model) { read_sections(file, model); }

Model read(ByteView file) {
  // The digest takes most of the time that a large file needs; the rest is read meanwhile.
  constexpr std::uint64_t large = 1 << 20;
  if (file.size() < large) {
    Model model = read_description(file);
    read_section_bytes(file, model);
    return model;
  }
  Model model;
  model.header = read_header(file);
  auto md5 = std::async(std::launch::async, md5_behind_header, file);
  try {
    read_body(file, model);
    read_section_bytes(file, model);
  } catch (const Error&) {
    check_md5(file, model.header, md5.get());  // says more about a damaged file
    throw;
  }
  check_md5(file, model.header, md5.get());
  return model;
}

}  // namespace vnpu::cvimodel
