// One pass over an awk program; parser.cpp has rules and statements, expressions.cpp the expressions.
#pragma once

#include <string>
#include <vector>

#include "devices/awk/lexer.h"
#include "devices/awk/syntax.h"

namespace vnpu::devices::awk {

class Parser {
 public:
  explicit Parser(const std::string& text);
  Program parse();

 private:
  // Counts nesting for a scope.
  struct Level {
    explicit Level(Parser& parser);
    ~Level() { --parser.depth_; }
    Parser& parser;
  };

  void advance() { token_ = lexer_.next(); }
  bool mark(std::string_view text) const { return token_.kind == Token::Kind::mark && token_.text == text; }
  bool keyword(std::string_view text) const { return token_.kind == Token::Kind::keyword && token_.text == text; }
  bool take(std::string_view mark_text);
  void expect(std::string_view mark_text);
  void newlines();     // skips them
  void terminators();  // newlines and ';'
  [[noreturn]] void unexpected() const;

  void item();
  void function();
  Stmt block();
  Stmt statement();
  Stmt simple_statement();
  Stmt print_statement();
  Stmt for_statement();
  void end_of_statement();
  Stmt body();  // of if, for, while

  Expr expression();
  Expr conditional();
  Expr logical_or();
  Expr logical_and();
  Expr membership();
  Expr matching();
  Expr comparison();
  Expr concatenation();
  Expr additive();
  Expr multiplicative();
  Expr unary();
  Expr power();
  Expr postfix();
  Expr primary();
  Expr grouping();
  Expr regex_literal();
  Expr function_call();
  Expr builtin_call();
  Expr get_line(Expr command);
  Expr optional_lvalue();
  Expr name_reference(const std::string& name);
  std::vector<Expr> expression_list(std::string_view end_mark);
  bool starts_operand() const;

  Expr make(Op op, std::vector<Expr> operands = {}) const;
  Expr binary(Op op, Expr left, Expr right) const;
  void resolve(const std::string& name, bool& is_local, int& slot);
  int function_slot(const std::string& name);

  Lexer lexer_;
  Token token_;
  Program program_;
  std::vector<std::string> locals_;  // of the function being read
  bool no_greater_ = false;          // `>` is a redirection here
  int loops_ = 0;
  int depth_ = 0;
};

}  // namespace vnpu::devices::awk
