// A Model as the bytes of a .bmodel, for tests and tools.
#pragma once

#include "models/bmodel/model.h"

namespace vnpu::bmodel {

// A range of its own for the bytes; file_offset is set by write().
Blob make_blob(Bytes bytes);

// Blobs that share their bytes share their range. Modules are written without their bytes, and coefficients with the
// SHA-256 that their bytes have when `sha256` is not empty. Everything that read() keeps survives
// write() and read(); streams of other engines do not.
Bytes write(const Model& model);

}  // namespace vnpu::bmodel
