#include "sim/ax620/conv.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "sim/ax620/kernels/finish.h"
#include "sim/ax620/stream.h"

namespace vnpu::ax620 {
namespace {

constexpr std::size_t kernel_slack = 4;          // readable bytes behind what a kernel reads
constexpr std::uint64_t max_outputs = 16 << 20;  // numbers one convolution makes
constexpr std::size_t strip = 32 << 10;          // sums made before they are finished: they stay in a cache

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorKind::unsupported, "conv: " + what); }
[[noreturn]] void misfit(const std::string& what) { throw Error(ErrorKind::damaged, "conv: " + what); }

std::size_t positive(std::int32_t value, const char* what) {
  if (value <= 0 || value > 1 << 16) misfit(std::string(what) + " of " + std::to_string(value));
  return static_cast<std::size_t>(value);
}

// One, where the field is absent.
std::size_t or_one(std::int32_t value, const char* what) { return value == 0 ? 1 : positive(value, what); }

class Conv {
 public:
  Conv(const pb::ConvCmd& command, LoadedWeights& weights, std::span<const std::uint8_t> ocm, ConvMemory& memory,
       const Quirks& quirks)
      : in_(command), weights_(weights), ocm_(ocm), memory_(memory), quirks_(quirks) {
    if (command.group_conv_num() > 1 || command.batch_h_cnt() > 1 || command.batch_w_cnt() > 1)
      refuse("groups or batches");
    if (command.has_add_input() || (command.plus_mode() != 0 && command.plus_mode() != -1) || command.fp32_add_mode()) {
      refuse("a second operand");
    }
    if (command.yuv2bgr()) refuse("yuv2bgr");
    const int mode = command.post_process_mode(), bits = command.output_bit();
    if (!(mode == 20 && bits == 8) && !(mode == 23 && bits == 16) && !(mode == 26 && bits == 32)) {
      refuse("post_process_mode " + std::to_string(mode) + " with " + std::to_string(bits) + " bits");
    }
    channels_out_ = positive(command.output_ch(), "output channels");
    if (channels_out_ > weights.channels) {
      misfit(std::to_string(channels_out_) + " output channels, weights of " + std::to_string(weights.channels));
    }
  }

  void run(SimdLevel level, Bytes& out) {
    find_inputs();
    Windows windows = in_.conv_1x1_opt() ? field_1x1() : field_3x3();
    const Filter& filter = filter_of(weights_, in_.conv_1x1_opt(), channels_, level);
    Finish plan = finish_plan(filter);
    plan.width = windows.width;
    if (windows.height == 0 || windows.width == 0 || windows.height > max_outputs / (windows.width * plan.stride)) {
      misfit("an output of " + std::to_string(windows.height) + " x " + std::to_string(windows.width) + " pixels");
    }
    const auto lines = windows.height / plan.line_pool, pixels = windows.width / plan.pixel_pool;
    if (static_cast<std::int64_t>(lines) != in_.output_lc() ||
        static_cast<std::int64_t>(pixels) != in_.output_width()) {
      misfit("makes " + std::to_string(lines) + " x " + std::to_string(pixels) + " pixels, the command says " +
             std::to_string(in_.output_lc()) + " x " + std::to_string(in_.output_width()));
    }
    const auto line_bytes = pixels * channels_out_ * static_cast<std::size_t>(plan.bits) / 8;
    const auto line_sums = plan.line_pool * windows.width * plan.stride;
    const auto at_once = std::max<std::size_t>(1, strip / line_sums);
    memory_.sums.resize(std::min(at_once, lines) * line_sums);
    out.resize(lines * line_bytes);
    const bool default_rules =
        !quirks_.round_half_up && !quirks_.round_truncate && !quirks_.table_integer && !quirks_.fused_scale;
    for (std::size_t y = 0; y < lines; y += at_once) {
      const auto now = std::min(at_once, lines - y);
      windows.height = now * plan.line_pool;
      auto* to = out.data() + y * line_bytes;
      switch (level) {
        case SimdLevel::scalar: sum_law(windows, filter, plan.stride); break;
        case SimdLevel::avx2: dot_avx2(windows, filter.packed, memory_.sums.data()); break;
        case SimdLevel::avx512: dot_avx512(windows, filter.packed, memory_.sums.data()); break;
      }
      if (level != SimdLevel::scalar && default_rules) {
        (level == SimdLevel::avx512 ? finish_avx512 : finish_avx2)(plan, memory_.sums.data(), now, pixels, to);
      } else {
        finish(plan, quirks_, memory_.sums.data(), now, pixels, to);
      }
      windows.input += windows.height * windows.line_step * windows.row_stride;
    }
  }

