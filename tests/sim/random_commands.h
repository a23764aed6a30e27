// Random TDMA commands: legal ones of every form, and the same with a few fields changed.
#pragma once

#include <array>
#include <cstdint>
#include <random>
#include <utility>

#include "isa/cv18xx/chip.h"
#include "isa/cv18xx/command.h"

namespace vnpu::cv18xx {

class RandomTdma {
 public:
  // Commands for a chip of so many lanes, with `global_bytes` (at least 256 KiB) behind each base register.
  RandomTdma(std::uint64_t seed, std::uint32_t lanes, std::uint32_t global_bytes)
      : random_(seed), lanes_(lanes), global_bytes_(global_bytes) {}

  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(random_() % n); }
  bool chance(std::uint32_t percent) { return below(100) < percent; }

  // Executable unless its places do not fit into a lane (a fault then). A VLC load needs a stream at its source.
  TdmaCommand legal() {
    command_ = TdmaCommand{};
    command_.vld = 1;
    command_.int8_sign = below(2);
    command_.int8_rnd_mode = below(2);
    command_.src_base_reg_sel = below(8);
    command_.dst_base_reg_sel = below(8);
    switch (below(12)) {
      case 0: general(); break;
      case 1: fill(); break;
      case 2: matrix(); break;
      case 3: matrix_transposed(); break;
      case 4: nc(); break;
      case 5: cw(); break;
      case 6: chw(); break;
      case 7: lut(); break;
      case 8: vlc(); break;
      default: copy(); break;
    }
    return command_;
  }

  // One to three fields of the command set to something else.
  TdmaCommand changed(const TdmaCommand& command) {
    auto words = encode(command);
    for (auto left = 1 + below(3); left != 0; --left) {
      const auto& field = tdma_fields()[below(static_cast<std::uint32_t>(tdma_fields().size()))];
      const std::uint64_t choices[] = {0, 1, below(8), below(64), random_()};
      const auto value = choices[below(5)];
      for (unsigned i = 0; i < field.width; ++i) {
        const auto bit = field.bit + i;
        words[bit / 8] = static_cast<std::uint8_t>((words[bit / 8] & ~(1u << bit % 8)) | (value >> i & 1) << bit % 8);
      }
    }
    return decode_tdma(words);
  }

  // A random place for a stream of a later VLC load: where legal() puts compressed data.
  static constexpr std::uint32_t stream_place = 0x20000;

 private:
  using Shape = std::array<std::uint32_t, 4>;
  using Strides = std::array<std::uint32_t, 3>;

  Shape shape() {
    static constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 8> planes = {
        {{1, 1}, {1, 8}, {3, 5}, {4, 16}, {2, 33}, {7, 7}, {1, 100}, {9, 40}}};
    static constexpr std::array<std::uint32_t, 8> channels = {1, 2, 3, 4, 8, 9, 17, 40};
    const auto [h, w] = planes[below(planes.size())];
    return {1 + (chance(30) ? below(3) : 0), channels[below(channels.size())], h, w};
  }
  Strides local_strides(const Shape& s, std::uint32_t e) {
    auto row = s[3] * e;
    if (chance(25)) row += (1 + below(8)) * e;
    auto plane = row * s[2];
    if (chance(70)) plane = (plane + 15) / 16 * 16;
    return {plane * ((s[1] + lanes_ - 1) / lanes_ + 1), plane, row};
  }
  Strides global_strides(const Shape& s, std::uint32_t e) {
    auto row = s[3] * e;
    if (chance(30)) row += below(6) * e;
    auto plane = row * s[2];
    if (chance(30)) plane += below(8) * e;
    auto all = plane * s[1];
    if (chance(30)) all += below(10) * e;
    return {all, plane, row};
  }
  static bool local_source(const TdmaCommand& c) { return c.trans_dir == l2g || c.trans_dir == l2l; }
  static bool local_destination(const TdmaCommand& c) { return c.trans_dir == g2l || c.trans_dir == l2l; }

