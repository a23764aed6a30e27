// test, [, [[, true, false, expr: also run within the shell.
#include <cmath>
#include <functional>

#include "devices/commands/common.h"
#include "devices/shell/pattern.h"

namespace vnpu::devices::commands {

namespace {

// --- test -----------------------------------------------------------------------------------------------------------

struct TestError {
  std::string message;
};

class Test {
 public:
  Test(Process& process, std::vector<std::string> words, bool patterns)
      : process_(process), words_(std::move(words)), patterns_(patterns) {}

  bool run() {
    if (words_.empty()) return false;
    // The rules of POSIX for few words: an operator's name alone is a text.
    if (words_.size() == 1) return !words_[0].empty();
    if (words_.size() == 2 && words_[0] == "!") return words_[1].empty();
    if (words_.size() == 3 && is_binary(words_[1])) return binary(words_[0], words_[1], words_[2]);
    const bool out = any();
    if (at_ < words_.size()) throw TestError{words_[at_] + ": unknown operand"};
    return out;
  }

 private:
  static bool is_binary(const std::string& word) {
    static const char* const operators[] = {"=",   "==",  "!=",  "<",   ">",   "=~",  "-eq", "-ne",
                                            "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"};
    for (const char* op : operators)
      if (word == op) return true;
    return false;
  }
  bool at(const char* text) const { return at_ < words_.size() && words_[at_] == text; }

  bool any() {
    bool out = all();
    while (at("-o") || at("||")) {
      ++at_;
      const bool right = all();
      out = out || right;
    }
    return out;
  }
  bool all() {
    bool out = one();
    while (at("-a") || at("&&")) {
      ++at_;
      const bool right = one();
      out = out && right;
    }
    return out;
  }
  bool one() {
    if (++depth_ > 100) throw TestError{"too deep"};
    struct Up {
      int& depth;
      ~Up() { --depth; }
    } up{depth_};
    if (at_ >= words_.size()) throw TestError{"argument expected"};
    if (at("!") && at_ + 1 < words_.size()) {
      ++at_;
      return !one();
    }
    if (at("(") && at_ + 2 < words_.size()) {
      ++at_;
      const bool out = any();
      if (!at(")")) throw TestError{"closing paren expected"};
      ++at_;
      return out;
    }
    if (at_ + 2 < words_.size() && is_binary(words_[at_ + 1])) {
      const bool out = binary(words_[at_], words_[at_ + 1], words_[at_ + 2]);
      at_ += 3;
      return out;
    }
    const std::string& word = words_[at_];
    if (word.size() == 2 && word[0] == '-' && at_ + 1 < words_.size() &&
        std::string_view("bcdefghkLnprsStuwxzOGN").find(word[1]) != std::string_view::npos) {
      const bool out = unary(word[1], words_[at_ + 1]);
      at_ += 2;
      return out;
    }
    ++at_;
    return !word.empty();
  }

  static long long integer(const std::string& text) {
    const std::size_t from = text.find_first_not_of(" \t"), to = text.find_last_not_of(" \t");
    const auto value = from == std::string::npos ? std::nullopt : number(text.substr(from, to - from + 1));
    if (!value) throw TestError{text + ": bad number"};
    return *value;
  }

  std::optional<Stat> stat(const std::string& path, bool follow = true) {
    auto& files = process_.files();
    const auto status =
        follow ? files.stat(process_.user, process_.path(path)) : files.lstat(process_.user, process_.path(path));
    if (path.empty() || !status) return std::nullopt;
    return *status;
  }

  bool unary(char op, const std::string& word) {
    switch (op) {
      case 'n': return !word.empty();
      case 'z': return word.empty();
      case 't': {
        const auto descriptor = number(word);
        return descriptor && process_.is_terminal(static_cast<int>(*descriptor));
      }
      case 'h':
      case 'L': {
        const auto status = stat(word, false);
        return status && status->type == FileType::symlink;
      }
      case 'r': return !word.empty() && process_.files().access(process_.user, process_.path(word), 4) == Errno::ok;
      case 'w': return !word.empty() && process_.files().access(process_.user, process_.path(word), 2) == Errno::ok;
      case 'x': return !word.empty() && process_.files().access(process_.user, process_.path(word), 1) == Errno::ok;
      default: break;
    }
    const auto status = stat(word);
    if (!status) return false;
    switch (op) {
      case 'e': return true;
      case 'f': return status->type == FileType::regular;
      case 'd': return status->type == FileType::directory;
      case 'b': return status->type == FileType::block_device;
      case 'c': return status->type == FileType::character_device;
      case 'p': return status->type == FileType::fifo;
      case 'S': return status->type == FileType::socket;
      case 's': return status->size > 0;
      case 'u': return status->permissions & 04000;
      case 'g': return status->permissions & 02000;
      case 'k': return status->permissions & 01000;
      case 'O': return status->uid == process_.user.uid;
      case 'G': return status->gid == process_.user.gid;
      case 'N': return status->modified_ns > status->accessed_ns;
      default: return false;
    }
  }

