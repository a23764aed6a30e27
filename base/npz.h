// NumPy files: .npy (format 1.0 and 2.0) and .npz (a zip of .npy files, stored or deflated).
// Format: NumPy's documented npy format; C order, little endian.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/bytes.h"
#include "base/tensor.h"

namespace vnpu {

struct NpzLimits {
  std::uint64_t bytes = std::uint64_t{4} << 30;  // of all arrays of a file together, unpacked
  std::uint64_t arrays = 100000;
};

// Reads one array. Throws Error(damaged) naming offset and field, Error(unsupported) for Fortran order, big endian,
// and element types other than f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1.
Tensor read_npy(ByteView file, const NpzLimits& limits = {});

// Arrays in file order, names without ".npy". A name that occurs twice is damage.
NamedTensors read_npz(ByteView file, const NpzLimits& limits = {});
NamedTensors read_npz(const std::filesystem::path& path, const NpzLimits& limits = {});

// npy 1.0. NumPy has no bf16: its bits are written as uint16.
Bytes write_npy(const Tensor& tensor);

// A zip of stored entries, as numpy.savez writes it; the same tensors give the same bytes. Throws Error(unsupported)
// when the file would reach 4 GiB.
Bytes write_npz(const NamedTensors& tensors);
void write_npz(const std::filesystem::path& path, const NamedTensors& tensors);

}  // namespace vnpu
