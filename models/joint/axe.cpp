// A part for the CPU: a MegEngine graph ("MGBS"), its constants and a size-prefixed flatbuffer ("mgb1").
#include <algorithm>
#include <cstring>

#include "axe_generated.h"
#include "base/error.h"
#include "base/flatbuffer_check.h"
#include "models/joint/parts.h"

namespace vnpu::joint {
namespace {

constexpr std::uint64_t header_bytes = 16;  // magic, zero, distance from here to the graph
constexpr std::uint8_t axis_parameter = 2, optional_axis_parameter = 54;
constexpr std::int32_t no_axis = 7;  // an optional axis that is not there

struct Named {
  std::uint64_t type;
  const char* name;
};

constexpr Named operators[] = {
#define AXE_OPERATOR(type, name) {type, #name},
#include "models/joint/axe_operators.def"
#undef AXE_OPERATOR
};

std::string kind_of(std::uint64_t type) {
  const auto* found = std::ranges::find(operators, type, &Named::type);
  if (found != std::end(operators)) return found->name;
  char text[32];
  std::snprintf(text, sizeof text, "operator 0x%016llx", static_cast<unsigned long long>(type));
  return text;
}

class Reader {
 public:
  explicit Reader(ByteView file) : file_(file) {}

  AxePart part() {
    AxePart out;
    out.magic.assign(file_.data(), file_.data() + std::min<std::uint64_t>(4, file_.size()));
    if (out.magic != "MGBS") return out;
    const auto distance = file_.u64(8, "graph");
    if (distance > file_.size() || file_.size() - distance < header_bytes + 4) {
      throw Error(ErrorKind::damaged, file_.file_offset() + 8, "graph",
                  "distance " + std::to_string(distance) + " leads out of the member");
    }
    values_end_ = header_bytes + distance;
    const std::uint64_t size = file_.u32(values_end_, "graph size");
    const auto packed = file_.sub(values_end_ + 4, size, "graph");
    if (size < 8 || std::memcmp(packed.data() + 4, "mgb1", 4) != 0) {
      throw Error(ErrorKind::damaged, packed.file_offset() + 4, "graph", "is not a flatbuffer 'mgb1'");
    }
    // Numbers are aligned from the size in front of the flatbuffer: that becomes its root offset, 4 bytes further.
    std::vector<std::uint64_t> words((4 + size + 7) / 8);
    auto* bytes = reinterpret_cast<std::uint8_t*>(words.data());
    std::memcpy(bytes + 4, packed.data(), size);
    const std::uint32_t root = packed.u32(0, "root");
    if (root > size) throw Error(ErrorKind::damaged, packed.file_offset(), "root", "leads out of the flatbuffer");
    const std::uint32_t moved = root + 4;
    std::memcpy(bytes, &moved, 4);
    const ByteView buffer(std::span<const std::uint8_t>(bytes, 4 + size), packed.file_offset() - 4);
    check_flatbuffer(buffer, axe::GraphTypeTable());
    const auto& graph = *flatbuffers::GetRoot<axe::Graph>(bytes);
    out.is_graph = true;
    out.version = graph.version();
    if (graph.operators()) {
      for (const auto* each : *graph.operators()) out.operators.push_back(read(*each));
    }
    if (graph.outputs()) {
      for (const auto* each : *graph.outputs()) out.outputs.push_back(each->variable());
    }
    return out;
  }

 private:
  [[noreturn]] void fail(const AxeOperator& op, const std::string& message) const {
    throw Error(ErrorKind::damaged, "graph: " + op.kind + (op.name.empty() ? "" : " " + op.name) + ": " + message);
  }

  AxeOperator read(const axe::Operator& in) {
    AxeOperator out;
    out.type = in.type();
    out.kind = kind_of(out.type);
    if (in.inputs()) out.inputs.assign(in.inputs()->begin(), in.inputs()->end());
    if (in.names() && in.names()->size() > 0) out.name = in.names()->Get(0)->str();
    if (out.kind == "Concat" && in.parameter_kind() == axis_parameter) out.axis = number(in, 0, out);
    if (out.kind == "Reshape" && in.parameter_kind() == optional_axis_parameter) {
      if (const auto axis = number(in, no_axis, out); axis != no_axis) out.axis = axis;
    }
    if (!in.values()) return out;
    for (const auto* value : *in.values()) add(*value, out);
    return out;
  }

  // The parameter's only number.
  std::int32_t number(const axe::Operator& in, std::int32_t absent, const AxeOperator& op) const {
    if (!in.parameter()) return absent;
    const auto* table = reinterpret_cast<const flatbuffers::Table*>(in.parameter());
    const auto offset = table->GetOptionalFieldOffset(4);
    if (offset == 0) return absent;
    const auto table_bytes = flatbuffers::ReadScalar<flatbuffers::voffset_t>(table->GetVTable() + 2);
    if (offset + 4 > table_bytes) fail(op, "its parameter is shorter than its number");
    return table->GetField<std::int32_t>(4, absent);
  }

  // Values stand one after the other between the header and the graph, in the order of the operators.
  void add(const axe::Value& in, AxeOperator& out) {
    if (out.name.empty() && in.name()) out.name = in.name()->str();
    const auto dtype = element_type(in.type() ? in.type()->kind() : 0);
    if (!dtype) out.kind += " of element type " + std::to_string(in.type()->kind());  // is not computed
    out.dtype = dtype.value_or(DType::u8);
    std::int64_t count = 1;
    if (in.shape()) {
      for (const auto dim : *in.shape()) {
        if (dim == 0 || out.shape.size() == 8 || count > (std::int64_t{1} << 31) / dim) {
          fail(out, "dimension " + std::to_string(dim) + " is not possible");
        }
        count *= dim;
        out.shape.push_back(dim);
      }
    }
    const std::uint64_t bytes = in.bytes();
    if (bytes == 0) return;
    const auto wanted = static_cast<std::uint64_t>(count) * size_of(out.dtype);
    if (bytes > values_end_ - values_at_ || in.skipped() > bytes || bytes - in.skipped() < wanted) {
      fail(out, "its value has " + std::to_string(bytes) + " bytes, " + to_string(out.shape) + " takes " +
                    std::to_string(wanted) + ", " + std::to_string(values_end_ - values_at_) + " are left");
    }
    const auto* from = file_.data() + values_at_ + in.skipped();
    out.value.assign(from, from + wanted);
    values_at_ += bytes;
  }

  static std::optional<DType> element_type(int kind) {
    switch (kind) {
      case 0: return DType::f32;
      case 1: return DType::u8;
      case 2: return DType::i8;
      case 3: return DType::i16;
      case 4: return DType::i32;
      case 9: return DType::f16;
      default: return std::nullopt;
    }
  }

  ByteView file_;
  std::uint64_t values_at_ = header_bytes, values_end_ = header_bytes;
};

}  // namespace

AxePart read_axe(ByteView member) { return Reader(member).part(); }

}  // namespace vnpu::joint
