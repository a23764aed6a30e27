#include "sim/ax620/cpu_parts.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "base/error.h"

namespace vnpu::ax620 {
namespace {

// Limits far beyond honest files: bytes of all results together, of all outputs together, parts.
constexpr std::uint64_t most_bytes = std::uint64_t{256} << 20, most_output_bytes = std::uint64_t{1} << 30;
constexpr std::size_t most_parts = 16;

struct Variable {
  std::optional<CpuSource> source;  // none: a constant
  const joint::AxeOperator* constant = nullptr;
  DType dtype = DType::f32;
  Shape shape;
};

const joint::MetaTensor* meta_of(const joint::Neu& neu, const std::string& name) {
  for (const auto& tensor : neu.tensors) {
    if (!tensor.is_input && tensor.name == name) return &tensor;
  }
  return nullptr;
}

class Planner {
 public:
  Planner(const joint::Joint& file, const joint::Neu& neu, const CommandList& list)
      : file_(file), neu_(neu), list_(list) {}

  CpuPlan plan() {
    for (std::size_t i = 0; i < list_.outputs.size(); ++i) {
      const auto* meta = meta_of(neu_, list_.outputs[i].name);
      if (!meta) throw Error(ErrorKind::damaged, "meta: no tensor '" + list_.outputs[i].name + "'");
      const auto bytes = element_count(meta->shape) * size_of(meta->dtype);
      if (bytes != list_.outputs[i].size()) {
        throw Error(ErrorKind::damaged, "tensor '" + meta->name + "' of " + to_string(meta->shape) + " has " +
                                            std::to_string(list_.outputs[i].size()) + " bytes in the memory map");
      }
      npu_[list_.outputs[i].name] = {CpuSource{true, i}, nullptr, meta->dtype, meta->shape};
    }
    if (file_.topology) {
      if (file_.topology->parts.size() > most_parts) {
        throw Error(ErrorKind::unsupported, "a model of " + std::to_string(file_.topology->parts.size()) +
                                                " parts: at most " + std::to_string(most_parts) + " are read");
      }
      for (const auto& edge : file_.topology->edges) sources_.try_emplace({edge.to.part, edge.to.name}, &edge.from);
      for (const auto* part : ordered_parts()) run_part(*part);
    } else if (!file_.axes.empty()) {
      throw Error(ErrorKind::damaged, "the part " + file_.axes.front().member + " stands without a topology");
    }
    outputs();
    return std::move(plan_);
  }

 private:
  // CPU parts, each after those whose results it takes.
  std::vector<const joint::Part*> ordered_parts() const {
    std::vector<const joint::Part*> left, out;
    for (const auto& part : file_.topology->parts) {
      if (part.type != joint::PartType::neu) left.push_back(&part);
    }
    const auto named = [](const std::string& name) {
      return [&name](const joint::Part* part) { return part->name == name; };
    };
    for (const auto& edge : file_.topology->edges) {
      if (std::ranges::none_of(left, named(edge.to.part)) && std::ranges::any_of(left, named(edge.from.part))) {
        throw Error(ErrorKind::unsupported, "the part " + edge.from.part + " on the CPU gives '" + edge.from.name +
                                                "' to the NPU's " + edge.to.part);
      }
    }
    while (!left.empty()) {
      const auto ready = std::ranges::find_if(left, [&](const joint::Part* part) {
        return std::ranges::none_of(file_.topology->edges, [&](const joint::Edge& edge) {
          return edge.to.part == part->name && std::ranges::any_of(left, named(edge.from.part));
        });
      });
      if (ready == left.end())
        throw Error(ErrorKind::damaged, "topo.bin: the part " + left.front()->name + " waits for itself");
      out.push_back(*ready);
      left.erase(ready);
    }
    return out;
  }

  const joint::AxePart& graph_of(const joint::Part& part) const {
    for (const auto& axe : file_.axes) {
      if (axe.member != part.name + ".axe") continue;
      if (axe.is_graph) return axe;
      throw Error(ErrorKind::unsupported, "the part " + axe.member + " is not a MegEngine graph (it begins with '" +
                                              axe.magic + "'): such CPU parts are not known");
    }
    throw Error(ErrorKind::unsupported,
                "the part " + part.name + " runs on the CPU and is not an .axe: such parts are not known");
  }

