// PS1 and PS2: parameters first, then the escapes.
#include "devices/board.h"
#include "devices/shell/parser.h"
#include "devices/shell/shell.h"

namespace vnpu::devices::shell {

std::string Shell::expand_prompt(const std::string& text) {
  // First the parameters, keeping backslashes; then the escapes.
  std::string expanded = text;
  if (text.find_first_of("$`") != std::string::npos) {
    // A backslash before $ is an escape of the prompt, not of the word.
    std::string guarded;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\' && i + 1 < text.size()) {
        guarded += "\\\\";
        guarded += text[++i] == '$' ? "\\$" : text[i] == '\\' ? "\\\\" : std::string(1, text[i]);
      } else {
        guarded += text[i];
      }
    }
    try {
      std::string document = "cat <<PROMPT_END\n" + guarded + "\nPROMPT_END\n";
      Parser parser(document);
      const auto node = parser.next();
      const int before = status;
      expanded = expand_string(*node->children.at(0)->redirects.at(0).body);
      status = before;
      if (expanded.ends_with('\n')) expanded.pop_back();
    } catch (const SyntaxError&) {
    } catch (const ShellError&) {
    }
  }
  std::string out;
  for (std::size_t i = 0; i < expanded.size(); ++i) {
    if (expanded[i] != '\\' || i + 1 >= expanded.size()) {
      out += expanded[i];
      continue;
    }
    switch (expanded[++i]) {
      case 'u':
        if (const auto login = process.board.find_user(process.user.uid)) out += login->name;
        break;
      case 'h':
      case 'H': out += process.board.hostname(); break;
      case 'w':
      case 'W': {
        std::string place = process.cwd;
        const std::string home = value_or_empty("HOME");
        const bool below = !home.empty() && home != "/" && (place == home || place.starts_with(home + "/"));
        if (below) place = "~" + place.substr(home.size());
        out += expanded[i] == 'w' || place == "~" || place == "/" ? place : std::string(base_name(place));
        break;
      }
      case '$': out += process.user.uid == 0 ? '#' : '$'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 'a': out += '\a'; break;
      case 'e':
      case 'E': out += '\033'; break;
      case '!': out += std::to_string(history.size() + 1); break;
      case '#': out += std::to_string(history.size() + 1); break;
      case 's': out += base_name(name); break;
      case '[':
      case ']':
        out += expanded[i] == '[' ? '\001' : '\002';
        break;  // around what takes no room; the editor removes them
      case '0': {
        int code = 0;
        for (int digits = 0; digits < 3 && i + 1 < expanded.size() && expanded[i + 1] >= '0' && expanded[i + 1] <= '7';
             ++digits)
          code = code * 8 + (expanded[++i] - '0');
        out += static_cast<char>(code);
        break;
      }
      default: out += expanded[i];
    }
  }
  return out;
}

}  // namespace vnpu::devices::shell
