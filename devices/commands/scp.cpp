#include "devices/commands/scp.h"

#include <algorithm>

#include "base/error.h"
#include "devices/commands/scp_records.h"

namespace vnpu::devices {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::size_t chunk = 64 * 1024;
constexpr std::size_t max_depth = 512;  // directories inside each other

struct Options {
  bool recursive = false, times = false, directory = false, to = false, from = false;
  std::vector<std::string> paths;
};

// The connection is gone or talks nonsense: the exit status is 1.
struct Over {};

// Bytes from the client, with the few that were read ahead.
class Client {
 public:
  explicit Client(Process& process) : process_(process), buffer_(chunk) {}

  std::uint8_t byte() {
    if (at_ == size_) fill();
    return buffer_[at_++];
  }
  // 1 to `limit` bytes, valid until the next call.
  std::span<const std::uint8_t> some(std::uint64_t limit) {
    if (at_ == size_) fill();
    const std::size_t count = static_cast<std::size_t>(std::min<std::uint64_t>(limit, size_ - at_));
    at_ += count;
    return std::span(buffer_).subspan(at_ - count, count);
  }
  std::string line() {
    std::string text;
    for (char c; (c = static_cast<char>(byte())) != '\n';) {
      if (text.size() >= scp_line_limit) throw Error(ErrorKind::damaged, text.size(), "line", "too long");
      text += c;
    }
    return text;
  }
  void send(std::string_view text) {
    if (process_.write(text) != Errno::ok) throw Over{};
  }
  void confirm() { send(std::string_view("\0", 1)); }
  void complain(const std::string& text) { send("\1scp: " + text + "\n"); }

  // The client's answer to what was sent: true for a plain yes. Its warning goes to stderr.
  bool agrees() {
    const std::uint8_t code = byte();
    if (code == 0) return true;
    if (code != 1 && code != 2) throw Over{};
    process_.complain(line() + "\n");
    if (code == 2) throw Over{};
    return false;
  }

 private:
  void fill() {
    const auto got = process_.read(buffer_);
    if (!got || *got == 0) throw Over{};
    at_ = 0;
    size_ = *got;
  }

  Process& process_;
  std::vector<std::uint8_t> buffer_;
  std::size_t at_ = 0, size_ = 0;
};

// Upload: the client sends records, each is confirmed or refused.
class Sink {
 public:
  Sink(Process& process, const Options& options) : process_(process), options_(options), client_(process) {}

  int run(const std::string& target) {
    const auto stat = process_.files().stat(process_.user, process_.path(target));
    const bool is_directory = stat && stat->type == FileType::directory;
    if (options_.directory && !is_directory) {
      client_.complain(target + ": " + message(stat ? Errno::notdir : stat.error()));
      return 1;
    }
    levels_.push_back({target, is_directory, std::nullopt, std::nullopt});
    client_.confirm();
    for (;;) {
      std::string text;
      try {
        text = std::string(1, static_cast<char>(client_.byte()));
      } catch (const Over&) {
        return levels_.size() == 1 && !failed_ ? 0 : 1;  // the end of input ends the upload
      }
      if (text[0] == 1 || text[0] == 2) {  // the client could not read a file of its own
        process_.complain(client_.line() + "\n");
        failed_ = true;
        if (text[0] == 2) return 1;
        continue;
      }
      text += client_.line();
      accept(parse_scp_record(text));
    }
  }

  void refuse(const std::string& why) { client_.complain("protocol error: " + why); }

 private:
  struct Level {
    std::string path;
    bool is_directory;
    std::optional<std::uint32_t> permissions;
    std::optional<ScpRecord> times;
  };

  void accept(const ScpRecord& record) {
    switch (record.kind) {
      case ScpRecord::Kind::times:
        times_ = record;
        client_.confirm();
        return;
      case ScpRecord::Kind::end: return leave();
      case ScpRecord::Kind::file: return file(record);
      case ScpRecord::Kind::directory: return enter(record);
    }
  }

  std::string place(const ScpRecord& record) const {
    const Level& level = levels_.back();
    if (!level.is_directory) return level.path;
    return level.path + (!level.path.empty() && level.path.back() == '/' ? "" : "/") + record.name;
  }

  void warn(const std::string& path, Errno error) {
    failed_ = true;
    times_.reset();
    client_.complain(path + ": " + message(error));
  }

