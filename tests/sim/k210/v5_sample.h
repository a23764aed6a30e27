// A version 5 kmodel of one stackvm module, written around a piece of byte code.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"

namespace vnpu::k210 {

// Byte code, put together.
class VmCode {
 public:
  VmCode& op(std::uint8_t code) { return u8(code); }
  VmCode& u8(std::uint8_t value) {
    bytes.push_back(value);
    return *this;
  }
  VmCode& u16(std::uint16_t value) { return put(&value, 2); }
  VmCode& u32(std::uint32_t value) { return put(&value, 4); }
  VmCode& f32(float value) { return put(&value, 4); }
  VmCode& integer(std::int32_t value) { return op(0x02).u32(static_cast<std::uint32_t>(value)); }
  VmCode& number(float value) { return op(0x05).f32(value); }
  // Location 0 input, 1 output, 2 rdata, 3 data.
  VmCode& address(std::uint8_t location, std::uint32_t offset) { return op(0x17).u8(location).u8(0).u32(offset); }
  VmCode& shape(std::uint8_t reg, const std::vector<std::int32_t>& extents) {
    for (const auto extent : extents) integer(extent);
    return op(0x31).u8(reg).u8(static_cast<std::uint8_t>(extents.size()));
  }
  VmCode& tensor(std::uint16_t function) { return op(0x5E).u16(function); }

  Bytes bytes;

 private:
  VmCode& put(const void* value, std::size_t size) {
    const auto* from = static_cast<const std::uint8_t*>(value);
    bytes.insert(bytes.end(), from, from + size);
    return *this;
  }
};

struct V5Sample {
  VmCode code;
  Bytes rdata = Bytes(64);
  std::uint32_t data_bytes = 256;
  std::uint32_t input_floats = 4, output_floats = 4;  // one input, one output

  Bytes file() const {
    VmCode parameters;  // used as a writer of bytes
    const auto range = [&](std::uint8_t location, std::uint32_t floats) {
      parameters.u8(location).u8(9).u16(0).u32(0).u32(floats * 4).u32(1).u32(floats);
    };
    range(0, input_floats);
    range(1, output_floats);
    VmCode function;
    function.u32(32).u32(32 + static_cast<std::uint32_t>(parameters.bytes.size()));
    function.u32(input_floats * 4).u32(output_floats * 4).u32(1).u32(1).u32(0);
    function.u32(static_cast<std::uint32_t>(code.bytes.size()));
    VmCode module;
    name(module, "stackvm");
    const auto size = 48 + 8 + function.bytes.size() + parameters.bytes.size() + 64 + rdata.size() + code.bytes.size();
    module.u32(1).u32(48).u32(static_cast<std::uint32_t>(size)).u32(1).u32(0).u32(2).u32(1).u32(0);
    module.u8(3).u8(0).u16(0).u32(data_bytes);
    append(module, function.bytes);
    append(module, parameters.bytes);
    section(module, ".rdata", rdata);
    section(module, ".text", code.bytes);
    VmCode file;
    file.u32(0x4B4D444C).u32(5).u32(32).u32(0).u32(256).u32(1).u32(0).u32(0);
    append(file, module.bytes);
    return file.bytes;
  }

 private:
  static void append(VmCode& to, const Bytes& bytes) { to.bytes.insert(to.bytes.end(), bytes.begin(), bytes.end()); }
  static void name(VmCode& to, const std::string& text) {
    for (std::size_t i = 0; i < 16; ++i) to.u8(i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0);
  }
  static void section(VmCode& to, const std::string& text, const Bytes& body) {
    name(to, text);
    to.u32(0).u32(0).u32(static_cast<std::uint32_t>(body.size())).u32(0);
    append(to, body);
  }
};

}  // namespace vnpu::k210
