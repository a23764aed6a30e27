// Words: quotes, parameters, substitutions.
#include <cctype>

#include "devices/shell/parser.h"

namespace vnpu::devices::shell {

namespace {

bool name_start(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool name_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

void append_utf8(std::string& out, unsigned long code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 63));
  } else {
    out += static_cast<char>(0xe0 | (code >> 12 & 15));
    out += static_cast<char>(0x80 | (code >> 6 & 63));
    out += static_cast<char>(0x80 | (code & 63));
  }
}

}  // namespace

void Parser::add_text(Word& word, std::string_view text, bool quoted) {
  if (!word.parts.empty()) {
    Part& last = word.parts.back();
    if (last.kind == Part::Kind::text && last.quoted == quoted) {
      last.text += text;
      return;
    }
  }
  Part part;
  part.quoted = quoted;
  part.text = text;
  word.parts.push_back(std::move(part));
}

Word Parser::read_word() {
  Word word;
  word.line = line_;
  while (!done()) {
    const char c = peek();
    if (std::string_view(" \t\n;&|<>()").find(c) != std::string_view::npos) break;
    switch (c) {
      case '\\':
        if (peek(1) == '\n') {
          skip_continuation();
        } else if (at_ + 1 >= text_.size()) {
          ++at_;
          add_text(word, "\\", true);
        } else {
          add_text(word, text_.substr(at_ + 1, 1), true);
          at_ += 2;
        }
        break;
      case '\'': add_text(word, read_single_quotes(), true); break;
      case '"': read_double_quotes(word); break;
      case '$': read_dollar(word, false); break;
      case '`': read_backquotes(word, false); break;
      default: add_text(word, text_.substr(at_, 1), false); ++at_;
    }
  }
  return word;
}

std::string Parser::read_single_quotes() {
  const std::size_t end = text_.find('\'', at_ + 1);
  if (end == std::string_view::npos) {
    at_ = text_.size();
    fail("syntax error: unterminated quoted string", true);
  }
  std::string out(text_.substr(at_ + 1, end - at_ - 1));
  for (const char c : out) line_ += c == '\n';
  at_ = end + 1;
  return out;
}

std::string Parser::read_ansi_quotes() {
  std::string out;
  while (!done() && peek() != '\'') {
    char c = text_[at_++];
    line_ += c == '\n';
    if (c != '\\' || done()) {
      out += c;
      continue;
    }
    c = text_[at_++];
    const auto digits = [&](int base, int most) {
      unsigned long value = 0;
      for (int i = 0; i < most && !done(); ++i) {
        const char d = peek();
        const int digit = std::isdigit(static_cast<unsigned char>(d))    ? d - '0'
                          : std::isxdigit(static_cast<unsigned char>(d)) ? std::tolower(d) - 'a' + 10
                                                                         : 99;
        if (digit >= base) break;
        value = value * static_cast<unsigned long>(base) + static_cast<unsigned long>(digit);
        ++at_;
      }
      return value;
    };
    switch (c) {
      case 'a': out += '\a'; break;
      case 'b': out += '\b'; break;
      case 'e': out += '\033'; break;
      case 'f': out += '\f'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 't': out += '\t'; break;
      case 'v': out += '\v'; break;
      case 'x': out += static_cast<char>(digits(16, 2)); break;
      case 'u': append_utf8(out, digits(16, 4)); break;
      case '0':
      case '1':
      case '2':
      case '3':
      case '4':
      case '5':
      case '6':
      case '7':
        --at_;
        out += static_cast<char>(digits(8, 3));
        break;
      default:
        if (c != '\\' && c != '\'' && c != '"') out += '\\';
        out += c;
    }
  }
  if (done()) fail("syntax error: unterminated quoted string", true);
  ++at_;
  return out;
}

void Parser::read_double_quotes(Word& into) {
  ++at_;
  add_text(into, "", true);  // so that "" is a field
  while (!done() && peek() != '"') {
    const char c = peek();
    if (c == '\\') {
      const char next = peek(1);
      if (next == '\n') {
        at_ += 2;
        ++line_;
      } else if (next && std::string_view("$`\"\\").find(next) != std::string_view::npos) {
        add_text(into, text_.substr(at_ + 1, 1), true);
        at_ += 2;
      } else {
        add_text(into, "\\", true);
        ++at_;
      }
    } else if (c == '$') {
      read_dollar(into, true);
    } else if (c == '`') {
      read_backquotes(into, true);
    } else {
      line_ += c == '\n';
      add_text(into, text_.substr(at_, 1), true);
      ++at_;
    }
  }
  if (done()) fail("syntax error: unterminated quoted string", true);
  ++at_;
}

