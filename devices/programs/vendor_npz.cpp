#include "devices/programs/vendor_npz.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/digest.h"
#include "base/error.h"
#include "base/npz.h"

namespace vnpu::programs {
namespace {

void put16(Bytes& out, unsigned value) {
  out.push_back(static_cast<std::uint8_t>(value));
  out.push_back(static_cast<std::uint8_t>(value >> 8));
}
void put32(Bytes& out, std::uint64_t value) {
  put16(out, static_cast<unsigned>(value & 0xffff));
  put16(out, static_cast<unsigned>(value >> 16 & 0xffff));
}

const char* descr(DType dtype) {
  switch (dtype) {
    case DType::f32: return "<f4";
    case DType::i32: return "<i4";
    case DType::u32: return "<u4";
    case DType::i16: return "<i2";
    case DType::bf16:
    case DType::u16: return "<u2";
    case DType::i8: return "<i1";
    default: return "<u1";
  }
}

Bytes vendor_npy(const RuntimeTensor& tensor) {
  const auto& s = tensor.shape;
  std::string head = std::string("{'descr': '") + descr(tensor.dtype) + "', 'fortran_order': False, 'shape': (" +
                     std::to_string(s[0]) + ", " + std::to_string(s[1]) + ", " + std::to_string(s[2]) + ", " +
                     std::to_string(s[3]) + "), }";
  // Magic, version, length and text together take a multiple of 16 bytes.
  head.resize((10 + head.size()) / 16 * 16 + 16 - 10, ' ');
  head.back() = '\n';
  Bytes out{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  put16(out, static_cast<unsigned>(head.size()));
  out.insert(out.end(), head.begin(), head.end());
  const std::uint64_t bytes = std::min<std::uint64_t>(tensor.bytes.size(), tensor.count * size_of(tensor.dtype));
  out.insert(out.end(), tensor.bytes.begin(), tensor.bytes.begin() + static_cast<std::ptrdiff_t>(bytes));
  return out;
}

float bf16_bits(std::uint16_t bits) { return bf16_to_float(bits); }

// Storage of one number of a float array.
std::uint64_t stored(const RuntimeTensor& tensor, float value) {
  const float scaled = std::round(value * tensor.qscale);
  switch (tensor.dtype) {
    case DType::i8: {
      const double q = std::clamp(static_cast<double>(scaled) + tensor.zero_point, -128.0, 127.0);
      return static_cast<std::uint8_t>(static_cast<std::int8_t>(std::isnan(q) ? 0 : q));
    }
    case DType::u8: {  // only the upper bound is looked at
      const double q = std::clamp(static_cast<double>(scaled) + tensor.zero_point, -2147483648.0, 255.0);
      return static_cast<std::uint8_t>(static_cast<std::int32_t>(std::isnan(q) ? 0 : q));
    }
    case DType::i16:
    case DType::u16: {
      const double q = std::clamp<double>(std::round(value), -2147483648.0, 2147483647.0);
      return static_cast<std::uint16_t>(static_cast<std::int32_t>(std::isnan(q) ? 0 : q));
    }
    case DType::bf16: {
      const auto bits = std::bit_cast<std::uint32_t>(value);
      return (bits >> 23 & 0xff) == 0xff ? 0x7f7f : bits >> 16;
    }
    default: return std::bit_cast<std::uint32_t>(value);
  }
}

std::vector<float> numbers(const RuntimeTensor& tensor) {
  Tensor view{tensor.dtype, {static_cast<std::int64_t>(tensor.count)}, tensor.bytes};
  std::vector<float> out(tensor.count);
  if (view.bytes.size() < tensor.count * size_of(tensor.dtype)) view.bytes.resize(tensor.count * size_of(tensor.dtype));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(element_as_double(view, i));
  return out;
}

std::vector<float> numbers(const Tensor& array, bool as_bf16) {
  std::vector<float> out(array.count());
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (as_bf16 && array.dtype == DType::u16) {
      std::uint16_t bits;
      std::memcpy(&bits, array.bytes.data() + 2 * i, 2);
      out[i] = bf16_bits(bits);
    } else {
      out[i] = static_cast<float>(element_as_double(array, i));
    }
  }
  return out;
}

// Of an array that is nearly all zero the zeros are lifted, so that the quotients mean something.
void lift_zeros(std::vector<float>& values) {
  constexpr float tiny = 0.001f;
  const auto small = std::ranges::count_if(values, [](float v) { return std::fabs(v) < tiny; });
  if (static_cast<double>(small) <= 0.9 * static_cast<double>(values.size())) return;
  for (auto& v : values) {
    if (std::fabs(v) < tiny) v = tiny;
  }
}

}  // namespace

Bytes vendor_npz(const std::vector<RuntimeTensor>& tensors) {
  Bytes out, directory;
  for (const auto& tensor : tensors) {
    const Bytes array = vendor_npy(tensor);
    const std::string name = tensor.name + ".npy";
    const std::uint64_t offset = out.size();
    Bytes common;  // of the local header and of the directory
    put16(common, 20);
    for (int i = 0; i < 4; ++i) put16(common, 0);  // flags, method, time, date
    put32(common, crc32(array));
    put32(common, array.size());
    put32(common, array.size());
    put16(common, static_cast<unsigned>(name.size()));
    put16(common, 0);
    out.insert(out.end(), {'P', 'K', 3, 4});
    out.insert(out.end(), common.begin(), common.end());
    out.insert(out.end(), name.begin(), name.end());
    out.insert(out.end(), array.begin(), array.end());
    directory.insert(directory.end(), {'P', 'K', 1, 2, 20, 0});
    directory.insert(directory.end(), common.begin(), common.end());
    directory.insert(directory.end(), 10, 0);  // comment, disk, attributes
    put32(directory, offset);
    directory.insert(directory.end(), name.begin(), name.end());
  }
  const std::uint64_t at = out.size();
  out.insert(out.end(), directory.begin(), directory.end());
  out.insert(out.end(), {'P', 'K', 5, 6, 0, 0, 0, 0});
  put16(out, static_cast<unsigned>(tensors.size()));
  put16(out, static_cast<unsigned>(tensors.size()));
  put32(out, directory.size());
  put32(out, at);
  put16(out, 0);
  return out;
}

std::optional<NamedTensors> read_vendor_npz(ProgramHost& host, Output& out, const std::string& path) {
  const auto file = host.read_file(path);
  if (!file) return std::nullopt;
  try {
    return read_npz(ByteView(*file), NpzLimits{std::uint64_t{1} << 30, 10000});
  } catch (const Error& error) {
    out.complain("vnpu: " + path + ": " + error.what() + "\n");
    abort_program();
  }
}

Tensor load_array(ProgramHost& host, Output& out, const std::string& path, const std::string& name) {
  const auto arrays = read_vendor_npz(host, out, path);
  if (!arrays) terminate_with(out, "npz_load: Error! Unable to open file " + path + "!");
  const Tensor* found = find(*arrays, name);
  if (!found) terminate_with(out, "npz_load: Variable name " + name + " not found in " + path);
  return *found;
}

void fill(Output& out, RuntimeTensor& tensor, const Tensor& array) {
  const bool convert = array.dtype == DType::f32 && tensor.dtype != DType::f32 && tensor.dtype != DType::i32 &&
                       tensor.dtype != DType::u32;
  const bool fits = convert ? array.count() == tensor.count : array.bytes.size() == tensor.bytes.size();
  if (!fits || tensor.bytes.size() < tensor.count * size_of(tensor.dtype)) {
    terminate_with(out, "arr.num_bytes: (" + std::to_string(array.bytes.size()) + ")not same as mem.size: (" +
                            std::to_string(tensor.bytes.size()) + ")\n");
  }
  if (!convert) {
    tensor.bytes = array.bytes;
    return;
  }
  const std::size_t size = size_of(tensor.dtype);
  for (std::size_t i = 0; i < tensor.count; ++i) {
    float value;
    std::memcpy(&value, array.bytes.data() + 4 * i, 4);
    const std::uint64_t bits = stored(tensor, value);
    std::memcpy(tensor.bytes.data() + size * i, &bits, size);
  }
}

void fill_inputs(Output& out, std::vector<RuntimeTensor>& tensors, const NamedTensors& arrays) {
  for (const auto& [key, array] : arrays) {
    const std::string& name = key;
    auto tensor = std::ranges::find_if(tensors, [&](const RuntimeTensor& t) { return t.name.starts_with(name); });
    fill(out, tensor == tensors.end() ? tensors.front() : *tensor, array);
  }
}

Similarity similarity(const RuntimeTensor& tensor, const Tensor& reference) {
  std::vector<float> u = numbers(tensor), v = numbers(reference, tensor.dtype == DType::bf16);
  const std::size_t count = std::min(u.size(), v.size());
  u.resize(count);
  v.resize(count);
  if (u == v) return {};
  lift_zeros(u);
  lift_zeros(v);
  double uv = 0, uu = 0, vv = 0, distance = 0, middle = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const double a = u[i], b = v[i];
    uv += a * b;
    uu += a * a;
    vv += b * b;
    distance += (a - b) * (a - b);
    middle += (a + b) / 2 * ((a + b) / 2);
  }
  const auto n = static_cast<double>(count);
  const auto mean_uv = static_cast<float>(uv / n), mean_uu = static_cast<float>(uu / n),
             mean_vv = static_cast<float>(vv / n);
  const auto cosine = static_cast<float>(mean_uv / std::sqrt(static_cast<double>(mean_uu * mean_vv)));
  return {cosine, cosine, static_cast<float>(1 - std::sqrt(distance) / std::sqrt(middle))};
}

}  // namespace vnpu::programs
