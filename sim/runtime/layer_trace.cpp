#include "sim/runtime/layer_trace.h"

#include <charconv>
#include <cmath>
#include <string_view>

#include "base/error.h"

namespace vnpu {
namespace {

constexpr std::size_t max_rows = 1000000;
constexpr std::uint64_t max_layer_bytes = std::uint64_t{1} << 30;

struct Line {
  std::size_t number = 0;
  std::uint64_t offset = 0;
  std::vector<std::string_view> words;

  [[noreturn]] void fail(const char* field, const std::string& message) const {
    throw Error(ErrorKind::damaged, offset, field, "line " + std::to_string(number) + ": " + message);
  }

  template <class T>
  T number_of(std::string_view text, const char* field) const {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) fail(field, "'" + std::string(text) + "'");
    return value;
  }

  bool boolean(std::string_view text, const char* field) const {
    if (text != "true" && text != "false") fail(field, "'" + std::string(text) + "' is neither true nor false");
    return text == "true";
  }

  Shape four(std::string_view text, const char* field) const {
    Shape out;
    while (out.size() < 5) {
      const auto comma = text.find(',');
      const auto value = number_of<std::int64_t>(text.substr(0, comma), field);
      if (value < 0 || value > 0x7fffffff) fail(field, "'" + std::string(text) + "'");
      out.push_back(value);
      if (comma == std::string_view::npos) break;
      text.remove_prefix(comma + 1);
    }
    if (out.size() != 4) fail(field, "four numbers expected");
    return out;
  }

