// The functions awk has of itself.
#include <cmath>
#include <cstdio>

#include "devices/awk/machine.h"
#include "devices/board.h"
#include "devices/commands/common.h"

namespace vnpu::devices::awk {

namespace {

using Spans = std::vector<commands::Regular::Span>;

std::uint64_t bits_of(double number) {
  if (std::isnan(number) || number <= 0)
    return number < 0 ? static_cast<std::uint64_t>(-static_cast<std::int64_t>(std::min(-number, 9e18))) : 0;
  return static_cast<std::uint64_t>(std::min(number, 1.8e19));
}

}  // namespace

commands::Regular Machine::regex_of(const std::string& text) {
  const std::string key = (ignore_case_ ? "i" : "c") + text;
  auto it = regexes_.find(key);
  if (it == regexes_.end()) {
    auto regex = commands::Regular::compile(text, true, ignore_case_);
    if (!regex) throw Fault{"bad regex '" + text + "'"};
    if (regexes_.size() >= 256) regexes_.clear();
    it = regexes_.emplace(key, std::move(*regex)).first;
  }
  return it->second;
}

commands::Regular Machine::regex_of(const Expression& expression) {
  if (expression.op != Op::regex) return regex_of(text_of(expression));
  return ignore_case_ ? regex_of(expression.text) : *expression.regex;
}

Value Machine::builtin(const Expression& expression) {
  const auto& operands = expression.operands;
  const auto number = [&](std::size_t i) { return evaluate(*operands[i]).number(); };
  const auto text = [&](std::size_t i) { return text_of(*operands[i]); };
  const auto bits = [&](auto operation) {
    const std::uint64_t left = bits_of(number(0));
    return Value(static_cast<double>(static_cast<std::uint64_t>(operation(left, bits_of(number(1))))));
  };
  switch (expression.builtin) {
    case Builtin::and_: return bits([](auto a, auto b) { return a & b; });
    case Builtin::or_: return bits([](auto a, auto b) { return a | b; });
    case Builtin::xor_: return bits([](auto a, auto b) { return a ^ b; });
    case Builtin::lshift: return bits([](auto a, auto b) { return b < 64 ? a << b : 0; });
    case Builtin::rshift: return bits([](auto a, auto b) { return b < 64 ? a >> b : 0; });
    case Builtin::compl_: return Value(static_cast<double>(~bits_of(number(0))));
    case Builtin::atan2: {
      const double y = number(0);
      return Value(std::atan2(y, number(1)));
    }
    case Builtin::cos: return Value(std::cos(number(0)));
    case Builtin::sin: return Value(std::sin(number(0)));
    case Builtin::exp: return Value(std::exp(number(0)));
    case Builtin::log: return Value(std::log(number(0)));
    case Builtin::sqrt: return Value(std::sqrt(number(0)));
    case Builtin::int_: return Value(std::trunc(number(0)));
    case Builtin::rand:
      // xorshift64*: the same numbers for the same seed, on every board.
      random_ ^= random_ >> 12;
      random_ ^= random_ << 25;
      random_ ^= random_ >> 27;
      return Value(static_cast<double>((random_ * 0x2545f4914f6cdd1dULL) >> 11) / 9007199254740992.0);
    case Builtin::srand: {
      const double before = seed_;
      seed_ = operands.empty() ? static_cast<double>(process_.board.now_ns() / 1000000000) : number(0);
      random_ = bits_of(std::fabs(seed_)) * 0x9e3779b97f4a7c15ULL + 1;
      return Value(before);
    }
    case Builtin::close: return Value(static_cast<double>(close(text(0))));
    case Builtin::fflush: flush_all(); return Value(0.0);
    case Builtin::system: return Value(static_cast<double>(run_command(text(0))));
    case Builtin::length: {
      if (operands.empty()) {
        join_record();
        return Value(static_cast<double>(record_.size()));
      }
      const Expression& operand = *operands[0];
      if ((operand.op == Op::global || operand.op == Op::local) && cell(operand).array)
        return Value(static_cast<double>(cell(operand).array->size()));
      return Value(static_cast<double>(text(0).size()));
    }
    case Builtin::index: {
      const std::string where = text(0);
      const std::string what = text(1);
      const std::size_t at = where.find(what);
      return Value(at == std::string::npos || what.empty() ? 0.0 : static_cast<double>(at + 1));
    }
    case Builtin::tolower:
    case Builtin::toupper: {
      std::string out = text(0);
      for (char& c : out) {
        const bool lower = expression.builtin == Builtin::tolower;
        if (lower ? c >= 'A' && c <= 'Z' : c >= 'a' && c <= 'z') c = static_cast<char>(c ^ 32);
      }
      return Value(std::move(out));
    }
    case Builtin::sprintf: {
      std::string out = format(values_of(operands));
      return Value(out.substr(0, out.find('\0')));
    }
    case Builtin::substr: return substr(expression);
    case Builtin::split: return split(expression);
    case Builtin::match: return match(expression);
    case Builtin::sub:
    case Builtin::gsub:
    case Builtin::gensub: return substitute(expression);
    case Builtin::mktime:
    case Builtin::strftime:
    case Builtin::systime: return time_function(expression);
  }
  return {};
}

Value Machine::substr(const Expression& expression) {
  const std::string text = text_of(*expression.operands[0]);
  // Places are cut to integers; what lies before the text moves the beginning, not the end.
  const auto whole = [](double number) { return std::isnan(number) ? 0.0 : std::trunc(number); };
  const auto size = static_cast<double>(text.size());
  const double from = std::clamp(whole(evaluate(*expression.operands[1]).number() - 1), 0.0, size);
  double length = size - from;
  if (expression.operands.size() > 2)
    length = std::clamp(whole(evaluate(*expression.operands[2]).number()), 0.0, length);
  return Value(text.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(length)));
}

