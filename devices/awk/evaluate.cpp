#include <cmath>
#include <utility>

#include "devices/awk/machine.h"

namespace vnpu::devices::awk {

namespace {

std::string folded(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

std::string Machine::text_of(const Value& value) {
  if (const std::string* text = value.stored()) return *text;
  return value.unset() ? std::string() : value.text(special(v_convfmt));
}

std::string Machine::text_of(const Expression& expression) { return text_of(evaluate(expression)); }

bool Machine::match_truth(const Expression& expression) { return evaluate(expression).truth(); }

Machine::Cell& Machine::cell(const Expression& variable) {
  const auto slot = static_cast<std::size_t>(variable.slot);
  return variable.op == Op::local ? (*frame_)[slot] : globals_[slot];
}

Array& Machine::array_of(bool is_local, int slot) {
  Cell& place = is_local ? (*frame_)[static_cast<std::size_t>(slot)] : globals_[static_cast<std::size_t>(slot)];
  if (!place.array) place.array = std::make_shared<Array>();
  return *place.array;
}

std::string Machine::subscript(const Expression& element) {
  std::string out;
  for (std::size_t i = 0; i < element.operands.size(); ++i) {
    if (i) out += special(v_subsep);
    out += text_of(*element.operands[i]);
    check_text(out);
  }
  return out;
}

Value Machine::evaluate(const Expression& expression) {
  tick();
  const Level level(*this, expression.line);
  try {
    Value out = compute(expression);
    steps_ += out.bytes() >> 12;  // copying a long text takes time as steps do
    return out;
  } catch (Fault& fault) {
    if (!fault.line) fault.line = expression.line;
    throw;
  }
}

Value Machine::compute(const Expression& expression) {
  const auto& operands = expression.operands;
  switch (expression.op) {
    case Op::number: return Value(expression.number);
    case Op::text: return Value(expression.text);
    case Op::regex: {
      join_record();
      std::vector<commands::Regular::Span> spans;
      return Value(regex_of(expression).search(record_, 0, spans) ? 1.0 : 0.0);
    }
    case Op::global:
      if (expression.slot == v_nf) split_record();
      [[fallthrough]];
    case Op::local: return cell(expression).value;
    case Op::field: return field(static_cast<long>(bounded(evaluate(*operands[0]).number(), -1.0, 1e9)));
    case Op::element: {
      const std::string key = subscript(expression);
      Array& array = array_of(expression.is_local, expression.slot);
      if (const Value* value = array.find(key)) return *value;
      const std::size_t before = array.key_bytes();
      array.at(key);
      charge(array.key_bytes() - before);
      return {};
    }
    case Op::group: return Value(subscript(expression));
    case Op::assign: {
      // The right side first: it may change what the left one means.
      Value right = evaluate(*operands[1]);
      if (expression.second != Op::assign)
        right = Value(arithmetic(expression.second, evaluate(*operands[0]).number(), right.number(), expression.line));
      return assign(*operands[0], std::move(right));
    }
    case Op::conditional: return evaluate(*operands[match_truth(*operands[0]) ? 1 : 2]);
    case Op::logical_or: return Value(match_truth(*operands[0]) || match_truth(*operands[1]) ? 1.0 : 0.0);
    case Op::logical_and: return Value(match_truth(*operands[0]) && match_truth(*operands[1]) ? 1.0 : 0.0);
    case Op::in: {
      const std::string key = text_of(*operands[0]);
      return Value(array_of(operands[1]->op == Op::local, operands[1]->slot).find(key) ? 1.0 : 0.0);
    }
    case Op::matches:
    case Op::matches_not: {
      const std::string text = text_of(*operands[0]);
      std::vector<commands::Regular::Span> spans;
      return Value(regex_of(*operands[1]).search(text, 0, spans) == (expression.op == Op::matches) ? 1.0 : 0.0);
    }
    case Op::less:
    case Op::less_equal:
    case Op::equal:
    case Op::unequal:
    case Op::greater_equal:
    case Op::greater: {
      const Value left = evaluate(*operands[0]);
      return Value(compare(expression.op, left, evaluate(*operands[1])) ? 1.0 : 0.0);
    }
    case Op::join: {
      std::string left = text_of(*operands[0]);
      left += text_of(*operands[1]);
      check_text(left);
      return Value(std::move(left));
    }
    case Op::add:
    case Op::subtract:
    case Op::multiply:
    case Op::divide:
    case Op::modulo:
    case Op::power: {
      const double left = evaluate(*operands[0]).number();
      return Value(arithmetic(expression.op, left, evaluate(*operands[1]).number(), expression.line));
    }
    case Op::negate: return Value(-evaluate(*operands[0]).number());
    case Op::plus: return Value(evaluate(*operands[0]).number());
    case Op::negation: return Value(match_truth(*operands[0]) ? 0.0 : 1.0);
    case Op::before_increment: return step(*operands[0], 1, true);
    case Op::before_decrement: return step(*operands[0], -1, true);
    case Op::after_increment: return step(*operands[0], 1, false);
    case Op::after_decrement: return step(*operands[0], -1, false);
    case Op::call: return call(expression);
    case Op::builtin: return builtin(expression);
    case Op::getline_main:
    case Op::getline_file:
    case Op::getline_pipe: return get_line(expression);
  }
  return {};
}

double Machine::arithmetic(Op op, double left, double right, int line) {
  switch (op) {
    case Op::add: return left + right;
    case Op::subtract: return left - right;
    case Op::multiply: return left * right;
    case Op::power: return std::pow(left, right);
    default: break;
  }
  if (right == 0) throw Fault{"Division by zero", line};
  return op == Op::divide ? left / right : std::fmod(left, right);
}

bool Machine::compare(Op op, const Value& left, const Value& right) {
  int order;  // below, at, above zero
  if (left.numeric() && right.numeric()) {
    const double a = left.number(), b = right.number();
    order = a < b ? -1 : a > b ? 1 : 0;
    if (std::isnan(a) || std::isnan(b)) return op == Op::unequal;
  } else if (ignore_case_) {
    order = folded(text_of(left)).compare(folded(text_of(right)));
  } else {
    order = text_of(left).compare(text_of(right));
  }
  switch (op) {
    case Op::less: return order < 0;
    case Op::less_equal: return order <= 0;
    case Op::equal: return order == 0;
    case Op::unequal: return order != 0;
    case Op::greater_equal: return order >= 0;
    default: return order > 0;
  }
}

Value Machine::assign(const Expression& target, Value value) {
  switch (target.op) {
    case Op::field: {
      const double index = evaluate(*target.operands[0]).number();
      set_field(static_cast<long>(bounded(index, -1.0, 1e9)), value);
      return value;
    }
    case Op::element: {
      const std::string key = subscript(target);
      Array& array = array_of(target.is_local, target.slot);
      const std::size_t before = array.key_bytes();
      Value& place = array.at(key);
      release(place.bytes());
      place = value;
      charge(array.key_bytes() - before + value.bytes());
      return value;
    }
    default: break;
  }
  Cell& place = cell(target);
  release(place.value.bytes());
  place.value = value;
  charge(value.bytes());
  if (target.op == Op::global && target.slot < special_count) changed_special(target.slot);
  return value;
}

Value Machine::step(const Expression& target, double change, bool before) {
  const double old = evaluate(target).number();
  assign(target, Value(old + change));
  return Value(before ? old + change : old);
}

Value Machine::call(const Expression& expression) {
  const Function& function = program_.functions[static_cast<std::size_t>(expression.slot)];
  const auto parameters = static_cast<std::size_t>(function.parameters);
  std::vector<Cell> frame(parameters);
  struct Leave {
    Machine& machine;
    std::vector<Cell>& frame;
    ~Leave() {
      for (const auto& place : frame) {
        machine.release(place.value.bytes());
        if (place.array && place.array.use_count() == 1) machine.release(place.array->bytes());
      }
    }
  } leave{*this, frame};
  charge(parameters * sizeof(Value));
  for (std::size_t i = 0; i < expression.operands.size(); ++i) {
    const Expression& argument = *expression.operands[i];
    const bool variable = argument.op == Op::global || argument.op == Op::local;
    if (variable && i < parameters) {
      // What has no value yet may become an array within: both sides share it from now on.
      Cell& place = cell(argument);
      const bool bare = place.value.unset() && (argument.op == Op::local || argument.slot >= special_count);
      if (place.array || bare) {
        if (!place.array) place.array = std::make_shared<Array>();
        frame[i].array = place.array;
        continue;
      }
    }
    Value value = evaluate(argument);
    if (i >= parameters) continue;
    release(sizeof(Value));
    frame[i].value = std::move(value);
    charge(frame[i].value.bytes());
  }
  std::vector<Cell>* outer = std::exchange(frame_, &frame);
  struct Restore {
    Machine& machine;
    std::vector<Cell>* outer;
    ~Restore() { machine.frame_ = outer; }
  } restore{*this, outer};
  returned_ = Value();
  execute(*function.body);
  return std::exchange(returned_, Value());
}

// 1: got one; 0: the end; -1: could not be opened.
Value Machine::get_line(const Expression& expression) {
  const Expression* target = expression.operands[0].get();
  std::string record;
  if (expression.op == Op::getline_main) {
    if (!next_main_record(record)) return Value(0.0);
  } else {
    const std::string name = text_of(*expression.operands[1]);
    const bool pipe = expression.op == Op::getline_pipe;
    auto it = sources_.find(name);
    if (it == sources_.end()) {
      flush_all();
      std::unique_ptr<Source> source;
      if (pipe) {
        auto child = Child::start(process_, name, Child::Side::reads_from_it);
        if (!child) return Value(-1.0);
        source = std::make_unique<Source>(process_, nullptr, std::move(child));
      } else if (name == "-" || name == "/dev/stdin") {
        source = std::make_unique<Source>(process_);
      } else {
        const auto status = process_.files().stat(process_.user, process_.path(name));
        auto stream = process_.open(name, open_flag::read);
        if (!stream || (status && status->type == FileType::directory)) {
          set_special(v_errno, Value(std::string(message(stream ? Errno::isdir : stream.error()))));
          return Value(-1.0);
        }
        source = std::make_unique<Source>(process_, *stream);
      }
      if (sources_.size() > 200) throw Fault{"too many open files"};
      it = sources_.emplace(name, std::move(source)).first;
    }
    std::string end;
    auto got = it->second->next(record_separator(), end);
    if (!got) return Value(it->second->failed() ? -1.0 : 0.0);
    record = std::move(*got);
    set_special(v_rt, Value(std::move(end)));
  }
  if (target) {
    assign(*target, Value::input(std::move(record)));
  } else {
    set_record(std::move(record));
  }
  return Value(1.0);
}

}  // namespace vnpu::devices::awk
