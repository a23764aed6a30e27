// The DMA's float unit: four channels, a crossbar of operations, a table, statistics.
#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "base/error.h"
#include "sim/ax620/arithmetic.h"
#include "sim/ax620/machine.h"
#include "sim/ax620/stream.h"

namespace vnpu::ax620 {
namespace {

using Floats = std::vector<float>;

std::uint64_t element_size(pb::BitType type) {
  switch (type) {
    case pb::UINT4:  // the absent field: every known file means bytes by it
    case pb::UINT8:
    case pb::INT8: return 1;
    case pb::UINT16:
    case pb::INT16: return 2;
    case pb::FLOAT32: return 4;
    default: throw Error(ErrorKind::unsupported, "fma: element type " + std::to_string(static_cast<int>(type)));
  }
}

float element(const std::uint8_t* at, pb::BitType type) {
  const auto wide = static_cast<std::uint16_t>(at[0] | (element_size(type) > 1 ? at[1] << 8 : 0));
  switch (type) {
    case pb::INT8: return static_cast<std::int8_t>(at[0]);
    case pb::UINT16: return wide;
    case pb::INT16: return static_cast<std::int16_t>(wide);
    case pb::FLOAT32: {
      float value;
      std::memcpy(&value, at, sizeof value);
      return value;
    }
    default: return at[0];
  }
}

Floats floats(std::span<const std::uint8_t> bytes, pb::BitType type) {
  const auto size = element_size(type);
  if (bytes.size() % size != 0) throw Error(ErrorKind::damaged, "fma: a stream ends within an element");
  Floats out(bytes.size() / size);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = element(bytes.data() + i * size, type);
  return out;
}

void store(const Floats& values, pb::BitType type, const Quirks& quirks, Bytes& out) {
  const auto size = element_size(type);
  out.resize(values.size() * size);
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto* at = out.data() + i * size;
    const auto put = [at](auto value) { std::memcpy(at, &value, sizeof value); };
    switch (type) {
      case pb::INT8: put(round_to<std::int8_t>(values[i], quirks)); break;
      case pb::UINT16: put(round_to<std::uint16_t>(values[i], quirks)); break;
      case pb::INT16: put(round_to<std::int16_t>(values[i], quirks)); break;
      case pb::FLOAT32: put(values[i]); break;
      default: put(round_to<std::uint8_t>(values[i], quirks)); break;
    }
  }
}

Table table_of(const pb::DrcSet& set) {
  if (set.drc_datas_size() < 1) throw Error(ErrorKind::damaged, "fma: a table unit without a table");
  const auto& data = set.drc_datas(0);
  const auto numbers = [](const auto& in) { return std::span(in.data(), static_cast<std::size_t>(in.size())); };
  const std::vector<double> steps(data.step().begin(), data.step().end());
  return Table(numbers(data.lut_data()), numbers(data.start()), steps);
}

class FloatUnit {
 public:
  FloatUnit(const pb::FMASubIP& unit, std::span<const std::uint8_t> ocm, std::span<const std::uint8_t> ddr,
            const Quirks& quirks)
      : unit_(unit), ocm_(ocm), ddr_(ddr), quirks_(quirks) {}

  // Parameters on their way into on-chip memory: byte b becomes the 16-bit word table[b].
  bool expands_parameters() const {
    if (!unit_.has_drc_set()) return false;
    for (const auto& edge : unit_.crossbar_list()) {
      if (edge.left() == pb::CrossBar::Mult1 && edge.right() == pb::CrossBar::Const) return true;
    }
    return false;
  }

  void expand(Bytes& out) const {
    if (unit_.input_stream_size() < 1) throw Error(ErrorKind::damaged, "fma: no input");
    Bytes scratch;
    const auto in = read(unit_.input_stream(0), scratch);
    if (unit_.drc_set().drc_datas_size() < 1 || unit_.drc_set().drc_datas(0).lut_data_size() < 256) {
      throw Error(ErrorKind::damaged, "fma: the parameter table has fewer than 256 entries");
    }
    std::array<std::uint16_t, 256> table;
    for (int i = 0; i < 256; ++i) {
      table[i] = static_cast<std::uint16_t>(unit_.drc_set().drc_datas(0).lut_data(i));
    }
    out.resize(in.size() * 2);
    auto* to = out.data();
    for (const auto byte : in) {
      std::memcpy(to, &table[byte], 2);
      to += 2;
    }
  }

