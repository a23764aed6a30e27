// sed: addresses, s y d p n q = a i c { } b t : h H g G x N D P.
#include <algorithm>
#include <functional>

#include "devices/commands/common.h"
#include "devices/commands/regular.h"
#include "devices/commands/sed_script.h"

namespace vnpu::devices::commands {

namespace {

using namespace sed;

class Sed {
 public:
  Sed(Process& process, std::vector<Command> commands, bool quiet)
      : process_(process), commands_(std::move(commands)), quiet_(quiet) {}

  // Edits the lines; `out` takes the result. Returns whether `q` ended it.
  bool run(const std::vector<std::string>& lines, bool last_has_newline,
           const std::function<void(const std::string&)>& out) {
    lines_ = &lines;
    next_ = 0;
    last_has_newline_ = last_has_newline;
    while (!quit && next_ < lines.size()) {
      process_.check_signals();
      space_ = lines[next_++];
      ++number_;
      cycle(out);
    }
    return quit;
  }
  bool quit = false;
  int status = 0;

 private:
  std::string ended(const std::string& text) const {
    return text + (next_ < lines_->size() || last_has_newline_ ? "\n" : "");
  }

  bool hits(const Address& address) {
    switch (address.kind) {
      case Address::Kind::none: return true;
      case Address::Kind::line: return number_ == address.line;
      case Address::Kind::last: return next_ >= lines_->size();
      case Address::Kind::step:
        return address.step ? number_ >= address.line && (number_ - address.line) % address.step == 0
                            : number_ == address.line;
      case Address::Kind::pattern: {
        std::vector<Regular::Span> spans;
        return address.pattern->search(space_, 0, spans);
      }
    }
    return false;
  }

  bool selected(Command& command) {
    if (command.second.kind == Address::Kind::none) return hits(command.first);
    if (command.in_range) {
      bool end = false;
      if (command.second.kind == Address::Kind::line || command.second.kind == Address::Kind::step) {
        end = number_ >= command.range_end;
        if (number_ > command.range_end) {
          command.in_range = false;
          return hits(command.first) ? begin_range(command) : false;
        }
      } else {
        end = hits(command.second);
      }
      if (end) command.in_range = false;
      return true;
    }
    return hits(command.first) ? begin_range(command) : false;
  }
  bool begin_range(Command& command) {
    command.range_end =
        command.second.kind == Address::Kind::line ? command.second.line : number_ + command.second.step;
    const bool fixed = command.second.kind == Address::Kind::line || command.second.kind == Address::Kind::step;
    command.in_range = !fixed || command.range_end > number_;
    return true;
  }

  bool substitute(const Command& command) {
    std::string out;
    std::size_t at = 0, found = 0;
    bool changed = false;
    while (at <= space_.size()) {
      std::vector<Regular::Span> spans;
      if (!command.pattern->search(space_, at, spans)) break;
      const auto [begin, end] = spans[0];
      out += space_.substr(at, begin - at);
      ++found;
      if (found >= command.occurrence && (command.global || found == command.occurrence)) {
        changed = true;
        const std::string& with = command.replacement;
        for (std::size_t i = 0; i < with.size(); ++i) {
          if (with[i] == '&') {
            out += space_.substr(begin, end - begin);
          } else if (with[i] == '\\' && i + 1 < with.size()) {
            const char c = with[++i];
            if (std::isdigit(static_cast<unsigned char>(c))) {
              const auto span = spans[static_cast<std::size_t>(c - '0')];
              if (span.first != std::string::npos) out += space_.substr(span.first, span.second - span.first);
            } else if (c == 'n') {
              out += '\n';
            } else if (c == 't') {
              out += '\t';
            } else {
              out += c;
            }
          } else {
            out += with[i];
          }
        }
      } else {
        out += space_.substr(begin, end - begin);
      }
      if (out.size() > (std::size_t{64} << 20)) throw SedError{"out of memory"};
      at = end;
      if (end == begin) {
        if (at < space_.size()) out += space_[at];
        ++at;
      }
      if (changed && !command.global) break;
    }
    if (at < space_.size()) out += space_.substr(at);
    if (changed) space_ = out;
    return changed;
  }

