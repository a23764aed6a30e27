#include "devices/shell/parser.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace vnpu::devices::shell {

namespace {

const std::set<std::string, std::less<>> closing_words{"then", "elif", "else", "fi", "do", "done", "esac", "}", "in"};

bool is_name(std::string_view text) {
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0]))) return false;
  for (const char c : text)
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_') return false;
  return true;
}

}  // namespace

Parser::Parser(std::string_view text, const Aliases* aliases, int first_line, int depth)
    : text_(text), line_(first_line), depth_(depth), aliases_(aliases) {}

NodePtr Parser::next() {
  command_position_ = true;
  do advance();
  while (token_.kind == Kind::newline);
  if (token_.kind == Kind::end) return nullptr;
  auto out = list(true);
  if (token_.kind != Kind::newline && token_.kind != Kind::end) unexpected();
  if (!here_documents_.empty()) fail("syntax error: unexpected end of file (expecting here-document)", true);
  return out;
}

void Parser::skip_newlines() {
  while (token_.kind == Kind::newline) advance();
}

NodePtr Parser::list(bool until_newline) {
  Nested nested(*this);
  auto node = std::make_shared<Node>();
  node->kind = Node::Kind::list;
  node->line = token_.line;
  for (;;) {
    if (!until_newline) skip_newlines();
    if (token_.kind == Kind::end || token_.kind == Kind::newline || at_op(")") || at_op(";;")) break;
    if (token_.kind == Kind::word && closing_words.contains(token_.word.literal()) && !at_reserved("in")) break;
    const std::size_t begin = token_.begin;
    auto item = and_or();
    bool background = false;
    if (at_op("&")) {
      background = true;
      const std::size_t end = std::min(token_.begin, text_.size());
      auto copy = std::make_shared<Node>(*item);
      copy->source = begin < end ? std::string(text_.substr(begin, end - begin)) : "";
      while (!copy->source.empty() && copy->source.back() == ' ') copy->source.pop_back();
      item = copy;
    }
    node->children.push_back(item);
    node->background.push_back(background);
    if (background || at_op(";")) {
      command_position_ = true;
      advance();
    } else if (token_.kind == Kind::newline && !until_newline) {
      continue;
    } else {
      break;
    }
  }
  return node;
}

NodePtr Parser::compound_list() {
  command_position_ = true;
  return list(false);
}

NodePtr Parser::and_or() {
  auto left = pipeline();
  while (at_op("&&") || at_op("||")) {
    auto node = std::make_shared<Node>();
    node->kind = Node::Kind::and_or;
    node->line = token_.line;
    node->is_and = token_.op == "&&";
    command_position_ = true;
    advance();
    skip_newlines();
    node->children = {left, pipeline()};
    left = node;
  }
  return left;
}

NodePtr Parser::pipeline() {
  const std::size_t begin = token_.begin;
  bool negated = false;
  while (at_reserved("!")) {
    negated = !negated;
    command_position_ = true;
    advance();
  }
  auto first = command();
  // What `jobs` shows of it; nobody else holds the node yet.
  const auto keep_source = [&](const NodePtr& node) {
    const std::size_t end = std::min<std::size_t>({token_.begin, text_.size(), begin + 200});
    auto& source = std::const_pointer_cast<Node>(node)->source;
    source = begin < end ? std::string(text_.substr(begin, end - begin)) : "";
    while (!source.empty() && (source.back() == ' ' || source.back() == '\n')) source.pop_back();
    return node;
  };
  if (!negated && !at_op("|"))
    return first->kind == Node::Kind::simple || first->kind == Node::Kind::subshell ? keep_source(first) : first;
  auto node = std::make_shared<Node>();
  node->kind = Node::Kind::pipeline;
  node->line = first->line;
  node->negated = negated;
  node->children.push_back(first);
  while (at_op("|")) {
    command_position_ = true;
    advance();
    skip_newlines();
    node->children.push_back(command());
  }
  return keep_source(node);
}