  std::uint32_t local_address(bool upper) {
    const std::uint32_t align = chance(50) ? 16 : 1;
    const auto offset = below(lane_bytes / 4) / align * align + (upper ? lane_bytes / 2 : 0);
    return (chance(50) ? 0 : below(lanes_)) * lane_bytes + offset;
  }
  void place_source() {
    const auto near_start = below(global_bytes_ / 4);
    command_.src_base_addr_low = local_source(command_) ? local_address(false) : near_start;
  }
  // In the other half of the memory than the source, or (rarely) anywhere near it.
  void place_destination() {
    const bool local = local_destination(command_);
    command_.dst_base_addr_low = local ? local_address(true) : global_bytes_ / 2 + below(global_bytes_ / 4);
    if (command_.trans_dir >= g2g && chance(20)) command_.dst_base_addr_low = command_.src_base_addr_low + below(200);
  }
  void source(const Shape& s) {
    const auto strides =
        local_source(command_) ? local_strides(s, command_.src_fmt) : global_strides(s, command_.src_fmt);
    command_.src_n = s[0];
    command_.src_c = s[1];
    command_.src_h = s[2];
    command_.src_w = s[3];
    command_.src_n_stride = strides[0];
    source_c_stride(strides[1]);
    command_.src_h_stride = strides[2];
    place_source();
  }
  void destination(const Shape& s) {
    const auto strides =
        local_destination(command_) ? local_strides(s, command_.dst_fmt) : global_strides(s, command_.dst_fmt);
    command_.dst_c = s[1];
    command_.dst_h = s[2];
    command_.dst_w = s[3];
    command_.dst_n_stride = strides[0];
    destination_c_stride(strides[1]);
    command_.dst_h_stride = strides[2];
    place_destination();
  }
  void source_c_stride(std::uint32_t bytes) {
    command_.src_c_stride_low = bytes & 0xFFFF;
    command_.src_c_stride_high = bytes >> 16;
  }
  void destination_c_stride(std::uint32_t bytes) {
    command_.dst_c_stride_low = bytes & 0xFFFF;
    command_.dst_c_stride_high = bytes >> 16;
  }
  void formats() {
    command_.src_fmt = 1 + below(2);
    command_.dst_fmt = 1 + below(2);
    if (command_.trans_dir == g2g || (command_.trans_dir == g2l && command_.src_fmt == 2) ||
        (command_.trans_dir == l2g && command_.src_fmt == 1)) {
      command_.dst_fmt = command_.src_fmt;
    }
  }
  // Another h, w with the same product.
  void reshape(std::uint32_t& h, std::uint32_t& w) {
    const auto product = h * w;
    do {
      h = 1 + below(product);
    } while (product % h != 0);
    w = product / h;
  }
  void aligned_planes() {  // what the rotating loads ask for
    command_.dst_base_addr_low &= ~15u;
    command_.dst_h_stride = command_.dst_w;
    const auto plane = (command_.dst_h * command_.dst_w + 15) / 16 * 16;
    destination_c_stride(plane);
    command_.dst_n_stride = plane * ((command_.dst_c + lanes_ - 1) / lanes_ + 1);
  }