  void enter(const ScpRecord& record) {
    if (!options_.recursive) throw Error(ErrorKind::damaged, 0, "record type", "a directory without -r");
    if (levels_.size() > max_depth) throw Error(ErrorKind::damaged, 0, "record type", "directories nested too deep");
    const std::string path = place(record), full = process_.path(path);
    Level level{path, true, std::nullopt, options_.times ? times_ : std::nullopt};
    const auto stat = process_.files().stat(process_.user, full);
    if (stat && stat->type != FileType::directory) return warn(path, Errno::notdir);
    if (!stat) {
      const std::uint32_t permissions = options_.times ? record.permissions : record.permissions & ~process_.umask;
      const Errno error = process_.files().make_directory(process_.user, full, permissions | 0700);
      if (error != Errno::ok) return warn(path, error);
      level.permissions = permissions;
    } else if (options_.times) {
      level.permissions = record.permissions;
    }
    times_.reset();
    levels_.push_back(level);
    client_.confirm();
  }

  // Permissions and times of a directory come last: what was written into it would change them.
  void leave() {
    if (levels_.size() == 1) throw Error(ErrorKind::damaged, 0, "record type", "E without D");
    const Level level = levels_.back();
    levels_.pop_back();
    SetStat change;
    change.permissions = level.permissions;
    set_times(change, level.times);
    const Errno error = process_.files().set_stat(process_.user, process_.path(level.path), change);
    if (error != Errno::ok) return warn(level.path, error);
    client_.confirm();
  }

  static void set_times(SetStat& change, const std::optional<ScpRecord>& times) {
    if (!times) return;
    change.accessed_ns = times->accessed * second;
    change.modified_ns = times->modified * second;
  }

  void file(const ScpRecord& record) {
    const std::string path = place(record), full = process_.path(path);
    const auto times = options_.times ? times_ : std::nullopt;
    times_.reset();
    const auto before = process_.files().stat(process_.user, full);
    if (before && before->type == FileType::directory) return warn(path, Errno::isdir);
    const std::uint32_t permissions = options_.times ? record.permissions : record.permissions & ~process_.umask;
    const auto opened = process_.files().open(process_.user, full, open_flag::write | open_flag::create, permissions);
    if (!opened) return warn(path, opened.error());
    client_.confirm();
    File& file = **opened;
    Errno error = receive(file, record.size);
    if (error == Errno::ok) error = file.truncate(record.size);
    SetStat change;
    if (!before || options_.times) change.permissions = permissions;
    set_times(change, times);
    if (error == Errno::ok) error = file.set_stat(change);
    if (!client_.agrees()) failed_ = true;
    if (error != Errno::ok) return warn(path, error);
    client_.confirm();
  }

  // All `size` bytes are taken from the client, whatever becomes of them, so that the records stay in step.
  Errno receive(File& file, std::uint64_t size) {
    Errno error = Errno::ok;
    for (std::uint64_t done = 0; done < size;) {
      const auto bytes = client_.some(size - done);
      if (error == Errno::ok) {
        const auto written = file.write_at(done, bytes);
        error = !written ? written.error() : *written < bytes.size() ? Errno::nospc : Errno::ok;
      }
      done += bytes.size();
    }
    return error;
  }

  Process& process_;
  const Options& options_;
  Client client_;
  std::vector<Level> levels_;
  std::optional<ScpRecord> times_;
  bool failed_ = false;
};

// Download: we send records, the client confirms.
class Source {
 public:
  Source(Process& process, const Options& options) : process_(process), options_(options), client_(process) {}

  int run() {
    if (!client_.agrees()) return 1;
    for (const auto& path : options_.paths) send(path);
    return failed_ ? 1 : 0;
  }

 private:
  void warn(const std::string& path, const char* why) {
    failed_ = true;
    client_.complain(path + ": " + why);
  }

  bool announce(const Stat& stat, ScpRecord record) {
    if (options_.times) {
      ScpRecord times;
      times.kind = ScpRecord::Kind::times;
      times.modified = std::max<std::int64_t>(stat.modified_ns / second, 0);
      times.accessed = std::max<std::int64_t>(stat.accessed_ns / second, 0);
      client_.send(write_scp_record(times));
      if (!client_.agrees()) return false;
    }
    record.permissions = stat.permissions;
    client_.send(write_scp_record(record));
    return client_.agrees();
  }

