// Walks the tree.
#include <algorithm>

#include "devices/board.h"
#include "devices/shell/pattern.h"
#include "devices/shell/shell.h"

namespace vnpu::devices::shell {

namespace {

constexpr int nesting_limit = 1000;  // of everything that recurses in one thread

// Counts a loop for `break` and `continue`.
struct InLoop {
  explicit InLoop(int& count) : count(count) { ++count; }
  ~InLoop() { --count; }
  InLoop(const InLoop&) = delete;
  InLoop& operator=(const InLoop&) = delete;
  int& count;
};

}  // namespace

int Shell::execute(const Node& node, bool tested, bool last) {
  if (process.depth + ++nesting > nesting_limit) {
    --nesting;
    throw ShellError{"recursion too deep", 2, false};
  }
  struct Leave {
    int& count;
    ~Leave() { --count; }
  } leave{nesting};
  check_signals();
  if (options.noexec && !options.interactive) return 0;
  if (node.line) line = node.line;

  const bool compound = node.kind != Node::Kind::simple && node.kind != Node::Kind::function;
  if (compound && !node.redirects.empty()) {
    std::map<int, std::shared_ptr<Stream>> saved;
    try {
      apply(node.redirects, saved);
    } catch (const ShellError& error) {
      restore(saved);
      say(error.message);
      return status = error.status;
    }
    try {
      status = execute_node(node, tested, false);
    } catch (...) {
      restore(saved);
      throw;
    }
    restore(saved);
  } else {
    status = execute_node(node, tested, last);
  }
  const bool plain =
      node.kind == Node::Kind::simple || node.kind == Node::Kind::pipeline || node.kind == Node::Kind::subshell;
  if (options.errexit && !tested && status != 0 && plain && !node.negated) throw ExitShell{status};
  return status;
}

int Shell::execute_node(const Node& node, bool tested, bool last) {
  if (!node.source.empty()) job_text_ = node.source;
  switch (node.kind) {
    case Node::Kind::simple: return simple(node, last);
    case Node::Kind::pipeline: return pipeline(node, tested);
    case Node::Kind::list: {
      int out = 0;
      for (std::size_t i = 0; i < node.children.size(); ++i) {
        if (node.background[i]) {
          out = background(*node.children[i]);
        } else {
          out = execute(*node.children[i], tested, last && i + 1 == node.children.size());
        }
        status = out;
      }
      return node.children.empty() ? status : out;
    }
    case Node::Kind::and_or: {
      const int left = execute(*node.children[0], true);
      status = left;
      if ((left == 0) != node.is_and) return left;
      return execute(*node.children[1], tested, last);
    }
    case Node::Kind::group: return execute(*node.children[0], tested, last);
    case Node::Kind::subshell: return run_subshell(node, last);
    case Node::Kind::if_: {
      if (execute(*node.children[0], true) == 0) return execute(*node.children[1], tested, last);
      if (node.children.size() > 2) return execute(*node.children[2], tested, last);
      return 0;
    }
    case Node::Kind::while_:
    case Node::Kind::until: return loop(node);
    case Node::Kind::for_: return for_each(node);
    case Node::Kind::case_: return select_case(node);
    case Node::Kind::function: functions[node.name] = node.children[0]; return 0;
  }
  return 0;
}

// One round of a loop; false: it ends.
bool Shell::round(const Node& body, int& out) {
  check_signals();
  try {
    out = execute(body);
    return true;
  } catch (BreakLoop& jump) {
    out = 0;
    if (--jump.levels > 0 && loops > 1) throw;
    return jump.again;
  }
}

int Shell::loop(const Node& node) {
  const InLoop in_loop{loops};
  int out = 0, condition = 0;
  for (;;) {
    check_signals();
    try {
      condition = execute(*node.children[0], true);
    } catch (BreakLoop& jump) {
      out = 0;
      if (--jump.levels > 0 && loops > 1) throw;
      if (jump.again) continue;
      break;
    }
    if ((condition == 0) == (node.kind == Node::Kind::until) || !round(*node.children[1], out)) break;
  }
  return out;
}

int Shell::for_each(const Node& node) {
  const std::vector<std::string> items = node.over_arguments ? arguments : expand(node.words, false);
  const InLoop in_loop{loops};
  int out = 0;
  for (const auto& item : items) {
    assign(node.name, item);
    if (!round(*node.children[0], out)) break;
  }
  return out;
}

int Shell::select_case(const Node& node) {
  const std::string subject = expand_string(node.words[0]);
  for (const auto& item : node.cases) {
    for (const auto& pattern : item.patterns) {
      if (!matches(expand_pattern(pattern), subject)) continue;
      status = 0;
      return execute(*item.body);
    }
  }
  return 0;
}

}  // namespace vnpu::devices::shell
