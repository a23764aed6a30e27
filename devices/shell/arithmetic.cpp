#include "devices/shell/arithmetic.h"

#include <cctype>
#include <limits>

namespace vnpu::devices::shell {

namespace {

constexpr int depth_limit = 64;

class Evaluator {
 public:
  Evaluator(std::string_view text, const ArithmeticVariables& variables, int depth)
      : text_(text), variables_(variables), depth_(depth) {
    if (depth_ > depth_limit) throw ArithmeticError{"expression recursion loop detected"};
  }

  std::int64_t run() {
    blanks();
    if (at_ == text_.size()) return 0;
    const std::int64_t value = comma();
    if (at_ != text_.size()) syntax();
    return value;
  }

 private:
  // A value, and the variable it came from when it can be assigned to.
  struct Operand {
    std::int64_t value = 0;
    std::string name;
  };

  [[noreturn]] static void syntax() { throw ArithmeticError{"arithmetic syntax error"}; }

  void blanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool accept(std::string_view op) {
    if (!text_.substr(at_).starts_with(op)) return false;
    at_ += op.size();
    blanks();
    return true;
  }
  // An operator that is no beginning of a longer one.
  bool accept_exact(std::string_view op, std::string_view not_followed) {
    if (!text_.substr(at_).starts_with(op)) return false;
    const std::size_t end = at_ + op.size();
    if (end < text_.size() && not_followed.find(text_[end]) != std::string_view::npos) return false;
    at_ = end;
    blanks();
    return true;
  }

  std::int64_t read(const std::string& name) {
    const std::string text = variables_.get(name);
    if (!live_ || text.empty()) return 0;
    return evaluate(text, variables_, depth_ + 1);
  }
  void write(const std::string& name, std::int64_t value) {
    if (live_) variables_.set(name, std::to_string(value));
  }

  static std::int64_t wrap(std::uint64_t value) { return static_cast<std::int64_t>(value); }
  static std::uint64_t raw(std::int64_t value) { return static_cast<std::uint64_t>(value); }

  std::int64_t power(std::int64_t base, std::int64_t exponent) {
    if (exponent < 0) throw ArithmeticError{"exponent less than 0"};
    std::uint64_t out = 1, factor = raw(base);
    for (; exponent; exponent >>= 1) {
      if (exponent & 1) out *= factor;
      factor *= factor;
    }
    return wrap(out);
  }

  std::int64_t divide(std::int64_t a, std::int64_t b, bool remainder) {
    if (b == 0) {
      if (live_) throw ArithmeticError{"divide by zero"};
      return 0;
    }
    if (b == -1) return remainder ? 0 : wrap(-raw(a));
    return remainder ? a % b : a / b;
  }

  std::int64_t apply(std::string_view op, std::int64_t a, std::int64_t b) {
    if (op == "+") return wrap(raw(a) + raw(b));
    if (op == "-") return wrap(raw(a) - raw(b));
    if (op == "*") return wrap(raw(a) * raw(b));
    if (op == "/") return divide(a, b, false);
    if (op == "%") return divide(a, b, true);
    if (op == "<<") return wrap(raw(a) << (b & 63));
    if (op == ">>") return a >> (b & 63);
    if (op == "&") return a & b;
    if (op == "|") return a | b;
    return a ^ b;
  }

  std::int64_t comma() {
    std::int64_t value = assignment();
    while (accept(",")) value = assignment();
    return value;
  }

