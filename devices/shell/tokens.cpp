// Tokens: operators, descriptors, words by their first character; aliases and here-documents.
#include <algorithm>
#include <cctype>
#include <set>

#include "devices/shell/parser.h"

namespace vnpu::devices::shell {

void Parser::fail(const std::string& message, bool incomplete) const { throw SyntaxError{message, line_, incomplete}; }

void Parser::unexpected(const char* expecting) const {
  std::string what;
  switch (token_.kind) {
    case Kind::end: what = "end of file"; break;
    case Kind::newline: what = "newline"; break;
    case Kind::word: what = at_any_reserved() ? "\"" + token_.word.literal() + "\"" : "word"; break;
    case Kind::io_number: what = "redirection"; break;
    case Kind::op:
      what = token_.op[0] == '<' || token_.op[0] == '>' || token_.op == "&>" ? "redirection" : "\"" + token_.op + "\"";
      break;
  }
  std::string message = "syntax error: unexpected " + what;
  if (expecting) message += std::string(" (expecting \"") + expecting + "\")";
  throw SyntaxError{message, token_.line, token_.kind == Kind::end};
}

bool Parser::at_any_reserved() const {
  static const std::set<std::string, std::less<>> words{"if",    "then", "elif", "else", "fi",      "while",
                                                        "until", "for",  "do",   "done", "case",    "esac",
                                                        "{",     "}",    "!",    "in",   "function"};
  return token_.kind == Kind::word && words.contains(token_.word.literal());
}

void Parser::expect_reserved(const char* text) {
  if (!at_reserved(text)) unexpected(text);
  advance();
}

void Parser::skip_continuation() {
  at_ += 2;
  ++line_;
  continued_ = done();
}

void Parser::skip_blanks() {
  for (;;) {
    if (peek() == ' ' || peek() == '\t') {
      ++at_;
    } else if (peek() == '\\' && peek(1) == '\n') {
      skip_continuation();
    } else if (peek() == '#') {
      while (!done() && peek() != '\n') ++at_;
    } else {
      return;
    }
  }
}

Parser::Token Parser::read_token() {
  skip_blanks();
  Token token;
  token.line = line_;
  token.begin = at_;
  if (done()) return token;
  const char c = peek();
  if (c == '\n') {
    ++at_;
    ++line_;
    token.kind = Kind::newline;
    if (!here_documents_.empty()) read_here_documents();
    return token;
  }
  static const char* const operators[] = {"<<-", "&&", "||", ";;", "<<", ">>", "<&", ">&", "<>",
                                          ">|",  "&>", ";",  "&",  "|",  "(",  ")",  "<",  ">"};
  for (const char* op : operators) {
    if (text_.substr(at_).starts_with(op)) {
      token.kind = Kind::op;
      token.op = op;
      at_ += token.op.size();
      return token;
    }
  }
  if (std::isdigit(static_cast<unsigned char>(c))) {
    std::size_t end = at_;
    while (end < text_.size() && std::isdigit(static_cast<unsigned char>(text_[end]))) ++end;
    if (end < text_.size() && (text_[end] == '<' || text_[end] == '>') && end - at_ <= 3) {
      token.kind = Kind::io_number;
      token.op = text_.substr(at_, end - at_);
      at_ = end;
      return token;
    }
  }
  token.kind = Kind::word;
  token.word = read_word();
  return token;
}

void Parser::advance() {
  token_ = read_token();
  if (command_position_) expand_alias();
}

void Parser::expand_alias() {
  while (aliases_ && token_.kind == Kind::word) {
    const std::string name = token_.word.literal();
    const auto it = aliases_->find(name);
    if (name.empty() || it == aliases_->end() || alias_budget_ <= 0) return;
    if (name == alias_open_ && token_.begin < alias_end_) return;  // its own name within its text
    --alias_budget_;
    const std::size_t rest = at_;
    std::string text = std::string(text_.substr(0, token_.begin)) + it->second + " ";
    alias_end_ = text.size();
    alias_open_ = name;
    const std::size_t begin = token_.begin;
    text += text_.substr(rest);
    owned_ = std::move(text);
    text_ = owned_;
    at_ = begin;
    token_ = read_token();
  }
}

void Parser::read_here_documents() {
  auto pending = std::move(here_documents_);
  here_documents_.clear();
  for (auto& document : pending) {
    std::string body;
    bool ended = false;
    while (!done()) {
      const std::size_t end = std::min(text_.find('\n', at_), text_.size());
      std::string_view line = text_.substr(at_, end - at_);
      const bool has_newline = end < text_.size();
      at_ = has_newline ? end + 1 : end;
      if (has_newline) ++line_;
      if (document.strip_tabs) line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
      if (line == document.end) {
        ended = true;
        break;
      }
      body += line;
      if (has_newline) body += '\n';
    }
    // A missing end is taken as the end of the script, but more may come from a terminal.
    if (!ended) fail("syntax error: unexpected end of file (expecting here-document)", true);
    if (document.quoted) {
      add_text(*document.body, body, true);
    } else {
      Parser inner(body, aliases_, line_, depth_);
      *document.body = inner.quoted_text();
    }
  }
}

}  // namespace vnpu::devices::shell
