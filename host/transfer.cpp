#include "host/transfer.h"

#include <fstream>
#include <set>
#include <vector>

#include "base/error.h"

namespace vnpu::cli {
namespace {

namespace fs = std::filesystem;
using devices::Errno;

constexpr std::size_t chunk = 1024 * 1024;

[[noreturn]] void refuse(const std::string& path, Errno error) {
  throw Error(ErrorKind::fault, "board: " + path + ": " + devices::message(error));
}

void check(const std::string& path, Errno error) {
  if (error != Errno::ok) refuse(path, error);
}

std::uint32_t permissions_of(const fs::path& path) {
  return static_cast<std::uint32_t>(fs::status(path).permissions()) & 0777;
}

bool ends_in_slash(const std::string& path) { return !path.empty() && path.back() == '/'; }

std::string with_name(const std::string& directory, const std::string& name) {
  return ends_in_slash(directory) ? directory + name : directory + "/" + name;
}

class Putter {
 public:
  Putter(devices::Vfs& files, const devices::Credentials& who) : files_(files), who_(who), buffer_(chunk) {}

  void copy(const fs::path& source, const std::string& target) {
    if (!fs::exists(source)) throw Error(ErrorKind::usage, source.string() + " does not exist");
    if (fs::is_directory(source)) {
      directory(source, target);
    } else if (fs::is_regular_file(source)) {
      file(source, target);
    } else {
      throw Error(ErrorKind::usage, source.string() + " is neither a file nor a folder");
    }
  }

 private:
  void directory(const fs::path& source, const std::string& target) {
    if (!inside_.insert(fs::canonical(source)).second)
      throw Error(ErrorKind::usage, source.string() + " contains itself by a link");
    const auto stat = files_.stat(who_, target);
    if (!stat) check(target, files_.make_directory(who_, target, permissions_of(source) | 0700));
    std::set<fs::path> entries;  // in order of names, whatever the host's file system says
    for (const auto& entry : fs::directory_iterator(source)) entries.insert(entry.path());
    for (const auto& entry : entries) copy(entry, with_name(target, entry.filename().string()));
    inside_.erase(fs::canonical(source));
  }

  void file(const fs::path& source, const std::string& target) {
    std::ifstream in(source, std::ios::binary);
    if (!in) throw Error(ErrorKind::damaged, source.string() + " cannot be read");
    using namespace devices::open_flag;
    const auto opened = files_.open(who_, target, write | create | truncate, permissions_of(source));
    if (!opened) refuse(target, opened.error());
    for (std::uint64_t at = 0; in;) {
      in.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
      const auto count = static_cast<std::size_t>(in.gcount());
      if (count == 0) break;
      const auto written = (*opened)->write_at(at, {reinterpret_cast<const std::uint8_t*>(buffer_.data()), count});
      if (!written) refuse(target, written.error());
      if (*written < count) refuse(target, Errno::nospc);
      at += count;
    }
    if (in.bad()) throw Error(ErrorKind::damaged, source.string() + " cannot be read to its end");
  }

  devices::Vfs& files_;
  const devices::Credentials& who_;
  std::vector<char> buffer_;
  std::set<fs::path> inside_;
};

class Getter {
 public:
  Getter(devices::Vfs& files, const devices::Credentials& who) : files_(files), who_(who), buffer_(chunk) {}

  void copy(const std::string& source, const fs::path& target) {
    const auto stat = files_.stat(who_, source);
    if (!stat) refuse(source, stat.error());
    if (stat->type == devices::FileType::directory) return directory(source, target);
    if (stat->type != devices::FileType::regular) throw Error(ErrorKind::usage, "board: " + source + " is not a file");
    file(source, target, stat->permissions);
  }

 private:
  void directory(const std::string& source, const fs::path& target) {
    const auto real = files_.real_path(who_, source);
    if (!real) refuse(source, real.error());
    if (!inside_.insert(*real).second) refuse(source, Errno::loop);
    fs::create_directories(target);
    const auto entries = files_.read_directory(who_, source);
    if (!entries) refuse(source, entries.error());
    for (const auto& entry : *entries) copy(with_name(source, entry.name), target / entry.name);
    inside_.erase(*real);
  }

  void file(const std::string& source, const fs::path& target, std::uint32_t permissions) {
    const auto opened = files_.open(who_, source, devices::open_flag::read);
    if (!opened) refuse(source, opened.error());
    std::ofstream out(target, std::ios::binary | std::ios::trunc);
    for (std::uint64_t at = 0;;) {
      const auto got = (*opened)->read_at(at, {reinterpret_cast<std::uint8_t*>(buffer_.data()), buffer_.size()});
      if (!got) refuse(source, got.error());
      if (*got == 0) break;
      out.write(buffer_.data(), static_cast<std::streamsize>(*got));
      at += *got;
    }
    out.close();
    if (!out) throw Error(ErrorKind::usage, target.string() + " cannot be written");
    if (permissions & 0100) fs::permissions(target, fs::perms::owner_exec, fs::perm_options::add);
  }

  devices::Vfs& files_;
  const devices::Credentials& who_;
  std::vector<char> buffer_;
  std::set<std::string> inside_;
};

template <class Work>
void host_errors_told(Work work) {
  try {
    work();
  } catch (const fs::filesystem_error& error) {
    throw Error(ErrorKind::usage, error.what());
  }
}

}  // namespace

void put(devices::Vfs& files, const devices::Credentials& who, const fs::path& source, const std::string& target) {
  host_errors_told([&] {
    const auto stat = files.stat(who, target);
    const bool into = ends_in_slash(target) || (stat && stat->type == devices::FileType::directory);
    const fs::path whole = fs::absolute(source).lexically_normal();
    const std::string name = (whole.has_filename() ? whole : whole.parent_path()).filename().string();
    const std::string place = into ? with_name(target, name) : target;
    check(place, files.make_directories(who, devices::directory_name(place)));
    Putter(files, who).copy(source, place);
  });
}

void get(devices::Vfs& files, const devices::Credentials& who, const std::string& source, const fs::path& target) {
  host_errors_told([&] {
    const bool into = ends_in_slash(target.string()) || fs::is_directory(target);
    const auto real = files.real_path(who, source);
    if (!real) refuse(source, real.error());
    const std::string name(devices::base_name(source));
    const fs::path place = into ? target / (name == "/" || name == "." || name == ".." ? "root" : name) : target;
    if (place.has_parent_path()) fs::create_directories(place.parent_path());
    Getter(files, who).copy(source, place);
  });
}

}  // namespace vnpu::cli
