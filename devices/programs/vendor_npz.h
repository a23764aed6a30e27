// .npz files as the vendor's tools write and read them, and how their numbers become a tensor's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "devices/programs/cvi_runtime.h"

namespace vnpu::programs {

// The tools' own layout of the bytes: stored entries without dates, "<i1" for single bytes. bf16 as uint16.
Bytes vendor_npz(const std::vector<RuntimeTensor>& tensors);

// Null when the file is missing; aborts the process, with the simulator's reason, for one that is no .npz.
std::optional<NamedTensors> read_vendor_npz(ProgramHost& host, Output& out, const std::string& path);

// The tools' npz_load: aborts the process when file or array are missing.
Tensor load_array(ProgramHost& host, Output& out, const std::string& path, const std::string& name);

// An array's numbers into the tensor's bytes; aborts the process when it does not fit.
void fill(Output& out, RuntimeTensor& tensor, const Tensor& array);
// Each array into the tensor whose name starts with the array's name, else into the first.
void fill_inputs(Output& out, std::vector<RuntimeTensor>& tensors, const NamedTensors& arrays);

// How alike two arrays are, by the tools' arithmetic (their "correlation" is the cosine).
struct Similarity {
  float cosine = 1, correlation = 1, euclidean = 1;
};
Similarity similarity(const RuntimeTensor& tensor, const Tensor& reference);

}  // namespace vnpu::programs