  Variable input(const joint::Part& part, const joint::AxeOperator& op) const {
    const auto from = sources_.find({part.name, op.name});
    if (from == sources_.end())
      throw Error(ErrorKind::damaged,
                  "topo.bin: nothing leads to the input '" + op.name + "' of the part " + part.name);
    Variable out = made(from->second->part, from->second->name);
    if (out.dtype != op.dtype || element_count(out.shape) != element_count(op.shape)) {
      throw Error(ErrorKind::damaged, "the part " + part.name + " takes '" + op.name + "' as " + to_string(op.shape) +
                                          " " + std::string(name(op.dtype)) + ", it is " + to_string(out.shape) + " " +
                                          std::string(name(out.dtype)));
    }
    out.shape = op.shape;
    return out;
  }

  Variable made(const std::string& part, const std::string& name) const {
    if (const auto at = cpu_.find({part, name}); at != cpu_.end()) return at->second;
    const bool is_cpu = std::ranges::any_of(file_.topology->parts, [&](const joint::Part& each) {
      return each.name == part && each.type != joint::PartType::neu;
    });
    const auto at = npu_.find(name);
    if (is_cpu || at == npu_.end())
      throw Error(ErrorKind::damaged, "topo.bin: the part " + part + " has no output '" + name + "'");
    return at->second;
  }

  void run_part(const joint::Part& part) {
    const auto& graph = graph_of(part);
    std::vector<Variable> variables;
    for (const auto& op : graph.operators) {
      const auto variable = [&](std::size_t i) -> const Variable& {
        if (i < op.inputs.size() && op.inputs[i] < variables.size()) return variables[op.inputs[i]];
        throw Error(ErrorKind::damaged, "the part " + graph.member + ": " + op.kind + " " + op.name +
                                            ": no variable for input " + std::to_string(i));
      };
      if (op.kind == "Host2DeviceCopy") {
        variables.push_back(input(part, op));
      } else if (op.kind == "ImmutableTensor" || op.kind == "SharedDeviceTensor") {
        variables.push_back({std::nullopt, &op, op.dtype, op.shape});
      } else if (op.kind == "Concat") {
        variables.push_back(concat(graph, op, variable));
      } else if (op.kind == "Reshape") {
        variables.push_back(reshape(graph, op, variable(0), variable(1)));
      } else {
        throw Error(ErrorKind::unsupported, "the part " + graph.member + " runs on the CPU: " + op.kind +
                                                (op.name.empty() ? "" : " '" + op.name + "'") +
                                                " is not computed (Concat and Reshape are)");
      }
      if (!op.name.empty() && variables.back().source) cpu_[{part.name, op.name}] = variables.back();
    }
  }

  [[noreturn]] static void fail(const joint::AxePart& graph, const joint::AxeOperator& op, const std::string& message) {
    throw Error(ErrorKind::damaged, "the part " + graph.member + ": " + op.kind + " " + op.name + ": " + message);
  }

  template <class GetVariable>
  Variable concat(const joint::AxePart& graph, const joint::AxeOperator& op, const GetVariable& variable) {
    CpuStep step = begin(graph, op);
    if (op.inputs.empty() || !op.axis) fail(graph, op, "without inputs or axis");
    const Variable& first = variable(0);
    const auto rank = static_cast<std::int64_t>(first.shape.size());
    const std::int64_t asked = *op.axis, axis = asked < 0 ? asked + rank : asked;
    if (axis < 0 || axis >= rank) fail(graph, op, "axis " + std::to_string(asked) + " of " + to_string(first.shape));
    const auto at = static_cast<std::size_t>(axis);
    step.shape = first.shape;
    step.shape[at] = 0;
    for (std::size_t i = 0; i < op.inputs.size(); ++i) {
      const Variable& each = variable(i);
      Shape others = each.shape;
      if (others.size() == step.shape.size()) others[at] = step.shape[at];
      if (others != step.shape || each.dtype != first.dtype)
        fail(graph, op, to_string(each.shape) + " and " + to_string(first.shape) + " do not join");
      if (!each.source)
        throw Error(ErrorKind::unsupported, "the part " + graph.member + ": Concat " + op.name + " of a constant");
      std::uint64_t piece = size_of(each.dtype);
      for (std::size_t d = at; d < each.shape.size(); ++d) piece *= static_cast<std::uint64_t>(each.shape[d]);
      step.sources.push_back(*each.source);
      step.piece_bytes.push_back(piece);
      step.shape[at] += each.shape[at];
    }
    for (std::size_t d = 0; d < at; ++d) step.repeats *= static_cast<std::uint64_t>(step.shape[d]);
    step.dtype = first.dtype;
    return finish(std::move(step));
  }

