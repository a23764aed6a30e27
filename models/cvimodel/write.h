// Builds .cvimodel files from the structs: for tests and tools. It checks nothing, so that damaged files can be made.
#pragma once

#include "base/bytes.h"
#include "models/cvimodel/model.h"

namespace vnpu::cvimodel {

// The file of `model`. Taken from it: header.major/minor/chip, version, texts, weights, programs, and of each section
// type, name, flags and bytes (compressed here when `compressed` is set; stored as they are when `encrypted` is).
// Computed: sizes, offsets, md5. The 48-byte header is written whatever the version.
Bytes write(const Model& model);

// Puts the md5 of what follows the header into the header, after bytes were changed. `file` has 48 bytes or more.
void set_md5(Bytes& file);

}  // namespace vnpu::cvimodel
