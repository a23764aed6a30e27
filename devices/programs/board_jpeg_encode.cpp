#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

// jpeglib.h needs size_t and FILE declared before it.
#include <jpeglib.h>

#include "base/error.h"
#include "devices/programs/board_jpeg.h"
#include "devices/programs/jpeg_transform.h"

// Entropy coding by the host's libjpeg, which reports errors by longjmp; see board_jpeg.cpp.

namespace vnpu::programs {
namespace {

struct Errors {
  jpeg_error_mgr manager;  // first: libjpeg hands out its address
  std::jmp_buf jump;
};

void fail(j_common_ptr info) { std::longjmp(reinterpret_cast<Errors*>(info->err)->jump, 1); }

// Y at full size, Cb and Cr too: the 16 x 16 transform does the halving. Edges are repeated to whole blocks.
struct Planes {
  std::size_t width = 0, height = 0;  // multiples of 16
  std::array<Bytes, 3> samples;
};

Planes to_ycc(const Image& image) {
  const auto width = static_cast<std::size_t>(image.width), height = static_cast<std::size_t>(image.height);
  Planes planes{(width + 15) / 16 * 16, (height + 15) / 16 * 16, {}};
  for (auto& plane : planes.samples) plane.resize(planes.width * planes.height);
  // JFIF in 16-bit fixed point; chroma is rounded half down.
  constexpr int half = 1 << 15, middle = 128 << 16;
  for (std::size_t y = 0; y < planes.height; ++y) {
    for (std::size_t x = 0; x < planes.width; ++x) {
      const std::uint8_t* rgb = &image.pixels[(std::min(y, height - 1) * width + std::min(x, width - 1)) * 3];
      const int r = rgb[0], g = rgb[1], b = rgb[2];
      const std::size_t at = y * planes.width + x;
      planes.samples[0][at] = static_cast<std::uint8_t>((19595 * r + 38470 * g + 7471 * b + half) >> 16);
      planes.samples[1][at] = static_cast<std::uint8_t>((-11059 * r - 21709 * g + 32768 * b + middle + half - 1) >> 16);
      planes.samples[2][at] = static_cast<std::uint8_t>((32768 * r - 27439 * g - 5329 * b + middle + half - 1) >> 16);
    }
  }
  return planes;
}

JCOEF quantised(std::int32_t value, unsigned step) {
  const std::int32_t divisor = static_cast<std::int32_t>(step) * 8;
  const std::int32_t magnitude = (std::abs(value) + divisor / 2) / divisor;
  return static_cast<JCOEF>(value < 0 ? -magnitude : magnitude);
}

bool write_jpeg(jpeg_compress_struct& info, Errors& errors, const Planes& planes, int width, int height, int quality,
                unsigned char*& out, unsigned long& size) {
  if (setjmp(errors.jump)) return false;
  jpeg_mem_dest(&info, &out, &size);
  info.image_width = static_cast<JDIMENSION>(width);
  info.image_height = static_cast<JDIMENSION>(height);
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  // Room for the coefficients; in the destination's own pool, so that it goes with it.
  jvirt_barray_ptr coefficients[3];
  const auto common = reinterpret_cast<j_common_ptr>(&info);
  const JDIMENSION mcu_across = static_cast<JDIMENSION>(planes.width / 16);
  const JDIMENSION mcu_down = static_cast<JDIMENSION>(planes.height / 16);
  for (int c = 0; c < 3; ++c) {
    const JDIMENSION sampling = c == 0 ? 2 : 1;
    coefficients[c] =
        info.mem->request_virt_barray(common, JPOOL_IMAGE, TRUE, mcu_across * sampling, mcu_down * sampling, sampling);
  }
  jpeg_write_coefficients(&info, coefficients);
  std::int32_t block[64];
  for (int c = 0; c < 3; ++c) {
    const std::size_t side = c == 0 ? 8 : 16;
    const JQUANT_TBL* table = info.quant_tbl_ptrs[info.comp_info[c].quant_tbl_no];
    const Bytes& samples = planes.samples[static_cast<std::size_t>(c)];
    for (JDIMENSION row = 0; row < planes.height / side; ++row) {
      const JBLOCKARRAY line = info.mem->access_virt_barray(common, coefficients[c], row, 1, TRUE);
      for (JDIMENSION column = 0; column < planes.width / side; ++column) {
        forward_block(&samples[row * side * planes.width + column * side], planes.width, side, block);
        for (std::size_t i = 0; i < 64; ++i) line[0][column][i] = quantised(block[i], table->quantval[i]);
      }
    }
  }
  jpeg_finish_compress(&info);
  return true;
}

}  // namespace

Bytes encode_board_jpeg(const Image& image, int quality) {
  if (image.channels != 3 || image.width < 1 || image.height < 1 || image.width > 65500 || image.height > 65500)
    throw Error(ErrorKind::usage, "JPEG of " + std::to_string(image.width) + "x" + std::to_string(image.height));
  const Planes planes = to_ycc(image);
  Errors errors{};
  jpeg_std_error(&errors.manager);
  errors.manager.error_exit = fail;
  jpeg_compress_struct info{};
  info.err = &errors.manager;
  if (setjmp(errors.jump)) throw Error(ErrorKind::internal, "libjpeg does not start");
  jpeg_create_compress(&info);
  const std::unique_ptr<jpeg_compress_struct, decltype(&jpeg_destroy_compress)> owner(&info, jpeg_destroy_compress);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  const bool written = write_jpeg(info, errors, planes, image.width, image.height, quality, bytes, size);
  const std::unique_ptr<unsigned char, decltype(&std::free)> memory(bytes, &std::free);
  if (!written) throw Error(ErrorKind::internal, "libjpeg cannot write the picture");
  return Bytes(bytes, bytes + size);
}

}  // namespace vnpu::programs
