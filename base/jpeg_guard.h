// How this project reads JPEG with libjpeg: errors jump back, and the passes over a picture are counted.
// A function with a setjmp holds only plain values and references to objects that its caller owns, so no destructor is
// ever jumped over.
#pragma once

#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>  // needs <cstdio> before it

namespace vnpu {

struct JpegErrors {
  jpeg_error_mgr manager;  // first: libjpeg hands out its address
  std::jmp_buf jump;
  char text[JMSG_LENGTH_MAX];
  char warning[JMSG_LENGTH_MAX];
};

inline JpegErrors& jpeg_errors(j_common_ptr info) { return *reinterpret_cast<JpegErrors*>(info->err); }

[[noreturn]] inline void jpeg_fail(j_common_ptr info) {
  JpegErrors& errors = jpeg_errors(info);
  errors.manager.format_message(info, errors.text);
  std::longjmp(errors.jump, 1);
}

// A small file can ask for any number of passes over the whole picture.
inline void jpeg_limit_scans(j_common_ptr info) {
  constexpr int max_scans = 200;
  if (!info->is_decompressor || reinterpret_cast<j_decompress_ptr>(info)->input_scan_number <= max_scans) return;
  JpegErrors& errors = jpeg_errors(info);
  std::snprintf(errors.text, sizeof errors.text, "more than %d scans", max_scans);
  std::longjmp(errors.jump, 1);
}

}  // namespace vnpu
