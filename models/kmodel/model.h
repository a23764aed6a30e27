// A .kmodel of the K210 as plain structs: versions 3, 4 and 5. Source of the facts: docs/kmodel.md.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "models/kmodel/v3.h"
#include "models/kmodel/v4.h"
#include "models/kmodel/v5.h"

namespace vnpu::kmodel {

// By the first bytes alone.
enum class Format : std::uint8_t {
  none,  // nothing of the K210's
  v1,    // obsolete, refused by name
  v3,
  v3_swapped,  // every 32-bit word byte-reversed, as a flash image for the KPU wants it
  v4,
  v4_swapped,
  v5,
  v5_swapped,
  other_version,  // "LDMK" of another version
  encrypted_v3,   // MaixPy's .smodel forms: bound to a board's key, refused by name
  encrypted_v4,
  encrypted_e,
};
Format identify(ByteView file);

struct Model {
  bool word_swapped = false;
  Bytes file;  // as executed: words in the ordinary order; all Array offsets count in it
  std::variant<v3::Model, v4::Model, v5::Model> body;

  const v3::Model* as_v3() const { return std::get_if<v3::Model>(&body); }
  const v4::Model* as_v4() const { return std::get_if<v4::Model>(&body); }
  const v5::Model* as_v5() const { return std::get_if<v5::Model>(&body); }
  // Bytes of the file; throws Error(damaged, offset, field) when they are not all there.
  ByteView bytes(std::uint64_t offset, std::uint64_t size, const char* field) const;
};

// Reads and checks a whole file. Throws Error(damaged) with offset and field, Error(unsupported) for versions, targets
// and encryptions that are refused, and for a main memory beyond main_memory_limit. Layer types and opcodes that no
// runtime knows are read (Unknown): loaders take them, executors refuse them. Memory stays below 2x the file + 32 MB.
Model read(ByteView file);

// Every 32-bit word byte-reversed; a short last word is filled up with zeros.
Bytes swap_words(ByteView file);

// Records of a k210 module's function.
std::vector<v5::Record> read_records(const Model& model, const v5::Function& function);

}  // namespace vnpu::kmodel
