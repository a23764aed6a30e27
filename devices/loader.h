// What the dynamic loader of the real board says of a program whose libraries it does not find.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "devices/process.h"

namespace vnpu::devices {

// Of a 64 bit little-endian ELF file: what it needs. Empty when the file is none, or damaged.
struct DynamicNeeds {
  std::vector<std::string> libraries, search;  // search: RUNPATH or RPATH, $ORIGIN not yet replaced
  std::vector<std::string> undefined;          // symbols, in the order of the table
};
DynamicNeeds dynamic_needs(std::string_view elf);

// A program of the maker's as the real board starts it: when a library it needs is neither in LD_LIBRARY_PATH, nor
// where the file says, nor in the usual folders, it ends with 127 and the messages of musl's loader. The C library and
// the compiler's are always there.
int checked_start(Process& process);

}  // namespace vnpu::devices
