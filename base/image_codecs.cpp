#include "base/image_codecs.h"

#include <cstdlib>
#include <memory>

#include <png.h>

#include "base/error.h"
#include "base/jpeg_guard.h"

#include <jerror.h>  // needs jpeglib.h before it

// libpng reports errors by longjmp, as base/jpeg_guard.h has libjpeg do; the same rule holds for its functions.

namespace vnpu {
namespace {

void check_size(std::int64_t width, std::int64_t height, std::int64_t max_pixels) {
  if (width < 1 || height < 1 || width > max_pixels / height) {
    throw Error(ErrorKind::unsupported, "image of " + std::to_string(width) + "x" + std::to_string(height) + " pixels");
  }
}

// ---- JPEG ----

// A warning of a cut or spoilt stream is an error here; others (such as stray bytes before a marker) are let pass.
void jpeg_message(j_common_ptr info, int level) {
  if (level >= 0) return;
  const int code = info->err->msg_code;
  if (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER || code == JWRN_HUFF_BAD_CODE) jpeg_fail(info);
}

void prepare(jpeg_error_mgr& manager) {
  jpeg_std_error(&manager);
  manager.error_exit = jpeg_fail;
  manager.emit_message = jpeg_message;
}

bool jpeg_start(jpeg_decompress_struct& info, JpegErrors& errors, ByteView file) {
  if (setjmp(errors.jump)) return false;
  jpeg_mem_src(&info, file.data(), static_cast<unsigned long>(file.size()));
  jpeg_read_header(&info, TRUE);
  return true;
}

bool jpeg_pixels(jpeg_decompress_struct& info, JpegErrors& errors, std::uint8_t* out) {
  if (setjmp(errors.jump)) return false;
  jpeg_start_decompress(&info);
  const std::size_t row = std::size_t{info.output_width} * 3;
  while (info.output_scanline < info.output_height) {
    JSAMPROW line = out + info.output_scanline * row;
    jpeg_read_scanlines(&info, &line, 1);
  }
  jpeg_finish_decompress(&info);
  return true;
}

bool jpeg_write(jpeg_compress_struct& info, JpegErrors& errors, const Image& image, int quality, unsigned char*& out,
                unsigned long& size) {
  if (setjmp(errors.jump)) return false;
  jpeg_mem_dest(&info, &out, &size);
  info.image_width = static_cast<JDIMENSION>(image.width);
  info.image_height = static_cast<JDIMENSION>(image.height);
  info.input_components = image.channels;
  info.in_color_space = image.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  jpeg_start_compress(&info, TRUE);
  const std::size_t row = static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.channels);
  while (info.next_scanline < info.image_height) {
    JSAMPROW line = const_cast<JSAMPROW>(image.pixels.data() + info.next_scanline * row);
    jpeg_write_scanlines(&info, &line, 1);
  }
  jpeg_finish_compress(&info);
  return true;
}

// ---- PNG ----

struct PngState {
  png_structp png = nullptr;
  png_infop info = nullptr;
  ByteView file;
  std::uint64_t at = 0;
  char text[200] = "";
  ~PngState() { png_destroy_read_struct(&png, &info, nullptr); }
};

void png_fail(png_structp png, png_const_charp message) {
  auto* state = static_cast<PngState*>(png_get_error_ptr(png));
  std::snprintf(state->text, sizeof state->text, "%s", message);
  png_longjmp(png, 1);
}

void png_ignore(png_structp, png_const_charp) {}

void png_bytes(png_structp png, png_bytep out, png_size_t size) {
  auto* state = static_cast<PngState*>(png_get_io_ptr(png));
  if (size > state->file.size() - state->at) png_error(png, "truncated");
  std::memcpy(out, state->file.data() + state->at, size);
  state->at += size;
}

bool png_start(PngState& state) {
  if (setjmp(png_jmpbuf(state.png))) return false;
  png_set_user_limits(state.png, 1 << 20, 1 << 20);
  png_set_chunk_malloc_max(state.png, 8 << 20);
  png_set_chunk_cache_max(state.png, 128);
  png_set_read_fn(state.png, &state, png_bytes);
  png_read_info(state.png, state.info);
  png_set_expand(state.png);
  png_set_strip_16(state.png);
  png_set_strip_alpha(state.png);
  png_set_gray_to_rgb(state.png);
  png_set_interlace_handling(state.png);
  png_read_update_info(state.png, state.info);
  return true;
}

bool png_pixels(PngState& state, png_bytepp rows) {
  if (setjmp(png_jmpbuf(state.png))) return false;
  png_read_image(state.png, rows);
  png_read_end(state.png, nullptr);
  return true;
}

}  // namespace

