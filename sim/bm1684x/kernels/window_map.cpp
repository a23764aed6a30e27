#include "sim/bm1684x/kernels/window_map.h"

#include <algorithm>
#include <cstring>

namespace vnpu::bm1684x::kernels {

WindowMap::WindowMap(const Window& window) : window_(window), runs_(std::size_t{window.y.kernel} * window.x.kernel) {}

void WindowMap::add(std::vector<Run>& runs, const Run& run) const {
  if (run.length == 0) return;
  if (!runs.empty()) {
    Run& last = runs.back();
    const bool follows = run.source < 0 ? run.source == last.source
                                        : run.step == 1 && last.step == 1 && last.source >= 0 &&
                                              last.source + static_cast<std::int32_t>(last.length) == run.source;
    if (follows) {
      last.length += run.length;
      return;
    }
  }
  runs.push_back(run);
}

// `length` results of one row from column `ox`.
void WindowMap::add_row(std::vector<Run>& runs, std::uint32_t at, std::uint32_t length, std::uint32_t ox,
                        std::int32_t row, std::uint32_t kx) const {
  const WindowAxis& x = window_.x;
  if (row == is_padding) return add(runs, {at, length, is_padding, 1});
  if (x.inserted != 0 || x.mode != PadMode::constant) {
    for (std::uint32_t i = 0; i < length; ++i) {
      const std::int32_t column = x.source(ox + i, kx);
      const std::int32_t source = column == is_padding ? is_padding
                                  : row == is_inserted || column == is_inserted
                                      ? is_inserted
                                      : row * static_cast<std::int32_t>(x.input) + column;
      add(runs, {at + i, 1, source, 1});
    }
    return;
  }
  // Columns before `low` and from `high` on lie in the padding.
  const std::int64_t shift = std::int64_t{kx} * x.dilation - x.before;
  const auto results_below = [&](std::int64_t column) {  // results that read a column below
    const std::int64_t distance = column - shift;
    return distance <= 0 ? 0 : (distance + x.stride - 1) / x.stride;
  };
  const std::int64_t end = ox + length;
  const std::int64_t low = std::clamp<std::int64_t>(results_below(0), ox, end);
  const std::int64_t high = std::clamp<std::int64_t>(results_below(x.input), low, end);
  add(runs, {at, static_cast<std::uint32_t>(low - ox), is_padding, 1});
  std::int32_t source = is_inserted;
  if (row >= 0) source = static_cast<std::int32_t>(row * std::int64_t{x.input} + low * x.stride + shift);
  add(runs, {static_cast<std::uint32_t>(at + low - ox), static_cast<std::uint32_t>(high - low), source, x.stride});
  add(runs, {static_cast<std::uint32_t>(at + high - ox), static_cast<std::uint32_t>(end - high), is_padding, 1});
}

void WindowMap::place(std::size_t first, std::size_t count) {
  for (std::uint32_t ky = 0; ky < window_.y.kernel; ++ky) {
    for (std::uint32_t kx = 0; kx < window_.x.kernel; ++kx) {
      std::vector<Run>& runs = runs_[std::size_t{ky} * window_.x.kernel + kx];
      runs.clear();
      for (std::size_t at = 0; at < count;) {
        const auto oy = static_cast<std::uint32_t>((first + at) / window_.x.output);
        const auto ox = static_cast<std::uint32_t>((first + at) % window_.x.output);
        const auto length = static_cast<std::uint32_t>(std::min<std::size_t>(count - at, window_.x.output - ox));
        add_row(runs, static_cast<std::uint32_t>(at), length, ox, window_.y.source(oy, ky), kx);
        at += length;
      }
    }
  }
}

void WindowMap::pack(std::size_t tap, const std::int32_t* plane, std::int32_t padding, std::int32_t inserted,
                     std::int32_t* cells) const {
  for (const Run& run : runs_[tap]) {
    std::int32_t* to = cells + run.at;
    if (run.source < 0) {
      std::fill_n(to, run.length, run.source == is_padding ? padding : inserted);
    } else if (run.step == 1) {
      std::memcpy(to, plane + run.source, run.length * sizeof *to);
    } else {
      const std::int32_t* from = plane + run.source;
      for (std::uint32_t i = 0; i < run.length; ++i, from += run.step) to[i] = *from;
    }
  }
}

}  // namespace vnpu::bm1684x::kernels
