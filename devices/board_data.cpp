// Reading devices/boards/NAME.toml; the files are compiled in.
#include <toml++/toml.h>

#include "base/error.h"
#include "devices/board.h"
#include "devices/embedded.h"

namespace vnpu::devices {

namespace {

struct Embedded {
  const char* name;
  const char* text;
};
constexpr Embedded embedded[] = {
#include "board_files.inc"
};

class Reader {
 public:
  Reader(const toml::table& table, std::string place) : table_(table), place_(std::move(place)) {}

  [[noreturn]] void fail(const std::string& key, const std::string& what) const {
    throw Error(ErrorKind::damaged, place_ + key + ": " + what);
  }
  std::string text(const std::string& key) const {
    const auto value = table_[key].value<std::string>();
    if (!value) fail(key, "a text is missing");
    return *value;
  }
  std::string text_or(const std::string& key, const std::string& fallback) const {
    return table_.contains(key) ? text(key) : fallback;
  }
  std::uint64_t number(const std::string& key) const {
    const auto value = table_[key].value<std::int64_t>();
    if (!value || *value < 0) fail(key, "a number is missing");
    return static_cast<std::uint64_t>(*value);
  }
  std::uint64_t number_or(const std::string& key, std::uint64_t fallback) const {
    return table_.contains(key) ? number(key) : fallback;
  }
  bool flag_or(const std::string& key, bool fallback) const { return table_[key].value_or(fallback); }
  bool has(const std::string& key) const { return table_.contains(key); }

  template <class Take>
  void each(const std::string& key, Take take) const {
    const toml::array* list = table_[key].as_array();
    if (!list) return;
    std::size_t i = 0;
    for (const auto& element : *list) {
      const std::string place = place_ + key + "[" + std::to_string(i++) + "].";
      if (!element.as_table()) throw Error(ErrorKind::damaged, place + ": not a table");
      take(Reader(*element.as_table(), place));
    }
  }
  std::vector<std::string> texts(const std::string& key) const {
    std::vector<std::string> out;
    if (const toml::array* list = table_[key].as_array())
      for (const auto& element : *list) out.push_back(element.value<std::string>().value_or(""));
    return out;
  }

 private:
  const toml::table& table_;
  std::string place_;
};

}  // namespace

BoardData parse_board_data(std::string_view text, const std::string& name) {
  toml::table table;
  try {
    table = toml::parse(text, name + ".toml");
  } catch (const toml::parse_error& error) {
    throw Error(ErrorKind::damaged, name + ".toml: line " + std::to_string(error.source().begin.line) + ": " +
                                        std::string(error.description()));
  }
  const Reader top(table, name + ".toml: ");
  BoardData out;
  out.name = name;
  out.title = top.text("title");
  out.hostname = top.text("hostname");
  out.chip = top.text("chip");
  out.address = top.text("address");
  out.ssh_banner = top.text("ssh_banner");
  out.motd = top.text_or("motd", "");
  out.path = top.text("path");
  out.programs_directory = top.text("programs_directory");
  out.programs = top.text_or("programs", "cvitek");
  if (out.programs != "cvitek" && out.programs != "axera" && out.programs != "sophon")
    top.fail("programs", "no programs of '" + out.programs + "'");
  out.kernel_release = top.text("kernel_release");
  out.kernel_version = top.text("kernel_version");
  out.machine = top.text("machine");
  out.cpu_info = top.text("cpu_info");
  out.ram_bytes = top.number("ram_bytes");
  out.flash_bytes = top.number("flash_bytes");
  out.ion_bytes = top.number("ion_bytes");
  out.ion_base = top.number("ion_base");
  out.swap_bytes = top.number_or("swap_bytes", 0);
  out.cpu_hz = top.number("cpu_hz");
  out.sftp = top.flag_or("sftp", true);
  top.each("user", [&](const Reader& user) {
    out.users.push_back({user.text("name"), user.text_or("password", ""),
                         static_cast<std::uint32_t>(user.number("uid")), static_cast<std::uint32_t>(user.number("gid")),
                         user.text("home"), user.text("shell"), user.text_or("comment", user.text("name"))});
  });
  top.each("group", [&](const Reader& group) {
    out.groups.push_back({group.text("name"), static_cast<std::uint32_t>(group.number("gid")), group.texts("members")});
  });
  top.each("mount", [&](const Reader& mount) {
    out.mounts.push_back({mount.text("path"), mount.text("device"), mount.text("type"), mount.number("bytes")});
  });
  top.each("file", [&](const Reader& file) {
    BoardData::File entry;
    entry.path = file.text("path");
    if (file.has("text")) entry.text = file.text("text");
    if (file.has("link")) entry.link = file.text("link");
    entry.directory = file.flag_or("directory", false);
    entry.permissions = static_cast<std::uint32_t>(file.number_or("permissions", entry.directory ? 0755 : 0644));
    if (entry.text.has_value() + entry.link.has_value() + entry.directory != 1)
      file.fail("path", "exactly one of text, link and directory belongs to " + entry.path);
    out.files.push_back(std::move(entry));
  });
  if (out.users.empty()) top.fail("user", "a board needs a user");
  return out;
}

// Kinds of data files: a Linux board has no key `kind`.
std::vector<std::string> embedded_names(const std::string& kind) {
  std::vector<std::string> out;
  for (const auto& file : embedded)
    if (toml::parse(file.text)["kind"].value_or(std::string("linux")) == kind) out.emplace_back(file.name);
  return out;
}

std::string embedded_text(const std::string& name) {
  for (const auto& file : embedded)
    if (file.name == name) return file.text;
  return "";
}

std::vector<std::string> Board::names() { return embedded_names("linux"); }

std::unique_ptr<Board> Board::open(const std::string& name, const BoardOptions& options) {
  std::string known;
  for (const auto& board : names()) {
    if (board == name) return std::make_unique<Board>(parse_board_data(embedded_text(name), name), options);
    known += (known.empty() ? "" : ", ") + board;
  }
  throw Error(ErrorKind::usage, "no Linux board is named '" + name + "'; there are " + known);
}

}  // namespace vnpu::devices