void Parser::read_dollar(Word& into, bool quoted) {
  const char next = peek(1);
  Part part;
  part.quoted = quoted;
  if (next == '\'' && !quoted) {
    at_ += 2;
    add_text(into, read_ansi_quotes(), true);
    return;
  }
  if (next == '{') {
    at_ += 2;
    read_braced(into, quoted);
    return;
  }
  if (next == '(') {
    Nested nested(*this);
    if (peek(2) == '(') {
      // $((...)), unless it turns out to be $( (...) ).
      const std::size_t begin = at_;
      const int line = line_;
      at_ += 3;
      try {
        Word expression = read_arithmetic();
        part.kind = Part::Kind::arithmetic;
        part.word = std::make_shared<Word>(std::move(expression));
        into.parts.push_back(std::move(part));
        return;
      } catch (const SyntaxError& error) {
        if (error.incomplete || depth_ > depth_limit / 2) throw;
        at_ = begin;
        line_ = line;
      }
    }
    at_ += 2;
    // A parser of its own on the same text, up to the closing parenthesis.
    Parser inner(text_.substr(at_), aliases_, line_, depth_);
    inner.advance();
    part.program = inner.compound_list();
    if (!inner.at_op(")")) {
      if (inner.token_.kind == Kind::end) fail("syntax error: unterminated quoted string", true);
      inner.unexpected();
    }
    // Aliases may have been spliced into the inner parser's text: then its positions are its own.
    if (!inner.owned_.empty()) {
      at_ = text_.size() - (inner.text_.size() - inner.at_);
    } else {
      at_ += inner.at_;
    }
    line_ = inner.line_;
    part.kind = Part::Kind::command;
    into.parts.push_back(std::move(part));
    return;
  }
  part.kind = Part::Kind::parameter;
  if (name_start(next)) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && name_char(text_[end])) ++end;
    part.text = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end;
  } else if (std::isdigit(static_cast<unsigned char>(next)) ||
             (next && std::string_view("?$!#@*-").find(next) != std::string_view::npos)) {
    part.text = std::string(1, next);
    at_ += 2;
  } else {
    add_text(into, "$", quoted);
    ++at_;
    return;
  }
  into.parts.push_back(std::move(part));
}

void Parser::read_braced(Word& into, bool quoted) {
  Nested nested(*this);
  const auto bad = [&]() -> void {
    if (done()) fail("syntax error: missing '}'", true);
    fail("syntax error: bad substitution", false);
  };
  Part part;
  part.kind = Part::Kind::parameter;
  part.quoted = quoted;
  const auto read_name = [&] {
    const char c = peek();
    if (name_start(c)) {
      while (!done() && name_char(peek())) part.text += text_[at_++];
    } else if (std::isdigit(static_cast<unsigned char>(c))) {
      while (!done() && std::isdigit(static_cast<unsigned char>(peek()))) part.text += text_[at_++];
    } else if (c && std::string_view("?$!#@*-").find(c) != std::string_view::npos) {
      part.text += text_[at_++];
    } else {
      bad();
    }
  };
  if (peek() == '#' && peek(1) != '}' && peek(1) != '\0' &&
      (name_char(peek(1)) || std::string_view("?$!#@*-").find(peek(1)) != std::string_view::npos)) {
    // ${#name}; but ${#-x}, ${#?} ... are read by what follows.
    const char after = peek(2);
    if (name_char(peek(1)) || after == '}') {
      ++at_;
      part.op = 'L';
    }
  }
  read_name();
  if (part.op != 'L' && peek() != '}') {
    if (peek() == ':') {
      ++at_;
      const char c = peek();
      if (c && std::string_view("-=?+").find(c) != std::string_view::npos) {
        part.colon = true;
        part.op = c;
        ++at_;
      } else {
        part.op = ':';
      }
    } else if (peek() && std::string_view("-=?+#%/").find(peek()) != std::string_view::npos) {
      part.op = text_[at_++];
      if ((part.op == '#' || part.op == '%' || part.op == '/') && peek() == part.op) {
        part.doubled = true;
        ++at_;
      }
    } else {
      bad();
    }
    if (part.op == '/' || part.op == ':') {
      const char* separator = part.op == '/' ? "/" : ":";
      part.word = std::make_shared<Word>(read_brace_word(quoted, separator));
      if (peek() == *separator) {
        ++at_;
        part.second = std::make_shared<Word>(read_brace_word(quoted, ""));
      }
    } else {
      // Patterns keep the meaning of quotes also within double quotes.
      part.word = std::make_shared<Word>(read_brace_word(quoted && part.op != '#' && part.op != '%', ""));
    }
  }
  if (peek() != '}') bad();
  ++at_;
  into.parts.push_back(std::move(part));
}

