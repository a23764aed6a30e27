// open and os of the guest: the board's file system and nothing else.
#include <algorithm>

#include "devices/maix/calls.h"

namespace vnpu::devices::maix {

namespace {

const Credentials nobody_asks{};

constexpr std::size_t most_open = 32;

struct OpenFile {
  std::shared_ptr<File> file;
  std::uint64_t offset = 0;
  bool append = false;
};

[[noreturn]] void fail(Errno error) { throw GuestError{"OSError", static_cast<int>(error)}; }
void check(Errno error) {
  if (error != Errno::ok) fail(error);
}
template <class T>
T value_of(Result<T> result) {
  if (!result) fail(result.error());
  return std::move(*result);
}

using OpenFiles = std::map<std::int64_t, OpenFile>;

OpenFile& opened(OpenFiles& files, const Arguments& a) {
  const auto found = files.find(integer(a, 0));
  if (found == files.end()) fail(Errno::badf);
  return found->second;
}

std::int64_t open(OpenFiles& files, CallContext& c, const Arguments& a) {
  const std::string mode = text(a, 1);
  unsigned flags = 0;
  for (const char letter : mode) {
    if (letter == 'r') flags |= open_flag::read;
    if (letter == 'w') flags |= open_flag::write | open_flag::create | open_flag::truncate;
    if (letter == 'a') flags |= open_flag::write | open_flag::create;
    if (letter == 'x') flags |= open_flag::write | open_flag::create | open_flag::exclusive;
    if (letter == '+') flags |= open_flag::read | open_flag::write;
  }
  if (files.size() >= most_open) fail(Errno::mfile);
  const auto status = c.hardware.files.stat(nobody_asks, text(a, 0));
  if (status && status->type == FileType::directory) fail(Errno::isdir);
  OpenFile entry{value_of(c.hardware.files.open(nobody_asks, text(a, 0), flags)), 0,
                 mode.find('a') != std::string::npos};
  std::int64_t number = 1;
  while (files.contains(number)) ++number;
  files[number] = std::move(entry);
  return number;
}

std::int64_t seek(OpenFile& file, const Arguments& a) {
  const std::int64_t whence = integer(a, 2);
  std::int64_t base = 0;
  if (whence == 1) base = static_cast<std::int64_t>(file.offset);
  if (whence == 2) base = static_cast<std::int64_t>(value_of(file.file->stat()).size);
  const std::int64_t to = base + integer(a, 1);
  if (to < 0 || whence < 0 || whence > 2) fail(Errno::inval);
  file.offset = static_cast<std::uint64_t>(to);
  return to;
}

nlohmann::json stat(CallContext& c, const std::string& path) {
  const Stat status = value_of(c.hardware.files.stat(nobody_asks, path));
  const auto seconds = [](std::int64_t ns) { return ns / 1'000'000'000; };
  return {status.type == FileType::directory ? 0x4000 : 0x8000,
          0,
          0,
          0,
          0,
          0,
          status.size,
          seconds(status.accessed_ns),
          seconds(status.modified_ns),
          seconds(status.changed_ns)};
}

}  // namespace

void add_file_calls(CallTable& table) {
  auto files = std::make_shared<OpenFiles>();
  table["fs.reset"] = [files](CallContext&, const Arguments&) {
    files->clear();
    return nullptr;
  };
  table["fs.open"] = [files](CallContext& c, const Arguments& a) { return open(*files, c, a); };
  table["fs.close"] = [files](CallContext&, const Arguments& a) {
    files->erase(integer(a, 0));
    return nullptr;
  };
  table["fs.read"] = [files](CallContext& c, const Arguments& a) {
    OpenFile& file = opened(*files, a);
    const auto into = c.memory.at(static_cast<std::uint64_t>(integer(a, 1)), static_cast<std::uint64_t>(integer(a, 2)));
    const std::size_t got = value_of(file.file->read_at(file.offset, into));
    file.offset += got;
    return got;
  };
  table["fs.write"] = [files](CallContext& c, const Arguments& a) {
    OpenFile& file = opened(*files, a);
    const auto from = c.memory.at(static_cast<std::uint64_t>(integer(a, 1)), static_cast<std::uint64_t>(integer(a, 2)));
    if (file.append) {
      file.offset = value_of(file.file->append(from));
      return from.size();
    }
    const std::size_t put = value_of(file.file->write_at(file.offset, from));
    file.offset += put;
    return put;
  };
  table["fs.seek"] = [files](CallContext&, const Arguments& a) { return seek(opened(*files, a), a); };
  table["fs.stat"] = [](CallContext& c, const Arguments& a) { return stat(c, text(a, 0)); };
  table["fs.list"] = [](CallContext& c, const Arguments& a) {
    nlohmann::json out = nlohmann::json::array();
    for (const auto& entry : value_of(c.hardware.files.read_directory(nobody_asks, text(a, 0)))) {
      const auto status = c.hardware.files.stat(nobody_asks, join(text(a, 0), entry.name));
      out.push_back({entry.name, entry.type == FileType::directory ? 0x4000 : 0x8000, 0, status ? status->size : 0});
    }
    return out;
  };
  table["fs.mkdir"] = [](CallContext& c, const Arguments& a) {
    check(c.hardware.files.make_directory(nobody_asks, text(a, 0)));
    return nullptr;
  };
  table["fs.rmdir"] = [](CallContext& c, const Arguments& a) {
    check(c.hardware.files.remove_directory(nobody_asks, text(a, 0)));
    return nullptr;
  };
  table["fs.remove"] = [](CallContext& c, const Arguments& a) {
    check(c.hardware.files.unlink(nobody_asks, text(a, 0)));
    return nullptr;
  };
  table["fs.rename"] = [](CallContext& c, const Arguments& a) {
    check(c.hardware.files.rename(nobody_asks, text(a, 0), text(a, 1)));
    return nullptr;
  };
  table["fs.statvfs"] = [](CallContext& c, const Arguments& a) -> nlohmann::json {
    const FileSystemUse use = value_of(c.hardware.files.use(nobody_asks, text(a, 0)));
    const auto blocks = [&](std::uint64_t bytes) { return bytes / use.block_size; };
    return {use.block_size,
            use.block_size,
            blocks(use.total),
            blocks(use.free),
            blocks(use.free),
            use.files,
            use.free_files,
            use.free_files,
            0,
            255};
  };
}

}  // namespace vnpu::devices::maix
