// vnpu info: what is in a model file, for people and as JSON.
#include <iomanip>
#include <iostream>
#include <sstream>

#include "host/cli.h"
#include "sim/runtime/registry.h"

namespace vnpu::cli {
namespace {

using nlohmann::json;

std::string shape_text(const json& shape) {
  std::string text;
  for (const auto& dim : shape) text += (text.empty() ? "" : "x") + std::to_string(dim.get<std::int64_t>());
  return text;
}

std::string number(double value) {
  std::ostringstream out;
  out << std::setprecision(7) << value;
  return out.str();
}

std::string list(const json& values) {
  std::string text;
  for (const auto& value : values) text += (text.empty() ? "" : ",") + number(value.get<double>());
  return text;
}

std::string tensor_line(const json& tensor) {
  std::string text = tensor.at("name").get<std::string>() + "  " + shape_text(tensor.at("shape")) + " " +
                     tensor.at("dtype").get<std::string>();
  if (tensor.contains("qscale") && tensor["qscale"].get<double>() != 1)
    text += "  scale " + number(tensor["qscale"].get<double>());
  if (tensor.contains("zero_point") && tensor["zero_point"].get<double>() != 0)
    text += "  zero point " + number(tensor["zero_point"].get<double>());
  if (tensor.contains("pixel_format")) text += "  " + tensor["pixel_format"].get<std::string>();
  if (tensor.value("aligned", false)) text += " aligned";
  if (tensor.contains("mean")) text += "  mean " + list(tensor["mean"]);
  if (tensor.contains("scale")) text += "  pixel scale " + list(tensor["scale"]);
  return text + "  (" + human_bytes(tensor.at("bytes").get<std::uint64_t>()) + ", " +
         tensor.at("memory").get<std::string>() + ")";
}

void print_routine(const json& routine) {
  if (routine.at("kind") == "cpu") {
    std::cout << "  cpu     " << routine.at("function").get<std::string>() << " "
              << routine.at("attributes").dump(-1, ' ', false, json::error_handler_t::replace) << "\n";
    return;
  }
  std::cout << "  tpu     " << routine.at("section").get<std::string>();
  const json& commands = routine.at("commands");
  if (!commands.is_null())
    std::cout << "  " << commands.at("tiu") << " TIU and " << commands.at("tdma") << " TDMA commands";
  std::cout << "\n";
}

// A part of a net that runs as a whole.
void print_subnet(const json& subnet) {
  std::cout << "  subnet  " << subnet.at("kind").get<std::string>();
  for (const auto& group : subnet.value("groups", json::array()))
    std::cout << "  " << group.at("tiu") << " TIU and " << group.at("gdma") << " GDMA commands";
  for (const auto& layer : subnet.value("cpu_layers", json::array())) std::cout << "  layer type " << layer.at("type");
  std::cout << "\n";
}

// One step, where it runs and why.
void print_step(const json& step) {
  std::cout << "  " << std::setw(4) << step.at("index").get<std::uint64_t>() << "  "
            << step.at("name").get<std::string>();
  if (step.contains("text")) std::cout << "  " << step["text"].get<std::string>();
  std::cout << "  runs on the " << step.at("runs_on").get<std::string>() << ", because "
            << step.at("because").get<std::string>() << "\n";
  for (const auto& note : step.value("notes", json::array())) {
    std::cout << "        " << note.get<std::string>() << "\n";
  }
}

// Families describe what they have: each part is printed when it is there.
void print_program(const json& program, std::size_t index, std::size_t count, const Common& common) {
  const std::string title = count > 1 ? "program " + std::to_string(index) : "program";
  std::cout << paint(common, "bold", title);
  if (program.contains("net"))
    std::cout << "  net " << program["net"].get<std::string>() << ", stage " << program.at("stage");
  if (program.contains("shared_bytes")) {
    std::cout << "  shared " << human_bytes(program["shared_bytes"].get<std::uint64_t>()) << ", private "
              << human_bytes(program.at("private_bytes").get<std::uint64_t>());
  }
  std::cout << "\n";
  for (const auto& tensor : program.at("inputs")) std::cout << "  input   " << tensor_line(tensor) << "\n";
  for (const auto& tensor : program.at("outputs")) std::cout << "  output  " << tensor_line(tensor) << "\n";
  for (const auto& routine : program.value("routines", json::array())) print_routine(routine);
  for (const auto& subnet : program.value("subnets", json::array())) print_subnet(subnet);
  for (const auto& step : program.value("steps", json::array())) print_step(step);
  if (common.verbose) {
    for (const auto& tensor : program.value("tensors", json::array())) {
      std::cout << "  tensor  " << tensor_line(tensor) << "\n";
    }
  }
}

void print_memory(const json& info) {
  const json& memory = info.at("memory");
  const auto bytes = [&](const char* key) { return human_bytes(memory.at(key).get<std::uint64_t>()); };
  std::cout << "  file " << human_bytes(info.at("file_bytes").get<std::uint64_t>());
  if (memory.contains("ion_bytes")) {
    std::cout << ", device memory " << bytes("ion_bytes") << " (weights " << bytes("weight_bytes") << ")";
  }
  if (memory.contains("neuron_bytes")) {
    std::cout << ", neurons " << bytes("neuron_bytes") << ", coefficients " << bytes("coefficient_bytes");
  }
  if (memory.contains("ddr_bytes")) {
    std::cout << ", DDR traffic " << bytes("ddr_bytes") << ", parameters " << bytes("parameter_bytes");
  }
  if (memory.contains("main_bytes")) {
    std::cout << ", main memory " << bytes("main_bytes") << " (with the file " << bytes("file_and_main_bytes")
              << "), AI RAM " << bytes("ai_ram_bytes") << ", KPU weights " << bytes("kpu_weight_bytes");
  }
  std::cout << "\n";
  if (info.contains("macs")) {
    std::cout << "  " << info.at("kpu_steps") << " steps on the KPU (" << info["macs"] << " multiplications), "
              << info.at("cpu_steps") << " on the CPU\n";
  }
}

void print_text(const json& info, const Common& common) {
  std::cout << paint(common, "bold", info.at("name").get<std::string>()) << "  " << info.at("format").get<std::string>()
            << " " << info.at("format_version").get<std::string>() << " for "
            << paint(common, "bold", info.at("chip").get<std::string>());
  if (info.contains("lanes")) std::cout << " (" << info["lanes"] << " lanes)";
  std::cout << "\n";
  if (!info.value("converter", "").empty())
    std::cout << "  made by " << info["converter"].get<std::string>() << ", " << info.at("built").get<std::string>()
              << "\n";
  print_memory(info);
  for (const auto& note : info.value("notes", json::array())) std::cout << "  " << note.get<std::string>() << "\n";
  const json& programs = info.at("programs");
  for (std::size_t i = 0; i < programs.size(); ++i) print_program(programs[i], i, programs.size(), common);
  if (info.contains("sections")) std::cout << paint(common, "bold", "sections") << "\n";
  for (const auto& section : info.value("sections", json::array())) {
    std::cout << "  " << std::left << std::setw(12) << section.at("type").get<std::string>() << std::setw(16)
              << section.at("name").get<std::string>() << std::right << std::setw(9)
              << section.at("stored_bytes").get<std::uint64_t>() << " bytes at 0x" << std::hex
              << section.at("file_offset").get<std::uint64_t>() << std::dec;
    if (section.contains("md5")) std::cout << "  md5 " << section["md5"].get<std::string>();
    if (section.value("compressed", false)) std::cout << "  compressed";
    if (section.value("encrypted", false)) std::cout << "  encrypted";
    std::cout << "\n";
  }
  if (common.verbose && info.contains("weights")) {
    std::cout << paint(common, "bold", "weights") << "\n";
    for (const auto& weight : info.at("weights")) {
      std::cout << "  " << weight.at("name").get<std::string>() << "  " << shape_text(weight.at("shape")) << " "
                << weight.at("dtype").get<std::string>() << "  at " << weight.at("offset") << "\n";
    }
  }
  const json& refusals = info.at("refusals");
  if (refusals.empty()) std::cout << paint(common, "green", "runs here") << ": nothing in this file is refused\n";
  for (const auto& refusal : refusals)
    std::cout << paint(common, "red", "would be refused") << ": " << refusal.get<std::string>() << "\n";
}

}  // namespace

void add_info(CLI::App& app, Common& common, int&) {
  auto* command =
      app.add_subcommand("info", "format, chip, inputs and outputs, memory need, sections, what would be refused");
  auto models = std::make_shared<std::vector<std::string>>();
  command->add_option("MODEL", *models, "model files")->required();
  command->footer(
      "Examples:\n  vnpu info model.cvimodel\n  vnpu info -v model.cvimodel     all tensors and weights too\n  vnpu "
      "info --json model.cvimodel");
  command->callback([models, &common] {
    json all = json::array();
    for (const auto& path : *models) {
      const json info = open_model(std::filesystem::path(path))->describe();
      if (common.json) {
        all.push_back(info);
      } else {
        print_text(info, common);
      }
    }
    if (common.json)
      std::cout << (all.size() == 1 ? all[0] : all).dump(2, ' ', false, json::error_handler_t::replace) << "\n";
  });
}

}  // namespace vnpu::cli
