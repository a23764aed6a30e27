// find.
#include <algorithm>
#include <memory>

#include "devices/commands/common.h"
#include "devices/shell/pattern.h"

namespace vnpu::devices::commands {

namespace {

struct FindError {
  std::string message;
};

class Find {
 public:
  explicit Find(Process& process) : process_(process), out_(process) {}

  int run() {
    auto& argv = process_.argv;
    std::size_t at = 1;
    std::vector<std::string> roots;
    while (at < argv.size() && argv[at] != "!" && argv[at] != "(" && (argv[at].empty() || argv[at][0] != '-'))
      roots.push_back(argv[at++]);
    if (roots.empty()) roots.push_back(".");
    words_.assign(argv.begin() + static_cast<std::ptrdiff_t>(at), argv.end());
    try {
      if (!words_.empty()) {
        expression_ = either();
        if (at_ < words_.size()) throw FindError{"unrecognized: " + words_[at_]};
      }
    } catch (const FindError& error) {
      return fail(process_, error.message);
    }
    for (const auto& root : roots) walk(root, 0);
    out_.flush();
    for (auto& [command, items] : batches_) {
      if (items.empty()) continue;
      auto words = *command;
      words.insert(words.end(), items.begin(), items.end());
      if (process_.run(words)) status_ = 1;
    }
    return status_;
  }

 private:
  struct Place {
    std::string path;
    Stat status;
    int depth;
    bool prune = false;
  };
  using Test = std::function<bool(Place&)>;

  Test either() {
    if (++nesting_ > 100) throw FindError{"nested too deeply"};
    Test left = both();
    while (at_ < words_.size() && (words_[at_] == "-o" || words_[at_] == "-or")) {
      ++at_;
      Test right = both();
      left = [left, right](Place& place) { return left(place) || right(place); };
    }
    --nesting_;
    return left;
  }
  Test both() {
    Test left = primary();
    while (at_ < words_.size() && words_[at_] != "-o" && words_[at_] != "-or" && words_[at_] != ")") {
      if (words_[at_] == "-a" || words_[at_] == "-and") ++at_;
      Test right = primary();
      left = [left, right](Place& place) { return left(place) && right(place); };
    }
    return left;
  }
  std::string argument(const std::string& name) {
    if (at_ >= words_.size()) throw FindError{name + " requires an argument"};
    return words_[at_++];
  }
  // +N more, -N less, N equal.
  static std::function<bool(long long)> numeric(std::string text) {
    const char sign = text.empty() ? 0 : text[0];
    if (sign == '+' || sign == '-') text.erase(0, 1);
    const auto value = number(text);
    if (!value) throw FindError{"invalid number '" + text + "'"};
    return [sign, n = *value](long long x) { return sign == '+' ? x > n : sign == '-' ? x < n : x == n; };
  }

