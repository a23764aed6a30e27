// topo.bin and performance.json.
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/protobuf_check.h"
#include "models/joint/parts.h"
#include "topology.pb.h"

namespace vnpu::joint {
namespace {

constexpr std::uint64_t max_memory = std::uint64_t{8} << 20;  // unpacked; every known one takes less than 100 KB
constexpr int max_json_depth = 8;
constexpr int max_parts = 64, max_borders = 1024;

Colour colour(std::int64_t value) { return value >= 0 && value <= 5 ? static_cast<Colour>(value) : Colour::unknown; }

PartType part_type(std::int64_t value) {
  switch (value) {
    case 1: return PartType::neu;
    case 2: return PartType::onnx;
    case 3: return PartType::magma;
    case 5: return PartType::axe;
    default: return PartType::unknown;
  }
}

TopologyTensor tensor(const pb::Tensor& in) {
  TopologyTensor out;
  out.part = in.part();
  out.name = in.name();
  out.colour = colour(in.colour());
  out.is_uint8 = in.data_kind() == 2;
  out.layout = static_cast<int>(in.layout());
  out.shape.assign(in.shape().begin(), in.shape().end());
  return out;
}

template <class Strings>
std::vector<std::string> strings(const Strings& in) {
  return {in.begin(), in.end()};
}

}  // namespace

Topology read_topology(ByteView member) {
  check_protobuf(member, pb::Topology::descriptor(), max_memory, "topology");
  pb::Topology in;
  if (!in.ParseFromArray(member.data(), static_cast<int>(member.size()))) {
    throw Error(ErrorKind::damaged, 0, "topology", "cannot be parsed");
  }
  if (in.parts_size() > max_parts || in.edges_size() > max_borders || in.inputs_size() > max_borders ||
      in.outputs_size() > max_borders || in.input_names_size() > max_borders || in.output_names_size() > max_borders) {
    throw Error(ErrorKind::unsupported, 0, "topology", "more parts, edges, inputs or outputs than a model has");
  }
  Topology out;
  for (const auto& part : in.parts()) {
    Part& made = out.parts.emplace_back();
    made.type = part_type(part.type());
    made.name = part.name();
    made.inputs = strings(part.inputs());
    made.outputs = strings(part.outputs());
    made.virtual_npu = static_cast<unsigned>(part.virtual_npu());
    made.slim_file = part.slim().name();
    made.slim_bytes = part.slim().sizes().slim_bytes();
    made.parameter_bytes = part.slim().sizes().parameter_bytes();
    made.quantisation = static_cast<unsigned>(part.quantisation());
    made.alignment = part.alignment();
  }
  for (const auto& edge : in.edges()) out.edges.push_back({tensor(edge.from()), tensor(edge.to())});
  for (const auto& input : in.inputs()) out.inputs.push_back(tensor(input));
  for (const auto& output : in.outputs()) out.outputs.push_back(tensor(output));
  out.input_names = strings(in.input_names());
  out.output_names = strings(in.output_names());
  out.layer_map_entries = static_cast<std::size_t>(in.layer_map_size());
  const auto line = in.tool_version().find('\n');
  out.tool_version = in.tool_version().substr(0, line);
  if (line != std::string::npos) out.tool_commit = in.tool_version().substr(line + 1);
  if (out.tool_commit.find('\n') != std::string::npos) out.tool_commit.resize(out.tool_commit.find('\n'));
  return out;
}

Performance read_performance(ByteView member) {
  using Json = nlohmann::json;
  Performance out;
  try {
    const auto shallow = [](int depth, Json::parse_event_t, Json&) {
      if (depth > max_json_depth) {
        throw Error(ErrorKind::damaged, 0, "json", "more than " + std::to_string(max_json_depth) + " levels deep");
      }
      return true;
    };
    const auto json = Json::parse(member.span().begin(), member.span().end(), shallow);
    const auto text = [](const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); };
    if (json.contains("table_mapping")) {
      for (const auto& row : json.at("table_mapping").at(0)) out.mapping.emplace_back(text(row.at(0)), text(row.at(1)));
    }
    if (!json.contains("table_performance")) return out;
    const auto& table = json.at("table_performance");
    for (const auto& cell : table.at(1)) out.header.push_back(text(cell));
    for (const auto& row : table.at(0)) {
      auto& made = out.rows.emplace_back();
      for (const auto& cell : row) made.push_back(text(cell));
    }
  } catch (const Json::parse_error& error) {
    throw Error(ErrorKind::damaged, error.byte, "json", "not JSON");
  } catch (const Json::exception&) {
    throw Error(ErrorKind::damaged, 0, "json", "a table is not a pair of rows and header");
  }
  return out;
}

}  // namespace vnpu::joint
