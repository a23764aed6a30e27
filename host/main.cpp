// vnpu: the command line. One place turns errors into messages and exit statuses.
#include <exception>
#include <iostream>

#include "base/error.h"
#include "host/cli.h"

namespace {

void add_common(CLI::App& app, vnpu::cli::Common& common) {
  app.add_flag("--json", common.json, "report as JSON");
  app.add_flag("-q,--quiet", common.quiet, "only what was asked for, no progress");
  app.add_flag("-v,--verbose", common.verbose, "say more (repeatable)");
  app.add_option("--color", common.color, "colours in the output")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"vnpu: a simulator of edge NPUs that runs the converters' real output, bit for bit"};
  app.set_version_flag("--version", std::string("vnpu ") + VNPU_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(
      "Examples:\n"
      "  vnpu info model.cvimodel\n"
      "  vnpu run model.cvimodel -i cat.jpg --labels labels.txt\n"
      "  vnpu compare model.cvimodel -i in.npz --reference ref.npz\n"
      "Exit status: 0 fine, 1 different, 2 usage, 3 damaged input, 4 refused, 5 simulated fault, 70 internal error");
  vnpu::cli::Common common;
  add_common(app, common);
  int status = 0;
  vnpu::cli::add_info(app, common, status);
  vnpu::cli::add_disasm(app, common, status);
  vnpu::cli::add_run(app, common, status);
  vnpu::cli::add_detect(app, common, status);
  vnpu::cli::add_eval_detect(app, common, status);
  vnpu::cli::add_compare(app, common, status);
  vnpu::cli::add_verify(app, common, status);
  vnpu::cli::add_profile(app, common, status);
  vnpu::cli::add_compare_profile(app, common, status);
  vnpu::cli::add_board(app, common, status);
  vnpu::cli::add_exec(app, common, status);
  vnpu::cli::add_flash(app, common, status);
  vnpu::cli::add_pulsar(app, common, status);
  vnpu::cli::add_completion(app, common, status);
  try {
    app.parse(argc, argv);
    std::cout.flush();
    if (!std::cout) throw vnpu::Error(vnpu::ErrorKind::usage, "standard output cannot be written");
    return status;
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  } catch (const vnpu::Error& error) {
    std::cout.flush();
    std::cerr << "vnpu: " << vnpu::name(error.kind()) << ": " << error.what() << '\n';
    return vnpu::exit_status(error.kind());
  } catch (const std::bad_alloc&) {
    std::cerr << "vnpu: internal: out of memory\n";
  } catch (const std::exception& error) {
    std::cerr << "vnpu: internal: " << error.what() << "\nPlease report this with the file and the command.\n";
  }
  return 70;
}
