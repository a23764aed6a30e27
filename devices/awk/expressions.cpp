// The expressions of awk, from the loosest binding to the tightest.
#include <algorithm>
#include <optional>
#include <utility>

#include "devices/awk/parser.h"

namespace vnpu::devices::awk {

Expr Parser::make(Op op, std::vector<Expr> operands) const {
  auto out = std::make_unique<Expression>();
  out->op = op;
  out->line = token_.line;
  out->operands = std::move(operands);
  for (const auto& operand : out->operands)
    if (operand) out->height = std::max(out->height, operand->height + 1);
  // "1+1+1..." makes a deep tree without nesting.
  if (out->height > 2000) throw Fault{"Too deeply nested", token_.line};
  return out;
}

Expr Parser::binary(Op op, Expr left, Expr right) const {
  std::vector<Expr> operands;
  operands.push_back(std::move(left));
  operands.push_back(std::move(right));
  return make(op, std::move(operands));
}

namespace {

std::vector<Expr> one(Expr operand) {
  std::vector<Expr> out;
  out.push_back(std::move(operand));
  return out;
}

}  // namespace

Expr Parser::expression() {
  const Level level(*this);
  Expr left = conditional();
  if (token_.kind != Token::Kind::mark || !is_lvalue_op(left->op)) return left;
  Op second;
  const std::string& text = token_.text;
  if (text == "=") {
    second = Op::assign;
  } else if (text == "+=") {
    second = Op::add;
  } else if (text == "-=") {
    second = Op::subtract;
  } else if (text == "*=") {
    second = Op::multiply;
  } else if (text == "/=") {
    second = Op::divide;
  } else if (text == "%=") {
    second = Op::modulo;
  } else if (text == "^=") {
    second = Op::power;
  } else {
    return left;
  }
  advance();
  newlines();
  Expr out = binary(Op::assign, std::move(left), expression());
  out->second = second;
  return out;
}

Expr Parser::conditional() {
  Expr left = logical_or();
  if (!mark("?")) return left;
  advance();
  newlines();
  std::vector<Expr> operands = one(std::move(left));
  operands.push_back(expression());
  newlines();
  expect(":");
  newlines();
  operands.push_back(expression());
  return make(Op::conditional, std::move(operands));
}

Expr Parser::logical_or() {
  Expr left = logical_and();
  while (take("||")) {
    newlines();
    left = binary(Op::logical_or, std::move(left), logical_and());
  }
  return left;
}

Expr Parser::logical_and() {
  Expr left = membership();
  while (take("&&")) {
    newlines();
    left = binary(Op::logical_and, std::move(left), membership());
  }
  return left;
}

Expr Parser::membership() {
  Expr left = matching();
  while (keyword("in")) {
    advance();
    if (token_.kind != Token::Kind::name) unexpected();
    Expr array = name_reference(token_.text);
    advance();
    left = binary(Op::in, std::move(left), std::move(array));
  }
  return left;
}

Expr Parser::matching() {
  Expr left = comparison();
  while (mark("~") || mark("!~")) {
    const Op op = mark("~") ? Op::matches : Op::matches_not;
    advance();
    left = binary(op, std::move(left), comparison());
  }
  return left;
}

Expr Parser::comparison() {
  Expr left = concatenation();
  const auto pipes = [&] {
    for (;;) {
      if (!mark("|")) return;
      const Lexer lexer = lexer_;
      const Token token = token_;
      advance();
      if (!keyword("getline")) {
        lexer_ = lexer;
        token_ = token;
        return;
      }
      left = get_line(std::move(left));
    }
  };
  pipes();
  const auto operation = [&]() -> std::optional<Op> {
    if (token_.kind != Token::Kind::mark) return std::nullopt;
    if (token_.text == "<") return Op::less;
    if (token_.text == "<=") return Op::less_equal;
    if (token_.text == "==") return Op::equal;
    if (token_.text == "!=") return Op::unequal;
    if (token_.text == ">=") return Op::greater_equal;
    if (token_.text == ">" && !no_greater_) return Op::greater;
    return std::nullopt;
  };
  while (const auto op = operation()) {
    advance();
    left = binary(*op, std::move(left), concatenation());
    pipes();
  }
  return left;
}

bool Parser::starts_operand() const {
  switch (token_.kind) {
    case Token::Kind::number:
    case Token::Kind::text:
    case Token::Kind::name:
    case Token::Kind::function_name:
    case Token::Kind::builtin: return true;
    case Token::Kind::mark:
      return token_.text == "$" || token_.text == "(" || token_.text == "!" || token_.text == "-" ||
             token_.text == "+" || token_.text == "++" || token_.text == "--";
    default: return false;
  }
}

Expr Parser::concatenation() {
  Expr left = additive();
  while (starts_operand()) left = binary(Op::join, std::move(left), additive());
  return left;
}

Expr Parser::additive() {
  Expr left = multiplicative();
  while (mark("+") || mark("-")) {
    const Op op = mark("+") ? Op::add : Op::subtract;
    advance();
    left = binary(op, std::move(left), multiplicative());
  }
  return left;
}

Expr Parser::multiplicative() {
  Expr left = unary();
  while (mark("*") || mark("/") || mark("%")) {
    const Op op = mark("*") ? Op::multiply : mark("/") ? Op::divide : Op::modulo;
    advance();
    left = binary(op, std::move(left), unary());
  }
  return left;
}

Expr Parser::unary() {
  const Level level(*this);
  for (const auto& [text, op] : {std::pair{"!", Op::negation}, {"-", Op::negate}, {"+", Op::plus}})
    if (take(text)) return make(op, one(unary()));
  return power();
}

Expr Parser::power() {
  Expr left = postfix();
  if (!take("^")) return left;
  // Binds tighter than a sign before it, looser than one behind it.
  return binary(Op::power, std::move(left), unary());
}

Expr Parser::postfix() {
  for (const auto& [text, op] : {std::pair{"++", Op::before_increment}, {"--", Op::before_decrement}})
    if (mark(text)) {
      const Level level(*this);
      advance();
      Expr operand = postfix();
      if (!is_lvalue_op(operand->op)) unexpected();
      return make(op, one(std::move(operand)));
    }
  Expr out = primary();
  if (!is_lvalue_op(out->op)) return out;
  if (take("++")) return make(Op::after_increment, one(std::move(out)));
  if (take("--")) return make(Op::after_decrement, one(std::move(out)));
  return out;
}

Expr Parser::primary() {
  switch (token_.kind) {
    case Token::Kind::number: {
      Expr out = make(Op::number);
      out->number = token_.number;
      advance();
      return out;
    }
    case Token::Kind::text: {
      Expr out = make(Op::text);
      out->text = token_.text;
      advance();
      return out;
    }
    case Token::Kind::name: {
      const std::string name = token_.text;
      advance();
      Expr out = name_reference(name);
      if (!take("[")) return out;
      out->operands = expression_list("]");
      if (out->operands.empty()) unexpected();
      out->is_local = out->op == Op::local;
      out->op = Op::element;
      return out;
    }
    case Token::Kind::function_name: return function_call();
    case Token::Kind::builtin: return builtin_call();
    case Token::Kind::keyword:
      if (keyword("getline")) return get_line(nullptr);
      unexpected();
    default: break;
  }
  if (mark("/") || mark("/=")) return regex_literal();
  if (mark("(")) return grouping();
  if (take("$")) {
    const Level level(*this);
    // $++i and $i++ differ: the sign behind belongs to the field.
    if (mark("++") || mark("--")) return make(Op::field, one(postfix()));
    if (mark("-") || mark("+") || mark("!")) return make(Op::field, one(unary()));
    return make(Op::field, one(primary()));
  }
  unexpected();
}

Expr Parser::grouping() {
  const Level level(*this);
  advance();
  const bool outer = std::exchange(no_greater_, false);
  auto list = expression_list(")");
  no_greater_ = outer;
  if (list.empty()) unexpected();
  if (list.size() > 1) return make(Op::group, std::move(list));
  return std::move(list[0]);
}

Expr Parser::regex_literal() {
  Expr out = make(Op::regex);
  out->text = lexer_.regex(token_.from);
  auto regex = commands::Regular::compile(out->text, true, false);
  if (!regex) throw Fault{"bad regex '" + out->text + "'", token_.line};
  out->regex = std::make_shared<commands::Regular>(*regex);
  advance();
  return out;
}

Expr Parser::name_reference(const std::string& name) {
  for (const auto& function : program_.functions)
    if (function.name == name && function.body) unexpected();
  bool is_local = false;
  int slot = 0;
  resolve(name, is_local, slot);
  Expr out = make(is_local ? Op::local : Op::global);
  out->slot = slot;
  return out;
}

std::vector<Expr> Parser::expression_list(std::string_view end_mark) {
  std::vector<Expr> out;
  newlines();
  while (!mark(end_mark)) {
    out.push_back(expression());
    newlines();
    if (mark(end_mark)) break;
    expect(",");
    newlines();
    if (mark(end_mark)) unexpected();
  }
  advance();
  return out;
}

Expr Parser::function_call() {
  Expr out = make(Op::call);
  out->slot = function_slot(token_.text);
  advance();
  expect("(");
  const bool outer = std::exchange(no_greater_, false);
  out->operands = expression_list(")");
  no_greater_ = outer;
  return out;
}

Expr Parser::builtin_call() {
  struct Known {
    std::string_view name;
    Builtin builtin;
    std::size_t least, most;
  };
  static constexpr Known known[] = {
      {"and", Builtin::and_, 2, 2},          {"atan2", Builtin::atan2, 2, 2},     {"close", Builtin::close, 1, 2},
      {"compl", Builtin::compl_, 1, 1},      {"cos", Builtin::cos, 1, 1},         {"exp", Builtin::exp, 1, 1},
      {"fflush", Builtin::fflush, 0, 1},     {"gensub", Builtin::gensub, 3, 4},   {"gsub", Builtin::gsub, 2, 3},
      {"index", Builtin::index, 2, 2},       {"int", Builtin::int_, 1, 1},        {"length", Builtin::length, 0, 1},
      {"log", Builtin::log, 1, 1},           {"lshift", Builtin::lshift, 2, 2},   {"match", Builtin::match, 2, 3},
      {"mktime", Builtin::mktime, 1, 1},     {"or", Builtin::or_, 2, 2},          {"rand", Builtin::rand, 0, 0},
      {"rshift", Builtin::rshift, 2, 2},     {"sin", Builtin::sin, 1, 1},         {"split", Builtin::split, 2, 3},
      {"sprintf", Builtin::sprintf, 1, 999}, {"sqrt", Builtin::sqrt, 1, 1},       {"srand", Builtin::srand, 0, 1},
      {"strftime", Builtin::strftime, 0, 3}, {"sub", Builtin::sub, 2, 3},         {"substr", Builtin::substr, 2, 3},
      {"system", Builtin::system, 1, 1},     {"systime", Builtin::systime, 0, 0}, {"tolower", Builtin::tolower, 1, 1},
      {"toupper", Builtin::toupper, 1, 1},   {"xor", Builtin::xor_, 2, 2},
  };
  const Known* entry = nullptr;
  for (const auto& candidate : known)
    if (candidate.name == token_.text) entry = &candidate;
  if (!entry) unexpected();
  Expr out = make(Op::builtin);
  out->builtin = entry->builtin;
  advance();
  if (mark("(")) {
    advance();
    const bool outer = std::exchange(no_greater_, false);
    out->operands = expression_list(")");
    no_greater_ = outer;
  } else if (entry->builtin != Builtin::length) {
    unexpected();
  }
  if (out->operands.size() < entry->least) throw Fault{"Too few arguments", out->line};
  if (out->operands.size() > entry->most) unexpected();
  const bool array = entry->builtin == Builtin::split || (entry->builtin == Builtin::match && out->operands.size() > 2);
  if (array) {
    const Op op = out->operands[entry->builtin == Builtin::split ? 1 : 2]->op;
    if (op != Op::global && op != Op::local) unexpected();
  }
  return out;
}

Expr Parser::optional_lvalue() {
  if (token_.kind != Token::Kind::name && !mark("$")) return nullptr;
  return primary();
}

Expr Parser::get_line(Expr command) {
  const Level level(*this);
  advance();
  std::vector<Expr> operands = one(optional_lvalue());
  if (command) {
    operands.push_back(std::move(command));
    return make(Op::getline_pipe, std::move(operands));
  }
  if (!take("<")) return make(Op::getline_main, std::move(operands));
  operands.push_back(postfix());
  return make(Op::getline_file, std::move(operands));
}

}  // namespace vnpu::devices::awk