bool Parser::redirect(std::vector<Redirect>& into) {
  int descriptor = -1;
  if (token_.kind == Kind::io_number) {
    descriptor = std::stoi(token_.op);
    token_ = read_token();
  }
  if (token_.kind != Kind::op) return false;
  Redirect out;
  out.descriptor = descriptor;
  const std::string op = token_.op;
  if (op == "<") {
    out.kind = Redirect::Kind::in;
  } else if (op == ">" || op == ">|") {
    out.kind = Redirect::Kind::out;
  } else if (op == ">>") {
    out.kind = Redirect::Kind::append;
  } else if (op == "<>") {
    out.kind = Redirect::Kind::in_out;
  } else if (op == "<&") {
    out.kind = Redirect::Kind::duplicate_in;
  } else if (op == ">&") {
    out.kind = Redirect::Kind::duplicate_out;
  } else if (op == "&>") {
    out.kind = Redirect::Kind::out_and_error;
  } else if (op == "<<" || op == "<<-") {
    out.kind = Redirect::Kind::here;
  } else {
    return false;
  }
  const bool before = command_position_;
  command_position_ = false;
  token_ = read_token();
  if (token_.kind != Kind::word) unexpected();
  out.target = token_.word;
  into.push_back(std::move(out));
  if (into.back().kind == Redirect::Kind::here) {
    HereDocument document{std::make_shared<Word>(), "", op == "<<-", false};
    for (const auto& part : into.back().target.parts) {
      if (part.kind != Part::Kind::text) fail("syntax error: bad here-document end", false);
      document.end += part.text;
      document.quoted |= part.quoted;
    }
    into.back().target = Word();
    into.back().body = document.body;
    here_documents_.push_back(document);
  }
  command_position_ = before;
  return true;
}

NodePtr Parser::command() {
  Nested nested(*this);
  auto node = [&]() -> NodePtr {
    if (at_op("(")) {
      auto subshell = std::make_shared<Node>();
      subshell->kind = Node::Kind::subshell;
      subshell->line = token_.line;
      command_position_ = true;
      advance();
      subshell->children.push_back(compound_list());
      if (!at_op(")")) unexpected(")");
      if (std::static_pointer_cast<const Node>(subshell->children[0])->children.empty()) unexpected();
      command_position_ = false;
      advance();
      return subshell;
    }
    if (at_reserved("{")) {
      auto group = std::make_shared<Node>();
      group->kind = Node::Kind::group;
      group->line = token_.line;
      advance();
      group->children.push_back(compound_list());
      command_position_ = false;
      expect_reserved("}");
      return group;
    }
    if (at_reserved("if")) return if_clause();
    if (at_reserved("while")) return loop(false);
    if (at_reserved("until")) return loop(true);
    if (at_reserved("for")) return for_clause();
    if (at_reserved("case")) return case_clause();
    if (at_reserved("function")) {
      command_position_ = false;
      advance();
      const std::string name = token_.kind == Kind::word ? token_.word.literal() : "";
      if (name.empty()) unexpected();
      advance();
      if (at_op("(")) {
        advance();
        if (!at_op(")")) unexpected(")");
        command_position_ = true;
        advance();
      }
      return function(name);
    }
    return nullptr;
  }();
  if (!node) return simple();
  // Redirections of a compound command.
  if (token_.kind == Kind::io_number || (token_.kind == Kind::op && (token_.op[0] == '<' || token_.op[0] == '>'))) {
    auto with = std::make_shared<Node>(*node);
    while (token_.kind == Kind::io_number ||
           (token_.kind == Kind::op && (token_.op[0] == '<' || token_.op[0] == '>' || token_.op == "&>"))) {
      if (with->redirects.size() == 64) fail("syntax error: too many redirections", false);
      if (!redirect(with->redirects)) unexpected();
      command_position_ = false;
      advance();
    }
    return with;
  }
  return node;
}

NodePtr Parser::simple() {
  auto node = std::make_shared<Node>();
  node->kind = Node::Kind::simple;
  node->line = token_.line;
  command_position_ = true;
  for (;;) {
    if (token_.kind == Kind::word) {
      const Word& word = token_.word;
      if (node->words.empty()) {
        if (at_any_reserved() && node->assignments.empty() && node->redirects.empty() &&
            closing_words.contains(word.literal()) && !at_reserved("in"))
          unexpected();
        const Part& first = word.parts[0];
        const std::size_t equals =
            first.kind == Part::Kind::text && !first.quoted ? first.text.find('=') : std::string::npos;
        if (equals != std::string::npos && equals > 0) {
          const bool append = first.text[equals - 1] == '+';
          const std::string name = first.text.substr(0, equals - append);
          if (is_name(name)) {
            Assignment assignment{name, word, append};
            assignment.value.parts[0].text.erase(0, equals + 1);
            if (assignment.value.parts[0].text.empty()) assignment.value.parts.erase(assignment.value.parts.begin());
            node->assignments.push_back(std::move(assignment));
            command_position_ = true;
            advance();
            if (at_op("(")) unexpected();
            continue;
          }
        }
      }
      node->words.push_back(word);
      command_position_ = false;
      const std::string name = node->words.size() == 1 ? word.literal() : "";
      advance();
      if (!name.empty() && at_op("(") && node->assignments.empty() && node->redirects.empty()) {
        advance();
        if (!at_op(")")) unexpected();
        if (name.find_first_of("'\"\\$`") != std::string::npos) fail("syntax error: bad function name", false);
        command_position_ = true;
        advance();
        return function(name);
      }
    } else if (token_.kind == Kind::io_number ||
               (token_.kind == Kind::op && (token_.op[0] == '<' || token_.op[0] == '>' || token_.op == "&>"))) {
      if (node->redirects.size() == 64) fail("syntax error: too many redirections", false);
      if (!redirect(node->redirects)) unexpected();
      command_position_ = node->words.empty();
      advance();
    } else {
      break;
    }
  }
  if (node->words.empty() && node->assignments.empty() && node->redirects.empty()) unexpected();
  return node;
}

