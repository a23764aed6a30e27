// vnpu run: executes a model on inputs.
#include <algorithm>
#include <chrono>
#include <ctime>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <numeric>

#include "base/error.h"
#include "base/npz.h"
#include "host/cli.h"
#include "sim/runtime/input.h"
#include "sim/runtime/layer_trace.h"
#include "sim/runtime/registry.h"

namespace vnpu::cli {
namespace {

using nlohmann::json;

struct Options {
  std::string model, output, dump, labels, tensor_info;
  std::vector<std::string> inputs;
  unsigned top = 5, count = 1;
  RunOptions run;
  ImagePreprocess preprocess;
};

std::vector<std::string> read_lines(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw Error(ErrorKind::usage, path + ": cannot be opened");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// What 8-bit results stand for.
std::vector<double> values_of(const Tensor& tensor, const TensorInfo& info) {
  const bool quantised = tensor.dtype == DType::i8 || tensor.dtype == DType::u8;
  const double scale = quantised && info.qscale != 0 ? info.qscale : 1;
  const double zero_point = quantised ? info.zero_point : 0;
  std::vector<double> values(tensor.count());
  for (std::uint64_t i = 0; i < values.size(); ++i) values[i] = (element_as_double(tensor, i) - zero_point) * scale;
  return values;
}

std::vector<std::size_t> top_indices(const std::vector<double>& values, std::size_t k) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  k = std::min(k, order.size());
  std::partial_sort(
      order.begin(), order.begin() + static_cast<std::ptrdiff_t>(k), order.end(),
      [&](std::size_t a, std::size_t b) { return values[a] != values[b] ? values[a] > values[b] : a < b; });
  order.resize(k);
  return order;
}

void print_output(const TensorInfo& info, const Tensor& tensor, const Options& options,
                  const std::vector<std::string>& labels, const Common& common) {
  const auto values = values_of(tensor, info);
  std::cout << paint(common, "bold", info.name) << "  " << to_string(tensor.shape) << " " << name(tensor.dtype);
  if (!values.empty()) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    std::cout << "  min " << *low << "  max " << *high << "  mean "
              << std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  }
  std::cout << "\n";
  if (values.size() > 100000 && labels.empty()) return;
  for (const std::size_t i : top_indices(values, options.top)) {
    std::cout << "  " << std::setw(6) << i << "  " << std::setw(12) << values[i]
              << (i < labels.size() ? "  " + labels[i] : "") << "\n";
  }
}

// After a run: what the model's memory holds. With a layer table: a run of its own, each layer when it is produced.
NamedTensors all_tensors(Network& network, const std::vector<InputArgument>& arguments, const Options& options) {
  NamedTensors all;
  if (options.tensor_info.empty()) {
    for (const auto& info : network.tensors()) all.emplace_back(info.name, network.get(info.name));
    return all;
  }
  set_inputs(network, arguments, options.preprocess);
  trace_layers(network, parse_layer_table(read_file(options.tensor_info)),
               [&](LayerResult&& layer) { all.emplace_back(layer.name, std::move(layer.tensor)); });
  return all;
}

void run_model(Options& options, const Common& common) {
  const auto file = open_model(std::filesystem::path(options.model));
  const auto network = file->instantiate(options.run.network_options(*file));
  auto& trace = log(common);
  trace.info("{}: {} for {}, {} programs", options.model, file->family(), file->chip(), file->programs());
  trace.info("engine {}, quirks {}", options.run.engine, options.run.quirks);
  if (options.run.quirks != "vendor" && options.run.quirks != "simulator")
    trace.warn("with --quirks {} the results are not those of the vendor's simulator", options.run.quirks);
  std::vector<InputArgument> arguments;
  for (const auto& text : options.inputs) arguments.push_back(parse_input_argument(text));
  const auto labels = options.labels.empty() ? std::vector<std::string>{} : read_lines(options.labels);
  double seconds = 0, processor_seconds = 0;
  for (unsigned i = 0; i < options.count; ++i) {
    set_inputs(*network, arguments, options.preprocess);
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t processor_start = std::clock();
    network->run();
    trace.debug("inference {} of {} done", i + 1, options.count);
    processor_seconds += static_cast<double>(std::clock() - processor_start) / CLOCKS_PER_SEC;
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  NamedTensors results;
  for (const auto& info : network->outputs()) results.emplace_back(info.name, network->get(info.name));
  if (!options.output.empty()) write_npz(std::filesystem::path(options.output), results);
  if (!options.dump.empty()) {
    write_npz(std::filesystem::path(options.dump), all_tensors(*network, arguments, options));
  }
  const auto outputs = network->outputs();
  if (common.json) {
    json report = {{"model", options.model},
                   {"chip", file->chip()},
                   {"runs", options.count},
                   {"host_seconds", seconds},
                   {"processor_seconds", processor_seconds}};
    const auto about = file->describe();
    if (about.contains("values")) report["values"] = about["values"];  // how far they are proven
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const auto values = values_of(results[i].second, outputs[i]);
      json top = json::array();
      for (const std::size_t k : top_indices(values, options.top)) {
        top.push_back({{"index", k}, {"value", values[k]}});
        if (k < labels.size()) top.back()["label"] = labels[k];
      }
      report["outputs"].push_back({{"name", outputs[i].name},
                                   {"shape", results[i].second.shape},
                                   {"dtype", name(results[i].second.dtype)},
                                   {"top", top}});
    }
    std::cout << report.dump(2, ' ', false, json::error_handler_t::replace) << "\n";
    return;
  }
  if (common.quiet) return;
  for (std::size_t i = 0; i < outputs.size(); ++i) print_output(outputs[i], results[i].second, options, labels, common);
  if (!options.output.empty()) std::cout << "written: " << options.output << "\n";
  if (!options.dump.empty()) std::cout << "written: " << options.dump << "\n";
  std::cerr << "ran in " << std::setprecision(3) << seconds * 1000 / options.count
            << " ms of this computer's time (not the chip's)\n";
}

}  // namespace

