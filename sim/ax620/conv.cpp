#include "sim/ax620/conv.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "sim/ax620/arithmetic.h"
#include "sim/ax620/kernels/table_avx512.h"
#include "sim/ax620/stream.h"

namespace vnpu::ax620 {
namespace {

constexpr std::size_t taps = 9, block = 16;      // of a window; input channels stored together
constexpr std::size_t max_window = 60'000;       // bytes: the sum fits 32 bits
constexpr std::uint64_t max_outputs = 16 << 20;  // numbers one convolution makes

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorKind::unsupported, "conv: " + what); }
[[noreturn]] void misfit(const std::string& what) { throw Error(ErrorKind::damaged, "conv: " + what); }

std::size_t positive(std::int32_t value, const char* what) {
  if (value <= 0 || value > 1 << 16) misfit(std::string(what) + " of " + std::to_string(value));
  return static_cast<std::size_t>(value);
}

// One, where the field is absent.
std::size_t or_one(std::int32_t value, const char* what) { return value == 0 ? 1 : positive(value, what); }

Filter filter_of(const LoadedWeights& weights, bool one_by_one, std::size_t channels_in) {
  const std::size_t channels = weights.channels;
  const auto& d = weights.digits;
  Filter out;
  const auto wanted = [&](std::size_t count) {
    if (d.size() != count) {
      misfit("weights of " + std::to_string(d.size()) + " digits were fetched, " + std::to_string(count) + " expected");
    }
  };
  const auto planes = [&](std::size_t at, std::size_t step) {  // value of the four digit planes, lowest first
    return static_cast<std::int8_t>(d[at] + 4 * d[at + step] + 16 * d[at + 2 * step] + 64 * (d[at + 3 * step] - 2));
  };
  if (one_by_one) {
    if (weights.bits != 2) refuse("a 1x1 layer with weights of " + std::to_string(weights.bits) + " bits");
    if (channels_in % 2 != 0) misfit("a 1x1 layer of " + std::to_string(channels_in) + " channels");
    const std::size_t half = channels_in / 2, blocks = (half + block - 1) / block;
    wanted(blocks * channels * taps * block);
    out.rows = 1;
    out.row_bytes = channels_in;
    out.values.resize(channels * channels_in);
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t i = 0; i < half; ++i) {
        // Stored taps 8 7 6 5 are the planes of the lower half of the channels, 3 2 1 0 those of the upper one.
        const auto at = ((i / block * channels + c) * taps) * block + i % block;
        const auto plane = [&](std::size_t tap) { return static_cast<int>(d[at + tap * block]); };
        out.values[c * channels_in + i] =
            static_cast<std::int8_t>(plane(8) + 4 * plane(7) + 16 * plane(6) + 64 * (plane(5) - 2));
        out.values[c * channels_in + half + i] =
            static_cast<std::int8_t>(plane(3) + 4 * plane(2) + 16 * plane(1) + 64 * (plane(0) - 2));
      }
    }
  } else {
    const std::size_t blocks = (channels_in + block - 1) / block, depth = weights.bits == 8 ? 4 : 1;
    wanted(blocks * channels * depth * taps * block);
    out.rows = 3;
    out.row_bytes = 3 * channels_in;
    out.values.resize(channels * taps * channels_in);
    for (std::size_t c = 0; c < channels; ++c) {
      for (std::size_t position = 0; position < taps; ++position) {  // 3 ky + kx; stored last first
        for (std::size_t i = 0; i < channels_in; ++i) {
          const auto at = ((i / block * channels + c) * depth * taps + taps - 1 - position) * block + i % block;
          out.values[(c * taps + position) * channels_in + i] =
              weights.bits == 8 ? planes(at, taps * block) : static_cast<std::int8_t>(d[at] - 2);
        }
      }
    }
  }
  const std::size_t window = out.rows * out.row_bytes;
  out.sums.resize(channels);
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t i = 0; i < window; ++i) out.sums[c] += out.values[c * window + i];
  }
  return out;
}

// What a convolution reads: rows of pixels with their border, and how windows lie in it.
struct Field {
  Bytes bytes;  // + 4 readable bytes
  Windows windows;
};