  bool binary(const std::string& left, const std::string& op, const std::string& right) {
    if (op == "=" || op == "==") return patterns_ ? shell::matches(right, left) : left == right;
    if (op == "!=") return patterns_ ? !shell::matches(right, left) : left != right;
    if (op == "<") return left < right;
    if (op == ">") return left > right;
    if (op == "-eq") return integer(left) == integer(right);
    if (op == "-ne") return integer(left) != integer(right);
    if (op == "-lt") return integer(left) < integer(right);
    if (op == "-le") return integer(left) <= integer(right);
    if (op == "-gt") return integer(left) > integer(right);
    if (op == "-ge") return integer(left) >= integer(right);
    const auto a = stat(left), b = stat(right);
    if (op == "-nt") return a && (!b || a->modified_ns > b->modified_ns);
    if (op == "-ot") return b && (!a || a->modified_ns < b->modified_ns);
    if (op == "-ef") return a && b && a->inode == b->inode && a->filesystem == b->filesystem;
    throw TestError{op + ": unknown operator"};
  }

  Process& process_;
  std::vector<std::string> words_;
  bool patterns_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

int test_main(Process& process) {
  std::vector<std::string> words(process.argv.begin() + 1, process.argv.end());
  const std::string name(base_name(process.argv[0]));
  if (name == "[" || name == "[[") {
    const char* closing = name == "[" ? "]" : "]]";
    if (words.empty() || words.back() != closing) {
      fail(process, std::string("missing ") + closing);
      return 2;
    }
    words.pop_back();
  }
  try {
    return Test(process, std::move(words), name == "[[").run() ? 0 : 1;
  } catch (const TestError& error) {
    fail(process, error.message);
    return 2;
  }
}

int true_main(Process&) { return 0; }
int false_main(Process&) { return 1; }

// --- expr
// -------------------------------------------------------------------------------------------------------------

class Expr {
 public:
  explicit Expr(std::vector<std::string> words) : words_(std::move(words)) {}
  std::string run() {
    const std::string out = level(0);
    if (at_ < words_.size()) throw TestError{"syntax error"};
    return out;
  }

 private:
  static bool truth(const std::string& text) { return !text.empty() && text != "0"; }
  static long long integer(const std::string& text) {
    const auto value = number(text);
    if (!value) throw TestError{"non-numeric argument"};
    return *value;
  }
  std::string level(int depth) {
    if (depth == 5) return primary();
    static const std::vector<std::string> operators[] = {
        {"|"}, {"&"}, {"=", "==", "!=", "<", "<=", ">", ">="}, {"+", "-"}, {"*", "/", "%"}};
    std::string left = level(depth + 1);
    while (at_ < words_.size()) {
      const std::string op = words_[at_];
      bool known = false;
      for (const auto& each : operators[depth]) known |= each == op;
      if (!known) break;
      ++at_;
      const std::string right = level(depth + 1);
      left = apply(op, left, right);
    }
    return left;
  }
  static std::string apply(const std::string& op, const std::string& a, const std::string& b) {
    if (op == "|") return truth(a) ? a : b;
    if (op == "&") return truth(a) && truth(b) ? a : "0";
    const auto x = number(a), y = number(b);
    const bool both = x && y;
    if (op == "=" || op == "==") return (both ? *x == *y : a == b) ? "1" : "0";
    if (op == "!=") return (both ? *x != *y : a != b) ? "1" : "0";
    if (op == "<") return (both ? *x < *y : a < b) ? "1" : "0";
    if (op == "<=") return (both ? *x <= *y : a <= b) ? "1" : "0";
    if (op == ">") return (both ? *x > *y : a > b) ? "1" : "0";
    if (op == ">=") return (both ? *x >= *y : a >= b) ? "1" : "0";
    const auto left = static_cast<unsigned long long>(integer(a)), right = static_cast<unsigned long long>(integer(b));
    if (op == "+") return std::to_string(static_cast<long long>(left + right));
    if (op == "-") return std::to_string(static_cast<long long>(left - right));
    if (op == "*") return std::to_string(static_cast<long long>(left * right));
    if (right == 0) throw TestError{"division by zero"};
    if (op == "/") return std::to_string(integer(a) / integer(b));
    return std::to_string(integer(a) % integer(b));
  }
  std::string primary() {
    if (++depth_ > 100 || at_ >= words_.size()) throw TestError{"syntax error"};
    std::string out = words_[at_++];
    if (out == "(") {
      out = level(0);
      if (at_ >= words_.size() || words_[at_] != ")") throw TestError{"syntax error"};
      ++at_;
    } else if (out == "length" && at_ < words_.size()) {
      out = std::to_string(words_[at_++].size());
    } else if (out == "substr" && at_ + 2 < words_.size()) {
      const std::string text = words_[at_++];
      const auto from = number(words_[at_++]), length = number(words_[at_++]);
      out = from && length && *from >= 1 && *length > 0 && static_cast<std::size_t>(*from) <= text.size()
                ? text.substr(static_cast<std::size_t>(*from) - 1, static_cast<std::size_t>(*length))
                : "";
    }
    --depth_;
    return out;
  }
  std::vector<std::string> words_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

int expr_main(Process& process) {
  try {
    const std::string out = Expr({process.argv.begin() + 1, process.argv.end()}).run();
    process.print(out + "\n");
    return out.empty() || out == "0";
  } catch (const TestError& error) {
    fail(process, error.message);
    return 2;
  }
}

}  // namespace

void add_test_commands(ProgramTable& table) {
  table.add_applet("test", test_main, "/usr/bin");
  table.add_applet("[", test_main, "/usr/bin");
  table.add_applet("[[", test_main, "/usr/bin");
  table.add_applet("true", true_main);
  table.add_applet("false", false_main);
  table.add_applet("expr", expr_main, "/usr/bin");
}

}  // namespace vnpu::devices::commands
