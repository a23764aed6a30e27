#include "devices/vi/vi_command.h"

#include "devices/commands/common.h"
#include "devices/keyboard.h"
#include "devices/vi/editor.h"

namespace vnpu::devices::vi {

namespace {

class TerminalConsole : public Console {
 public:
  explicit TerminalConsole(Keyboard& keyboard) : keyboard_(keyboard) {}
  int read() override { return keyboard_.read(); }
  bool waiting() override { return keyboard_.waiting(); }
  void write(const std::string& text) override { keyboard_.write(text); }
  WindowSize size() const override { return keyboard_.size(); }
  void pause() override { keyboard_.pause(); }
  void resume() override { keyboard_.resume(); }

 private:
  Keyboard& keyboard_;
};

}  // namespace

int vi_command(Process& process) {
  auto parsed = commands::parse(process, "c:RH");
  if (!parsed) return 1;
  if (parsed->has('H')) {
    process.print(
        "Motions: h j k l w b e W B E 0 ^ $ | G gg H M L f F t T ; , % { } / ? n N ' `\n"
        "Changes: i I a A o O R r x X s S d D c C y Y p P J ~ < > u .\n"
        "Lines: :w :q :wq :x :e :r :n :s :d :y :set :! :sh\n");
    return 0;
  }
  const auto keyboard = Keyboard::open(process, true);
  if (!keyboard) return commands::fail(process, "can't open '/dev/tty'", Errno::io);
  TerminalConsole console(*keyboard);
  std::vector<std::string> commands;
  if (parsed->has('c')) commands.push_back(parsed->value['c']);
  return Editor(process, console, parsed->operands, parsed->has('R'), commands).run();
}

}  // namespace vnpu::devices::vi