Image decode_jpeg(ByteView file, std::int64_t max_pixels) {
  JpegErrors errors{};
  prepare(errors.manager);
  jpeg_decompress_struct info{};
  info.err = &errors.manager;
  if (setjmp(errors.jump)) throw Error(ErrorKind::internal, "libjpeg does not start");
  jpeg_create_decompress(&info);
  const std::unique_ptr<jpeg_decompress_struct, decltype(&jpeg_destroy_decompress)> owner(&info,
                                                                                          jpeg_destroy_decompress);
  jpeg_progress_mgr progress{};
  progress.progress_monitor = jpeg_limit_scans;
  info.progress = &progress;
  const auto fail = [&] { throw Error(ErrorKind::damaged, std::string("JPEG: ") + errors.text); };
  if (!jpeg_start(info, errors, file)) fail();
  check_size(info.image_width, info.image_height, max_pixels);
  if (info.num_components != 1 && info.num_components != 3) {
    throw Error(ErrorKind::unsupported, "JPEG: " + std::to_string(info.num_components) + " components (CMYK?)");
  }
  info.out_color_space = JCS_RGB;
  Image out{static_cast<int>(info.image_height), static_cast<int>(info.image_width), 3, {}};
  out.pixels.resize(std::size_t{info.image_height} * info.image_width * 3);
  if (!jpeg_pixels(info, errors, out.pixels.data())) fail();
  return out;
}

Image decode_png(ByteView file, std::int64_t max_pixels) {
  PngState state;
  state.file = file;
  state.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state, png_fail, png_ignore);
  state.info = state.png ? png_create_info_struct(state.png) : nullptr;
  if (!state.info) throw Error(ErrorKind::internal, "libpng does not start");
  const auto fail = [&] { throw Error(ErrorKind::damaged, std::string("PNG: ") + state.text); };
  if (!png_start(state)) fail();
  const std::int64_t width = png_get_image_width(state.png, state.info);
  const std::int64_t height = png_get_image_height(state.png, state.info);
  check_size(width, height, max_pixels);
  const auto row = static_cast<std::size_t>(width) * 3;
  if (png_get_rowbytes(state.png, state.info) != row) throw Error(ErrorKind::internal, "PNG: unexpected row size");
  Image out{static_cast<int>(height), static_cast<int>(width), 3, {}};
  out.pixels.resize(static_cast<std::size_t>(height) * row);
  std::vector<png_bytep> rows(static_cast<std::size_t>(height));
  for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = &out.pixels[y * row];
  if (!png_pixels(state, rows.data())) fail();
  return out;
}

Bytes encode_png(const Image& image) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  header.format = image.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  if ((image.channels != 1 && image.channels != 3) || image.pixels.size() != PNG_IMAGE_SIZE(header)) {
    throw Error(ErrorKind::usage, "PNG: the image's size and bytes do not agree");
  }
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(header);
  Bytes out(size);
  if (!png_image_write_to_memory(&header, out.data(), &size, 0, image.pixels.data(), 0, nullptr)) {
    throw Error(ErrorKind::usage, std::string("PNG: ") + header.message);
  }
  out.resize(size);
  return out;
}

Bytes encode_jpeg(const Image& image, int quality) {
  if ((image.channels != 1 && image.channels != 3) || image.height < 1 || image.width < 1 ||
      image.height > JPEG_MAX_DIMENSION || image.width > JPEG_MAX_DIMENSION ||
      image.pixels.size() != static_cast<std::size_t>(image.height) * static_cast<std::size_t>(image.width) *
                                 static_cast<std::size_t>(image.channels)) {
    throw Error(ErrorKind::usage, "JPEG: the image's size and bytes do not agree");
  }
  JpegErrors errors{};
  prepare(errors.manager);
  jpeg_compress_struct info{};
  info.err = &errors.manager;
  if (setjmp(errors.jump)) throw Error(ErrorKind::internal, "libjpeg does not start");
  jpeg_create_compress(&info);
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  const bool written = jpeg_write(info, errors, image, quality, buffer, size);
  jpeg_destroy_compress(&info);
  // After an error libjpeg's buffer pointer can be stale: only running out of memory gets here, and it is left alone.
  if (!written) throw Error(ErrorKind::internal, std::string("JPEG: ") + errors.text);
  const std::unique_ptr<unsigned char, decltype(&std::free)> owner(buffer, std::free);
  return Bytes(buffer, buffer + size);
}

}  // namespace vnpu