Value Machine::split(const Expression& expression) {
  const std::string text = text_of(*expression.operands[0]);
  const Expression& where = *expression.operands[1];
  std::vector<std::string> parts;
  if (expression.operands.size() < 3) {
    parts = pieces(text, special(v_fs), false);
  } else if (expression.operands[2]->op == Op::regex) {
    parts = pieces(text, regex_of(*expression.operands[2]));
  } else {
    parts = pieces(text, text_of(*expression.operands[2]), false);
  }
  Array& array = array_of(where.op == Op::local, where.slot);
  release(array.bytes());
  array.clear();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    Value& place = array.at(std::to_string(i + 1));
    place = Value::input(std::move(parts[i]));
  }
  charge(array.bytes());
  return Value(static_cast<double>(parts.size()));
}

Value Machine::match(const Expression& expression) {
  const std::string text = text_of(*expression.operands[0]);
  Spans spans;
  const bool found = regex_of(*expression.operands[1]).search(text, 0, spans);
  set_special(v_rstart, Value(found ? static_cast<double>(spans[0].first + 1) : 0.0));
  set_special(v_rlength, Value(found ? static_cast<double>(spans[0].second - spans[0].first) : -1.0));
  return Value(found ? static_cast<double>(spans[0].first + 1) : 0.0);
}

namespace {

// `&` (and \0..\9 with groups) stand for what matched; one backslash before takes that away, two are one backslash.
void replace_into(std::string& out, const std::string& pattern, const std::string& text, const Spans& spans,
                  bool groups) {
  std::size_t backslashes = 0;
  for (const char c : pattern) {
    out += c;
    if (c == '\\') {
      ++backslashes;
      continue;
    }
    const bool digit = groups && c >= '0' && c <= '9';
    if (c == '&' || digit) {
      out.resize(out.size() - ((backslashes + 3) >> 1));
      const std::size_t group = digit ? static_cast<std::size_t>(c - '0') : 0;
      if (digit) ++backslashes;
      if (backslashes % 2) {
        out += c;
      } else if (group < spans.size() && spans[group].first != std::string::npos) {
        out += text.substr(spans[group].first, spans[group].second - spans[group].first);
      }
    }
    backslashes = 0;
  }
}

}  // namespace

Value Machine::substitute(const Expression& expression) {
  const auto& operands = expression.operands;
  const bool general = expression.builtin == Builtin::gensub;
  const commands::Regular regex = regex_of(*operands[0]);
  const std::string pattern = text_of(*operands[1]);
  bool all = expression.builtin == Builtin::gsub;
  std::size_t which = 1;  // only the match of this number, unless all
  if (general) {
    const Value how = evaluate(*operands[2]);
    const std::string letter = text_of(how);
    all = !letter.empty() && (letter[0] == 'g' || letter[0] == 'G');
    which = static_cast<std::size_t>(bounded(how.number(), 1.0, 1e9));
  }
  const std::size_t subject = general ? 3 : 2;
  std::string text;
  if (operands.size() > subject) {
    text = text_of(*operands[subject]);
  } else {
    join_record();
    text = record_;
  }
  std::string out;
  Spans spans;
  std::size_t at = 0, seen = 0, done = 0, last_end = std::string::npos;
  while (at <= text.size() && regex.search(text, at, spans)) {
    tick();
    steps_ += (text.size() - at) >> 12;
    const auto [from, to] = spans[0];
    const bool empty = from == to;
    out += text.substr(at, from - at);
    // An empty match right behind another one is none.
    if (empty && from == last_end) {
      if (from < text.size()) out += text[from];
      at = from + 1;
      last_end = std::string::npos;
      continue;
    }
    const bool chosen = all || ++seen == which;
    if (chosen) {
      replace_into(out, pattern, text, spans, general);
      ++done;
    } else {
      out += text.substr(from, to - from);
    }
    if (out.size() > text_limit) throw Fault{"out of memory"};
    last_end = to;
    at = to;
    if (empty) {
      if (from < text.size()) out += text[from];
      at = from + 1;
    }
    if (chosen && !all) break;
  }
  if (at < text.size()) out += text.substr(at);
  if (general) return Value(std::move(out));
  if (done) {
    if (operands.size() > subject) {
      if (is_lvalue_op(operands[subject]->op)) assign(*operands[subject], Value(std::move(out)));
    } else {
      set_record(std::move(out));
    }
  }
  return Value(static_cast<double>(done));
}

