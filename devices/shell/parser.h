// Reads shell syntax as BusyBox ash does (POSIX sh with $'..', function NAME, &>, ${x/a/b}, ${x:1:2}).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "devices/shell/ast.h"

namespace vnpu::devices::shell {

// `syntax error: unexpected "("`, without the shell's name. `incomplete`: more input may heal it.
struct SyntaxError {
  std::string message;
  int line = 0;
  bool incomplete = false;
};

using Aliases = std::map<std::string, std::string>;

class Parser {
 public:
  // `text` must outlive the parser. Nesting beyond `depth_limit` is a syntax error.
  explicit Parser(std::string_view text, const Aliases* aliases = nullptr, int first_line = 1, int depth = 0);
  // The next complete line of commands; null at the end. Throws SyntaxError.
  NodePtr next();
  std::size_t position() const { return at_; }
  int line() const { return line_; }
  bool continued() const { return continued_; }  // the text ended in a backslash and an end of line: more is to come

  static constexpr int depth_limit = 150;

 private:
  enum class Kind { end, newline, word, op, io_number };
  struct Token {
    Kind kind = Kind::end;
    std::string op;  // also the digits of an io_number
    Word word;
    int line = 1;
    std::size_t begin = 0;
  };
  struct HereDocument {
    std::shared_ptr<Word> body;
    std::string end;
    bool strip_tabs, quoted;
  };

  // tokens (tokens.cpp)
  void advance();
  Token read_token();
  void skip_blanks();
  void skip_continuation();
  void expand_alias();
  void read_here_documents();
  bool at_op(const char* text) const { return token_.kind == Kind::op && token_.op == text; }
  bool at_reserved(const char* text) const { return token_.kind == Kind::word && token_.word.literal() == text; }
  bool at_any_reserved() const;
  [[noreturn]] void unexpected(const char* expecting = nullptr) const;
  [[noreturn]] void fail(const std::string& message, bool incomplete) const;
  void expect_reserved(const char* text);

  // words (words.cpp)
  Word read_word();
  void read_dollar(Word& into, bool quoted);
  void read_braced(Word& into, bool quoted);
  void read_double_quotes(Word& into);
  void read_backquotes(Word& into, bool quoted);
  std::string read_single_quotes();
  std::string read_ansi_quotes();
  Word read_brace_word(bool quoted, const char* ends);
  Word read_arithmetic();
  Word quoted_text();  // the rest of the text, as in a here-document
  static void add_text(Word& word, std::string_view text, bool quoted);
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool done() const { return at_ >= text_.size(); }

  // grammar
  NodePtr list(bool until_newline);
  NodePtr and_or();
  NodePtr pipeline();
  NodePtr command();
  NodePtr simple();
  NodePtr compound_list();
  NodePtr if_clause();
  NodePtr loop(bool until);
  NodePtr for_clause();
  NodePtr case_clause();
  NodePtr function(const std::string& name);
  bool redirect(std::vector<Redirect>& into);
  void skip_newlines();

  struct Nested {  // one level of grammar
    Parser& parser;
    explicit Nested(Parser& p) : parser(p) {
      if (++parser.depth_ > depth_limit) {
        --parser.depth_;
        parser.fail("syntax error: nested too deeply", false);
      }
    }
    ~Nested() { --parser.depth_; }
  };
  std::string owned_;  // the text once an alias was spliced in
  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1, depth_ = 0;
  const Aliases* aliases_;
  int alias_budget_ = 200;
  Token token_;
  bool command_position_ = true, continued_ = false;
  std::string alias_open_;  // the alias whose text is being read, and where it ends
  std::size_t alias_end_ = 0;
  std::vector<HereDocument> here_documents_;
};

}  // namespace vnpu::devices::shell