  Variable reshape(const joint::AxePart& graph, const joint::AxeOperator& op, const Variable& data,
                   const Variable& to) {
    if (!to.constant || to.dtype != DType::i32)
      throw Error(ErrorKind::unsupported,
                  "the part " + graph.member + ": Reshape " + op.name + " to a shape that is not constant");
    if (!data.source)
      throw Error(ErrorKind::unsupported, "the part " + graph.member + ": Reshape " + op.name + " of a constant");
    CpuStep step = begin(graph, op);
    const auto total = static_cast<std::int64_t>(element_count(data.shape));
    std::int64_t known = 1;
    const auto& value = to.constant->value;
    for (std::size_t i = 0; i + 4 <= value.size(); i += 4) {
      std::int32_t dim = 0;
      std::memcpy(&dim, value.data() + i, 4);
      const bool open = op.axis && static_cast<std::size_t>(*op.axis) == i / 4;
      if (step.shape.size() == 8 || (!open && (dim <= 0 || known > total / dim)))
        fail(graph, op, "dimension " + std::to_string(dim) + " of " + to_string(data.shape));
      if (!open) known *= dim;
      step.shape.push_back(open ? 0 : dim);
    }
    if (step.shape.empty()) fail(graph, op, "to no shape");
    for (auto& dim : step.shape) {
      if (dim == 0) dim = total / known;
    }
    if (static_cast<std::int64_t>(element_count(step.shape)) != total)
      fail(graph, op, to_string(data.shape) + " does not have the elements of " + to_string(step.shape));
    step.dtype = data.dtype;
    step.sources = {*data.source};
    step.piece_bytes = {static_cast<std::uint64_t>(total) * size_of(data.dtype)};
    return finish(std::move(step));
  }

  static CpuStep begin(const joint::AxePart& graph, const joint::AxeOperator& op) {
    CpuStep step;
    step.part = graph.member;
    step.name = op.name;
    step.kind = op.kind;
    return step;
  }

  Variable finish(CpuStep step) {
    step.bytes = element_count(step.shape) * size_of(step.dtype);
    total_ += step.bytes;
    if (total_ > most_bytes)
      throw Error(ErrorKind::unsupported,
                  "the part " + step.part + ": its results take more than " + std::to_string(most_bytes) + " bytes");
    plan_.steps.push_back(std::move(step));
    const CpuStep& made = plan_.steps.back();
    return {CpuSource{false, plan_.steps.size() - 1}, nullptr, made.dtype, made.shape};
  }

  void outputs() {
    const auto add = [&](const std::string& name, const std::string& tensor, const Variable& from) {
      const std::uint64_t bytes = element_count(from.shape) * size_of(from.dtype);
      output_bytes_ += bytes;
      if (output_bytes_ > most_output_bytes)
        throw Error(ErrorKind::unsupported,
                    "the outputs take more than " + std::to_string(most_output_bytes) + " bytes");
      plan_.outputs.push_back({name, tensor, *from.source, from.dtype, from.shape, bytes});
    };
    if (!file_.topology) {
      for (const auto& region : list_.outputs) add(region.name, region.name, npu_.at(region.name));
      return;
    }
    const auto& topology = *file_.topology;
    auto names = topology.output_names;
    std::vector<std::string> sorted = names;
    std::ranges::sort(sorted);
    const bool usable = names.size() == topology.outputs.size() && std::ranges::adjacent_find(sorted) == sorted.end() &&
                        std::ranges::none_of(names, &std::string::empty);
    for (std::size_t i = 0; i < topology.outputs.size(); ++i) {
      const auto& tensor = topology.outputs[i];
      add(usable ? names[i] : tensor.name, tensor.name, made(tensor.part, tensor.name));
    }
  }

  const joint::Joint& file_;
  const joint::Neu& neu_;
  const CommandList& list_;
  std::map<std::string, Variable> npu_;
  std::map<std::pair<std::string, std::string>, Variable> cpu_;
  std::map<std::pair<std::string, std::string>, const joint::TopologyTensor*> sources_;  // by part and input
  std::uint64_t total_ = 0, output_bytes_ = 0;
  CpuPlan plan_;
};

}  // namespace

CpuPlan plan_cpu_parts(const joint::Joint& file, const joint::Neu& neu, const CommandList& list) {
  return Planner(file, neu, list).plan();
}

Bytes run_step(const CpuStep& step, const std::vector<std::span<const std::uint8_t>>& sources) {
  Bytes out;
  out.reserve(step.bytes);
  for (std::uint64_t i = 0; i < step.repeats; ++i) {
    for (std::size_t s = 0; s < sources.size(); ++s) {
      const auto piece = sources[s].subspan(i * step.piece_bytes[s], step.piece_bytes[s]);
      out.insert(out.end(), piece.begin(), piece.end());
    }
  }
  return out;
}

}  // namespace vnpu::ax620
