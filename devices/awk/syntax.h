// What the parser makes of an awk program.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "devices/commands/regular.h"

namespace vnpu::devices::awk {

// A fault of the program or its run: the text behind "awk: cmd. line:N: ". Line 0: not known yet; -1: said without.
struct Fault {
  std::string text;
  int line = 0;
};

enum class Op : std::uint8_t {
  number,
  text,
  regex,
  global,   // slot
  local,    // slot
  field,    // $a
  element,  // array (global or local of slot)[a, b, ...]
  group,    // (a, b, ...)
  assign,   // a = b, or a op= b when `second` is an operator
  conditional,
  logical_or,
  logical_and,
  in,  // a (or a group) in the array b
  matches,
  matches_not,
  less,
  less_equal,
  equal,
  unequal,
  greater_equal,
  greater,
  join,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  power,
  negate,
  plus,
  negation,  // !
  before_increment,
  before_decrement,
  after_increment,
  after_decrement,
  call,
  builtin,
  getline_main,  // [lvalue a]
  getline_file,  // [lvalue a] < b
  getline_pipe,  // b | getline [lvalue a]
};

enum class Builtin : std::uint8_t {
  and_,
  atan2,
  close,
  compl_,
  cos,
  exp,
  fflush,
  gensub,
  gsub,
  index,
  int_,
  length,
  log,
  lshift,
  match,
  mktime,
  or_,
  rand,
  rshift,
  sin,
  split,
  sprintf,
  sqrt,
  srand,
  strftime,
  sub,
  substr,
  system,
  systime,
  tolower,
  toupper,
  xor_,
};

struct Expression;
using Expr = std::unique_ptr<Expression>;

struct Expression {
  Op op = Op::number;
  Op second = Op::number;  // assign: the operator of `op=`
  Builtin builtin = Builtin::length;
  bool is_local = false;  // element and in: where the array stands
  int slot = 0;           // of a variable, an array, or a function
  int line = 0;
  int height = 1;  // of the tree from here on
  double number = 0;
  std::string text;
  std::shared_ptr<commands::Regular> regex, folded;  // folded: while IGNORECASE is set
  std::vector<Expr> operands;                        // may hold nulls where a part is optional
};

constexpr bool is_lvalue_op(Op op) {
  return op == Op::global || op == Op::local || op == Op::field || op == Op::element;
}

struct Statement;
using Stmt = std::unique_ptr<Statement>;

struct Statement {
  enum class Kind {
    block,
    expression,
    print,
    printf,
    if_,
    while_,
    do_,
    for_,  // three expressions, each may be null; children[0] the body
    for_in,
    break_,
    continue_,
    next,
    next_file,
    exit,
    return_,
    delete_,  // an element, or a whole array
  };
  enum class Target { none, file, append, pipe };
  Kind kind = Kind::block;
  int line = 0;
  Target target = Target::none;
  std::vector<Expr> expressions;  // print: what is printed; for_in: the variable
  Expr where;                     // print: the file or command; for_in, delete_: the array
  std::vector<Stmt> children;
};

struct Function {
  std::string name;
  int parameters = 0;
  Stmt body;  // null: called but not defined
  int line = 0;
};

struct Rule {
  Expr from, to;  // null: always; `to`: a range
  Stmt action;    // null: print
  bool range = false;
  bool inside = false;  // of a range; set while it runs
};

// Variables with a meaning of their own stand first among the globals.
enum Special : int {
  v_convfmt,
  v_ofmt,
  v_fs,
  v_ofs,
  v_ors,
  v_rs,
  v_rt,
  v_filename,
  v_subsep,
  v_argc,
  v_argv,
  v_environ,
  v_errno,
  v_nr,
  v_fnr,
  v_nf,
  v_rstart,
  v_rlength,
  v_ignorecase,
  v_argind,
  special_count,
};

struct Program {
  std::vector<Stmt> begin, end;
  std::vector<Rule> rules;
  std::vector<Function> functions;
  std::map<std::string, int> globals;  // name to slot
};

// Throws Fault. Bounded: 1 MiB of text, 150 levels of nesting.
Program parse(const std::string& text);

// "\n", "\101" and the like become their characters; a backslash before others goes.
std::string unescape(std::string_view text);

}  // namespace vnpu::devices::awk
