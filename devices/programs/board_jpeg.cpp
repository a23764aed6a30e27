#include "devices/programs/board_jpeg.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "base/error.h"
#include "base/image_codecs.h"
#include "base/jpeg_guard.h"
#include "devices/programs/jpeg_transform.h"

namespace vnpu::programs {
namespace {

// ---- entropy decoding, by the host's libjpeg ----

// Of the warnings the library reports only the first.
void message(j_common_ptr info, int level) {
  if (level >= 0) return;
  JpegErrors& errors = jpeg_errors(info);
  if (errors.manager.num_warnings++ == 0) errors.manager.format_message(info, errors.warning);
}

struct Plane {
  std::size_t rows_per_block = 8, columns_per_block = 8;
  std::size_t blocks_high = 0, stride = 0;
  Bytes samples;
};

bool read_head(jpeg_decompress_struct& info, JpegErrors& errors, ByteView file) {
  if (setjmp(errors.jump)) return false;
  jpeg_mem_src(&info, file.data(), static_cast<unsigned long>(file.size()));
  jpeg_read_header(&info, TRUE);
  return true;
}

bool read_planes(jpeg_decompress_struct& info, JpegErrors& errors, std::vector<Plane>& planes) {
  if (setjmp(errors.jump)) return false;
  jvirt_barray_ptr* coefficients = jpeg_read_coefficients(&info);
  std::int64_t block[64];
  for (int c = 0; c < info.num_components; ++c) {
    const jpeg_component_info& component = info.comp_info[c];
    Plane& plane = planes[static_cast<std::size_t>(c)];
    if (!component.quant_table) {
      std::snprintf(errors.text, sizeof errors.text, "component %d is in no scan", c);
      return false;
    }
    for (JDIMENSION row = 0; row < plane.blocks_high; ++row) {
      const JBLOCKARRAY line =
          info.mem->access_virt_barray(reinterpret_cast<j_common_ptr>(&info), coefficients[c], row, 1, FALSE);
      std::uint8_t* out = plane.samples.data() + row * plane.rows_per_block * plane.stride;
      for (JDIMENSION column = 0; column < component.width_in_blocks; ++column) {
        for (std::size_t i = 0; i < 64; ++i) {
          block[i] = std::int64_t{line[0][column][i]} * component.quant_table->quantval[i];
        }
        inverse_block(block, plane.rows_per_block, plane.columns_per_block, out + column * plane.columns_per_block,
                      plane.stride);
      }
    }
  }
  jpeg_finish_decompress(&info);
  return true;
}

// Planes as large as the picture (rounded up to whole blocks); empty when a component has less than half the samples.
std::vector<Plane> lay_out(const jpeg_decompress_struct& info) {
  std::vector<Plane> planes;
  for (int c = 0; c < info.num_components; ++c) {
    const jpeg_component_info& component = info.comp_info[c];
    const int across = info.max_h_samp_factor / component.h_samp_factor;
    const int down = info.max_v_samp_factor / component.v_samp_factor;
    if (info.max_h_samp_factor % component.h_samp_factor || info.max_v_samp_factor % component.v_samp_factor ||
        across > 2 || down > 2) {
      return {};
    }
    Plane plane;
    plane.rows_per_block = 8u * static_cast<unsigned>(down);
    plane.columns_per_block = 8u * static_cast<unsigned>(across);
    plane.blocks_high = component.height_in_blocks;
    plane.stride = component.width_in_blocks * plane.columns_per_block;
    plane.samples.resize(plane.blocks_high * plane.rows_per_block * plane.stride);
    planes.push_back(std::move(plane));
  }
  return planes;
}

// JFIF's YCbCr in 16-bit fixed point, as every libjpeg does it.
void to_rgb(int y, int cb, int cr, std::uint8_t* out) {
  constexpr int half = 1 << 15;
  const auto clamp = [](int v) { return static_cast<std::uint8_t>(std::clamp(v, 0, 255)); };
  cb -= 128;
  cr -= 128;
  out[0] = clamp(y + ((91881 * cr + half) >> 16));
  out[1] = clamp(y + ((-22554 * cb - 46802 * cr + half) >> 16));
  out[2] = clamp(y + ((116130 * cb + half) >> 16));
}

}  // namespace

BoardPicture decode_board_jpeg(ByteView file, std::int64_t max_pixels) {
  JpegErrors errors{};
  jpeg_std_error(&errors.manager);
  errors.manager.error_exit = jpeg_fail;
  errors.manager.emit_message = message;
  jpeg_decompress_struct info{};
  info.err = &errors.manager;
  if (setjmp(errors.jump)) throw Error(ErrorKind::internal, "libjpeg does not start");
  jpeg_create_decompress(&info);
  const std::unique_ptr<jpeg_decompress_struct, decltype(&jpeg_destroy_decompress)> owner(&info,
                                                                                          jpeg_destroy_decompress);
  jpeg_progress_mgr progress{};
  progress.progress_monitor = jpeg_limit_scans;
  info.progress = &progress;
  const auto give_up = [&] { throw Error(ErrorKind::damaged, std::string("JPEG: ") + errors.text); };
  if (!read_head(info, errors, file)) give_up();
  if (info.image_width == 0 || info.image_height == 0 || info.image_width > max_pixels / info.image_height) {
    throw Error(ErrorKind::unsupported,
                "picture of " + std::to_string(info.image_width) + "x" + std::to_string(info.image_height) + " pixels");
  }
  if (info.num_components != 1 && info.num_components != 3) {
    throw Error(ErrorKind::unsupported, "JPEG: " + std::to_string(info.num_components) + " components");
  }
  std::vector<Plane> planes = lay_out(info);
  if (planes.empty()) return {decode_jpeg(file, max_pixels), {}};
  const bool ycc = info.jpeg_color_space == JCS_YCbCr;
  const auto height = static_cast<std::size_t>(info.image_height), width = static_cast<std::size_t>(info.image_width);
  if (!read_planes(info, errors, planes)) give_up();

  BoardPicture out{{static_cast<int>(height), static_cast<int>(width), 3, {}}, errors.warning};
  out.image.pixels.resize(height * width * 3);
  for (std::size_t y = 0; y < height; ++y) {
    for (std::size_t x = 0; x < width; ++x) {
      std::uint8_t* pixel = &out.image.pixels[(y * width + x) * 3];
      std::array<std::uint8_t, 3> sample;
      for (std::size_t c = 0; c < 3; ++c) {
        const Plane& plane = planes[planes.size() == 1 ? 0 : c];
        sample[c] = plane.samples[y * plane.stride + x];
      }
      if (ycc) {
        to_rgb(sample[0], sample[1], sample[2], pixel);
      } else {
        std::copy(sample.begin(), sample.end(), pixel);
      }
    }
  }
  return out;
}

}  // namespace vnpu::programs