Word Parser::read_brace_word(bool quoted, const char* ends) {
  Word word;
  word.line = line_;
  while (!done() && peek() != '}') {
    const char c = peek();
    if (*ends && c == *ends) break;
    if (c == '\\') {
      const char next = peek(1);
      if (next == '\n') {
        at_ += 2;
        ++line_;
      } else if (quoted && std::string_view("$`\"\\}").find(next) == std::string_view::npos) {
        add_text(word, "\\", true);
        ++at_;
      } else if (at_ + 1 < text_.size()) {
        add_text(word, text_.substr(at_ + 1, 1), true);
        at_ += 2;
      } else {
        ++at_;
      }
    } else if (c == '\'' && !quoted) {
      add_text(word, read_single_quotes(), true);
    } else if (c == '"') {
      read_double_quotes(word);
    } else if (c == '$') {
      read_dollar(word, quoted);
    } else if (c == '`') {
      read_backquotes(word, quoted);
    } else {
      line_ += c == '\n';
      add_text(word, text_.substr(at_, 1), quoted);
      ++at_;
    }
  }
  if (done()) fail("syntax error: missing '}'", true);
  return word;
}

Word Parser::read_arithmetic() {
  Word word;
  word.line = line_;
  int open = 0;
  while (!done()) {
    const char c = peek();
    if (c == ')' && open == 0) {
      if (peek(1) == ')') {
        at_ += 2;
        return word;
      }
      if (at_ + 1 >= text_.size()) break;
      fail("syntax error: missing '))'", false);
    }
    if (c == '(') ++open;
    if (c == ')') --open;
    if (c == '\\' && peek(1) == '\n') {
      at_ += 2;
      ++line_;
    } else if (c == '$') {
      read_dollar(word, true);
    } else if (c == '`') {
      read_backquotes(word, true);
    } else if (c == '"') {
      ++at_;
    } else {
      line_ += c == '\n';
      add_text(word, text_.substr(at_, 1), true);
      ++at_;
    }
  }
  fail("syntax error: missing '))'", true);
}

void Parser::read_backquotes(Word& into, bool quoted) {
  Nested nested(*this);
  ++at_;
  std::string text;
  const int line = line_;
  while (!done() && peek() != '`') {
    char c = text_[at_++];
    if (c == '\\' && !done()) {
      const char next = peek();
      if (next == '`' || next == '\\' || next == '$' || (quoted && next == '"')) {
        c = next;
        ++at_;
      }
    }
    line_ += c == '\n';
    text += c;
  }
  if (done()) fail("syntax error: EOF in backquote substitution", true);
  ++at_;
  Parser inner(text, aliases_, line, depth_);
  inner.advance();
  Part part;
  part.kind = Part::Kind::command;
  part.quoted = quoted;
  part.program = inner.compound_list();
  if (inner.token_.kind != Kind::end) inner.unexpected();
  into.parts.push_back(std::move(part));
}

Word Parser::quoted_text() {
  Word word;
  word.line = line_;
  add_text(word, "", true);
  while (!done()) {
    const char c = peek();
    if (c == '\\') {
      const char next = peek(1);
      if (next == '\n') {
        at_ += 2;
      } else if (next && std::string_view("$`\\").find(next) != std::string_view::npos) {
        add_text(word, text_.substr(at_ + 1, 1), true);
        at_ += 2;
      } else {
        add_text(word, "\\", true);
        ++at_;
      }
    } else if (c == '$') {
      read_dollar(word, true);
    } else if (c == '`') {
      read_backquotes(word, true);
    } else {
      add_text(word, text_.substr(at_, 1), true);
      ++at_;
    }
  }
  return word;
}

}  // namespace vnpu::devices::shell