  std::int64_t assignment() {
    if (++nesting_ > depth_limit) throw ArithmeticError{"expression nested too deeply"};
    const std::size_t begin = at_;
    std::int64_t out = 0;
    bool assigned = false;
    if (at_ < text_.size() && (std::isalpha(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_')) {
      const std::string variable = name();
      if (accept_exact("=", "=")) {
        out = assignment();
        write(variable, out);
        assigned = true;
      } else {
        for (const std::string_view op : {"+", "-", "*", "/", "%", "<<", ">>", "&", "|", "^"}) {
          if (!text_.substr(at_).starts_with(std::string(op) + "=")) continue;
          at_ += op.size() + 1;
          blanks();
          const std::int64_t right = assignment();
          out = apply(op, read(variable), right);
          write(variable, out);
          assigned = true;
          break;
        }
      }
      if (!assigned) at_ = begin;
    }
    if (!assigned) out = conditional();
    --nesting_;
    return out;
  }

  std::int64_t conditional() {
    const std::int64_t condition = binary(0);
    if (!accept("?")) return condition;
    const bool live = live_;
    live_ = live && condition;
    const std::int64_t yes = comma();
    if (!accept(":")) throw ArithmeticError{"malformed ?: operator"};
    live_ = live && !condition;
    const std::int64_t no = assignment();
    live_ = live;
    return condition ? yes : no;
  }

  // The operators by level, weakest first.
  std::string_view binary_operator(int level) {
    switch (level) {
      case 0: return accept("||") ? "||" : "";
      case 1: return accept("&&") ? "&&" : "";
      case 2: return accept_exact("|", "|=") ? "|" : "";
      case 3: return accept_exact("^", "=") ? "^" : "";
      case 4: return accept_exact("&", "&=") ? "&" : "";
      case 5: return accept("==") ? "==" : accept("!=") ? "!=" : "";
      case 6:
        return accept("<=")             ? "<="
               : accept(">=")           ? ">="
               : accept_exact("<", "<") ? "<"
               : accept_exact(">", ">") ? ">"
                                        : "";
      case 7: return accept_exact("<<", "=") ? "<<" : accept_exact(">>", "=") ? ">>" : "";
      case 8: return accept_exact("+", "+=") ? "+" : accept_exact("-", "-=") ? "-" : "";
      case 9: return accept_exact("*", "*=") ? "*" : accept_exact("/", "=") ? "/" : accept_exact("%", "=") ? "%" : "";
      default: return "";
    }
  }

  std::int64_t binary(int level) {
    if (level == 10) {
      const std::int64_t base = unary();
      if (!accept("**")) return base;
      return power(base, binary(10));
    }
    std::int64_t left = binary(level + 1);
    for (;;) {
      const std::string_view op = binary_operator(level);
      if (op.empty()) return left;
      if (op == "||" || op == "&&") {
        const bool live = live_;
        live_ = live && (op == "&&" ? left != 0 : left == 0);
        const std::int64_t right = binary(level + 1);
        live_ = live;
        left = op == "&&" ? left && right : left || right;
        continue;
      }
      const std::int64_t right = binary(level + 1);
      if (op == "==") {
        left = left == right;
      } else if (op == "!=") {
        left = left != right;
      } else if (op == "<=") {
        left = left <= right;
      } else if (op == ">=") {
        left = left >= right;
      } else if (op == "<") {
        left = left < right;
      } else if (op == ">") {
        left = left > right;
      } else {
        left = apply(op, left, right);
      }
    }
  }

  std::int64_t unary() {
    if (++nesting_ > depth_limit) throw ArithmeticError{"expression nested too deeply"};
    std::int64_t out;
    const bool up = accept("++");
    if (up || accept("--")) {
      if (at_ < text_.size() && (std::isalpha(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_')) {
        const std::string variable = name();
        out = wrap(raw(read(variable)) + (up ? 1 : -1));
        write(variable, out);
      } else {
        out = unary();  // two signs
      }
    } else if (accept("!")) {
      out = !unary();
    } else if (accept("~")) {
      out = ~unary();
    } else if (accept("-")) {
      out = wrap(-raw(unary()));
    } else if (accept("+")) {
      out = unary();
    } else {
      out = primary();
    }
    --nesting_;
    return out;
  }

  std::string name() {
    std::string out;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_'))
      out += text_[at_++];
    blanks();
    return out;
  }

  std::int64_t primary() {
    if (accept("(")) {
      const std::int64_t value = comma();
      if (!accept(")")) syntax();
      return value;
    }
    if (at_ >= text_.size()) syntax();
    const char c = text_[at_];
    if (std::isalpha(static_cast<unsigned char>(c)) || c == '_') {
      const std::string variable = name();
      std::int64_t value = read(variable);
      if (accept("++")) {
        write(variable, wrap(raw(value) + 1));
      } else if (text_.substr(at_).starts_with("--")) {
        accept("--");
        write(variable, wrap(raw(value) - 1));
      }
      return value;
    }
    if (!std::isdigit(static_cast<unsigned char>(c))) syntax();
    int base = 10;
    if (c == '0' && at_ + 1 < text_.size()) {
      if (text_[at_ + 1] == 'x' || text_[at_ + 1] == 'X') {
        base = 16;
        at_ += 2;
      } else {
        base = 8;
      }
    }
    std::uint64_t value = 0;
    bool any = false;
    for (; at_ < text_.size(); ++at_) {
      const char d = text_[at_];
      if (d == '#' && any && base == 10 && value >= 2 && value <= 36) {
        base = static_cast<int>(value);
        value = 0;
        any = false;
        continue;
      }
      if (!std::isalnum(static_cast<unsigned char>(d))) break;
      const int digit = std::isdigit(static_cast<unsigned char>(d)) ? d - '0' : std::tolower(d) - 'a' + 10;
      if (digit >= base) syntax();
      value = value * static_cast<std::uint64_t>(base) + static_cast<std::uint64_t>(digit);
      any = true;
    }
    if (!any) syntax();
    blanks();
    return wrap(value);
  }

  std::string_view text_;
  const ArithmeticVariables& variables_;
  int depth_, nesting_ = 0;
  std::size_t at_ = 0;
  bool live_ = true;  // not in the branch that is passed over
};

}  // namespace

std::int64_t evaluate(std::string_view expression, const ArithmeticVariables& variables, int depth) {
  return Evaluator(expression, variables, depth).run();
}

}  // namespace vnpu::devices::shell
