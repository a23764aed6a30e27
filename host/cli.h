// What the commands of the command line share.
#pragma once

#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <ostream>
#include <string>

#include "sim/core/network.h"

namespace vnpu::cli {

struct Common {
  bool json = false;
  bool quiet = false;
  int verbose = 0;
  std::string color = "auto";  // auto, always, never

  bool use_color() const;  // of stdout; NO_COLOR is honoured
};

// Each adds its subcommand; the callback sets `status` (exit status 0 or 1) or throws vnpu::Error.
void add_info(CLI::App& app, Common& common, int& status);
void add_disasm(CLI::App& app, Common& common, int& status);
void add_run(CLI::App& app, Common& common, int& status);
void add_detect(CLI::App& app, Common& common, int& status);
void add_eval_detect(CLI::App& app, Common& common, int& status);
void add_compare(CLI::App& app, Common& common, int& status);
void add_verify(CLI::App& app, Common& common, int& status);
void add_profile(CLI::App& app, Common& common, int& status);
void add_compare_profile(CLI::App& app, Common& common, int& status);
void add_board(CLI::App& app, Common& common, int& status);
void add_exec(CLI::App& app, Common& common, int& status);
void add_flash(CLI::App& app, Common& common, int& status);
void add_pulsar(CLI::App& app, Common& common, int& status);
void add_completion(CLI::App& app, Common& common, int& status);

// Options that commands running a model share.
struct RunOptions {
  std::string engine = "fast";
  std::string quirks = "vendor";
  unsigned program = 0;
  unsigned batch = 0;  // not 0: the program whose inputs have this batch size

  // The program meant; throws Error(usage) when no program has that batch size.
  NetworkOptions network_options(const ModelFile& file) const;
};
void add_run_options(CLI::App& command, RunOptions& options);

// The program's log on stderr: warnings always but with -q, what it does with -v, details with -vv.
spdlog::logger& log(const Common& common);

// `text` in the terminal colour when `common` says so: "red", "green", "yellow", "bold", "dim".
std::string paint(const Common& common, const char* colour, const std::string& text);
std::string human_bytes(std::uint64_t bytes);  // "12.3 KB"

}  // namespace vnpu::cli