void add_run(CLI::App& app, Common& common, int&) {
  auto* command = app.add_subcommand("run", "executes a model on arrays, raw files or pictures");
  auto options = std::make_shared<Options>();
  command->add_option("MODEL", options->model, "model file")->required();
  command
      ->add_option("-i,--input", options->inputs,
                   "FILE or NAME=FILE: .npz, .npy, picture (JPEG, PNG) or raw bytes; repeatable")
      ->required();
  command->add_option("-o,--output", options->output, "outputs as .npz");
  command->add_option("--dump-tensors", options->dump, "every tensor of the model's memory after the run, as .npz");
  command->add_option(
      "--tensor-info", options->tensor_info,
      "the converter's *_tensor_info.txt: --dump-tensors then holds every layer as it was produced, local memory too");
  command->add_option("--labels", options->labels, "one class name a line");
  command->add_option("--top", options->top, "how many largest values to show")->capture_default_str();
  command->add_option("-c,--count", options->count, "run that often")
      ->check(CLI::Range(1u, 1000000u))
      ->capture_default_str();
  command
      ->add_option("--mean", options->preprocess.mean,
                   "for pictures, when preprocessing is not fused: x = (pixel - mean) * scale")
      ->delimiter(',');
  command->add_option("--scale", options->preprocess.scale, "see --mean")->delimiter(',');
  command->add_option("--channel-order", options->preprocess.channel_order, "see --mean")
      ->check(CLI::IsMember({"rgb", "bgr"}))
      ->capture_default_str();
  command->add_flag("--keep-aspect", options->preprocess.keep_aspect, "letterbox the picture instead of stretching it");
  add_run_options(*command, options->run);
  command->footer(
      "Examples:\n  vnpu run model.cvimodel -i in.npz -o out.npz\n  vnpu run model.cvimodel -i cat.jpg --labels "
      "labels.txt --top 3");
  command->callback([options, &common] { run_model(*options, common); });
}

}  // namespace vnpu::cli
