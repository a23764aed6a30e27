#include "sim/runtime/input.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/npz.h"

namespace vnpu {
namespace {

template <class T>
void put(Bytes& bytes, std::uint64_t i, T value) {
  std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
}

template <class T>
T quantised(double x, const TensorInfo& input) {
  const double q = static_cast<double>(stored_number(static_cast<float>(x), input));
  if (std::isnan(q)) return 0;
  return static_cast<T>(std::clamp<double>(q, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
}

void convert_one(Bytes& bytes, std::uint64_t i, double x, const TensorInfo& input) {
  switch (input.dtype) {
    case DType::f32: return put(bytes, i, static_cast<float>(x));
    case DType::bf16: {
      const std::uint16_t bits = float_to_bf16_truncated(static_cast<float>(x));
      return put<std::uint16_t>(bytes, i, (bits & 0x7F80) == 0x7F80 ? 0x7F7F : bits);
    }
    case DType::f16: return put(bytes, i, float_to_f16(static_cast<float>(x)));
    case DType::i8: return put(bytes, i, quantised<std::int8_t>(x, input));
    case DType::u8: return put(bytes, i, quantised<std::uint8_t>(x, input));
    case DType::i16: return put(bytes, i, quantised<std::int16_t>(x, input));
    case DType::u16: return put(bytes, i, quantised<std::uint16_t>(x, input));
    case DType::i32: return put(bytes, i, quantised<std::int32_t>(x, input));
    case DType::u32: return put(bytes, i, quantised<std::uint32_t>(x, input));
    default:
      throw Error(ErrorKind::unsupported,
                  "input '" + input.name + "': numbers cannot be converted to " + std::string(name(input.dtype)));
  }
}

bool same_storage(DType from, DType to) { return from == to || (to == DType::bf16 && from == DType::u16); }

bool is_zip(ByteView file) { return file.size() >= 4 && std::memcmp(file.data(), "PK\x03\x04", 4) == 0; }
bool is_picture(ByteView file) {
  return file.size() >= 4 &&
         (std::memcmp(file.data(), "\x89PNG", 4) == 0 || std::memcmp(file.data(), "\xFF\xD8\xFF", 3) == 0);
}
bool is_npy(ByteView file) { return file.size() >= 6 && std::memcmp(file.data(), "\x93NUMPY", 6) == 0; }

float per_channel(const std::vector<float>& values, std::size_t channel) {
  return values.size() == 1 ? values[0] : values.at(channel);
}

}  // namespace

Bytes to_input_bytes(const Tensor& value, const TensorInfo& input) {
  if (same_storage(value.dtype, input.dtype) && value.bytes.size() == input.byte_size) return value.bytes;
  const std::uint64_t count = input.byte_size / size_of(input.dtype);
  if (value.count() != count) {
    throw Error(ErrorKind::usage, "input '" + input.name + "' takes " + to_string(input.shape) + " " +
                                      std::string(name(input.dtype)) + " (" + std::to_string(count) +
                                      " elements); the given array is " + to_string(value.shape) + " " +
                                      std::string(name(value.dtype)));
  }
  Bytes bytes(input.byte_size);
  for (std::uint64_t i = 0; i < count; ++i) convert_one(bytes, i, element_as_double(value, i), input);
  return bytes;
}

Bytes to_input_bytes(const Image& image, const TensorInfo& input, const ImagePreprocess& preprocess) {
  const Shape& shape = input.image.shape;
  if (shape.size() != 4 || shape[0] != 1) {
    throw Error(ErrorKind::usage, "input '" + input.name + "' of shape " + to_string(shape) + " is not one picture");
  }
  const auto fitted = [&](std::int64_t height, std::int64_t width) {
    if (height < 1 || width < 1 || height > 65535 || width > 65535) {
      throw Error(ErrorKind::usage, "input '" + input.name + "' of shape " + to_string(shape) + " is not a picture");
    }
    const int h = static_cast<int>(height), w = static_cast<int>(width);
    return preprocess.keep_aspect ? letterbox(image, h, w).image : resize(image, h, w);
  };
  if (!input.image.pixel_format.empty()) {
    const bool packed = input.image.pixel_format.ends_with("_PACKED");
    const std::int64_t h = packed ? shape[1] : shape[2], w = packed ? shape[2] : shape[3];
    Bytes bytes = to_device_pixels(fitted(h, w), input.image.pixel_format, input.image.aligned, static_cast<int>(h),
                                   static_cast<int>(w));
    // The converter's own size can be smaller or larger than the rows need (packed and aligned).
    bytes.resize(input.byte_size);
    return bytes;
  }
  const std::size_t channels = static_cast<std::size_t>(shape[1]);
  if (channels != 1 && channels != 3) {
    throw Error(ErrorKind::usage,
                "input '" + input.name + "' has " + std::to_string(channels) + " channels; a picture has 1 or 3");
  }
  const auto& mean = preprocess.mean.empty() ? input.image.mean : preprocess.mean;
  const auto& scale = preprocess.scale.empty() ? input.image.scale : preprocess.scale;
  const auto fits = [&](const std::vector<float>& values) { return values.size() == 1 || values.size() == channels; };
  if (!fits(mean) || !fits(scale)) {
    throw Error(ErrorKind::usage, "the model does not say how a picture becomes input '" + input.name +
                                      "' (its preprocessing is not fused): give --mean and --scale, or an .npz");
  }
  const Image fit = fitted(shape[2], shape[3]);
  const Bytes planes = to_device_pixels(fit,
                                        channels == 1                       ? "GRAYSCALE"
                                        : preprocess.channel_order == "bgr" ? "BGR_PLANAR"
                                                                            : "RGB_PLANAR",
                                        false, fit.height, fit.width);
  const std::uint64_t plane = static_cast<std::uint64_t>(shape[2]) * static_cast<std::uint64_t>(shape[3]);
  Tensor numbers{DType::f32, shape, Bytes(plane * channels * 4)};
  for (std::uint64_t i = 0; i < plane * channels; ++i) {
    put(numbers.bytes, i,
        (static_cast<float>(planes[i]) - per_channel(mean, i / plane)) * per_channel(scale, i / plane));
  }
  return to_input_bytes(numbers, input);
}

InputArgument parse_input_argument(const std::string& text) {
  const auto equals = text.find('=');
  // A path that exists wins over NAME=FILE.
  if (equals == std::string::npos || std::filesystem::exists(text)) return {"", text};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

namespace {

// The array of an npz for an input: its own name, else a name of which one is the prefix of the other.
const Tensor* array_for(const NamedTensors& arrays, const std::string& input) {
  if (const Tensor* exact = find(arrays, input)) return exact;
  for (const auto& [key, tensor] : arrays) {
    if (key.starts_with(input) || input.starts_with(key)) return &tensor;
  }
  return nullptr;
}

Bytes from_plain_file(const Bytes& file, const TensorInfo& input, const ImagePreprocess& preprocess) {
  if (is_npy(file)) return to_input_bytes(read_npy(file), input);
  if (is_picture(file)) return to_input_bytes(decode_image(file), input, preprocess);
  if (file.size() == input.byte_size) return file;
  const std::uint64_t count = input.byte_size / size_of(input.dtype);
  if (file.size() == count * sizeof(float)) {
    return to_input_bytes(Tensor{DType::f32, {static_cast<std::int64_t>(count)}, file}, input);
  }
  throw Error(ErrorKind::usage, "raw file of " + std::to_string(file.size()) + " bytes: input '" + input.name +
                                    "' takes " + std::to_string(input.byte_size) + " bytes, or " +
                                    std::to_string(count * sizeof(float)) + " of f32");
}

}  // namespace

void set_inputs(Network& network, const std::vector<InputArgument>& arguments, const ImagePreprocess& preprocess) {
  const auto inputs = network.inputs();
  std::vector<bool> done(inputs.size());
  const auto give = [&](std::size_t i, const Bytes& bytes) {
    network.set_input(inputs[i].name, bytes);
    done[i] = true;
  };
  for (const InputArgument& argument : arguments) {
    const Bytes file = read_file(argument.file);  // its errors name the file already
    try {
      if (is_zip(file)) {
        const NamedTensors arrays = read_npz(ByteView(file));
        for (std::size_t i = 0; i < inputs.size(); ++i) {
          if (!argument.name.empty() && inputs[i].name != argument.name) continue;
          const Tensor* array = array_for(arrays, inputs[i].name);
          if (!array && arrays.size() == 1 && inputs.size() == 1) array = &arrays[0].second;
          if (array) give(i, to_input_bytes(*array, inputs[i]));
        }
        continue;
      }
      std::size_t i = 0;
      while (i < inputs.size() && (argument.name.empty() ? done[i] : inputs[i].name != argument.name)) ++i;
      if (i == inputs.size()) {
        throw Error(ErrorKind::usage, argument.name.empty() ? "more files than inputs"
                                                            : "the model has no input '" + argument.name + "'");
      }
      give(i, from_plain_file(file, inputs[i], preprocess));
    } catch (const Error& error) {
      throw with_context(error, argument.file.string());
    }
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!done[i]) {
      throw Error(ErrorKind::usage, "input '" + inputs[i].name + "' (" + to_string(inputs[i].shape) + " " +
                                        std::string(name(inputs[i].dtype)) + ") was given nothing: use -i " +
                                        inputs[i].name + "=FILE");
    }
  }
}

}  // namespace vnpu