  void send(const std::string& path) {
    const std::string full = process_.path(path);
    const auto stat = process_.files().stat(process_.user, full);
    if (!stat) return warn(path, message(stat.error()));
    if (stat->type == FileType::directory) {
      if (!options_.recursive) return warn(path, "not a regular file");
      return directory(path, full, *stat);
    }
    if (stat->type != FileType::regular) return warn(path, "not a regular file");
    const auto opened = process_.files().open(process_.user, full, open_flag::read);
    if (!opened) return warn(path, message(opened.error()));
    ScpRecord record;
    record.kind = ScpRecord::Kind::file;
    record.size = stat->size;
    record.name = last_name(full);
    if (!announce(*stat, record)) {
      failed_ = true;
      return;
    }
    contents(path, **opened, record.size);
    if (!client_.agrees()) failed_ = true;
  }

  // "." and "/" have no name of their own; their real path has, except the root's.
  std::string last_name(const std::string& full) const {
    const std::string name(base_name(full));
    if (name != "." && name != ".." && name != "/") return name;
    const auto real = process_.files().real_path(process_.user, full);
    const std::string found(real ? base_name(*real) : std::string_view("root"));
    return found == "/" ? "root" : found;
  }

  void contents(const std::string& path, File& file, std::uint64_t size) {
    std::vector<std::uint8_t> buffer(chunk);
    const char* trouble = nullptr;
    for (std::uint64_t done = 0; done < size;) {
      const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size - done));
      std::size_t count = 0;
      if (!trouble) {
        const auto got = file.read_at(done, std::span(buffer).first(wanted));
        if (got) count = *got;
        if (!got || count == 0) trouble = got ? "the file became shorter" : message(got.error());
      }
      if (trouble) {  // the announced length has to be kept
        std::fill_n(buffer.begin(), wanted, std::uint8_t{0});
        count = wanted;
      }
      client_.send({reinterpret_cast<const char*>(buffer.data()), count});
      done += count;
    }
    if (trouble) return warn(path, trouble);
    client_.confirm();
  }

  void directory(const std::string& path, const std::string& full, const Stat& stat) {
    const auto real = process_.files().real_path(process_.user, full);
    if (!real) return warn(path, message(real.error()));
    const bool inside_itself = std::find(inside_.begin(), inside_.end(), *real) != inside_.end();
    if (inside_itself || inside_.size() >= max_depth) return warn(path, message(Errno::loop));
    const auto entries = process_.files().read_directory(process_.user, full);
    if (!entries) return warn(path, message(entries.error()));
    ScpRecord record;
    record.kind = ScpRecord::Kind::directory;
    record.name = last_name(full);
    if (!announce(stat, record)) {
      failed_ = true;
      return;
    }
    inside_.push_back(*real);
    for (const auto& entry : *entries) send(path + (path.back() == '/' ? "" : "/") + entry.name);
    inside_.pop_back();
    client_.send(write_scp_record({}));
    if (!client_.agrees()) failed_ = true;
  }

  Process& process_;
  const Options& options_;
  Client client_;
  std::vector<std::string> inside_;  // real paths of the directories being sent
  bool failed_ = false;
};

std::optional<Options> parse(Process& process) {
  Options options;
  bool only_paths = false;
  for (std::size_t i = 1; i < process.argv.size(); ++i) {
    const std::string& word = process.argv[i];
    if (only_paths || word.size() < 2 || word[0] != '-') {
      options.paths.push_back(word.empty() ? "." : word);
      continue;
    }
    if (word == "--") {
      only_paths = true;
      continue;
    }
    for (const char letter : word.substr(1)) {
      switch (letter) {
        case 'r': options.recursive = true; break;
        case 'p': options.times = true; break;
        case 'd': options.directory = true; break;
        case 't': options.to = true; break;
        case 'f': options.from = true; break;
        case 'v':
        case 'q': break;
        default: process.complain(std::string("scp: unknown option -- ") + letter + "\n"); return std::nullopt;
      }
    }
  }
  return options;
}

}  // namespace

int scp_command(Process& process) {
  const auto options = parse(process);
  if (!options) return 1;
  if (options->to == options->from || options->paths.empty()) {
    process.complain("scp: this board only answers scp's of other machines: scp -t TARGET, scp -f SOURCE...\n");
    return 1;
  }
  try {
    if (options->from) return Source(process, *options).run();
    if (options->paths.size() != 1) {
      process.write("\1scp: ambiguous target\n");
      return 1;
    }
    Sink sink(process, *options);
    try {
      return sink.run(options->paths[0]);
    } catch (const Error& error) {
      sink.refuse(error.what());
      return 1;
    }
  } catch (const Over&) {
    return 1;
  } catch (const Error& error) {
    process.complain(std::string("scp: ") + error.what() + "\n");
    return 1;
  }
}

}  // namespace vnpu::devices
