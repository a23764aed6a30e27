// vnpu profile: how long a model takes on a board, and why.
#include "sim/core/profile.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "base/error.h"
#include "host/cli.h"
#include "host/profile_page.h"
#include "sim/core/profile_report.h"
#include "sim/runtime/layer_trace.h"
#include "sim/runtime/registry.h"

namespace vnpu::cli {
namespace {

struct Options {
  std::string model, tensor_info, trace, vcd, html;
  ProfileOptions profile;
  bool parameters = false;
};

std::string line(const char* form, auto... values) {
  char text[400];
  std::snprintf(text, sizeof text, form, values...);
  return text;
}

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

// The converter's own estimate of every layer beside this profile's. Neither counts what runs at the same time.
void print_estimate(const Profile& p, const Common& common) {
  auto& out = std::cout;
  out << "\n"
      << paint(common, "bold",
               "converter's estimate   (MMAC of " + p.estimate->macs_unit +
                   ")   ours, all engines\n      cycles         ms"
                   "         MMAC       cycles         ms       MMAC  ours/its  layer\n");
  const auto row = [&](const EstimatedLayer& layer, const std::string& name) {
    out << line("%12.0f %10.3f %12.2f %12llu %10.3f %10.2f  ", layer.cycles, layer.cycles / p.mhz / 1e3,
                layer.macs / 1e6, static_cast<unsigned long long>(layer.own_cycles), p.ms(layer.own_cycles),
                static_cast<double>(layer.own_macs) / 1e6)
        << (layer.cycles > 0 ? line("%8.2f  ", static_cast<double>(layer.own_cycles) / layer.cycles) : "       -  ")
        << name << "\n";
  };
  EstimatedLayer sum;
  for (const auto& layer : p.estimate->layers) {
    row(layer, layer.name.empty() ? "(in no row)" : layer.name);
    sum.cycles += layer.cycles, sum.macs += layer.macs;
    sum.own_cycles += layer.own_cycles, sum.own_macs += layer.own_macs;
  }
  row(sum, "sum");
  out << line("%12.0f %10.3f %12.2f", p.estimate->total_cycles, p.estimate->total_cycles / p.mhz / 1e3,
              p.estimate->total_macs / 1e6)
      << std::string(47, ' ') << "the converter's TOTAL\n";
}

void print_table(const Profile& p, const Options& options, const Common& common) {
  auto& out = std::cout;
  out << paint(common, "bold", options.model) << " on " << p.board << " (" << p.board_title << "; " << p.chip
      << line(", %g MHz)\n", p.mhz);
  if (p.status != "validated") out << paint(common, "yellow", "this board's time is " + p.status) << "\n";
  out << line("inference  %10.3f ms   on the engines, as their performance unit counts it\n",
              p.ms(p.inference_cycles()));
  out << line(
      "forward    %10.3f ms   with %.3f ms of functions on the CPU and %.3f ms of call and copies (estimated)\n",
      p.ms(p.cycles) + p.runtime_ms, p.ms(p.host_cycles()), p.runtime_ms);
  const Roofline roof = roofline(p);
  out << line("MACs       %10.3f M    %.1f %% of the peak of %.1f GMAC/s\n", static_cast<double>(p.macs()) / 1e6,
              100 * p.mac_efficiency(), roof.peak_macs_per_second / 1e9);
  out << line("DRAM       %10.3f MB   %.2f MB of data; %.2f GB/s on long runs\n",
              static_cast<double>(p.bus_bytes()) / 1048576, static_cast<double>(p.data_bytes()) / 1048576,
              p.memory_bytes_per_second / 1e9);
  out << line(
      "roofline   %10.1f MAC/byte (ridge %.1f): %s-bound, %.0f %% of the attainable %.1f GMAC/s\n\n",
      roof.macs_per_byte, roof.ridge_macs_per_byte, roof.memory_bound() ? "memory" : "compute",
      roof.attainable_macs_per_second > 0 ? 100 * roof.reached_macs_per_second / roof.attainable_macs_per_second : 0.0,
      roof.attainable_macs_per_second / 1e9);
  out << paint(common, "bold", "engine   commands    busy ms   busy %  critical ms    DRAM MB\n");
  for (const auto& e : p.engines) {
    if (e.commands == 0) continue;
    out << line("%-8s %8llu %10.3f %7.1f %12.3f %10.3f\n", e.name.c_str(), static_cast<unsigned long long>(e.commands),
                p.ms(e.busy_cycles), percent(e.busy_cycles, p.cycles), p.ms(e.critical_cycles),
                static_cast<double>(e.bus_bytes) / 1048576);
  }
  for (const auto& m : p.masters) {
    if (m.waited_ns > 0) out << line("%s waited %.3f ms for the memory\n", m.name.c_str(), m.waited_ns / 1e6);
  }
  out << "\n" << paint(common, "bold", "five costliest layers (part of the critical path)\n");
  for (const std::size_t i : costliest_layers(p, 5)) {
    const auto& layer = p.layers[i];
    const std::string id = layer.id ? std::to_string(*layer.id) + " " : "";
    out << line("%10.3f ms %5.1f %%  ", p.ms(layer.critical_cycles), percent(layer.critical_cycles, p.cycles)) << id
        << layer.name << ": " << why(p, layer) << "\n";
  }
  if (!common.quiet) {
    const auto engine = [&](std::size_t i) { return i < p.engines.size() ? p.engines[i].name + " ms" : std::string(); };
    out << "\n"
        << paint(common, "bold",
                 line("   id critical ms %10s %10s      MMAC         MB  bound           layer\n", engine(0).c_str(),
                      engine(1).c_str()));
    for (const auto& layer : p.layers) {
      out << line("%5s %11.3f %10.3f %10.3f %9.2f %10.3f  %-15s ", layer.id ? std::to_string(*layer.id).c_str() : "-",
                  p.ms(layer.critical_cycles), p.ms(layer.busy_cycles[0]),
                  p.ms(layer.busy_cycles.size() > 1 ? layer.busy_cycles[1] : 0), static_cast<double>(layer.macs) / 1e6,
                  static_cast<double>(layer.bus_bytes) / 1048576, layer.bound.c_str())
          << layer.name << "\n";
    }
  }
  if (p.estimate && !common.quiet) print_estimate(p, common);
  if (options.parameters) {
    out << "\n" << paint(common, "bold", "parameter                    value unit    from       meaning; source\n");
    for (const auto& each : p.parameters) {
      out << line("%-25s %8g %-7s %-10s ", each.key.c_str(), each.value, each.unit.c_str(), each.from.c_str())
          << each.meaning << "; " << each.note << "\n";
    }
  }
}

void write_to(const std::string& path, auto&& write) {
  std::ofstream file(path, std::ios::binary);
  if (file) write(file);
  file.flush();
  if (!file) throw Error(ErrorKind::usage, path + " cannot be written");
}

// A profile takes a blink, a third of it for memory that is given back, taken again and mapped page by page. This
// process ends with the profile: it keeps what it has, in large pages where the system has them.
void keep_memory() {
  constexpr int room = 256 << 20;
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, room);
  const std::vector<char> first(1 << 20);
  constexpr std::uintptr_t large_page = 2 << 20;
  const auto end = reinterpret_cast<std::uintptr_t>(sbrk(0));
  const auto from = (reinterpret_cast<std::uintptr_t>(first.data()) + large_page - 1) / large_page * large_page;
  if (from < end && end - from <= 2 * static_cast<std::uintptr_t>(room))
    madvise(reinterpret_cast<void*>(from), end - from, MADV_HUGEPAGE);  // as good as it gets: refusal does not matter
}

void run_profile(const Options& options, const Common& common) {
  keep_memory();
  const auto file = open_model(std::filesystem::path(options.model));
  Profile profile = file->profile(options.profile);
  if (!options.tensor_info.empty()) {
    std::vector<std::string> names;
    for (const LayerRow& row : parse_layer_table(read_file(options.tensor_info))) {
      if (row.id > 0xFFFF) continue;  // the commands have 16 bits for it
      if (row.id >= names.size()) names.resize(row.id + 1);
      names[row.id] = row.name;
    }
    profile.name_layers(names);
  }
  if (!options.trace.empty()) {
    const bool json = options.trace.ends_with(".json");
    write_to(options.trace,
             [&](std::ostream& out) { json ? write_trace_json(profile, out) : write_trace_packets(profile, out); });
  }
  if (!options.vcd.empty()) write_to(options.vcd, [&](std::ostream& out) { write_vcd(profile, out); });
  if (!options.html.empty()) {
    write_to(options.html, [&](std::ostream& out) {
      write_profile_page(profile, std::filesystem::path(options.model).filename().string(), out);
    });
  }
  if (common.json) {
    std::cout << profile_json(profile).dump(1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    print_table(profile, options, common);
  }
}

}  // namespace

void add_profile(CLI::App& app, Common& common, int&) {
  auto* command = app.add_subcommand("profile", "simulated time: total, per engine, per layer, and what bounds it");
  auto options = std::make_shared<Options>();
  command->add_option("MODEL", options->model, "model file")->required();
  command->add_option("--board", options->profile.board,
                      "board whose clock and memory count (default: the reference "
                      "board of the model's chip)");
  command->add_option("--set", options->profile.settings, "KEY=VALUE: another value for a parameter (repeatable)")
      ->allow_extra_args(false);
  command->add_option("--program", options->profile.program, "program of a file that holds several")
      ->capture_default_str();
  command->add_option("--tensor-info", options->tensor_info,
                      "the converter's *_tensor_info.txt: names of the source layers");
  command->add_option("--trace", options->trace,
                      "write a timeline that Perfetto opens (FILE.json: in Chrome's JSON form)");
  command->add_option("--vcd", options->vcd, "write a waveform of the engines");
  command->add_option("--html", options->html, "write a report page");
  command->add_flag("--parameters", options->parameters, "list the parameters and where they come from");
  command->footer(
      "Examples:\n  vnpu profile model.cvimodel --board maixcam --html report.html\n"
      "  vnpu profile model.cvimodel --set clock.tpu_mhz=600 --set background.mbps=300 --json");
  command->callback([options, &common] { run_profile(*options, common); });
}

}  // namespace vnpu::cli
