// Which of the TDMA's operations a command asks for, and whether its fields are legal for it.
#pragma once

#include <string>

#include "isa/cv18xx/command.h"

namespace vnpu::cv18xx {

enum class TdmaForm {
  tensor_copy,             // n,c,h,w stream to n,c,h,w stream
  nc_transpose,            // source streamed in c,n,h,w order
  cw_transpose,            // dst[n][w][h][c] = src[n][c][h][w]
  chw_rotate,              // interleaved pixels to planes
  general_copy,            // src_n_stride plain bytes
  fill,                    // const_val to the destination
  matrix_load,             // rows of global memory to channels of local memory
  matrix_load_transposed,  // columns become rows
  matrix_store,            // back
  vlc_store,               // compress local to global
  vlc_load,                // decompress global to local
  lut_index,               // bf16 -> exponent index
  lut_base,                // bf16 -> power of two part
};

// Checks every field that does not depend on the memory. Throws Error(fault) or Error(unsupported) naming the field.
TdmaForm tdma_form(const TdmaCommand& command);

// "tdma.g2l.copy", "tdma.l2g.vlc", ...: names a command in messages.
std::string tdma_mnemonic(const TdmaCommand& command);

[[noreturn]] void refuse_tdma(const TdmaCommand& command, const char* field, const std::string& why);

}  // namespace vnpu::cv18xx
