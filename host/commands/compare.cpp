// vnpu compare: two files of tensors, or a running model against a converter's reference: which layer went wrong first.
#include "sim/runtime/compare.h"

#include <iostream>

#include "base/error.h"
#include "base/npz.h"
#include "host/cli.h"
#include "sim/runtime/input.h"
#include "sim/runtime/registry.h"

namespace vnpu::cli {
namespace {

using nlohmann::json;

struct Options {
  std::string left, right, reference, tensor_info, junit;
  std::vector<std::string> inputs;
  Tolerance tolerance;
  RunOptions run;
  ImagePreprocess preprocess;
};

void write_junit(const std::string& path, const std::vector<JunitCase>& cases) {
  if (path.empty()) return;
  const std::string xml = junit_xml(cases);
  write_file(path, {reinterpret_cast<const std::uint8_t*>(xml.data()), xml.size()});
}

std::string painted(const Common& common, const TensorComparison& comparison) {
  const std::string line = to_line(comparison);
  return comparison.ok() ? line : paint(common, "red", line);
}

int compare_files(const Options& options, const Common& common) {
  const auto result = compare(read_npz(std::filesystem::path(options.left)),
                              read_npz(std::filesystem::path(options.right)), options.tolerance);
  write_junit(options.junit, junit(result, "compare"));
  bool same = !result.empty();
  json all = json::array();
  const TensorComparison* first = nullptr;
  for (const auto& comparison : result) {
    same = same && comparison.ok();
    if (!comparison.ok() && !first) first = &comparison;
    if (common.json) all.push_back(to_json(comparison));
    if (!common.json && (!common.quiet || !comparison.ok())) std::cout << painted(common, comparison) << "\n";
  }
  if (common.json) {
    std::cout << json{{"same", same}, {"tensors", all}}.dump(2, ' ', false, json::error_handler_t::replace) << "\n";
  } else if (first) {
    std::cout << "first difference: " << first->name << "\n";
  } else {
    std::cout << (same ? "all tensors are the same\n" : "nothing to compare\n");
  }
  return same ? 0 : 1;
}

int compare_with_reference(const Options& options, const Common& common) {
  const auto file = open_model(std::filesystem::path(options.left));
  const auto network = file->instantiate(options.run.network_options(*file));
  std::vector<InputArgument> arguments;
  for (const auto& text : options.inputs) arguments.push_back(parse_input_argument(text));
  set_inputs(*network, arguments, options.preprocess);
  std::vector<LayerRow> table;
  if (!options.tensor_info.empty()) table = parse_layer_table(read_file(options.tensor_info));
  const auto result =
      compare_model(*network, table, read_npz(std::filesystem::path(options.reference)), options.tolerance);
  write_junit(options.junit, junit(result, "compare"));
  if (common.json) {
    std::cout << to_json(result).dump(2, ' ', false, json::error_handler_t::replace) << "\n";
    return result.ok() ? 0 : 1;
  }
  for (const auto& layer : result.layers) {
    if (common.quiet && layer.tensor.ok()) continue;
    std::cout << (table.empty() ? "" : "layer " + std::to_string(layer.layer_id) + "  ")
              << painted(common, layer.tensor) << "\n";
  }
  for (const auto& name : result.overwritten) {
    if (common.verbose)
      std::cout << "not compared: " << name << " (its memory was reused; --tensor-info shows it when it is produced)\n";
  }
  for (const auto& name : result.not_compared) {
    if (common.verbose) std::cout << "not compared: " << name << " (never in the chip's memory)\n";
  }
  if (result.layers.empty()) {
    throw Error(ErrorKind::usage,
                options.reference + ": no tensor of the reference has a name of this model's tensors");
  }
  if (!result.first_wrong) {
    std::cout << paint(common, "green", "all " + std::to_string(result.layers.size()) + " compared tensors are right")
              << "\n";
    return 0;
  }
  const auto& wrong = result.layers[*result.first_wrong];
  std::cout << "first wrong: " << (table.empty() ? "" : "layer " + std::to_string(wrong.layer_id) + ", ") << "tensor "
            << wrong.tensor.name;
  if (wrong.tensor.first) {
    std::cout << ", first differing index [";
    for (std::size_t i = 0; i < wrong.tensor.index.size(); ++i) std::cout << (i ? "," : "") << wrong.tensor.index[i];
    std::cout << "] (" << wrong.tensor.left << ", reference " << wrong.tensor.right << ")";
  }
  std::cout << "\n";
  return 1;
}

}  // namespace

void add_compare(CLI::App& app, Common& common, int& status) {
  auto* command =
      app.add_subcommand("compare", "two .npz files, or a model's tensors against a reference: the first wrong layer");
  auto options = std::make_shared<Options>();
  command->add_option("LEFT", options->left, ".npz, or the model")->required();
  command->add_option("RIGHT", options->right, ".npz to compare with");
  command->add_option("-i,--input", options->inputs, "with a model: FILE or NAME=FILE, as for vnpu run");
  command->add_option("--reference", options->reference,
                      "with a model: .npz of the converter (tensors by layer name) or of another run");
  command->add_option(
      "--tensor-info", options->tensor_info,
      "with a model: the converter's *_tensor_info.txt; shows tensors of local memory too, in order of execution");
  command->add_option("--cosine", options->tolerance.cosine, "least cosine similarity instead of equality");
  command->add_option("--euclidean", options->tolerance.euclidean, "least Euclidean similarity instead of equality");
  command->add_option("--max-difference", options->tolerance.max_difference, "largest difference instead of equality");
  command->add_option("--junit", options->junit, "report as JUnit XML");
  command->add_option("--mean", options->preprocess.mean, "for pictures, as for vnpu run")->delimiter(',');
  command->add_option("--scale", options->preprocess.scale, "for pictures, as for vnpu run")->delimiter(',');
  add_run_options(*command, options->run);
  command->footer(
      "Examples:\n  vnpu compare mine.npz theirs.npz --cosine 0.99\n"
      "  vnpu compare model.cvimodel -i in.npz --reference ref.npz --tensor-info model_tensor_info.txt\n"
      "Exit status 1 when something differs beyond the tolerance.");
  command->callback([options, &common, &status] {
    if (!options->right.empty()) {
      status = compare_files(*options, common);
    } else if (!options->reference.empty()) {
      status = compare_with_reference(*options, common);
    } else {
      throw Error(ErrorKind::usage, "compare needs a second .npz, or --reference with a model");
    }
  });
}

}  // namespace vnpu::cli