 private:
  // Every input as pixels of its channels; concatenated by channel at the same pixel.
  void find_inputs() {
    if (in_.inputs_size() == 0) misfit("no input");
    const auto count = static_cast<std::size_t>(in_.inputs_size());
    lines_ = positive(in_.inputs(0).line_count(), "lines");
    width_ = positive(in_.inputs(0).width(), "width");
    for (const auto& input : in_.inputs()) {
      if (input.bit() != 8 && input.bit() != 0) refuse("input of " + std::to_string(input.bit()) + " bits");
      if (input.unpool() || input.resize() || input.has_var_from_ocm()) refuse("unpool, resize or variable addresses");
      inputs_.push_back({{}, positive(input.c(), "channels")});
      channels_ += inputs_.back().channels;
      if (positive(input.line_count(), "lines") != lines_ || positive(input.width(), "width") != width_) {
        misfit("inputs of different sizes");
      }
    }
    if (lines_ * width_ > max_stream / channels_) misfit("an input of more than 64 MB");
    if (memory_.parts.size() < count) memory_.parts.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      auto& input = inputs_[i];
      input.bytes = view(ocm_, in_.inputs(static_cast<int>(i)).from_ocm(), memory_.parts[i]);
      const auto wanted = lines_ * width_ * input.channels;
      if (input.bytes.size() != wanted) {
        misfit("an input stream of " + std::to_string(input.bytes.size()) + " bytes, " + std::to_string(wanted) +
               " expected");
      }
    }
  }

  // Line `y` of all inputs together.
  void put_line(std::size_t y, std::uint8_t* to) const {
    if (inputs_.size() == 1) {
      const auto bytes = width_ * channels_;
      std::memcpy(to, inputs_[0].bytes.data() + y * bytes, bytes);
      return;
    }
    for (const auto& input : inputs_) {
      const auto* from = input.bytes.data() + y * width_ * input.channels;
      auto* pixel = to;
      for (std::size_t x = 0; x < width_; ++x, from += input.channels, pixel += channels_) {
        std::memcpy(pixel, from, input.channels);
      }
      to += input.channels;
    }
  }

  // A pixel of C channels counts as two of C/2: p_stride is in halves. Border flags have no effect.
  Windows field_1x1() {
    const auto line = or_one(in_.l_stride(), "l_stride");
    const auto pixel = std::max<std::size_t>(1, or_one(in_.p_stride(), "p_stride") / 2);
    Windows out;
    out.height = (lines_ + line - 1) / line;
    out.width = (width_ + pixel - 1) / pixel;
    out.line_step = line;
    out.row_stride = width_ * channels_;
    out.pixel_step = pixel * channels_;
    memory_.pixels.resize(lines_ * out.row_stride + kernel_slack);
    for (std::size_t y = 0; y < lines_; ++y) put_line(y, memory_.pixels.data() + y * out.row_stride);
    out.input = memory_.pixels.data();
    return out;
  }

  Windows field_3x3() {
    const auto line = or_one(in_.l_stride(), "l_stride"), pixel = or_one(in_.p_stride(), "p_stride");
    const bool im2col = line == 3 && pixel == 3 && lines_ == 1 && in_.output_width() == 1 &&
                        in_.output_lc() == static_cast<std::int64_t>(width_);
    if (im2col) {  // a pixel carries its whole window: 9 taps of a ninth of the channels
      if (channels_ % window_taps != 0) misfit("im2col of " + std::to_string(channels_) + " channels");
      memory_.pixels.resize(width_ * channels_);
      put_line(0, memory_.pixels.data());
      inputs_ = {{memory_.pixels, channels_ / window_taps}};
      lines_ = width_ * 3;
      width_ = 3;
      channels_ /= window_taps;
    }
    const std::size_t top = in_.padding_top(), bottom = in_.padding_bottom(), left = in_.padding_left(),
                      right = in_.padding_right();
    const auto row = width_ * channels_;
    const auto held = lines_held(row, line, top + bottom);

    Bytes& field = memory_.next;
    const auto columns = width_ + left + right, rows = held + lines_ + top + bottom;
    if (rows < 3 || columns < 3) misfit("a field of " + std::to_string(rows) + " x " + std::to_string(columns));
    const auto stride = columns * channels_;
    if (rows > max_stream / stride) misfit("a field of more than 64 MB");
    const auto border = static_cast<std::uint8_t>(in_.padding_value_size() ? in_.padding_value(0) : 0);
    field.resize(rows * stride + kernel_slack);
    Lines made{top * stride + left * channels_, stride, row, held + lines_};
    const auto& old = memory_.lines;
    for (std::size_t y = 0; y < held; ++y) {
      std::memcpy(field.data() + made.first + y * stride,
                  memory_.field.data() + old.first + (old.count - held + y) * old.stride, row);
    }
    for (std::size_t y = 0; y < lines_; ++y) put_line(y, field.data() + made.first + (held + y) * stride);
    std::fill_n(field.data(), top * stride, border);
    std::fill_n(field.data() + (rows - bottom) * stride, bottom * stride, border);
    for (std::size_t y = top; y < rows - bottom; ++y) {
      std::fill_n(field.data() + y * stride, left * channels_, border);
      std::fill_n(field.data() + y * stride + stride - right * channels_, right * channels_, border);
    }
    std::swap(memory_.field, memory_.next);
    memory_.lines = made;

    Windows out;
    out.height = (rows - 3) / line + 1;
    out.width = (columns - 3) / pixel + 1;
    out.line_step = line;
    out.row_stride = stride;
    out.pixel_step = pixel * channels_;
    out.input = memory_.field.data();
    return out;
  }

  // How many of the lines that the previous layer ended with come first.
  std::size_t lines_held(std::size_t row, std::size_t line_step, std::size_t borders) const {
    if (!in_.continue_mode()) return 0;
    const auto pool = or_one(in_.l_pooling(), "l_pooling");
    const auto rows = (positive(in_.output_lc(), "output lines") * pool - 1) * line_step + 3;
    if (rows <= lines_ + borders) return 0;
    const auto missing = rows - lines_ - borders;
    if (memory_.lines.bytes != row || missing > memory_.lines.count) {
      throw Error(ErrorKind::fault,
                  "conv: continues with " + std::to_string(missing) + " lines that are not in the line buffer");
    }
    return missing;
  }

  // The sum of weight * byte; finish() makes weight * (2 byte - 255) of it.
  void sum_law(const Windows& windows, const Filter& filter, std::size_t stride) {
    for (std::size_t y = 0; y < windows.height; ++y) {
      for (std::size_t x = 0; x < windows.width; ++x) {
        for (std::size_t c = 0; c < channels_out_; ++c) {
          const auto* weight = filter.values.data() + c * filter.window();
          std::int32_t sum = 0;
          for (std::size_t r = 0; r < filter.rows; ++r) {
            const auto* in = windows.input + (y * windows.line_step + r) * windows.row_stride + x * windows.pixel_step;
            for (std::size_t i = 0; i < filter.row_bytes; ++i) sum += in[i] * *weight++;
          }
          memory_.sums[(y * windows.width + x) * stride + c] = sum;
        }
      }
    }
  }

  Finish finish_plan(const Filter& filter) const {
    Finish out;
    out.channels = channels_out_;
    out.stride = (weights_.channels + 15) / 16 * 16;
    out.line_pool = or_one(in_.l_pooling(), "l_pooling");
    out.pixel_pool = or_one(in_.p_pooling(), "p_pooling");
    out.bits = in_.output_bit();
    out.totals = filter.sums.data();
    out.scales = weights_.scale.data();
    out.biases = weights_.bias.data();
    if (in_.has_drc()) {
      const auto numbers = [](const auto& in) { return std::span(in.data(), static_cast<std::size_t>(in.size())); };
      out.table = Table(numbers(in_.drc().lut_data()), numbers(in_.drc().start()), numbers(in_.drc().step()));
    }
    return out;
  }

  struct Input {
    std::span<const std::uint8_t> bytes;
    std::size_t channels = 0;
  };

  const pb::ConvCmd& in_;
  LoadedWeights& weights_;
  std::span<const std::uint8_t> ocm_;
  ConvMemory& memory_;
  const Quirks& quirks_;
  std::size_t lines_ = 0, width_ = 0, channels_ = 0, channels_out_ = 0;
  std::vector<Input> inputs_;
};

}  // namespace

void run_conv(const pb::ConvCmd& command, LoadedWeights& weights, std::span<const std::uint8_t> ocm, ConvMemory& memory,
              const Quirks& quirks, SimdLevel level, Bytes& out) {
  Conv(command, weights, ocm, memory, quirks).run(level, out);
}

}  // namespace vnpu::ax620