  void statistics(std::span<const std::uint8_t> bytes, Bytes& to) const {
    const auto& stats = unit_.stats();
    const auto values = floats(bytes, stats.data_mode());
    std::uint64_t shape = 1;
    for (const auto dim : stats.shape()) {
      if (dim <= 0 || shape > max_stream / static_cast<std::uint64_t>(dim)) {
        throw Error(ErrorKind::damaged, "stats over " + std::to_string(dim) + " elements");
      }
      shape *= static_cast<std::uint64_t>(dim);
    }
    const auto times = static_cast<std::uint64_t>(std::max(stats.times(), 0));
    if (times == 0 || values.size() % times != 0 || values.size() / times < shape) {
      throw Error(ErrorKind::damaged, "stats: " + std::to_string(values.size()) + " elements for " +
                                          std::to_string(times) + " groups of " + std::to_string(shape));
    }
    const auto group = values.size() / times;
    const float scale = stats.scale() == 0 ? 1.0F : stats.scale();
    Floats out(times);
    for (std::uint64_t t = 0; t < times; ++t) {
      const auto first = values.begin() + static_cast<std::ptrdiff_t>(t * group);
      const auto largest = std::max_element(first, first + static_cast<std::ptrdiff_t>(shape));
      switch (stats.method()) {
        case pb::Stats::ARGMAX: out[t] = static_cast<float>(largest - first) * scale; break;
        case pb::Stats::MAX: out[t] = *largest * scale; break;
        default: throw Error(ErrorKind::unsupported, "stats: " + pb::Stats::StatsMethod_Name(stats.method()));
      }
    }
    store(out, unit_.res_info().data_mode(), quirks_, to);
  }

  void compute(Bytes& to) {
    for (const auto& stream : unit_.input_stream()) channels_.push_back(channel(stream));
    const auto out = value(pb::CrossBar::FMA0_l, 0);
    if (!out.array) throw Error(ErrorKind::unsupported, "fma: a result without an input");
    store(*out.array, unit_.res_info().data_mode(), quirks_, to);
  }

 private:
  struct Value {
    std::optional<Floats> array;
    float scalar = 0;
  };

  std::span<const std::uint8_t> read(const pb::InputStream& stream, Bytes& scratch) const {
    return stream.has_from_ddr() ? view(ddr_, stream.from_ddr(), scratch) : view(ocm_, stream.from_ocm(), scratch);
  }