class Conv {
 public:
  Conv(const pb::ConvCmd& command, LoadedWeights& weights, std::span<const std::uint8_t> ocm, const Quirks& quirks)
      : in_(command), weights_(weights), ocm_(ocm), quirks_(quirks) {
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

  Bytes run(Bytes& lines, std::uint64_t& line_bytes, SimdLevel level) {
    gather_inputs();
    Field field = in_.conv_1x1_opt() ? field_1x1() : field_3x3(lines, line_bytes);
    Filter& filter = filter_for(in_.conv_1x1_opt());
    const std::size_t window = filter.rows * filter.row_bytes;
    if (window > max_window) refuse("a window of " + std::to_string(window) + " bytes");
    const auto pixels = field.windows.height * field.windows.width;
    const auto stride = (weights_.channels + 15) / 16 * 16;
    if (pixels == 0 || pixels > max_outputs / stride) misfit("an output of " + std::to_string(pixels) + " pixels");
    sums_.resize(pixels * stride);
    if (level == SimdLevel::scalar) {
      sum_law(field.windows, filter, stride);
    } else {
      if (filter.packed.values.empty()) {
        filter.packed = pack_filter(filter.values, weights_.channels, filter.rows, filter.row_bytes);
      }
      (level == SimdLevel::avx512 ? dot_avx512 : dot_avx2)(field.windows, filter.packed, sums_.data());
    }
    return finish(filter, field.windows.height, field.windows.width, stride, level);
  }

 private:
  void gather_inputs() {
    if (in_.inputs_size() == 0) misfit("no input");
    lines_ = positive(in_.inputs(0).line_count(), "lines");
    width_ = positive(in_.inputs(0).width(), "width");
    std::vector<std::size_t> channels;
    for (const auto& input : in_.inputs()) {
      if (input.bit() != 8 && input.bit() != 0) refuse("input of " + std::to_string(input.bit()) + " bits");
      if (input.unpool() || input.resize() || input.has_var_from_ocm()) refuse("unpool, resize or variable addresses");
      channels.push_back(positive(input.c(), "channels"));
      channels_ += channels.back();
      if (positive(input.line_count(), "lines") != lines_ || positive(input.width(), "width") != width_) {
        misfit("inputs of different sizes");
      }
    }
    if (lines_ * width_ > max_stream / channels_) misfit("an input of more than 64 MB");
    bytes_.reserve(lines_ * width_ * channels_ + 4);
    std::vector<Bytes> parts;
    for (int i = 0; i < in_.inputs_size(); ++i) {
      Bytes part;
      gather(ocm_, in_.inputs(i).from_ocm(), part);
      const auto wanted = lines_ * width_ * channels[static_cast<std::size_t>(i)];
      if (part.size() != wanted)
        misfit("an input stream of " + std::to_string(part.size()) + " bytes, " + std::to_string(wanted) + " expected");
      parts.push_back(std::move(part));
    }
    if (parts.size() == 1) {
      bytes_ = std::move(parts.front());
      return;
    }
    bytes_.resize(lines_ * width_ * channels_);  // concatenation by channel at the same pixel
    std::size_t first = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      for (std::size_t p = 0; p < lines_ * width_; ++p) {
        std::copy_n(parts[i].data() + p * channels[i], channels[i], bytes_.data() + p * channels_ + first);
      }
      first += channels[i];
    }
  }

  // A pixel of C channels counts as two of C/2: p_stride is in halves. Border flags have no effect.
  Field field_1x1() {
    const auto line = or_one(in_.l_stride(), "l_stride");
    const auto pixel = std::max<std::size_t>(1, or_one(in_.p_stride(), "p_stride") / 2);
    Field out;
    out.windows.height = (lines_ + line - 1) / line;
    out.windows.width = (width_ + pixel - 1) / pixel;
    out.windows.line_step = line;
    out.windows.row_stride = width_ * channels_;
    out.windows.pixel_step = pixel * channels_;
    out.bytes = std::move(bytes_);
    out.bytes.resize(out.bytes.size() + 4);
    out.windows.input = out.bytes.data();
    return out;
  }

