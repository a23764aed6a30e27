#include "devices/awk/parser.h"

#include <algorithm>
#include <iterator>

namespace vnpu::devices::awk {

namespace {

constexpr const char* special_names[special_count] = {
    "CONVFMT", "OFMT",    "FS",    "OFS", "ORS", "RS", "RT",     "FILENAME", "SUBSEP",     "ARGC",
    "ARGV",    "ENVIRON", "ERRNO", "NR",  "FNR", "NF", "RSTART", "RLENGTH",  "IGNORECASE", "ARGIND"};

Stmt make_statement(Statement::Kind kind, int line) {
  auto out = std::make_unique<Statement>();
  out->kind = kind;
  out->line = line;
  return out;
}

}  // namespace

Parser::Level::Level(Parser& parser) : parser(parser) {
  if (++parser.depth_ > 150) {
    --parser.depth_;
    throw Fault{"Too deeply nested", parser.token_.line};
  }
}

Parser::Parser(const std::string& text) : lexer_(text) {
  for (int i = 0; i < special_count; ++i) program_.globals[special_names[i]] = i;
}

void Parser::unexpected() const { throw Fault{"Unexpected token", token_.line}; }

bool Parser::take(std::string_view text) {
  if (!mark(text)) return false;
  advance();
  return true;
}

void Parser::expect(std::string_view text) {
  if (!take(text)) unexpected();
}

void Parser::newlines() {
  while (token_.kind == Token::Kind::newline) advance();
}

void Parser::terminators() {
  while (token_.kind == Token::Kind::newline || mark(";")) advance();
}

Program Parser::parse() {
  advance();
  for (;;) {
    terminators();
    if (token_.kind == Token::Kind::end) break;
    item();
  }
  for (const auto& function : program_.functions)
    if (!function.body) throw Fault{"Call to undefined function", function.line};
  return std::move(program_);
}

void Parser::item() {
  if (keyword("function")) return function();
  if (keyword("BEGIN") || keyword("END")) {
    auto& list = keyword("BEGIN") ? program_.begin : program_.end;
    advance();
    if (!mark("{")) unexpected();
    list.push_back(block());
    return;
  }
  Rule rule;
  if (!mark("{")) {
    rule.from = expression();
    if (take(",")) {
      newlines();
      rule.to = expression();
      rule.range = true;
    }
  }
  if (mark("{")) {
    rule.action = block();
  } else if (token_.kind != Token::Kind::newline && token_.kind != Token::Kind::end && !mark(";")) {
    unexpected();
  }
  program_.rules.push_back(std::move(rule));
}

void Parser::function() {
  advance();
  if (token_.kind != Token::Kind::name && token_.kind != Token::Kind::function_name) unexpected();
  const int slot = function_slot(token_.text);
  const int line = token_.line;
  advance();
  expect("(");
  locals_.clear();
  while (!mark(")")) {
    newlines();
    if (token_.kind != Token::Kind::name || std::ranges::find(locals_, token_.text) != locals_.end()) unexpected();
    locals_.push_back(token_.text);
    advance();
    newlines();
    if (!mark(")")) expect(",");
  }
  advance();
  newlines();
  if (!mark("{")) unexpected();
  if (program_.functions[static_cast<std::size_t>(slot)].body) throw Fault{"Function is defined twice", line};
  Stmt body = block();
  auto& entry = program_.functions[static_cast<std::size_t>(slot)];
  entry.parameters = static_cast<int>(locals_.size());
  entry.body = std::move(body);
  locals_.clear();
}

int Parser::function_slot(const std::string& name) {
  for (std::size_t i = 0; i < program_.functions.size(); ++i)
    if (program_.functions[i].name == name) return static_cast<int>(i);
  program_.functions.push_back({name, 0, nullptr, token_.line});
  return static_cast<int>(program_.functions.size()) - 1;
}

void Parser::resolve(const std::string& name, bool& is_local, int& slot) {
  const auto local = std::ranges::find(locals_, name);
  is_local = local != locals_.end();
  if (is_local) {
    slot = static_cast<int>(local - locals_.begin());
    return;
  }
  slot = program_.globals.emplace(name, static_cast<int>(program_.globals.size())).first->second;
}

Stmt Parser::block() {
  const Level level(*this);
  auto out = make_statement(Statement::Kind::block, token_.line);
  expect("{");
  for (;;) {
    terminators();
    if (take("}")) return out;
    if (token_.kind == Token::Kind::end) unexpected();
    out->children.push_back(statement());
  }
}

void Parser::end_of_statement() {
  if (mark("}") || token_.kind == Token::Kind::end) return;
  if (token_.kind != Token::Kind::newline && !mark(";")) unexpected();
  advance();
}

Stmt Parser::body() {
  newlines();
  if (take(";")) return make_statement(Statement::Kind::block, token_.line);
  return statement();
}

Stmt Parser::statement() {
  const Level level(*this);
  if (mark("{")) return block();
  const int line = token_.line;
  if (keyword("if")) {
    auto out = make_statement(Statement::Kind::if_, line);
    advance();
    expect("(");
    out->expressions.push_back(expression());
    newlines();
    expect(")");
    out->children.push_back(body());
    // An `else` may stand behind newlines and one ';'.
    const Lexer lexer = lexer_;
    const Token token = token_;
    terminators();
    if (keyword("else")) {
      advance();
      out->children.push_back(body());
    } else {
      lexer_ = lexer;
      token_ = token;
    }
    return out;
  }
  if (keyword("while")) {
    auto out = make_statement(Statement::Kind::while_, line);
    advance();
    expect("(");
    out->expressions.push_back(expression());
    newlines();
    expect(")");
    ++loops_;
    out->children.push_back(body());
    --loops_;
    return out;
  }
  if (keyword("do")) {
    auto out = make_statement(Statement::Kind::do_, line);
    advance();
    ++loops_;
    out->children.push_back(body());
    --loops_;
    terminators();
    if (!keyword("while")) unexpected();
    advance();
    expect("(");
    out->expressions.push_back(expression());
    expect(")");
    end_of_statement();
    return out;
  }
  if (keyword("for")) return for_statement();
  Stmt out = simple_statement();
  end_of_statement();
  return out;
}

Stmt Parser::for_statement() {
  const int line = token_.line;
  advance();
  expect("(");
  if (token_.kind == Token::Kind::name) {
    const Lexer lexer = lexer_;
    const Token token = token_;
    const std::string variable = token_.text;
    advance();
    if (keyword("in")) {
      advance();
      if (token_.kind == Token::Kind::name) {
        const std::string array = token_.text;
        advance();
        if (take(")")) {
          auto out = make_statement(Statement::Kind::for_in, line);
          out->expressions.push_back(name_reference(variable));
          out->where = name_reference(array);
          ++loops_;
          out->children.push_back(body());
          --loops_;
          return out;
        }
      }
    }
    lexer_ = lexer;
    token_ = token;
  }
  auto out = make_statement(Statement::Kind::for_, line);
  out->expressions.resize(3);
  if (!mark(";")) out->expressions[0] = expression();
  expect(";");
  newlines();
  if (!mark(";")) out->expressions[1] = expression();
  expect(";");
  newlines();
  if (!mark(")")) out->expressions[2] = expression();
  expect(")");
  ++loops_;
  out->children.push_back(body());
  --loops_;
  return out;
}

Stmt Parser::simple_statement() {
  const int line = token_.line;
  const auto ends = [&] {
    return token_.kind == Token::Kind::newline || token_.kind == Token::Kind::end || mark(";") || mark("}");
  };
  if (token_.kind == Token::Kind::keyword) {
    const std::string word = token_.text;
    if (word == "print" || word == "printf") return print_statement();
    using Kind = Statement::Kind;
    const auto kind = word == "break"      ? Kind::break_
                      : word == "continue" ? Kind::continue_
                      : word == "next"     ? Kind::next
                      : word == "nextfile" ? Kind::next_file
                      : word == "exit"     ? Kind::exit
                      : word == "return"   ? Kind::return_
                      : word == "delete"   ? Kind::delete_
                                           : Kind::expression;
    if (kind != Kind::expression) {
      if ((kind == Kind::break_ || kind == Kind::continue_) && loops_ == 0)
        throw Fault{"'" + word + "' not in a loop", line};
      auto out = make_statement(kind, line);
      advance();
      if (kind == Kind::delete_) {
        out->where = postfix();
        const Op op = out->where->op;
        if (op != Op::element && op != Op::global && op != Op::local) unexpected();
      } else if ((kind == Kind::exit || kind == Kind::return_) && !ends()) {
        out->expressions.push_back(expression());
      }
      return out;
    }
  }
  auto out = make_statement(Statement::Kind::expression, line);
  out->expressions.push_back(expression());
  return out;
}

Stmt Parser::print_statement() {
  auto out = make_statement(keyword("print") ? Statement::Kind::print : Statement::Kind::printf, token_.line);
  advance();
  const bool outer = no_greater_;
  no_greater_ = true;
  while (token_.kind != Token::Kind::newline && token_.kind != Token::Kind::end && !mark(";") && !mark("}") &&
         !mark(">") && !mark(">>") && !mark("|")) {
    out->expressions.push_back(expression());
    if (!take(",")) break;
    newlines();
  }
  no_greater_ = outer;
  if (out->expressions.size() == 1 && out->expressions[0]->op == Op::group) {
    auto list = std::move(out->expressions[0]->operands);
    out->expressions = std::move(list);
  }
  if (out->kind == Statement::Kind::printf && out->expressions.empty()) unexpected();
  using Target = Statement::Target;
  out->target = mark(">") ? Target::file : mark(">>") ? Target::append : mark("|") ? Target::pipe : Target::none;
  if (out->target != Target::none) {
    advance();
    const bool before = no_greater_;
    no_greater_ = true;
    out->where = expression();
    no_greater_ = before;
  }
  return out;
}

Program parse(const std::string& text) {
  if (text.size() > (std::size_t{1} << 20)) throw Fault{"Program is too long", 0};
  return Parser(text).parse();
}

}  // namespace vnpu::devices::awk