std::string Machine::format(const std::vector<Value>& values) {
  const std::string pattern = text_of(values[0]);
  std::size_t next = 1;
  const auto argument = [&]() -> Value { return next < values.size() ? values[next++] : Value(); };
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      out += pattern[i];
      continue;
    }
    if (i + 1 < pattern.size() && pattern[i + 1] == '%') {
      out += '%';
      ++i;
      continue;
    }
    std::string one = "%";
    std::size_t digits = 0;
    for (++i; i < pattern.size() && std::string_view("0123456789.+- #*").find(pattern[i]) != std::string_view::npos;
         ++i) {
      if (pattern[i] == '*') throw Fault{"%*x formats are not supported"};
      one += pattern[i];
      digits = std::isdigit(static_cast<unsigned char>(pattern[i])) ? digits + 1 : 0;
      if (digits > 6) throw Fault{"Invalid format specifier"};
    }
    while (i < pattern.size() && (pattern[i] == 'l' || pattern[i] == 'h')) ++i;
    if (i >= pattern.size()) {
      out += one;
      break;
    }
    const char kind = pattern[i];
    if (kind == 'c' || kind == 's') {
      const Value value = argument();
      std::string text = text_of(value);
      if (kind == 'c') {
        if (value.numeric() && !value.unset()) {
          text.assign(1, static_cast<char>(static_cast<unsigned>(bounded(value.number(), 0.0, 4e9)) & 255));
        } else {
          text.resize(1);  // of an empty text: NUL
        }
      }
      // Width and precision by hand: texts may hold NUL.
      const bool left = one.find('-') != std::string::npos;
      const std::size_t dot = one.find('.');
      if (dot != std::string::npos && kind == 's')
        text.resize(std::min<std::size_t>(text.size(),
                                          static_cast<std::size_t>(std::max(0, std::atoi(one.c_str() + dot + 1)))));
      const std::size_t start = one.find_first_of("123456789");
      const std::size_t width =
          start < std::min(dot, one.size()) ? static_cast<std::size_t>(std::atoi(one.c_str() + start)) : 0;
      if (!left && text.size() < width) out.append(width - text.size(), ' ');
      const std::size_t size = text.size();
      out += text;
      if (left && size < width) out.append(width - size, ' ');
    } else {
      out += formatted_number(one + kind, argument().number());
    }
    if (out.size() > text_limit) throw Fault{"out of memory"};
  }
  return out;
}

Value Machine::time_function(const Expression& expression) {
  const auto& operands = expression.operands;
  const std::int64_t now = process_.board.now_ns() / 1000000000;
  if (expression.builtin == Builtin::systime) return Value(static_cast<double>(now));
  if (expression.builtin == Builtin::mktime) {
    int parts[6];
    const std::string text = text_of(*operands[0]);
    if (std::sscanf(text.c_str(), "%d %d %d %d %d %d", &parts[0], &parts[1], &parts[2], &parts[3], &parts[4],
                    &parts[5]) < 6)
      return Value(-1.0);
    for (const int part : parts)
      if (part < -100000 || part > 100000) return Value(-1.0);
    return Value(static_cast<double>(commands::from_civil(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5])));
  }
  const std::string pattern = operands.empty() ? "%a %b %e %H:%M:%S %Z %Y" : text_of(*operands[0]);
  const double when = operands.size() > 1 ? evaluate(*operands[1]).number() : static_cast<double>(now);
  const double bounded = std::isnan(when) ? 0 : std::clamp(when, -6e10, 9e9);
  return Value(commands::time_text(pattern, static_cast<std::int64_t>(bounded) * 1000000000));
}

int Machine::run_command(const std::string& command) {
  flush_all();
  return process_.run({"sh", "-c", command});
}

}  // namespace vnpu::devices::awk
