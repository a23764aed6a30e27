// Commands as an assembler listing and as JSON. What a listing line means is said by its header: listing_header().
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "isa/cv18xx/command_stream.h"

namespace vnpu::cv18xx {

// What the printer cannot know from the commands. All parts but the chip may be absent; a callback returns an empty
// string for what it does not know.
struct PrintOptions {
  explicit PrintOptions(const Chip& chip_) : chip(chip_) {}
  Chip chip;
  std::function<std::string(unsigned sel, std::uint64_t offset)> tensor_name;  // base register, byte offset
  std::function<std::string(unsigned layer)> layer_name;                       // layer_info / layer_ID
};

// "conv.i8.qdm", "dw.bf16", "tdma.l2g.matrix.bf16->i8", "cpu.sync"; "tiu.5.3" and "tdma.g2l.spec7" for operations
// that do not exist, so that any word can be printed.
std::string mnemonic(const TiuCommand& command);
std::string mnemonic(const TdmaCommand& command);
std::string mnemonic(const StreamEntry& entry);

// Commands with the same key have the same mnemonic: for those who need it of very many commands.
std::uint64_t mnemonic_key(const TiuCommand& command);
std::uint64_t mnemonic_key(const TdmaCommand& command);

std::string listing_header();  // comment lines that explain the notation, each ending in a newline

// One line without a newline, columns aligned with those of all other lines:
//     12  #7     wait tdma>=5   conv.i8.qdm              res L0+0x1000 ..., opd0 ...  k=3x3 relu  ; layer 3 conv1
std::string print(const StreamEntry& entry, const PrintOptions& options);

// The lines of all entries, without the header.
std::string listing(std::span<const StreamEntry> stream, const PrintOptions& options);

// {index, offset, engine, mnemonic, id, wait, layer, layer_name, tensors, fields}; "fields" holds every field that
// differs from its reset value, by the name of the field table; parts that say nothing are absent.
nlohmann::ordered_json to_json(const StreamEntry& entry, const PrintOptions& options);

}  // namespace vnpu::cv18xx
