// All recorded runs of the vendor's own programs, byte for byte: as pipe and as terminal.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/devices/recorded_board.h"

namespace vnpu::programs {
namespace {

std::vector<std::string> words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> out;
  for (std::string word; in >> word;) out.push_back(word);
  return out;
}

// The commands of a case: `cd`, `ls` and programs, joined by &&.
ProgramResult run_case(BoardState& board, const json& c, bool terminal) {
  std::map<std::string, std::string> environment;
  if (c.contains("env") && c["env"].is_object()) {
    for (const auto& [name, value] : c["env"].items()) environment[name] = value.get<std::string>();
  }
  board.ion_bytes = std::uint64_t{16} << 20;
  board.tpu = true;
  board.rule_records = false;
  if (c.contains("device") && c["device"].is_object()) {
    const auto& device = c["device"];
    board.ion_bytes = device.value("ion_heap_bytes", board.ion_bytes);
    board.tpu = device.value("tpu_device", "present") != "absent";
    board.rule_records = device.contains("pmu");
  }
  std::string cwd = c["cwd"];
  ProgramResult all;
  const std::string command = c["cmd"];
  for (std::size_t at = 0; at != command.npos && all.status == 0;) {
    const auto end = command.find(" && ", at);
    const auto argv = words(command.substr(at, end == command.npos ? end : end - at));
    at = end == command.npos ? end : end + 4;
    if (argv[0] == "cd") {
      cwd = argv[1];
    } else if (argv[0] == "ls") {
      for (const auto& [path, bytes] : board.files) {
        if (fs::path(path).parent_path() == fs::path(cwd)) all.out += fs::path(path).filename().string() + "\n";
      }
    } else {
      const auto one = run_program(board, argv, cwd, environment, terminal);
      all.status = one.status;
      all.out += one.out;
      all.err += one.err;
      all.both += one.both;
    }
  }
  // The recorder left the records it fed to the driver beside the reports.
  if (board.files.contains(work + std::string("pmu_des.csv"))) board.files[work + std::string("pmu_records.bin")] = {};
  return all;
}

// What the runs leave behind, by the recorder's name.
void compare_files(const BoardState& board, const fs::path& folder, const std::string& chip) {
  const std::pair<std::string, fs::path> files[] = {{"out.npz", folder / "npz" / (chip + "_out.npz")},
                                                    {"all.npz", folder / "npz" / (chip + "_all.npz")},
                                                    {"pmu_des.csv", folder / "pmu" / (chip + "_pmu_des.csv")},
                                                    {"pmu_layer.csv", folder / "pmu" / (chip + "_pmu_layer.csv")}};
  if (chip == "cv180x") {
    EXPECT_TRUE(board.files.contains(work + std::string("det.jpg")) &&
                board.files.at(work + std::string("det.jpg")) == read_file(folder / "yolo5" / "cv180x_det.jpg"));
  }
  for (const auto& [name, path] : files) {
    const auto found = board.files.find(work + name);
    ASSERT_NE(found, board.files.end()) << name;
    const Bytes wanted = read_file(path);
    if (path.extension() == ".csv") {
      EXPECT_EQ(std::string(found->second.begin(), found->second.end()), std::string(wanted.begin(), wanted.end()));
    }
    EXPECT_TRUE(found->second == wanted) << name;
  }
}

void replay(const std::string& chip) {
  const fs::path folder = recordings();
  std::ifstream file(folder / (chip + ".json"));
  const json cases = json::parse(file);
  ASSERT_EQ(cases.size(), 100u);
  for (const bool terminal : {false, true}) {
    BoardState board = recorded_board(folder, chip);
    int equal = 0;
    for (const auto& c : cases) {
      const std::string name = c["name"];
      SCOPED_TRACE(name + (terminal ? ", terminal" : ", pipe"));
      const auto result = run_case(board, c, terminal);
      const bool whole_terminal = terminal && c.contains("tty");
      const std::string out = steady(name, whole_terminal ? result.both : result.out, false);
      const std::string wanted = steady(name, expected(c, whole_terminal ? "tty" : "stdout_pipe"), false);
      EXPECT_EQ(result.status, c["exit"].get<int>());
      EXPECT_EQ(out, wanted);
      EXPECT_EQ(result.err, expected(c, "stderr_pipe"));
      equal += result.status == c["exit"].get<int>() && out == wanted && result.err == expected(c, "stderr_pipe");
      EXPECT_EQ(board.ion_used, 0u);
    }
    EXPECT_EQ(equal, 100);
    compare_files(board, folder, chip);
    std::printf("%s, %s: %d of %zu runs equal\n", chip.c_str(), terminal ? "terminal" : "pipe", equal, cases.size());
  }
}

TEST(VendorPrograms, RecordedRunsOfCv180x) { replay("cv180x"); }
TEST(VendorPrograms, RecordedRunsOfCv181x) { replay("cv181x"); }

}  // namespace
}  // namespace vnpu::programs