  std::optional<Floats> channel(const pb::InputStream& stream) const {
    if (!stream.has_from_ddr() && !stream.has_from_ocm()) return std::nullopt;
    Bytes scratch, tiled;
    auto bytes = read(stream, scratch);
    if (stream.has_broad_info()) {
      const auto& broad = stream.broad_info();
      if (broad.window_num() > 1 || broad.pixel_repeat_num() > 1) {
        throw Error(ErrorKind::unsupported, "fma: broadcast of several windows or pixels");
      }
      const auto length = static_cast<std::uint64_t>(std::max(broad.window_length(), 0));
      const auto repeats = static_cast<std::uint64_t>(std::max(broad.line_repeat_num(), 1));
      if (length > bytes.size() || length * repeats > max_stream) {
        throw Error(ErrorKind::damaged, "fma: broadcast of " + std::to_string(length) + " bytes");
      }
      tiled.reserve(length * repeats);
      for (std::uint64_t i = 0; i < repeats; ++i)
        tiled.insert(tiled.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
      bytes = tiled;
    }
    return floats(bytes, stream.data_mode());
  }

  const pb::CrossBar& edge(pb::CrossBar::Left left) const {
    const pb::CrossBar* found = nullptr;
    for (const auto& edge : unit_.crossbar_list()) {
      if (edge.left() == left) found = &edge;  // the last one stands
    }
    if (!found) throw Error(ErrorKind::damaged, "fma: nothing feeds " + pb::CrossBar::Left_Name(left));
    return *found;
  }

  template <class Operation>
  static Value both(Value a, Value b, const Operation& operation) {
    if (a.array && b.array && a.array->size() != b.array->size()) {
      throw Error(ErrorKind::damaged,
                  "fma: " + std::to_string(a.array->size()) + " elements against " + std::to_string(b.array->size()));
    }
    if (!a.array && !b.array) return {std::nullopt, operation(a.scalar, b.scalar)};
    Floats out(a.array ? a.array->size() : b.array->size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = operation(a.array ? (*a.array)[i] : a.scalar, b.array ? (*b.array)[i] : b.scalar);
    }
    return {std::move(out), 0};
  }

  Value value(pb::CrossBar::Left left, unsigned depth) const {
    if (depth > 16) throw Error(ErrorKind::damaged, "fma: the crossbar goes in a circle");
    const auto& from = edge(left);
    const auto in = [&](pb::CrossBar::Left node) { return value(node, depth + 1); };
    switch (from.right()) {
      case pb::CrossBar::Ch0:
      case pb::CrossBar::Ch1:
      case pb::CrossBar::Ch2:
      case pb::CrossBar::Ch3: {
        const auto i = static_cast<std::size_t>(from.right());
        if (i >= channels_.size() || !channels_[i]) {
          throw Error(ErrorKind::damaged, "fma: channel " + std::to_string(i) + " has no input");
        }
        return {channels_[i], 0};
      }
      case pb::CrossBar::Const:
        if (from.const_data_size() < 1) throw Error(ErrorKind::damaged, "fma: a constant without a value");
        return {std::nullopt, from.const_data(0)};
      case pb::CrossBar::Mult:
        return both(in(pb::CrossBar::Mult0), in(pb::CrossBar::Mult1), [](float a, float b) { return a * b; });
      case pb::CrossBar::Add:
        return both(in(pb::CrossBar::Add0), in(pb::CrossBar::Add1), [](float a, float b) { return a + b; });
      case pb::CrossBar::Sub:
        return both(in(pb::CrossBar::Add0), in(pb::CrossBar::Add1), [](float a, float b) { return a - b; });
      case pb::CrossBar::Div:
        return both(in(pb::CrossBar::Div0), in(pb::CrossBar::Div1), [](float a, float b) { return a / b; });
      case pb::CrossBar::Drc: return looked_up(in(pb::CrossBar::IDRC));
      default: throw Error(ErrorKind::unsupported, "fma: crossbar node " + pb::CrossBar::Right_Name(from.right()));
    }
  }

  Value looked_up(Value in) const {
    const Table table = table_of(unit_.drc_set());
    const bool is_signed = unit_.drc_set().input_sign_size() > 0 && unit_.drc_set().input_sign(0) != 0;
    const auto factor = static_cast<float>(std::pow(2.0, unit_.idrc_exp_offset()));
    const auto one = [&](float x) {
      float v = x * factor;
      if (is_signed) v = std::clamp(round(v, quirks_), -32768.0F, 32767.0F) + 32768.0F;
      return static_cast<float>(table.at(round_to<std::uint16_t>(v, quirks_), quirks_));
    };
    if (!in.array) return {std::nullopt, one(in.scalar)};
    for (float& x : *in.array) x = one(x);
    return in;
  }

  const pb::FMASubIP& unit_;
  std::span<const std::uint8_t> ocm_, ddr_;
  const Quirks& quirks_;
  std::vector<std::optional<Floats>> channels_;
};

}  // namespace

void run_float_unit(const pb::FMASubIP& unit, std::span<const std::uint8_t> bytes, std::span<const std::uint8_t> ocm,
                    std::span<const std::uint8_t> ddr, const Quirks& quirks, Bytes& out) {
  FloatUnit made(unit, ocm, ddr, quirks);
  if (made.expands_parameters()) return made.expand(out);
  if (unit.has_stats()) return made.statistics(bytes, out);
  made.compute(out);
}

}  // namespace vnpu::ax620