  Field field_3x3(Bytes& held, std::uint64_t& held_line) {
    const auto line = or_one(in_.l_stride(), "l_stride"), pixel = or_one(in_.p_stride(), "p_stride");
    const bool im2col = line == 3 && pixel == 3 && lines_ == 1 && in_.output_width() == 1 &&
                        in_.output_lc() == static_cast<std::int64_t>(width_);
    if (im2col) {  // a pixel carries its whole window: 9 taps of a ninth of the channels
      if (channels_ % taps != 0) misfit("im2col of " + std::to_string(channels_) + " channels");
      lines_ = width_ * 3;
      width_ = 3;
      channels_ /= taps;
    }
    const auto row = width_ * channels_;
    const bool top = in_.padding_top(), bottom = in_.padding_bottom(), left = in_.padding_left(),
               right = in_.padding_right();
    if (in_.continue_mode()) {  // the line buffer still holds the rows the previous job ended with
      const auto pool = or_one(in_.l_pooling(), "l_pooling");
      const auto rows = static_cast<std::int64_t>((positive(in_.output_lc(), "output lines") * pool - 1) * line + 3);
      const auto miss = rows - static_cast<std::int64_t>(lines_) - top - bottom;
      if (miss > 0) {
        const auto bytes = static_cast<std::uint64_t>(miss) * row;
        if (held_line != row || bytes > held.size()) {
          throw Error(ErrorKind::fault,
                      "conv: continues with " + std::to_string(miss) + " lines that are not in the line buffer");
        }
        bytes_.insert(bytes_.begin(), held.end() - static_cast<std::ptrdiff_t>(bytes), held.end());
        lines_ += static_cast<std::size_t>(miss);
      }
    }
    held = bytes_;
    held_line = row;

    const auto border = static_cast<std::uint8_t>(in_.padding_value_size() ? in_.padding_value(0) : 0);
    const auto rows = lines_ + top + bottom, columns = width_ + left + right;
    if (rows < 3 || columns < 3) misfit("a field of " + std::to_string(rows) + " x " + std::to_string(columns));
    Field out;
    out.bytes.assign(rows * columns * channels_ + 4, border);
    for (std::size_t y = 0; y < lines_; ++y) {
      std::copy_n(bytes_.data() + y * row, row, out.bytes.data() + ((y + top) * columns + left) * channels_);
    }
    out.windows.height = (rows - 3) / line + 1;
    out.windows.width = (columns - 3) / pixel + 1;
    out.windows.line_step = line;
    out.windows.row_stride = columns * channels_;
    out.windows.pixel_step = pixel * channels_;
    out.windows.input = out.bytes.data();
    return out;
  }

  Filter& filter_for(bool one_by_one) {
    const std::pair key{one_by_one, channels_};
    auto at = weights_.filters.find(key);
    if (at == weights_.filters.end()) {
      at = weights_.filters.emplace(key, filter_of(weights_, one_by_one, channels_)).first;
    }
    return at->second;
  }

  // The sum of weight * byte; finish() makes weight * (2 byte - 255) of it.
  void sum_law(const Windows& windows, const Filter& filter, std::size_t stride) {
    for (std::size_t y = 0; y < windows.height; ++y) {
      for (std::size_t x = 0; x < windows.width; ++x) {
        for (std::size_t c = 0; c < channels_out_; ++c) {
          const auto* weight = filter.values.data() + c * filter.rows * filter.row_bytes;
          std::int32_t sum = 0;
          for (std::size_t r = 0; r < filter.rows; ++r) {
            const auto* in = windows.input + (y * windows.line_step + r) * windows.row_stride + x * windows.pixel_step;
            for (std::size_t i = 0; i < filter.row_bytes; ++i) sum += in[i] * *weight++;
          }
          sums_[(y * windows.width + x) * stride + c] = sum;
        }
      }
    }
  }

  // The bipolar sum fits 32 bits: a window has at most max_window bytes.
  void scale(const std::int32_t* sums, const Filter& filter, float* to) const {
    const std::int32_t* totals = filter.sums.data();
    const float *scales = weights_.scale.data(), *biases = weights_.bias.data();
    if (quirks_.fused_scale) {
      for (std::size_t c = 0; c < channels_out_; ++c) {
        to[c] = std::fma(static_cast<float>(2 * std::int64_t{sums[c]} - 255 * std::int64_t{totals[c]}), scales[c],
                         biases[c]);
      }
      return;
    }
    for (std::size_t c = 0; c < channels_out_; ++c) {
      const auto bipolar = static_cast<std::int32_t>(2U * static_cast<std::uint32_t>(sums[c]) -
                                                     255U * static_cast<std::uint32_t>(totals[c]));
      to[c] = static_cast<float>(bipolar) * scales[c] + biases[c];
    }
  }