  void copy() {
    command_.trans_dir = below(4);
    formats();
    auto s = shape();
    source(s);
    if (chance(40)) {
      if (chance(50)) std::swap(s[1], s[2]);
      reshape(s[2], s[3]);
    }
    destination(s);
  }
  void general() {
    command_.trans_dir = below(3);
    command_.trans_fmt = 1;
    command_.src_fmt = command_.dst_fmt = 1 + below(2);
    command_.src_n_stride = 1 + below(4000);
    place_source();
    place_destination();
  }
  void fill() {
    command_.trans_dir = below(2);
    command_.spec_func = spec_fill;
    command_.src_fmt = command_.dst_fmt = 1 + below(2);
    command_.const_val = below(65536);
    const auto s = shape();
    command_.src_n = s[0];
    destination(s);
  }
  void local_matrix(std::uint32_t columns, std::uint32_t e, bool is_source) {
    const auto width = 1 + below(columns + 3);
    const auto channels = (columns + width - 1) / width;
    const auto plane = (width * e + 15) / 16 * 16;
    const auto row = plane * ((channels + lanes_ - 1) / lanes_ + 1);
    if (is_source) {
      command_.src_c = channels;
      command_.src_h = 1;
      command_.src_w = width;
      command_.src_n_stride = row;
      source_c_stride(plane);
      command_.src_h_stride = width * e;
    } else {
      command_.dst_c = channels;
      command_.dst_h = 1;
      command_.dst_w = width;
      command_.dst_n_stride = row;
      destination_c_stride(plane);
      command_.dst_h_stride = width * e;
    }
  }
  void matrix() {
    command_.trans_dir = below(2);
    command_.sys_dtype = 1;
    formats();
    const auto rows = 1 + below(20);
    const auto columns = 1 + below(200);
    command_.src_n = rows;
    if (command_.trans_dir == g2l) {
      command_.src_c = rows;
      command_.src_w = columns;
      source_c_stride(columns * command_.src_fmt + (chance(30) ? below(9) : 0));
      local_matrix(columns, command_.dst_fmt, false);
    } else {
      command_.dst_c = rows;
      command_.dst_w = columns;
      destination_c_stride(columns * command_.dst_fmt + (chance(30) ? below(9) : 0));
      local_matrix(columns, command_.src_fmt, true);
    }
    place_source();
    place_destination();
  }
  void matrix_transposed() {
    command_.trans_dir = g2l;
    command_.sys_dtype = 1;
    command_.spec_func = spec_transpose;
    command_.src_n = command_.src_c = 1 + below(40);
    command_.src_w = 1 + below(20);
    source_c_stride(command_.src_w + below(4));
    local_matrix(command_.src_c, 1, false);
    place_source();
    place_destination();
    const auto width = command_.dst_w;
    aligned_planes();
    command_.dst_h_stride = width;
  }
  void nc() {
    command_.trans_dir = below(2);
    command_.spec_func = spec_transpose;
    formats();
    auto s = shape();
    source(s);
    if (chance(40)) reshape(s[2], s[3]);
    destination({s[1], s[0], s[2], s[3]});
  }
  void cw() {
    command_.trans_dir = l2g;
    command_.spec_func = spec_transpose;
    command_.transpose_md = 3;
    const auto s = shape();
    source(s);
    destination({s[0], s[3], s[2], s[1]});
  }
  void chw() {
    command_.trans_dir = g2l;
    command_.spec_func = spec_transpose;
    auto s = shape();
    s[1] = 3 + below(2);
    command_.transpose_md = s[1] - 2;
    source(s);
    source_c_stride(1);
    command_.src_h_stride = s[1] * s[3] + (chance(30) ? below(9) : 0);
    command_.src_n_stride = command_.src_h_stride * s[2];
    destination(s);
    aligned_planes();
  }
  void lut() {
    command_.trans_dir = l2l;
    command_.src_fmt = command_.dst_fmt = 2;
    (chance(70) ? command_.mv_lut_idx : command_.mv_lut_base) = 1;
    auto s = shape();
    source(s);
    if (chance(20)) reshape(s[2], s[3]);
    destination(s);
  }
  void vlc() {
    command_.trans_dir = below(2);
    command_.compress_en = 1;
    command_.src_fmt = command_.dst_fmt = 1 + below(2);
    const bool bf16 = command_.src_fmt == 2;
    const auto e = command_.src_fmt;
    if (command_.trans_dir == l2g) {
      command_.cmprs_fmt = bf16 ? 0 : below(2);
      command_.compress_bias0 = bf16 ? 127 : 0;
      command_.compress_zero_guard = bf16 ? below(2) : 0;
    }
    if (chance(40)) {
      const auto rows = 1 + below(16);
      const auto columns = 1 + below(60);
      command_.sys_dtype = 1;
      command_.src_n = rows;
      if (command_.trans_dir == g2l) {
        command_.src_c = rows;
        command_.src_w = columns;
        source_c_stride(columns * e);
        local_matrix(columns, e, false);
      } else {
        command_.dst_c = rows;
        command_.dst_w = columns;
        destination_c_stride(columns * e);
        local_matrix(columns, e, true);
      }
      place_source();
      place_destination();
    } else {
      const auto s = shape();
      source(s);
      destination(s);
      if (command_.trans_dir == l2g) {
        command_.dst_h_stride = s[3] * e;
        destination_c_stride(s[2] * s[3] * e);
        command_.dst_n_stride = s[1] * s[2] * s[3] * e;
      }
    }
    if (command_.trans_dir == g2l) command_.src_base_addr_low = stream_place;
  }

  std::mt19937_64 random_;
  std::uint32_t lanes_;
  std::uint32_t global_bytes_;
  TdmaCommand command_;
};

}  // namespace vnpu::cv18xx