  Test primary() {
    if (at_ >= words_.size()) throw FindError{"expression expected"};
    const std::string word = words_[at_++];
    if (word == "!" || word == "-not") {
      if (++nesting_ > 100) throw FindError{"nested too deeply"};
      Test inner = primary();
      --nesting_;
      return [inner](Place& place) { return !inner(place); };
    }
    if (word == "(") {
      Test inner = either();
      if (at_ >= words_.size() || words_[at_] != ")") throw FindError{"unpaired '('"};
      ++at_;
      return inner;
    }
    if (word == "-name" || word == "-iname") {
      std::string pattern = argument(word);
      const bool fold = word == "-iname";
      const auto lower = [](std::string text) {
        for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        return text;
      };
      if (fold) pattern = lower(pattern);
      return [pattern, fold, lower](Place& place) {
        const std::string name(base_name(place.path));
        return shell::matches(pattern, fold ? lower(name) : name);
      };
    }
    if (word == "-path") {
      const std::string pattern = argument(word);
      return [pattern](Place& place) { return shell::matches(pattern, place.path); };
    }
    if (word == "-type") {
      const std::string types = argument(word);
      if (types.empty() || std::string_view("fdlcbps").find(types[0]) == std::string_view::npos)
        throw FindError{"invalid argument '" + types + "' to '-type'"};
      return [c = types[0]](Place& place) {
        const char own = mode_text(place.status)[0];
        return own == (c == 'f' ? '-' : c);
      };
    }
    if (word == "-size") {
      std::string text = argument(word);
      long long unit = 512;
      if (!text.empty() && !std::isdigit(static_cast<unsigned char>(text.back()))) {
        unit = text.back() == 'c'   ? 1
               : text.back() == 'k' ? 1024
               : text.back() == 'M' ? 1048576
               : text.back() == 'G' ? 1073741824
                                    : 512;
        text.pop_back();
      }
      return [test = numeric(text), unit](Place& place) {
        return test((static_cast<long long>(place.status.size) + unit - 1) / unit);
      };
    }
    if (word == "-mtime" || word == "-mmin") {
      const long long unit = word == "-mtime" ? 86400 : 60;
      return [test = numeric(argument(word)), unit, now = process_.board.now_ns()](Place& place) {
        return test((now - place.status.modified_ns) / 1000000000 / unit);
      };
    }
    if (word == "-newer") {
      const auto status = process_.files().stat(process_.user, process_.path(argument(word)));
      if (!status) throw FindError{"no such file"};
      return [than = status->modified_ns](Place& place) { return place.status.modified_ns > than; };
    }
    if (word == "-perm") {
      std::string text = argument(word);
      const char sign = text.empty() ? 0 : text[0];
      if (sign == '-' || sign == '/') text.erase(0, 1);
      if (text.empty() || text.size() > 5 || text.find_first_not_of("01234567") != std::string::npos)
        throw FindError{"invalid mode '" + text + "'"};
      const auto bits = static_cast<std::uint32_t>(std::stoul(text, nullptr, 8));
      return [sign, bits](Place& place) {
        const auto own = place.status.permissions;
        return sign == '-' ? (own & bits) == bits : sign == '/' ? (own & bits) != 0 : own == bits;
      };
    }
    if (word == "-user") {
      const std::string name = argument(word);
      const auto login = process_.board.find_user(name);
      if (!login && !number(name)) throw FindError{"unknown user " + name};
      return [uid = login ? login->credentials.uid : static_cast<std::uint32_t>(*number(name))](Place& place) {
        return place.status.uid == uid;
      };
    }
    if (word == "-empty")
      return [this](Place& place) {
        if (place.status.type != FileType::directory) return place.status.size == 0;
        const auto entries = process_.files().read_directory(process_.user, process_.path(place.path));
        return entries && entries->empty();
      };
    if (word == "-maxdepth" || word == "-mindepth") {
      const auto value = number(argument(word));
      if (!value || *value < 0) throw FindError{"invalid number for " + word};
      (word == "-maxdepth" ? deepest_ : shallowest_) = static_cast<int>(std::min<long long>(*value, 1000));
      return [](Place&) { return true; };
    }
    if (word == "-depth" || word == "-xdev") {
      if (word == "-depth") contents_first_ = true;
      return [](Place&) { return true; };
    }
    if (word == "-prune")
      return [](Place& place) {
        place.prune = true;
        return true;
      };
    if (word == "-print" || word == "-print0") {
      acts_ = true;
      const std::string end = word == "-print" ? "\n" : std::string(1, '\0');
      return [this, end](Place& place) {
        out_ << place.path << end;
        return true;
      };
    }
    if (word == "-delete") {
      acts_ = contents_first_ = true;
      return [this](Place& place) {
        const Errno error = place.status.type == FileType::directory
                                ? process_.files().remove_directory(process_.user, process_.path(place.path))
                                : process_.files().unlink(process_.user, process_.path(place.path));
        if (error == Errno::ok) return true;
        if (place.path != ".") status_ = fail(process_, place.path, error);
        return false;
      };
    }
    if (word == "-exec") {
      acts_ = true;
      auto command = std::make_shared<std::vector<std::string>>();
      while (at_ < words_.size() && words_[at_] != ";" &&
             !(words_[at_] == "+" && !command->empty() && command->back() == "{}"))
        command->push_back(words_[at_++]);
      if (at_ >= words_.size() || command->empty()) throw FindError{"-exec requires an argument"};
      const bool batch = words_[at_++] == "+";
      if (batch) {
        command->pop_back();
        batches_.push_back({command, {}});
        return [this, n = batches_.size() - 1](Place& place) {
          batches_[n].second.push_back(place.path);
          return true;
        };
      }
      return [this, command](Place& place) {
        std::vector<std::string> words;
        for (std::string part : *command) {
          for (std::size_t i = 0; (i = part.find("{}", i)) != std::string::npos && part.size() < 131072;
               i += place.path.size())
            part.replace(i, 2, place.path);
          words.push_back(part);
        }
        out_.flush();
        return process_.run(words) == 0;
      };
    }
    throw FindError{"unrecognized: " + word};
  }

  void visit(Place& place) {
    if (place.depth < shallowest_) return;
    if (!expression_ || (expression_(place) && !acts_)) out_ << place.path << "\n";
  }

  void walk(const std::string& path, int depth) {
    process_.check_signals();
    const auto status = process_.files().lstat(process_.user, process_.path(path));
    if (!status) {
      out_.flush();
      status_ = fail(process_, path, status.error());
      return;
    }
    Place place{path, *status, depth};
    if (!contents_first_) visit(place);
    if (status->type == FileType::directory && depth < deepest_ && depth < 300 && !place.prune) {
      const auto entries = process_.files().read_directory(process_.user, process_.path(path));
      if (!entries) {
        out_.flush();
        status_ = fail(process_, path, entries.error());
      } else {
        for (const auto& entry : *entries)
          walk(path.ends_with('/') ? path + entry.name : path + "/" + entry.name, depth + 1);
      }
    }
    if (contents_first_) visit(place);
  }

  Process& process_;
  Output out_;
  std::vector<std::string> words_;
  std::size_t at_ = 0;
  Test expression_;
  bool acts_ = false, contents_first_ = false;
  int deepest_ = 1000, shallowest_ = 0, status_ = 0, nesting_ = 0;
  std::vector<std::pair<std::shared_ptr<std::vector<std::string>>, std::vector<std::string>>> batches_;
};

int find_main(Process& process) { return Find(process).run(); }

}  // namespace

void add_find_command(ProgramTable& table) { table.add_applet("find", find_main, "/usr/bin"); }

}  // namespace vnpu::devices::commands