  void cycle(const std::function<void(const std::string&)>& out) {
    std::string after;
    bool replaced = false, deleted = false;
    std::size_t steps = 0;
    for (std::size_t at = 0; at < commands_.size();) {
      if (++steps % 4096 == 0) process_.check_signals();
      Command& command = commands_[at++];
      if (command.name == '}' || command.name == ':') continue;
      if (selected(command) == command.negated) {
        if (command.name == '{') at = command.target;
        continue;
      }
      switch (command.name) {
        case 's':
          if (substitute(command)) {
            replaced = true;
            if (command.print) out(ended(space_));
          }
          break;
        case 'y':
          for (char& c : space_)
            if (const auto it = command.letters.find(c); it != command.letters.end()) c = it->second;
          break;
        case 'd': deleted = true; break;
        case 'D': {
          const std::size_t end = space_.find('\n');
          deleted = true;
          if (end != std::string::npos) {
            space_.erase(0, end + 1);
            out(after);
            after.clear();
            deleted = false;
            at = 0;
          }
          break;
        }
        case 'p': out(ended(space_)); break;
        case 'P': out(space_.substr(0, space_.find('\n')) + "\n"); break;
        case '=': out(std::to_string(number_) + "\n"); break;
        case 'a': after += command.text; break;
        case 'i': out(command.text); break;
        case 'c':
          if (!command.in_range) out(command.text);
          deleted = true;
          break;
        case 'n':
          if (!quiet_) out(ended(space_));
          if (next_ >= lines_->size()) {
            quit = true;
            deleted = true;
            break;
          }
          space_ = (*lines_)[next_++];
          ++number_;
          break;
        case 'N':
          if (next_ >= lines_->size()) {
            at = commands_.size();
            break;
          }
          space_ += "\n" + (*lines_)[next_++];
          ++number_;
          break;
        case 'g': space_ = hold_; break;
        case 'G': space_ += "\n" + hold_; break;
        case 'h': hold_ = space_; break;
        case 'H': hold_ += "\n" + space_; break;
        case 'x': std::swap(space_, hold_); break;
        case 'b': at = command.target; break;
        case 't':
          if (replaced) at = command.target;
          replaced = false;
          break;
        case 'q':
          quit = true;
          status = static_cast<int>(command.occurrence == 1 ? 0 : command.occurrence & 255);
          at = commands_.size();
          break;
        default: break;
      }
      if (space_.size() + hold_.size() > (std::size_t{64} << 20)) throw SedError{"out of memory"};
      if (deleted) break;
    }
    if (!deleted && !quiet_) out(ended(space_));
    if (!after.empty()) out(after);
  }

  Process& process_;
  std::vector<Command> commands_;
  bool quiet_;
  const std::vector<std::string>* lines_ = nullptr;
  std::size_t next_ = 0, number_ = 0;
  bool last_has_newline_ = true;
  std::string space_, hold_;
};

int sed_main(Process& process) {
  std::vector<std::string> scripts, rest{process.argv[0]};
  for (std::size_t i = 1; i < process.argv.size(); ++i) {
    const std::string& word = process.argv[i];
    if ((word == "-e" || word == "-f" || word == "-ne") && i + 1 < process.argv.size()) {
      if (word == "-ne") rest.push_back("-n");
      if (word == "-f") {
        const auto text = content(process, process.argv[++i]);
        if (!text) return 1;
        scripts.push_back(*text);
      } else {
        scripts.push_back(process.argv[++i]);
      }
    } else {
      rest.push_back(word);
    }
  }
  process.argv = rest;
  auto options = parse(process, "nirEes", {{"quiet", 'n'}, {"in-place", 'i'}, {"regexp-extended", 'E'}});
  if (!options) return 1;
  if (scripts.empty()) {
    if (options->operands.empty()) return usage(process);
    scripts.push_back(options->operands[0]);
    options->operands.erase(options->operands.begin());
  }
  const bool in_place = options->has('i');
  try {
    Script script(options->has('r') || options->has('E'));
    std::string all;
    for (const auto& text : scripts) all += text + "\n";
    script.add(all);
    script.finish();
    if (options->operands.empty()) options->operands.push_back("-");
    const auto split = [](const std::string& text, std::vector<std::string>& lines) {
      for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
      }
    };
    int status = 0;
    Output out(process);
    if (in_place) {
      for (const auto& operand : options->operands) {
        const auto text = content(process, operand);
        if (!text) {
          status = 1;
          continue;
        }
        std::vector<std::string> lines;
        split(*text, lines);
        std::string fresh;
        Sed sed(process, script.commands, options->has('n'));
        sed.run(lines, text->empty() || text->back() == '\n', [&](const std::string& line) { fresh += line; });
        const auto old = process.files().stat(process.user, process.path(operand));
        const Errno error =
            process.files().write_file(process.user, process.path(operand), fresh, old ? old->permissions : 0644);
        if (error != Errno::ok) status = fail(process, operand, error);
      }
      return status;
    }
    std::string text;
    for (const auto& operand : options->operands) {
      const auto piece = content(process, operand);
      if (!piece) {
        status = 1;
        continue;
      }
      if (!text.empty() && text.back() != '\n') text += '\n';
      text += *piece;
    }
    std::vector<std::string> lines;
    split(text, lines);
    Sed sed(process, script.commands, options->has('n'));
    sed.run(lines, text.empty() || text.back() == '\n', [&](const std::string& line) { out << line; });
    return sed.quit ? sed.status : status;
  } catch (const SedError& error) {
    return fail(process, error.message);
  }
}

}  // namespace

void add_sed_command(ProgramTable& table) { table.add_applet("sed", sed_main); }

}  // namespace vnpu::devices::commands
