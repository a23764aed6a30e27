// Makes calls of host functions for tests that compute what must come out by hand.
#pragma once

#include <cstring>
#include <list>
#include <string>
#include <vector>

#include "sim/cv18xx/host_functions/host_functions.h"

namespace vnpu::cv18xx::test {

class Call {
 public:
  explicit Call(std::string function) { call_.function = std::move(function); }

  template <class T>
  Call& with(std::string key, T value) {
    call_.attributes.push_back({std::move(key), std::move(value)});
    return *this;
  }
  Call& quirks(const Quirks& quirks) {
    call_.quirks = quirks;
    return *this;
  }
  template <class T>
  Call& in(DType dtype, std::array<std::int64_t, 4> shape, const std::vector<T>& values, std::string name = "x") {
    call_.inputs.push_back(tensor(dtype, shape, values, std::move(name)));
    return *this;
  }
  Call& in(std::array<std::int64_t, 4> shape, const std::vector<float>& values, std::string name = "x") {
    return in(DType::f32, shape, values, std::move(name));
  }
  Call& out(DType dtype, std::array<std::int64_t, 4> shape) {
    const auto n = static_cast<std::size_t>(shape[0] * shape[1] * shape[2] * shape[3]);
    call_.outputs.push_back(tensor(dtype, shape, std::vector<std::uint8_t>(n * size_of(dtype)), "y"));
    return *this;
  }
  Call& out(std::array<std::int64_t, 4> shape) { return out(DType::f32, shape); }

  HostCall& call() { return call_; }

  // Runs the function; returns output i.
  template <class T = float>
  std::vector<T> run(std::size_t i = 0) {
    run_host_function(call_);
    const auto bytes = call_.outputs[i].bytes;
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
    return values;
  }

 private:
  template <class T>
  HostTensor tensor(DType dtype, std::array<std::int64_t, 4> shape, const std::vector<T>& values, std::string name) {
    auto& bytes = memory_.emplace_back(values.size() * sizeof(T));
    if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    HostTensor t;
    t.name = std::move(name);
    t.dtype = dtype;
    t.shape = shape;
    t.bytes = bytes;
    return t;
  }

  HostCall call_;
  std::list<std::vector<std::uint8_t>> memory_;
};

}  // namespace vnpu::cv18xx::test