  DType dtype(std::string_view text) const {
    if (text == "int8") return DType::i8;
    if (text == "uint8") return DType::u8;
    if (text == "int16") return DType::i16;
    if (text == "uint16") return DType::u16;
    if (text == "int32") return DType::i32;
    if (text == "bf16") return DType::bf16;
    if (text == "fp32") return DType::f32;
    throw Error(ErrorKind::unsupported, offset, "qtype",
                "line " + std::to_string(number) + ": element type '" + std::string(text) + "'");
  }
};

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> out;
  for (std::size_t at = 0; at < line.size();) {
    const auto end = std::min(line.find(' ', at), line.size());
    if (end > at) out.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

LayerRow parse_row(const Line& line) {
  if (line.words.size() != 10) line.fail("line", std::to_string(line.words.size()) + " columns, 10 expected");
  const auto& w = line.words;
  LayerRow row;
  row.id = line.number_of<std::uint32_t>(w[0], "layer_id");
  row.name = w[1];
  row.in_group = line.boolean(w[2], "inGroup");
  row.ignored = line.boolean(w[3], "ignore");
  if (row.ignored) return row;
  row.shape = line.four(w[5], "g_shape");
  row.dtype = line.dtype(w[8]);
  row.scale = line.number_of<double>(w[9], "qscale");
  if (!std::isfinite(row.scale)) line.fail("qscale", "not finite");
  if (element_count(row.shape) * size_of(row.dtype) > max_layer_bytes) line.fail("g_shape", "over 1 GiB");
  row.n_count = row.shape[0];
  row.h_count = row.shape[2];
  if (w[7] != "x") row.local_address = line.number_of<std::uint64_t>(w[7], "laddr");
  if (w[6] != "x") {
    const auto slice = line.four(w[6], "lg_idx_slice");
    row.n_start = slice[0], row.n_count = slice[1], row.h_start = slice[2], row.h_count = slice[3];
    if (row.n_start + row.n_count > row.shape[0] || row.h_start + row.h_count > row.shape[2]) {
      line.fail("lg_idx_slice", "outside of the tensor");
    }
  }
  return row;
}

// Copies a slice to its place in the whole.
void place_slice(const LayerRow& row, const Tensor& slice, Tensor& whole) {
  const auto line = static_cast<std::size_t>(row.shape[3]) * size_of(row.dtype);
  const auto lines = static_cast<std::size_t>(row.h_count);
  for (std::int64_t n = 0; n < row.n_count; ++n) {
    for (std::int64_t c = 0; c < row.shape[1]; ++c) {
      const auto from = static_cast<std::size_t>((n * row.shape[1] + c) * row.h_count) * line;
      const auto to =
          static_cast<std::size_t>(((row.n_start + n) * row.shape[1] + c) * row.shape[2] + row.h_start) * line;
      std::copy_n(slice.bytes.begin() + static_cast<std::ptrdiff_t>(from), lines * line,
                  whole.bytes.begin() + static_cast<std::ptrdiff_t>(to));
    }
  }
}

class Assembler {
 public:
  Assembler(const Network& network, const std::vector<LayerRow>& table) : network_(network) {
    for (const auto& row : table) {
      if (!row.ignored) ++pieces_[row.name];
    }
  }

  void take(const LayerRow& row, const std::function<void(LayerResult&&)>& visit) {
    auto& left = pieces_.at(row.name);
    LayerResult result{row.name, row.id, row.scale, {}};
    if (!row.local_address) {
      result.tensor = network_.get(row.name);
    } else if (row.n_count == row.shape[0] && row.h_count == row.shape[2]) {
      result.tensor = network_.get_local(*row.local_address, row.dtype, row.shape);
    } else {
      const Shape shape{row.n_count, row.shape[1], row.h_count, row.shape[3]};
      auto& whole = parts_[row.name];
      if (whole.shape != row.shape || whole.dtype != row.dtype) {
        whole = {row.dtype, row.shape, Bytes(element_count(row.shape) * size_of(row.dtype))};
      }
      if (row.n_count > 0 && row.h_count > 0) {
        place_slice(row, network_.get_local(*row.local_address, row.dtype, shape), whole);
      }
      if (left == 1) {
        result.tensor = std::move(whole);
        parts_.erase(row.name);
      }
    }
    if (--left == 0) visit(std::move(result));
  }

 private:
  const Network& network_;
  std::map<std::string, std::size_t> pieces_;  // rows still to come
  std::map<std::string, Tensor> parts_;
};

}  // namespace

std::vector<LayerRow> parse_layer_table(ByteView text) {
  std::vector<LayerRow> rows;
  std::string_view rest(reinterpret_cast<const char*>(text.data()), text.size());
  Line line;
  while (!rest.empty()) {
    ++line.number;
    line.offset = text.file_offset() + text.size() - rest.size();
    const auto end = std::min(rest.find('\n'), rest.size());
    auto content = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (content.ends_with('\r')) content.remove_suffix(1);
    line.words = split(content);
    if (line.words.empty() || line.words[0].starts_with("Cmdbuf")) continue;
    if (rows.size() == max_rows) line.fail("line", "more than a million layers");
    rows.push_back(parse_row(line));
  }
  return rows;
}

Tensor dequantise(const Tensor& stored, double scale, int zero_point) {
  const auto count = stored.count();
  Tensor out{DType::f32, stored.shape, Bytes(count * sizeof(float))};
  const bool integer = stored.dtype != DType::f32 && stored.dtype != DType::bf16 && stored.dtype != DType::f16 &&
                       stored.dtype != DType::f64;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto number = static_cast<float>(element_as_double(stored, i));
    const float value = integer ? (number - static_cast<float>(zero_point)) * static_cast<float>(scale) : number;
    std::memcpy(out.bytes.data() + i * sizeof(float), &value, sizeof value);
  }
  return out;
}

void trace_layers(Network& network, const std::vector<LayerRow>& table,
                  const std::function<void(LayerResult&&)>& visit) {
  Assembler assembler(network, table);
  std::size_t row = 0;
  std::optional<std::uint32_t> current;
  // Everything up to `last` has been computed; a layer without commands of its own ends with the one before.
  const auto finish = [&](std::uint32_t last) {
    for (; row < table.size() && table[row].id <= last; ++row) {
      if (!table[row].ignored) assembler.take(table[row], visit);
    }
  };
  for (;;) {
    const auto next = network.next();
    const auto id = next ? next->layer_id : std::nullopt;
    if (current && id != current) finish(id && *id > *current ? *id - 1 : *current);
    current = id;
    if (!network.step()) break;
  }
}

}  // namespace vnpu
