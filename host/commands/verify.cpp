// vnpu verify: golden cases and recorded commands, in parallel.
#include "sim/runtime/verify.h"

#include <chrono>
#include <iostream>

#include "base/bytes.h"
#include "base/progress.h"
#include "host/cli.h"

namespace vnpu::cli {
namespace {

using nlohmann::json;

struct Options {
  std::vector<std::string> paths;
  std::string junit;
  VerifyOptions verify;
};

const char* verdict_name(Verdict verdict) {
  return verdict == Verdict::passed ? "passed" : verdict == Verdict::failed ? "failed" : "skipped";
}

int run_verify(const Options& options, const Common& common) {
  const auto started = std::chrono::steady_clock::now();
  ProgressBar bar("verify", 0, !common.quiet && !common.json && is_terminal(stderr));
  const std::vector<std::filesystem::path> paths(options.paths.begin(), options.paths.end());
  const auto report = verify(paths, options.verify, [&](const CaseResult& result, const VerifyProgress& progress) {
    const bool worth_a_line = result.verdict != Verdict::passed || common.verbose;
    if (worth_a_line && !common.json) {
      bar.clear();
      const char* colour = result.verdict == Verdict::failed    ? "red"
                           : result.verdict == Verdict::skipped ? "yellow"
                                                                : "green";
      std::cout << paint(common, colour, verdict_name(result.verdict)) << "  " << result.name
                << (result.message.empty() ? "" : ": " + result.message) << std::endl;
    }
    bar.update(progress.done, progress.known);
  });
  bar.clear();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  if (!options.junit.empty()) {
    const std::string xml = junit_xml(report.junit());
    write_file(options.junit, {reinterpret_cast<const std::uint8_t*>(xml.data()), xml.size()});
  }
  std::size_t outputs = 0, traces = 0, layers = 0;
  for (const auto& result : report.results) {
    outputs += result.outputs;
    traces += result.traces;
    layers += result.layers;
  }
  if (common.json) {
    json j = {{"passed", report.passed}, {"failed", report.failed}, {"skipped", report.skipped}, {"seconds", seconds},
              {"outputs", outputs},      {"traces", traces},        {"layers", layers}};
    for (const auto& result : report.results) {
      if (result.verdict == Verdict::passed && !common.verbose) continue;
      j["results"].push_back(
          {{"name", result.name}, {"verdict", verdict_name(result.verdict)}, {"message", result.message}});
    }
    std::cout << j.dump(2, ' ', false, json::error_handler_t::replace) << "\n";
  } else {
    if (!common.quiet) {
      std::cout << outputs << " outputs, " << traces << " tensor traces and " << layers << " layer results compared\n";
      std::cerr << "in " << seconds << " s\n";
    }
    std::cout << report.summary() << "\n";
  }
  return report.failed ? 1 : 0;
}

}  // namespace

void add_verify(CLI::App& app, Common& common, int& status) {
  auto* command =
      app.add_subcommand("verify", "runs golden cases: folders, trees, .tar.xz archives, recorded-command files");
  auto options = std::make_shared<Options>();
  command->add_option("CASES", options->paths, "case folders, trees of them, archives, recorded commands")->required();
  command->add_option("--junit", options->junit, "report as JUnit XML");
  command->add_option("--filter", options->verify.filter, "only cases whose name contains this");
  command->add_option("--threads", options->verify.threads, "0: as many as the machine has")->capture_default_str();
  command->add_option("--engine", options->verify.network.engine, "scalar, fast, avx2, avx512")->capture_default_str();
  command->add_option("--quirks", options->verify.network.quirks, "vendor, none, or NAME,NAME,...")
      ->capture_default_str();
  command->footer(
      "Examples:\n  vnpu verify tests/golden\n  vnpu verify cases.tar.xz --junit report.xml\nExit status 1 when a case "
      "failed; the last line is N passed, N failed, N skipped.");
  command->callback([options, &common, &status] { status = run_verify(*options, common); });
}

}  // namespace vnpu::cli