  Bytes finish(const Filter& filter, std::size_t height, std::size_t width, std::size_t stride, SimdLevel level) {
    words_.resize(channels_out_);
    const auto lp = or_one(in_.l_pooling(), "l_pooling"), pp = or_one(in_.p_pooling(), "p_pooling");
    const auto oh = height / lp, ow = width / pp;
    if (static_cast<std::int64_t>(oh) != in_.output_lc() || static_cast<std::int64_t>(ow) != in_.output_width()) {
      misfit("makes " + std::to_string(oh) + " x " + std::to_string(ow) + " pixels, the command says " +
             std::to_string(in_.output_lc()) + " x " + std::to_string(in_.output_width()));
    }
    const std::size_t size = static_cast<std::size_t>(in_.output_bit()) / 8;
    const Table table = table_of();
    Bytes out(oh * ow * channels_out_ * size);
    std::vector<float> values(channels_out_), others(channels_out_);
    const bool fast = level == SimdLevel::avx512 && in_.output_bit() == 16 && !quirks_.round_half_up &&
                      !quirks_.round_truncate && !quirks_.table_integer;
    auto* to = out.data();
    for (std::size_t y = 0; y < oh; ++y) {
      for (std::size_t x = 0; x < ow; ++x, to += channels_out_ * size) {
        for (std::size_t i = 0; i < lp * pp; ++i) {  // the maximum over adjacent outputs
          scale(sums_.data() + ((y * lp + i / pp) * width + x * pp + i % pp) * stride, filter,
                i == 0 ? values.data() : others.data());
          for (std::size_t c = 0; i > 0 && c < channels_out_; ++c) values[c] = std::max(values[c], others[c]);
        }
        if (table.empty()) {
          put(channels_out_, to, [&](std::size_t c) { return values[c]; });
        } else if (fast) {
          look_up_avx512(table, values.data(), channels_out_, words_.data());
          std::memcpy(to, words_.data(), channels_out_ * 2);
        } else {
          put(channels_out_, to,
              [&](std::size_t c) { return table.at(round_to<std::uint16_t>(values[c], quirks_), quirks_); });
        }
      }
    }
    return out;
  }

  // Empty when the command has none.
  Table table_of() const {
    if (!in_.has_drc()) return {};
    const auto numbers = [](const auto& in) { return std::span(in.data(), static_cast<std::size_t>(in.size())); };
    return Table(numbers(in_.drc().lut_data()), numbers(in_.drc().start()), numbers(in_.drc().step()));
  }

  template <class Element, class Value>
  void store(std::size_t count, std::uint8_t* to, const Value& value) const {
    for (std::size_t c = 0; c < count; ++c) {
      Element element;
      if constexpr (std::is_same_v<Element, float>) {
        element = static_cast<float>(value(c));
      } else {
        element = round_to<Element>(value(c), quirks_);
      }
      std::memcpy(to + c * sizeof element, &element, sizeof element);
    }
  }

  template <class Value>
  void put(std::size_t count, std::uint8_t* to, const Value& value) const {
    switch (in_.output_bit()) {
      case 8: return store<std::uint8_t>(count, to, value);
      case 16: return store<std::uint16_t>(count, to, value);
      default: return store<float>(count, to, value);
    }
  }

  const pb::ConvCmd& in_;
  LoadedWeights& weights_;
  std::span<const std::uint8_t> ocm_;
  const Quirks& quirks_;
  std::size_t lines_ = 0, width_ = 0, channels_ = 0, channels_out_ = 0;
  Bytes bytes_;
  std::vector<std::int32_t> sums_;
  std::vector<std::uint16_t> words_;
};

}  // namespace

LoadedWeights load_weights(const pb::FetchCmd& command, std::span<const std::uint8_t> bytes) {
  LoadedWeights out;
  out.bits = command.w_bit();
  if (out.bits != 8 && out.bits != 2) {
    throw Error(ErrorKind::unsupported, "fetch: weights of " + std::to_string(out.bits) + " bits");
  }
  const std::size_t multiple = 64 / static_cast<std::size_t>(out.bits);
  out.channels = (positive(command.oc(), "fetch: output channels") + multiple - 1) / multiple * multiple;
  const auto table = out.channels * 8;
  if (bytes.size() < table) {
    throw Error(ErrorKind::damaged, "fetch: " + std::to_string(bytes.size()) + " bytes for a table of " +
                                        std::to_string(out.channels) + " channels");
  }
  const auto weights = bytes.first(bytes.size() - table);
  out.digits.reserve(weights.size() * 2);
  for (const auto byte : weights) {  // two digits a byte, expanded to nibbles on the way in
    out.digits.push_back(byte & 3);
    out.digits.push_back(byte >> 4 & 3);
  }
  out.bias.resize(out.channels);
  out.scale.resize(out.channels);
  for (std::size_t c = 0; c < out.channels; ++c) {
    std::memcpy(&out.bias[c], bytes.data() + weights.size() + c * 8, 4);
    std::memcpy(&out.scale[c], bytes.data() + weights.size() + c * 8 + 4, 4);
  }
  return out;
}

Bytes run_conv(const pb::ConvCmd& command, LoadedWeights& weights, std::span<const std::uint8_t> ocm, Bytes& lines,
               std::uint64_t& line_bytes, const Quirks& quirks, SimdLevel level) {
  return Conv(command, weights, ocm, quirks).run(lines, line_bytes, level);
}

}  // namespace vnpu::ax620
