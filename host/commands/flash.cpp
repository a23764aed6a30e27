// vnpu flash: what kflash does, on the flash image of a board that is kept in a folder.
#include <charconv>
#include <filesystem>
#include <iostream>
#include <optional>

#include "base/error.h"
#include "devices/embedded.h"
#include "devices/maix/board.h"
#include "host/cli.h"
#include "host/console_board.h"

namespace vnpu::cli {
namespace {

struct Options {
  std::string board, file, at, directory;
};

std::uint64_t address_of(const std::string& text) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data() + (hex ? 2 : 0), end, value, hex ? 16 : 10);
  if (error != std::errc{} || last != end) throw Error(ErrorKind::usage, "--at " + text + " is no address");
  return value;
}

int run(const Options& options, const Common& common) {
  if (!has_console(options.board)) throw Error(ErrorKind::usage, options.board + " is no board with a flash to write");
  const auto data = devices::maix::parse_maix_data(devices::embedded_text(options.board), options.board);
  const auto flash = devices::maix::open_flash(data, std::filesystem::path(options.directory));
  std::optional<std::uint64_t> address;
  if (!options.at.empty()) address = address_of(options.at);
  const auto written = flash->program(read_file(options.file, data.flash_bytes * 4),
                                      std::filesystem::path(options.file).filename().string(), address);
  nlohmann::json report = nlohmann::json::array();
  for (const auto& part : written) {
    report.push_back({{"name", part.name}, {"address", part.address}, {"bytes", part.bytes}});
    if (common.json || common.quiet) continue;
    char line[64];
    std::snprintf(line, sizeof line, "0x%06llx  %8llu  ", static_cast<unsigned long long>(part.address),
                  static_cast<unsigned long long>(part.bytes));
    std::cout << line << part.name << '\n';
  }
  if (common.json) std::cout << report.dump() << '\n';
  return 0;
}

}  // namespace

void add_flash(CLI::App& app, Common& common, int& status) {
  auto* command = app.add_subcommand("flash", "writes a file or a .kfpkg into a board's flash image");
  auto options = std::make_shared<Options>();
  command->add_option("BOARD", options->board, "maix-k210")->required();
  command->add_option("FILE", options->file, "a model or any file, or a .kfpkg")->required();
  command->add_option("--at", options->at, "byte address, 0x300000; a .kfpkg says itself where its files go");
  command->add_option("--dir", options->directory, "the folder that keeps the board")->required();
  command->footer(
      "Examples:\n"
      "  vnpu flash maix-k210 --dir maix --at 0x300000 facedetect.kmodel\n"
      "  vnpu flash maix-k210 --dir maix face_model_at_0x300000.kfpkg");
  command->callback([options, &common, &status] { status = run(*options, common); });
}

}  // namespace vnpu::cli