NodePtr Parser::function(const std::string& name) {
  auto node = std::make_shared<Node>();
  node->kind = Node::Kind::function;
  node->line = token_.line;
  node->name = name;
  command_position_ = true;
  skip_newlines();
  node->children.push_back(command());
  return node;
}

NodePtr Parser::if_clause() {
  auto node = std::make_shared<Node>();
  node->kind = Node::Kind::if_;
  node->line = token_.line;
  command_position_ = true;
  advance();
  const auto nonempty = [&](NodePtr body) {
    if (body->children.empty()) unexpected();
    return body;
  };
  node->children.push_back(nonempty(compound_list()));
  command_position_ = true;
  expect_reserved("then");
  node->children.push_back(nonempty(compound_list()));
  if (at_reserved("elif")) {
    Nested nested(*this);
    node->children.push_back(if_clause());  // ends with its fi
    return node;
  }
  if (at_reserved("else")) {
    command_position_ = true;
    advance();
    node->children.push_back(nonempty(compound_list()));
  }
  command_position_ = false;
  expect_reserved("fi");
  return node;
}

NodePtr Parser::loop(bool until) {
  auto node = std::make_shared<Node>();
  node->kind = until ? Node::Kind::until : Node::Kind::while_;
  node->line = token_.line;
  command_position_ = true;
  advance();
  node->children.push_back(compound_list());
  if (node->children[0]->children.empty()) unexpected();
  command_position_ = true;
  expect_reserved("do");
  node->children.push_back(compound_list());
  if (node->children[1]->children.empty()) unexpected("done");
  command_position_ = false;
  expect_reserved("done");
  return node;
}

NodePtr Parser::for_clause() {
  auto node = std::make_shared<Node>();
  node->kind = Node::Kind::for_;
  node->line = token_.line;
  command_position_ = false;
  advance();
  node->name = token_.kind == Kind::word ? token_.word.literal() : "";
  if (token_.kind != Kind::word) unexpected();
  if (!is_name(node->name)) fail("syntax error: bad for loop variable", false);
  advance();
  skip_newlines();
  if (at_reserved("in")) {
    advance();
    while (token_.kind == Kind::word) {
      node->words.push_back(token_.word);
      advance();
    }
    if (token_.kind != Kind::newline && !at_op(";")) unexpected();
    command_position_ = true;
    advance();
  } else {
    node->over_arguments = true;
    command_position_ = true;
    if (at_op(";")) advance();
  }
  skip_newlines();
  expect_reserved("do");
  node->children.push_back(compound_list());
  if (node->children[0]->children.empty()) unexpected("done");
  command_position_ = false;
  expect_reserved("done");
  return node;
}

NodePtr Parser::case_clause() {
  auto node = std::make_shared<Node>();
  node->kind = Node::Kind::case_;
  node->line = token_.line;
  command_position_ = false;
  advance();
  if (token_.kind != Kind::word) unexpected();
  node->words.push_back(token_.word);
  advance();
  skip_newlines();
  if (!at_reserved("in")) unexpected("in");
  advance();
  skip_newlines();
  while (!at_reserved("esac")) {
    CaseItem item;
    if (at_op("(")) advance();
    for (;;) {
      if (token_.kind != Kind::word) unexpected(token_.kind == Kind::end ? ")" : nullptr);
      item.patterns.push_back(token_.word);
      advance();
      if (!at_op("|")) break;
      advance();
    }
    if (!at_op(")")) unexpected(")");
    command_position_ = true;
    advance();
    item.body = compound_list();
    node->cases.push_back(std::move(item));
    command_position_ = false;
    if (at_op(";;")) {
      advance();
      skip_newlines();
    } else {
      skip_newlines();
      if (!at_reserved("esac")) unexpected(";;");
    }
  }
  command_position_ = false;
  advance();
  return node;
}

}  // namespace vnpu::devices::shell
