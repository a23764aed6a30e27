#include "devices/awk/machine.h"

#include <utility>

#include "devices/board.h"
#include "devices/commands/common.h"

namespace vnpu::devices::awk {

Machine::Machine(Process& process, Program program, const Limits& limits)
    : process_(process), program_(std::move(program)), limits_(limits) {
  globals_.resize(program_.globals.size());
  set_special(v_convfmt, Value(std::string("%.6g")));
  set_special(v_ofmt, Value(std::string("%.6g")));
  set_special(v_fs, Value(std::string(" ")));
  set_special(v_ofs, Value(std::string(" ")));
  set_special(v_ors, Value(std::string("\n")));
  set_special(v_rs, Value(std::string("\n")));
  set_special(v_subsep, Value(std::string("\034")));
  for (const int slot : {v_nr, v_fnr, v_nf, v_rstart, v_rlength, v_ignorecase}) set_special(slot, Value(0.0));
  set_special(v_rlength, Value(-1.0));
  auto environment = std::make_shared<Array>();
  for (const auto& [name, value] : process.environment) environment->at(name) = Value::input(value);
  globals_[v_environ].array = std::move(environment);
  auto out = process.descriptors.find(1);
  if (out != process.descriptors.end()) sinks_["/dev/stdout"] = std::make_unique<Sink>(process, out->second);
  auto error = process.descriptors.find(2);
  if (error != process.descriptors.end()) sinks_["/dev/stderr"] = std::make_unique<Sink>(process, error->second);
}

bool Machine::assign_operand(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) return false;
  for (std::size_t i = 0; i < equals; ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (!(std::isalpha(c) || c == '_' || (i > 0 && std::isdigit(c)))) return false;
  }
  const std::string name = text.substr(0, equals);
  const auto [it, fresh] = program_.globals.emplace(name, static_cast<int>(globals_.size()));
  if (fresh) globals_.emplace_back();
  set_special(it->second, Value::input(unescape(text.substr(equals + 1))));
  changed_special(it->second);
  return true;
}

void Machine::set_separator(const std::string& text) {
  const std::string separator = unescape(text);
  set_special(v_fs, Value(separator));
}

void Machine::tick() {
  if (++steps_ >= next_check_) {
    next_check_ = steps_ + 256;
    process_.check_signals();
  }
  if (limits_.steps && steps_ > limits_.steps) throw Fault{"too many steps"};
}

void Machine::charge(std::size_t bytes) {
  bytes_ += bytes;
  if (bytes_ > limits_.bytes) throw Fault{"out of memory"};
}

void Machine::check_text(const std::string& text) {
  if (text.size() > text_limit) throw Fault{"out of memory"};
}

std::vector<Value> Machine::values_of(const std::vector<Expr>& expressions) {
  std::vector<Value> out;
  std::size_t bytes = 0;
  for (const auto& expression : expressions) {
    out.push_back(evaluate(*expression));
    bytes += out.back().bytes();
    if (bytes > limits_.bytes) throw Fault{"out of memory"};
  }
  return out;
}

// Of BEGIN and END; `next` leaves them, having no record to go to.
void Machine::actions(const std::vector<Stmt>& all) {
  try {
    for (const auto& action : all) execute(*action);
  } catch (const Next&) {
  }
}

int Machine::run(const std::vector<std::string>& operands) {
  auto arguments = std::make_shared<Array>();
  arguments->at("0") = Value::input("awk");
  for (std::size_t i = 0; i < operands.size(); ++i) arguments->at(std::to_string(i + 1)) = Value::input(operands[i]);
  globals_[v_argv].array = std::move(arguments);
  set_special(v_argc, Value(static_cast<double>(operands.size() + 1)));
  try {
    try {
      actions(program_.begin);
      if (!program_.rules.empty() || !program_.end.empty()) run_rules();
    } catch (const Exit&) {
    }
    try {
      actions(program_.end);
    } catch (const Exit&) {
    }
    return finish(false);
  } catch (const Fault& fault) {
    const std::string place = fault.line > 0 ? "cmd. line:" + std::to_string(fault.line) + ": " : "";
    try {
      finish(true);
    } catch (const Fault&) {
    }
    process_.complain("awk: " + place + fault.text + "\n");
    return 1;
  }
}

int Machine::finish(bool faulted) {
  flush_all();
  for (auto& [name, sink] : sinks_) sink->close();
  sinks_.clear();
  sources_.clear();
  return faulted ? 1 : status_;
}

void Machine::run_rules() {
  std::string record;
  while (next_main_record(record)) {
    set_record(std::move(record));
    try {
      for (auto& rule : program_.rules) {
        tick();
        if (!selects(rule)) continue;
        if (rule.action) {
          execute(*rule.action);
        } else {
          join_record();
          sink(Statement::Target::none, "").write(record_ + special(v_ors));
          if (process_.is_terminal(1)) flush_all();
        }
      }
    } catch (const Next& next) {
      if (next.file) main_.reset();
    }
  }
}

