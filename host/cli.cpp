#include "host/cli.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>

#include "base/error.h"

namespace vnpu::cli {

bool Common::use_color() const {
  if (color == "always") return true;
  if (color == "never") return false;
  const char* no_color = std::getenv("NO_COLOR");
  return isatty(STDOUT_FILENO) != 0 && (!no_color || !*no_color);
}

spdlog::logger& log(const Common& common) {
  static const auto logger = [] {
    auto made = spdlog::stderr_color_mt("vnpu");
    made->set_pattern("%n: %^%l%$: %v");
    return made;
  }();
  logger->set_level(common.quiet          ? spdlog::level::err
                    : common.verbose == 0 ? spdlog::level::warn
                    : common.verbose == 1 ? spdlog::level::info
                                          : spdlog::level::debug);
  return *logger;
}

std::string paint(const Common& common, const char* colour, const std::string& text) {
  static const std::map<std::string, const char*> codes{
      {"red", "31"}, {"green", "32"}, {"yellow", "33"}, {"bold", "1"}, {"dim", "2"}};
  if (!common.use_color()) return text;
  return "\x1b[" + std::string(codes.at(colour)) + "m" + text + "\x1b[0m";
}

std::string human_bytes(std::uint64_t bytes) {
  char text[32];
  if (bytes < 1024) {
    std::snprintf(text, sizeof text, "%llu B", static_cast<unsigned long long>(bytes));
  } else if (bytes < 1024 * 1024) {
    std::snprintf(text, sizeof text, "%.1f KB", static_cast<double>(bytes) / 1024);
  } else {
    std::snprintf(text, sizeof text, "%.2f MB", static_cast<double>(bytes) / (1024 * 1024));
  }
  return text;
}

NetworkOptions RunOptions::network_options(const ModelFile& file) const {
  NetworkOptions options;
  options.engine = engine;
  options.quirks = quirks;
  options.program = program;
  if (batch == 0) return options;
  const auto programs = file.describe().at("programs");
  std::string sizes;
  for (unsigned i = 0; i < programs.size(); ++i) {
    const auto& inputs = programs[i].at("inputs");
    if (inputs.empty()) continue;
    const auto size = inputs[0].at("shape").at(0).get<std::int64_t>();
    if (size == batch) {
      options.program = i;
      return options;
    }
    sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
  }
  throw Error(ErrorKind::usage, "no program has batch size " + std::to_string(batch) + "; there is " + sizes);
}

void add_run_options(CLI::App& command, RunOptions& options) {
  command.add_option("--engine", options.engine, "scalar (the law), fast (best SIMD of this CPU), avx2, avx512")
      ->capture_default_str();
  auto* quirks = command.add_option(
      "--quirks", options.quirks, "vendor, none, or NAME,NAME,...: see docs/quirks_cv18xx.md, docs/arithmetic_k210.md");
  command
      .add_option("--mode", options.quirks,
                  "K210: where the two are known to differ, compute as the board or as the simulator")
      ->check(CLI::IsMember({"board", "simulator"}))
      ->excludes(quirks->capture_default_str());
  command.add_option("--batch", options.batch, "program by its batch size")
      ->excludes(command.add_option("--program", options.program, "program of a file that holds several")
                     ->capture_default_str());
}

}  // namespace vnpu::cli
