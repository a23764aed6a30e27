#include "sim/cv18xx/host_functions/access.h"

#include <limits>

namespace vnpu::cv18xx::host {

void fail(const HostCall& call, ErrorKind kind, const std::string& message) {
  throw Error(kind, "function " + call.function + ": " + message);
}

namespace {

template <class T>
const T* find_attribute(const HostCall& call, std::string_view key, const char* type) {
  for (const cvimodel::Attribute& attribute : call.attributes) {
    if (attribute.key != key) continue;
    if (const T* value = std::get_if<T>(&attribute.value)) return value;
    damaged(call, "attribute '" + std::string(key) + "' is not " + type);
  }
  return nullptr;
}

template <class T>
T attribute(const HostCall& call, std::string_view key, const char* type, const std::optional<T>& otherwise) {
  if (const T* value = find_attribute<T>(call, key, type)) return *value;
  if (otherwise) return *otherwise;
  damaged(call, "attribute '" + std::string(key) + "' is missing");
}

}  // namespace

std::int32_t integer(const HostCall& call, std::string_view key, std::optional<std::int32_t> otherwise) {
  return attribute<std::int32_t>(call, key, "an integer", otherwise);
}
float number(const HostCall& call, std::string_view key, std::optional<float> otherwise) {
  return attribute<float>(call, key, "a float", otherwise);
}
bool boolean(const HostCall& call, std::string_view key, std::optional<bool> otherwise) {
  return attribute<bool>(call, key, "a boolean", otherwise);
}
std::string text(const HostCall& call, std::string_view key, std::optional<std::string> otherwise) {
  return attribute<std::string>(call, key, "a string", otherwise);
}
std::vector<std::int32_t> integers(const HostCall& call, std::string_view key) {
  return attribute<std::vector<std::int32_t>>(call, key, "a list of integers", {});
}
std::vector<float> numbers(const HostCall& call, std::string_view key) {
  return attribute<std::vector<float>>(call, key, "a list of floats", {});
}
bool has(const HostCall& call, std::string_view key) {
  for (const cvimodel::Attribute& attribute : call.attributes) {
    if (attribute.key == key) return true;
  }
  return false;
}

std::int32_t integer_in(const HostCall& call, std::string_view key, std::int32_t low, std::int32_t high) {
  const std::int32_t value = integer(call, key);
  if (value < low || value > high) {
    damaged(call, "attribute '" + std::string(key) + "' is " + std::to_string(value) + ", not in " +
                      std::to_string(low) + ".." + std::to_string(high));
  }
  return value;
}

int axis_in(const HostCall& call, std::int32_t value) {
  if (value < 0 || value > 3) damaged(call, "axis " + std::to_string(value) + " is not in 0..3");
  return value;
}

const HostTensor& input(const HostCall& call, std::size_t i) {
  if (i >= call.inputs.size()) damaged(call, "input " + std::to_string(i) + " is missing");
  return call.inputs[i];
}

HostTensor& output(HostCall& call, std::size_t i) {
  if (i >= call.outputs.size()) damaged(call, "output " + std::to_string(i) + " is missing");
  return call.outputs[i];
}

std::int64_t count(const HostTensor& tensor) {
  return tensor.shape[0] * tensor.shape[1] * tensor.shape[2] * tensor.shape[3];
}

std::string describe(const HostTensor& tensor) {
  std::string text = "'" + tensor.name + "' (" + std::string(name(tensor.dtype)) + " ";
  for (std::size_t i = 0; i < 4; ++i) text += (i ? "x" : "") + std::to_string(tensor.shape[i]);
  return text + ")";
}

void expect(const HostCall& call, const HostTensor& tensor, DType dtype) {
  if (tensor.dtype != dtype) damaged(call, "tensor " + describe(tensor) + " is not " + std::string(name(dtype)));
}

void expect_at_least(const HostCall& call, const HostTensor& tensor, std::int64_t elements) {
  if (count(tensor) < elements) {
    damaged(call, "tensor " + describe(tensor) + " has fewer than " + std::to_string(elements) + " elements");
  }
}

void expect_count(const HostCall& call, const HostTensor& tensor, std::int64_t elements) {
  if (count(tensor) != elements) {
    damaged(call, "tensor " + describe(tensor) + " does not have " + std::to_string(elements) + " elements");
  }
}

void bound_work(const HostCall& call, std::int64_t steps, std::int64_t times, std::int64_t limit) {
  if (times > 0 && steps > limit / times) {
    fail(call, ErrorKind::unsupported,
         std::to_string(steps) + " times " + std::to_string(times) + " steps are more than the limit of " +
             std::to_string(limit));
  }
}

std::vector<float> floats(const HostCall& call, const HostTensor& tensor) {
  expect(call, tensor, DType::f32);
  return elements<float>(tensor);
}

Around around(const HostTensor& tensor, int axis) {
  Around a;
  for (int i = 0; i < 4; ++i) {
    const std::int64_t size = tensor.shape[static_cast<std::size_t>(i)];
    (i < axis ? a.outer : i == axis ? a.axis : a.inner) *= size;
  }
  return a;
}

std::int32_t to_int(float value) {
  if (!(value >= -2147483648.0f && value < 2147483648.0f)) return std::numeric_limits<std::int32_t>::min();
  return static_cast<std::int32_t>(value);
}

}  // namespace vnpu::cv18xx::host
