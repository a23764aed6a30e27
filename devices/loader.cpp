#include "devices/loader.h"

#include <cstring>
#include <optional>

#include "devices/board.h"
#include "devices/launch.h"

namespace vnpu::devices {

namespace {

constexpr std::size_t most_names = 4096, most_symbols = 200'000;

class Elf {
 public:
  explicit Elf(std::string_view bytes) : bytes_(bytes) {}

  template <class T>
  std::optional<T> at(std::uint64_t offset) const {
    if (offset > bytes_.size() || bytes_.size() - offset < sizeof(T)) return std::nullopt;
    T out;
    std::memcpy(&out, bytes_.data() + offset, sizeof(T));
    return out;
  }
  // Where an address of the loaded program stands in the file.
  std::optional<std::uint64_t> place(std::uint64_t address) const {
    for (std::uint64_t i = 0; i < headers_; ++i) {
      const std::uint64_t header = table_ + i * 56;
      const auto type = at<std::uint32_t>(header);
      const auto offset = at<std::uint64_t>(header + 8), start = at<std::uint64_t>(header + 16),
                 size = at<std::uint64_t>(header + 32);
      if (!type || !size) return std::nullopt;
      if (*type == 1 && address >= *start && address - *start < *size) return *offset + (address - *start);
    }
    return std::nullopt;
  }
  std::string text(std::uint64_t offset) const {
    if (offset >= bytes_.size()) return {};
    return std::string(bytes_.substr(offset, std::min(bytes_.find('\0', offset), bytes_.size()) - offset))
        .substr(0, 1024);
  }
  // Where the dynamic section is.
  std::optional<std::uint64_t> dynamic() {
    if (!bytes_.starts_with("\x7f"
                            "ELF\x02\x01"))
      return std::nullopt;
    const auto table = at<std::uint64_t>(32);
    const auto headers = at<std::uint16_t>(56);
    if (!table || !headers || *table > bytes_.size()) return std::nullopt;
    table_ = *table;
    headers_ = std::min<std::uint16_t>(*headers, 64);
    for (std::uint64_t i = 0; i < headers_; ++i)
      if (at<std::uint32_t>(table_ + i * 56) == 2u) return at<std::uint64_t>(table_ + i * 56 + 8);
    return std::nullopt;
  }

 private:
  std::string_view bytes_;
  std::uint64_t table_ = 0, headers_ = 0;
};

std::vector<std::string> split_path(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(':', at), text.size());
    if (end > at) out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

bool always_there(const std::string& library) {
  for (const char* name : {"libc.", "libm.", "libdl.", "librt.", "libpthread.", "libutil.", "libcrypt.", "libresolv.",
                           "libgcc_s.", "libstdc++.", "libatomic.", "ld-"})
    if (library.starts_with(name)) return true;
  return false;
}

// Reads the program at a path and says which of its libraries are not found.
std::vector<std::string> missing(const Process& process, const std::string& path, DynamicNeeds& needs) {
  const std::string full = process.path(path);
  const auto bytes = process.files().read_file(process.user, full, std::uint64_t{64} << 20);
  if (!bytes) return {};
  needs = dynamic_needs(*bytes);
  std::vector<std::string> places;
  if (const auto* given = process.variable("LD_LIBRARY_PATH")) places = split_path(*given);
  const auto real = process.files().real_path(process.user, full);
  const std::string origin = directory_name(real ? *real : full);
  for (std::string place : needs.search) {
    for (const char* mark : {"${ORIGIN}", "$ORIGIN"})
      if (place.starts_with(mark)) place = origin + place.substr(std::strlen(mark));
    places.push_back(place);
  }
  for (const char* usual : {"/lib", "/usr/local/lib", "/usr/lib"}) places.push_back(usual);
  std::vector<std::string> out;
  for (const auto& library : needs.libraries) {
    bool found = always_there(library);
    for (const auto& place : places)
      found = found || process.files().stat(process.user, process.path(place + "/" + library));
    if (!found) out.push_back(library);
  }
  return out;
}

}  // namespace

DynamicNeeds dynamic_needs(std::string_view bytes) {
  DynamicNeeds out;
  Elf elf(bytes);
  const auto dynamic = elf.dynamic();
  if (!dynamic) return out;
  std::vector<std::uint64_t> libraries, search;
  std::uint64_t strings = 0, symbols = 0;
  for (std::uint64_t i = 0; i < most_names; ++i) {
    const auto tag = elf.at<std::uint64_t>(*dynamic + i * 16), value = elf.at<std::uint64_t>(*dynamic + i * 16 + 8);
    if (!tag || !value || *tag == 0) break;
    if (*tag == 1) libraries.push_back(*value);
    if (*tag == 15 || *tag == 29) search.push_back(*value);
    if (*tag == 5) strings = elf.place(*value).value_or(0);
    if (*tag == 6) symbols = elf.place(*value).value_or(0);
  }
  if (!strings) return out;
  for (const auto offset : libraries) out.libraries.push_back(elf.text(strings + offset));
  for (const auto offset : search)
    for (auto& place : split_path(elf.text(strings + offset))) out.search.push_back(std::move(place));
  // The table of symbols ends where that of their names begins.
  if (symbols == 0 || symbols > strings) return out;
  const std::uint64_t count = std::min<std::uint64_t>((strings - symbols) / 24, most_symbols);
  for (std::uint64_t i = 1; i < count; ++i) {
    const auto name = elf.at<std::uint32_t>(symbols + i * 24);
    const auto info = elf.at<std::uint8_t>(symbols + i * 24 + 4);
    const auto section = elf.at<std::uint16_t>(symbols + i * 24 + 6);
    if (name && *name && info && *info >> 4 == 1 && section == std::uint16_t{0})
      out.undefined.push_back(elf.text(strings + *name));
  }
  return out;
}

int checked_start(Process& process) {
  std::string path = process.argv.empty() ? "" : process.argv[0];
  if (path.find('/') == std::string::npos) {
    const auto* search = process.variable("PATH");
    path = search_path_for(process, path, search ? *search : "").value_or(path);
  }
  DynamicNeeds needs;
  std::string text;
  const auto lacking = missing(process, path, needs);
  if (lacking.empty()) {
    const auto real = process.files().real_path(process.user, process.path(path));
    const Program program = process.board.programs().vendor(std::string(base_name(real ? *real : path)));
    return program ? program(process) : 127;
  }
  for (const auto& library : lacking)
    text += "Error loading shared library " + library + ": No such file or directory (needed by " + path + ")\n";
  // Which library would have a symbol is not in the file; these belong to none that is always there.
  for (const auto& symbol : needs.undefined)
    if (symbol.starts_with("CVI_") || symbol.find("N2cv") != std::string::npos)
      text += "Error relocating " + path + ": " + symbol + ": symbol not found\n";
  process.complain(text);
  return 127;
}

}  // namespace vnpu::devices
