// Runs an awk program.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "devices/awk/streams.h"
#include "devices/awk/syntax.h"
#include "devices/awk/value.h"

namespace vnpu::devices::awk {

// 0: none. A run that reaches a limit ends with a Fault.
struct Limits {
  std::uint64_t steps = 0;
  std::size_t bytes = std::size_t{48} << 20;  // of variables, arrays and fields
};

class Machine {
 public:
  Machine(Process& process, Program program, const Limits& limits = {});
  // NAME=VALUE of -v and of operands; escapes in the value mean what they do in a program.
  bool assign_operand(const std::string& text);
  void set_separator(const std::string& text);  // -F
  int run(const std::vector<std::string>& operands);

 private:
  static constexpr std::size_t text_limit = std::size_t{16} << 20;

  struct Cell {
    Value value;
    std::shared_ptr<Array> array;
  };
  enum class Flow { normal, break_, continue_, return_ };
  struct Next {
    bool file;
  };
  struct Exit {};

  // machine.cpp
  Flow execute(const Statement& statement);
  Flow execute_kind(const Statement& statement);
  Flow loop(const Statement& statement);
  Flow for_in(const Statement& statement);
  void print(const Statement& statement);
  void erase(const Expression& target);
  void run_rules();
  void actions(const std::vector<Stmt>& all);
  bool selects(Rule& rule);
  void tick();
  int finish(bool faulted);

  // evaluate.cpp
  Value evaluate(const Expression& expression);
  Value compute(const Expression& expression);
  Value assign(const Expression& target, Value value);
  Value step(const Expression& expression, double change, bool before);
  Value call(const Expression& expression);
  double arithmetic(Op op, double left, double right, int line);
  bool compare(Op op, const Value& left, const Value& right);
  bool match_truth(const Expression& expression);
  std::string text_of(const Expression& expression);
  std::string text_of(const Value& value);
  std::string subscript(const Expression& element);
  Array& array_of(bool is_local, int slot);
  Cell& cell(const Expression& variable);
  Value get_line(const Expression& expression);

  // functions.cpp
  Value builtin(const Expression& expression);
  Value substitute(const Expression& expression);
  Value split(const Expression& expression);
  Value match(const Expression& expression);
  Value substr(const Expression& expression);
  std::string format(const std::vector<Value>& values);
  Value time_function(const Expression& expression);
  int run_command(const std::string& command);
  commands::Regular regex_of(const Expression& expression);  // a literal, or the text of any other
  commands::Regular regex_of(const std::string& text);

  // records.cpp
  bool next_main_record(std::string& record);
  bool open_next_operand();
  void set_record(std::string record);
  void split_record();
  void join_record();
  Value field(long index);
  void set_field(long index, Value value);
  void set_field_count(double count);
  void changed_special(int slot);  // NF, FS and the like were assigned to
  std::vector<std::string> pieces(const std::string& text, const std::string& separator, bool paragraphs);
  std::vector<std::string> pieces(const std::string& text, const commands::Regular& separator);
  Separator record_separator();
  Sink& sink(Statement::Target target, const std::string& name);
  void flush_all();
  int close(const std::string& name);
  std::string special(int slot) { return globals_[static_cast<std::size_t>(slot)].value.text("%.6g"); }
  void set_special(int slot, Value value) { globals_[static_cast<std::size_t>(slot)].value = std::move(value); }
  void charge(std::size_t bytes);
  void release(std::size_t bytes) { bytes_ -= std::min(bytes_, bytes); }
  void check_text(const std::string& text);  // that its size is bearable
  std::vector<Value> values_of(const std::vector<Expr>& expressions);
  struct Level {  // of everything that recurses
    static constexpr int limit = 4000;
    Machine& machine;
    Level(Machine& m, int line) : machine(m) {
      if (machine.depth_ >= limit) throw Fault{"recursion too deep", line};
      ++machine.depth_;
    }
    Level(const Level&) = delete;
    ~Level() { --machine.depth_; }
  };
  struct Charge {  // while it lives
    Machine& machine;
    std::size_t bytes;
    Charge(Machine& m, std::size_t b) : machine(m), bytes(b) { machine.charge(b); }
    Charge(const Charge&) = delete;
    ~Charge() { machine.release(bytes); }
  };

  Process& process_;
  Program program_;
  Limits limits_;
  std::vector<Cell> globals_;
  std::vector<Cell>* frame_ = nullptr;
  Value returned_;
  std::uint64_t steps_ = 0, next_check_ = 256;
  std::size_t bytes_ = 0;
  int depth_ = 0, status_ = 0;
  bool ignore_case_ = false;
  std::uint64_t random_ = 1;
  double seed_ = 1;

  // The record: its text, its fields, and which of both is the newer.
  std::string record_;
  std::vector<Value> fields_;
  std::size_t field_bytes_ = 0;  // of those set by the program
  bool split_done_ = true, joined_ = true;

  std::vector<std::string> operands_;
  int operand_ = 1;
  bool any_operand_ = false, main_ended_ = false;
  std::unique_ptr<Source> main_;
  std::map<std::string, std::unique_ptr<Source>> sources_;  // files and commands read by getline
  std::map<std::string, std::unique_ptr<Sink>> sinks_;
  std::map<std::string, commands::Regular> regexes_;
};

}  // namespace vnpu::devices::awk
