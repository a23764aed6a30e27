// What the parser makes of a shell script. Immutable once made, shared between shell and subshells.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace vnpu::devices::shell {

struct Node;
using NodePtr = std::shared_ptr<const Node>;

struct Word;

// A piece of a word.
struct Part {
  enum class Kind { text, parameter, command, arithmetic };
  Kind kind = Kind::text;
  bool quoted = false;  // within quotes or behind a backslash: no splitting, no globbing
  std::string text;     // the text, or the parameter's name

  // ${name op word}: '-', '=', '?', '+' (colon: also when empty), '#', '%', '/' (doubled: ##, %%, //), ':' substring,
  // 'L' ${#name}; 0 for plain.
  char op = 0;
  bool colon = false, doubled = false;
  std::shared_ptr<const Word> word, second;  // second: length of a substring, replacement

  NodePtr program;  // $(...)
};

struct Word {
  std::vector<Part> parts;
  int line = 0;
  // The text when the word is one unquoted literal, else empty: for reserved words and names.
  std::string literal() const {
    return parts.size() == 1 && parts[0].kind == Part::Kind::text && !parts[0].quoted ? parts[0].text : std::string();
  }
};

struct Redirect {
  enum class Kind { in, out, append, in_out, duplicate_in, duplicate_out, here, out_and_error };
  Kind kind = Kind::in;
  int descriptor = -1;         // -1: the usual one
  Word target;                 // file or descriptor
  std::shared_ptr<Word> body;  // the here-document's
};

struct Assignment {
  std::string name;
  Word value;
  bool append = false;  // name+=value
};

struct CaseItem {
  std::vector<Word> patterns;
  NodePtr body;
  bool fall_through = false;
};

struct Node {
  enum class Kind { simple, pipeline, list, and_or, group, subshell, if_, while_, until, for_, case_, function };
  Kind kind = Kind::simple;
  int line = 0;

  std::vector<Assignment> assignments;  // simple
  std::vector<Word> words;              // simple; for_: the list; case_: the subject
  std::vector<Redirect> redirects;      // of any command

  // pipeline: the stages; list: the commands (background[i] tells of `&`); and_or: two; group, subshell: one;
  // if_: condition, then, [else]; while_, until: condition, body; for_, function: body.
  std::vector<NodePtr> children;
  std::vector<bool> background;
  bool negated = false;         // pipeline: !
  bool is_and = false;          // and_or
  bool over_arguments = false;  // for_ without `in`
  std::string name;             // for_: the variable; function: its name
  std::string source;           // of a command, a pipeline, what runs in the background: its text for `jobs`
  std::vector<CaseItem> cases;
};

}  // namespace vnpu::devices::shell
