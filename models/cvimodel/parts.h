// The steps of read(), one file each. Not for use outside this folder.
#pragma once

#include <cstdint>
#include <string>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/error.h"
#include "models/cvimodel/model.h"

namespace vnpu::cvimodel {

constexpr std::uint32_t header_bytes = 48;
constexpr std::uint8_t newest_minor = 4;

[[noreturn]] inline void damaged(std::uint64_t offset, const std::string& field, const std::string& message) {
  throw Error(ErrorKind::damaged, offset, field, message);
}

bool is_pixel_format(std::string_view name);       // one with an aligned size
std::uint64_t aligned_size(const Tensor& tensor);  // by shape and pixel format, whatever Tensor::size says

// Magic, version, chip and sizes, in this order.
Header read_header(ByteView file);

// Throws unless `md5`, that of everything behind the header, is the one the header tells.
void check_md5(ByteView file, Header& header, const std::string& md5);

// The flatbuffer behind the header: fills everything of the model but the header and the bytes of the sections.
void read_body(ByteView file, Model& model);

// Ranges of the sections in the file, and their bytes, decompressed.
void read_sections(ByteView file, Model& model);

}  // namespace vnpu::cvimodel
