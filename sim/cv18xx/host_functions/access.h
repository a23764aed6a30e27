// How host functions read their attributes and tensors: every look is checked, every error names function and thing.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "sim/cv18xx/host_functions/host_functions.h"

namespace vnpu::cv18xx::host {

// Throws Error(kind, "function NAME: MESSAGE").
[[noreturn]] void fail(const HostCall& call, ErrorKind kind, const std::string& message);
[[noreturn]] inline void damaged(const HostCall& call, const std::string& message) {
  fail(call, ErrorKind::damaged, message);
}

// Attributes. Without a default a missing one is Error(damaged), as is one of another type.
std::int32_t integer(const HostCall& call, std::string_view key, std::optional<std::int32_t> otherwise = {});
float number(const HostCall& call, std::string_view key, std::optional<float> otherwise = {});
bool boolean(const HostCall& call, std::string_view key, std::optional<bool> otherwise = {});
std::string text(const HostCall& call, std::string_view key, std::optional<std::string> otherwise = {});
std::vector<std::int32_t> integers(const HostCall& call, std::string_view key);
std::vector<float> numbers(const HostCall& call, std::string_view key);
bool has(const HostCall& call, std::string_view key);

// An integer attribute that must lie in [low, high].
std::int32_t integer_in(const HostCall& call, std::string_view key, std::int32_t low, std::int32_t high);
// An axis: 0..3; the vendor's runtime has no negative axes.
int axis_in(const HostCall& call, std::int32_t value);

const HostTensor& input(const HostCall& call, std::size_t i);
HostTensor& output(HostCall& call, std::size_t i);
// Elements of the tensor, at least 1; run_host_function has checked that its bytes hold them all.
std::int64_t count(const HostTensor& tensor);
std::string describe(const HostTensor& tensor);  // "'x' (f32 1x3x4x5)"

// Throws Error(damaged) unless the tensor has this type.
void expect(const HostCall& call, const HostTensor& tensor, DType dtype);
// Throws Error(damaged) unless the tensor has at least (exactly) this many elements.
void expect_at_least(const HostCall& call, const HostTensor& tensor, std::int64_t elements);
void expect_count(const HostCall& call, const HostTensor& tensor, std::int64_t elements);

// Refuses (Error(unsupported)) work of more than `limit` elementary steps; both factors not negative.
void bound_work(const HostCall& call, std::int64_t steps, std::int64_t times,
                std::int64_t limit = std::int64_t{1} << 35);

// The elements of a tensor as values of the same size. Tensors are copied out and in, because simulated memory has no
// alignment and outputs may lie over inputs.
template <class T>
std::vector<T> elements(const HostTensor& tensor) {
  std::vector<T> values(static_cast<std::size_t>(count(tensor)));
  if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), values.size() * sizeof(T));
  return values;
}
std::vector<float> floats(const HostCall& call, const HostTensor& tensor);

// Writes values from element 0 on; throws Error(damaged) when the tensor is smaller.
template <class T>
void store(const HostCall& call, HostTensor& tensor, const std::vector<T>& values) {
  if (values.size() * sizeof(T) > tensor.bytes.size()) {
    damaged(call, "output " + describe(tensor) + " is too small for " + std::to_string(values.size()) + " values");
  }
  if (!values.empty()) std::memcpy(tensor.bytes.data(), values.data(), values.size() * sizeof(T));
}

// The tensor seen around one axis: index = (outer * axis + a) * inner + i.
struct Around {
  std::int64_t outer = 1, axis = 1, inner = 1;
};
Around around(const HostTensor& tensor, int axis);

// float -> int as x86 does it: towards zero; NaN and what does not fit give INT32_MIN.
std::int32_t to_int(float value);

}  // namespace vnpu::cv18xx::host
