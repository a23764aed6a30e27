// vnpu disasm: the command stream as an assembler listing.
#include <iostream>

#include "base/error.h"
#include "host/cli.h"
#include "sim/runtime/layer_trace.h"
#include "sim/runtime/registry.h"

namespace vnpu::cli {
namespace {

struct Options {
  std::string model, range, tensor_info;
  DisasmOptions disasm;
};

// "A:B" (both included), "A:", ":B" or "A".
void parse_range(const std::string& text, DisasmOptions& options) {
  if (text.empty()) return;
  const auto colon = text.find(':');
  const auto number = [&](const std::string& part, std::uint64_t otherwise) {
    if (part.empty()) return otherwise;
    std::size_t used = 0;
    std::uint64_t value = 0;
    try {
      value = std::stoull(part, &used, 0);
    } catch (const std::exception&) {
    }
    if (used != part.size())
      throw Error(ErrorKind::usage, "--range '" + text + "': use FIRST:LAST, both command indices");
    return value;
  };
  options.first = number(text.substr(0, colon), 0);
  options.last = colon == std::string::npos ? options.first : number(text.substr(colon + 1), ~std::uint64_t{0});
}

void run_disasm(Options& options, const Common& common) {
  const auto file = open_model(std::filesystem::path(options.model));
  options.disasm.json = common.json;
  parse_range(options.range, options.disasm);
  std::vector<std::string> layers;
  if (!options.tensor_info.empty()) {
    for (const LayerRow& row : parse_layer_table(read_file(options.tensor_info))) {
      if (row.id > 0xFFFF) continue;  // the commands have 16 bits for it
      if (row.id >= layers.size()) layers.resize(row.id + 1);
      layers[row.id] = row.name;
    }
    options.disasm.layer_names = &layers;
  }
  if (common.json) std::cout << "[\n";
  bool first = true;
  file->disassemble(options.disasm, [&](const std::string& line) {
    if (common.json && !first) std::cout << ",\n";
    std::cout << line;
    if (!common.json) std::cout << '\n';
    first = false;
  });
  if (common.json) std::cout << "\n]\n";
}

}  // namespace

void add_disasm(CLI::App& app, Common& common, int&) {
  auto* command = app.add_subcommand("disasm", "the command stream as an assembler listing");
  auto options = std::make_shared<Options>();
  command->add_option("MODEL", options->model, "model file")->required();
  command->add_option("--engine", options->disasm.engine,
                      "only this engine, as the listing names it: tiu, tdma, cpu; eu0, eu3");
  command->add_option("--range", options->range, "only commands FIRST:LAST");
  command->add_option("--program", options->disasm.program, "program of a file that holds several")
      ->capture_default_str();
  command->add_option("--tensor-info", options->tensor_info,
                      "the converter's *_tensor_info.txt: names of the source layers");
  command->footer("Example:\n  vnpu disasm model.cvimodel --engine tiu --range 0:20");
  command->callback([options, &common] { run_disasm(*options, common); });
}

}  // namespace vnpu::cli