bool Machine::selects(Rule& rule) {
  if (!rule.from) return true;
  if (!rule.range) return match_truth(*rule.from);
  if (!rule.inside) {
    if (!match_truth(*rule.from)) return false;
    rule.inside = true;
  }
  if (match_truth(*rule.to)) rule.inside = false;
  return true;
}

Machine::Flow Machine::execute(const Statement& statement) {
  tick();
  const Level level(*this, statement.line);
  try {
    return execute_kind(statement);
  } catch (Fault& fault) {
    if (!fault.line) fault.line = statement.line;
    throw;
  }
}

Machine::Flow Machine::execute_kind(const Statement& statement) {
  using Kind = Statement::Kind;
  switch (statement.kind) {
    case Kind::block:
      for (const auto& child : statement.children)
        if (const Flow flow = execute(*child); flow != Flow::normal) return flow;
      return Flow::normal;
    case Kind::expression: evaluate(*statement.expressions[0]); return Flow::normal;
    case Kind::print:
    case Kind::printf: print(statement); return Flow::normal;
    case Kind::if_:
      if (match_truth(*statement.expressions[0])) return execute(*statement.children[0]);
      return statement.children.size() > 1 ? execute(*statement.children[1]) : Flow::normal;
    case Kind::while_:
    case Kind::do_:
    case Kind::for_: return loop(statement);
    case Kind::for_in: return for_in(statement);
    case Kind::break_: return Flow::break_;
    case Kind::continue_: return Flow::continue_;
    case Kind::next: throw Next{false};
    case Kind::next_file: throw Next{true};
    case Kind::exit:
      if (!statement.expressions.empty())
        status_ =
            static_cast<int>(bounded(evaluate(*statement.expressions[0]).number(), -2147483648.0, 2147483647.0)) & 255;
      throw Exit{};
    case Kind::return_:
      returned_ = statement.expressions.empty() ? Value() : evaluate(*statement.expressions[0]);
      return Flow::return_;
    case Kind::delete_: erase(*statement.where); return Flow::normal;
  }
  return Flow::normal;
}

Machine::Flow Machine::loop(const Statement& statement) {
  const bool three = statement.kind == Statement::Kind::for_;
  const Expression* condition = (three ? statement.expressions[1] : statement.expressions[0]).get();
  if (three && statement.expressions[0]) evaluate(*statement.expressions[0]);
  bool first = statement.kind == Statement::Kind::do_;
  for (;;) {
    tick();
    if (!std::exchange(first, false) && condition && !match_truth(*condition)) return Flow::normal;
    const Flow flow = execute(*statement.children[0]);
    if (flow == Flow::break_) return Flow::normal;
    if (flow == Flow::return_) return flow;
    if (three && statement.expressions[2]) evaluate(*statement.expressions[2]);
  }
}

Machine::Flow Machine::for_in(const Statement& statement) {
  const Expression& where = *statement.where;
  // The names as they are now: what the loop deletes still comes.
  const Array& array = array_of(where.op == Op::local, where.slot);
  const Charge names(*this, array.key_bytes());
  const auto keys = array.keys();
  for (const auto& key : keys) {
    tick();
    assign(*statement.expressions[0], Value::input(key));
    const Flow flow = execute(*statement.children[0]);
    if (flow == Flow::break_) break;
    if (flow == Flow::return_) return flow;
  }
  return Flow::normal;
}

void Machine::erase(const Expression& target) {
  Array& array = array_of(target.op == Op::element ? target.is_local : target.op == Op::local, target.slot);
  const std::size_t before = array.key_bytes();
  if (target.op == Op::element) {
    const std::string key = subscript(target);
    if (const Value* value = array.find(key)) release(value->bytes());
    array.erase(key);
    release(before - array.key_bytes());
  } else {
    release(array.bytes());
    array.clear();
  }
}

void Machine::print(const Statement& statement) {
  std::string text;
  if (statement.kind == Statement::Kind::printf) {
    text = format(values_of(statement.expressions));
  } else if (statement.expressions.empty()) {
    join_record();
    text = record_ + special(v_ors);
  } else {
    const std::string number_format = special(v_ofmt);
    for (std::size_t i = 0; i < statement.expressions.size(); ++i) {
      if (i) text += special(v_ofs);
      text += evaluate(*statement.expressions[i]).text(number_format);
      check_text(text);
    }
    text += special(v_ors);
  }
  const std::string name = statement.where ? text_of(*statement.where) : "";
  Sink& target = sink(statement.target, name);
  target.write(text);
  const bool screen = statement.target == Statement::Target::none && process_.is_terminal(1);
  if (screen || name == "/dev/stderr") target.flush();
}

}  // namespace vnpu::devices::awk
