// What the real board refuses, and the virtual one only with strict_hardware.
#include "devices/loader.h"
#include "tests/devices/board_fixture.h"

namespace vnpu::devices {
namespace {

void add(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out += i < 8 ? static_cast<char>(value >> (8 * i)) : '\0';
}

// A RISC-V program that needs libraries and a symbol of each; loaded at address 0x10000.
std::string program(const std::vector<std::string>& libraries, const std::vector<std::string>& symbols,
                    const std::string& runpath) {
  constexpr std::uint64_t base = 0x10000;
  std::string strings(1, '\0'), dynamic, table(24, '\0');
  const auto name = [&](const std::string& text) {
    const std::uint64_t at = strings.size();
    strings += text + '\0';
    return at;
  };
  const std::uint64_t symbols_at = 64 + 2 * 56, strings_at = symbols_at + 24 * (symbols.size() + 1);
  for (const auto& symbol : symbols) {
    add(table, name(symbol), 4);
    add(table, 0x12, 1);  // global function
    add(table, 0, 1);
    add(table, 0, 2);  // undefined
    add(table, 0, 16);
  }
  for (const auto& library : libraries) {
    add(dynamic, 1, 8);
    add(dynamic, name(library), 8);
  }
  if (!runpath.empty()) {
    add(dynamic, 29, 8);
    add(dynamic, name(runpath), 8);
  }
  for (const auto& [tag, value] :
       {std::pair<int, std::uint64_t>{5, base + strings_at}, {6, base + symbols_at}, {0, 0}}) {
    add(dynamic, static_cast<std::uint64_t>(tag), 8);
    add(dynamic, value, 8);
  }
  const std::uint64_t dynamic_at = strings_at + strings.size(), size = dynamic_at + dynamic.size();
  std::string out = std::string("\x7f") + "ELF\x02\x01\x01";
  out.resize(16, '\0');
  add(out, 0xf30003, 4);
  add(out, 1, 4);
  add(out, 0, 8);
  add(out, 64, 8);  // program headers
  add(out, 0, 8);
  add(out, 0, 4);
  add(out, 0x00380040, 4);
  add(out, 2, 8);  // two of them
  const auto header = [&](std::uint64_t type, std::uint64_t at, std::uint64_t bytes) {
    add(out, type, 8);
    for (const std::uint64_t value : {at, base + at, base + at, bytes, bytes, std::uint64_t{1}}) add(out, value, 8);
  };
  header(1, 0, size);
  header(2, dynamic_at, dynamic.size());
  return out + table + strings + dynamic;
}

class StrictHardwareTest : public BoardTest {
 protected:
  void restart(bool strict) {
    BoardOptions wanted = options();
    wanted.strict_hardware = strict;
    board = Board::open("milkv-duo", wanted);
    const Credentials root;
    board->files().make_directories(root, "/home/milkv/sdk/bin");
    board->files().make_directories(root, "/home/milkv/sdk/opencv/lib");
    board->files().write_file(root, "/home/milkv/sdk/opencv/lib/libopencv_core.so.3.2", "");
    board->files().write_file(root, "/home/milkv/sdk/bin/cvi_sample_model_info",
                              program({"libopencv_core.so.3.2", "libcviruntime.so", "libstdc++.so.6", "libc.so"},
                                      {"_ZN2cv6imreadERKNS_6StringEi", "CVI_NN_Forward", "printf"}, ""),
                              0755);
    board->files().write_file(
        root, "/home/milkv/sdk/bin/model_runner",
        program({"libopencv_core.so.3.2", "libcviruntime.so"}, {"CVI_NN_Forward"}, "${ORIGIN}/../opencv/lib"), 0755);
  }
};

TEST_F(StrictHardwareTest, UnsourcedEnvironment) {
  restart(true);
  const std::string there = "export LD_LIBRARY_PATH=/mnt/system/lib; cd /home/milkv/sdk; ";
  const Ran bare = run(there + "./bin/cvi_sample_model_info");
  EXPECT_EQ(bare.status, 127);
  EXPECT_EQ(bare.out, "");
  EXPECT_EQ(bare.err,
            "Error loading shared library libopencv_core.so.3.2: No such file or directory (needed by "
            "./bin/cvi_sample_model_info)\n"
            "Error relocating ./bin/cvi_sample_model_info: _ZN2cv6imreadERKNS_6StringEi: symbol not found\n"
            "Error relocating ./bin/cvi_sample_model_info: CVI_NN_Forward: symbol not found\n");
  const Ran sourced =
      run(there + "export LD_LIBRARY_PATH=$PWD/opencv/lib:$LD_LIBRARY_PATH; ./bin/cvi_sample_model_info");
  EXPECT_EQ(sourced.status, 255);
  EXPECT_TRUE(sourced.out.starts_with("Usage:\n")) << sourced.out << sourced.err;
  EXPECT_EQ(run("cd /home/milkv/sdk/bin; PATH=.; unset LD_LIBRARY_PATH; model_runner").status,
            127);                                            // no libcviruntime
  EXPECT_EQ(run(there + "./bin/model_runner").status, 251);  // finds the others by itself
}

TEST_F(StrictHardwareTest, OtherwiseKnownProgramsRun) {
  restart(false);
  EXPECT_EQ(run("cd /home/milkv/sdk; ./bin/cvi_sample_model_info").status, 255);
}

TEST_F(StrictHardwareTest, DamagedFilesNeedNothing) {
  const std::string whole = program({"liba.so", "libb.so"}, {"f", "g"}, "/x:/y");
  const auto needs = dynamic_needs(whole);
  EXPECT_EQ(needs.libraries, (std::vector<std::string>{"liba.so", "libb.so"}));
  EXPECT_EQ(needs.search, (std::vector<std::string>{"/x", "/y"}));
  EXPECT_EQ(needs.undefined, (std::vector<std::string>{"f", "g"}));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    (void)dynamic_needs(std::string_view(whole).substr(0, i));
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0xff);
    (void)dynamic_needs(damaged);
  }
}

TEST_F(StrictHardwareTest, NoSftpServer) {
  EXPECT_FALSE(board->data().sftp);
  const Ran ran = run("/usr/libexec/sftp-server");
  EXPECT_EQ(ran.status, 127);
  EXPECT_EQ(ran.err, "sh: /usr/libexec/sftp-server: not found\n");
}

}  // namespace
}  // namespace vnpu::devices
