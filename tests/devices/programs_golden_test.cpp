// All recorded runs of the vendor's own programs, byte for byte: as pipe and as terminal. The recordings are not part
// of the repository ($VNPU_GOLDEN or ../shared/golden, folder boards); without them the test is skipped.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "tests/devices/board_files.h"

namespace vnpu::programs {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* models = "/home/milkv/cvimodel_samples/";
constexpr const char* data = "/home/milkv/cvitek_tpu_sdk/samples/data/";
constexpr const char* work = "/home/milkv/work/";

fs::path recordings() {
  const char* golden = std::getenv("VNPU_GOLDEN");
  return (golden ? fs::path(golden) : fs::path(VNPU_SOURCE_DIR) / "../shared/golden") / "boards";
}

std::string from_base64(const std::string& text) {
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  unsigned bits = 0, value = 0;
  for (const char c : text) {
    const auto digit = digits.find(c);
    if (digit == digits.npos) continue;
    value = value << 6 | static_cast<unsigned>(digit);
    bits += 6;
    if (bits >= 8) out += static_cast<char>(value >> (bits -= 8) & 0xff);
  }
  return out;
}

// The board as it was when the cases were recorded, one after the other.
BoardState recorded_board(const fs::path& folder, const std::string& chip) {
  BoardState board;
  board.chip = chip;
  board.run_ns = chip == "cv180x" ? 28325800 : 41922200;  // a fifth of what the case with five runs took
  const std::string other = chip == "cv180x" ? "cv181x" : "cv180x";
  for (const auto& entry : fs::directory_iterator(folder / "models" / chip))
    board.files[models + entry.path().filename().string()] = read_file(entry.path());
  for (const auto& entry : fs::directory_iterator(folder / "data"))
    board.files[data + entry.path().filename().string()] = read_file(entry.path());
  for (const char* name : {"in_f32.npz", "bad.npz", "wrong.npz"})
    board.files[std::string(work) + name] = read_file(folder / "npz" / name);
  board.files[models + std::string("wrongchip.cvimodel")] =
      read_file(folder / "models" / other / "shapes_int8.cvimodel");

  const Bytes good = board.files[models + std::string("shapes_int8.cvimodel")];
  const auto cut = [&](std::size_t size) {
    return Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
  };
  const auto add = [&](const std::string& name, Bytes bytes) { board.files[models + name + ".cvimodel"] = bytes; };
  add("empty", {});
  add("truncated_header", cut(40));
  add("truncated_body", cut(1500));
  add("truncated_tail", cut(good.size() - 4096));
  Bytes changed = good;
  changed[0] ^= 0xff;
  add("badmagic", changed);
  changed = good;
  changed[9000] ^= 0x55;
  add("flipped_weight_byte", changed);
  std::string text;
  for (int i = 0; i < 8; ++i) text += "hello, this is not a model\n";
  add("text", Bytes(text.begin(), text.end()));
  return board;
}

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

std::string expected(const json& c, const std::string& key) {
  if (c.contains(key + "_b64")) return from_base64(c[key + "_b64"]);
  return c.value(key, "");
}

// What differs from run to run: times; and the bytes behind the 18 of the header's end, which are the stack's.
std::string steady(const std::string& name, const std::string& text) {
  if (name == "math_sample_gemm") return std::regex_replace(text, std::regex("takes [0-9]+ us"), "#");
  if (name == "info_text") {
    const auto cut = text.find(" CANNOT"), from = text.find("built for ");
    if (cut != text.npos && from != text.npos && cut > from + 28) return text.substr(0, from + 28) + text.substr(cut);
  }
  return text;
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
  if (!fs::exists(folder)) GTEST_SKIP() << "no recorded runs in " << folder;
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
      const std::string out = steady(name, whole_terminal ? result.both : result.out);
      const std::string wanted = steady(name, expected(c, whole_terminal ? "tty" : "stdout_pipe"));
      EXPECT_EQ(result.status, c["exit"].get<int>());
      EXPECT_EQ(out, wanted);
      EXPECT_EQ(result.err, expected(c, "stderr_pipe"));
      equal += result.status == c["exit"].get<int>() && out == wanted && result.err == expected(c, "stderr_pipe");
      EXPECT_EQ(board.ion_used, 0u);
    }
    compare_files(board, folder, chip);
    std::printf("%s, %s: %d of %zu runs equal\n", chip.c_str(), terminal ? "terminal" : "pipe", equal, cases.size());
  }
}

TEST(VendorPrograms, RecordedRunsOfCv180x) { replay("cv180x"); }
TEST(VendorPrograms, RecordedRunsOfCv181x) { replay("cv181x"); }

}  // namespace
}  // namespace vnpu::programs
