// The shell and its commands beyond the recorded scripts.
#include <thread>

#include "tests/devices/board_fixture.h"

namespace vnpu::devices {
namespace {

using ShellTest = BoardTest;

TEST_F(ShellTest, Tutorial) {
  // The tutorial's lines; the comment holds other than ASCII.
  const Ran ran =
      run("cd / && mkdir -p /home/milkv/model_resnet18\n"
          "mkdir -p /home/milkv/cvitek_tpu_sdk/samples /home/milkv/cvitek_tpu_sdk/bin\n"
          "printf 'export PATH=$PWD/bin:$PATH\\n' > /home/milkv/cvitek_tpu_sdk/envs_tpu_sdk.sh\n"
          "cd /home/milkv\n"
          "export MODEL_PATH=$PWD/cvimodel_samples #\u6a21\u578b\n"
          "export TPU_ROOT=$PWD/cvitek_tpu_sdk\n"
          "export TPU_ENABLE_PMU=1 #\n"
          "source cvitek_tpu_sdk/envs_tpu_sdk.sh\n"
          "cd /home/milkv/cvitek_tpu_sdk/samples\n"
          "echo $MODEL_PATH $TPU_ROOT $TPU_ENABLE_PMU \\\n  ${PATH%%:*}; pwd; ls /home/milkv\n");
  EXPECT_EQ(ran.status, 0);
  EXPECT_EQ(ran.err, "");
  EXPECT_EQ(
      ran.out,
      "/home/milkv/cvimodel_samples /home/milkv/cvitek_tpu_sdk 1 /home/milkv/bin\n/home/milkv/cvitek_tpu_sdk/samples\n"
      "cvitek_tpu_sdk\nmodel_resnet18\n");
}

TEST_F(ShellTest, FieldsAndQuotes) {
  EXPECT_EQ(out_of("set -- a 'b c'; for i in \"x$@y\"; do echo \"<$i>\"; done"), "<xa>\n<b cy>\n");
  EXPECT_EQ(out_of("set --; for i in \"$@\"; do echo no; done; echo $#"), "0\n");
  EXPECT_EQ(out_of("IFS=:; x=a:b::c; for i in $x; do echo \"[$i]\"; done"), "[a]\n[b]\n[]\n[c]\n");
  EXPECT_EQ(out_of("x='a  b'; echo $x \"$x\" '$x' \"\\$x\""), "a b a  b $x $x\n");
  EXPECT_EQ(out_of("p=/a/b/c.txt; echo ${p##*/} ${p%/*} ${p%.txt} ${p#*/} ${p%%/*} ${#p}"),
            "c.txt /a/b /a/b/c a/b/c.txt 10\n");
  EXPECT_EQ(out_of("x=abc; echo ${x/b/B} ${x//[ac]/-} ${x:1} ${x:1:1}"), "aBc -b- bc b\n");
  EXPECT_EQ(out_of("cd /tmp; touch b.c a.c .h 'x y'; echo *.c *; echo '*'"), "a.c b.c a.c b.c x y\n*\n");
}

TEST_F(ShellTest, Arithmetic) {
  EXPECT_EQ(out_of("echo $((1+2*3)) $((-7/2)) $((2**10)) $((1<<4)) $((0x1f)) $((010)) $((5>3&&2>1)) $((i=4,i++)) $i"),
            "7 -3 1024 16 31 8 1 4 5\n");
  EXPECT_EQ(out_of("echo $((9223372036854775807+1)) $((-9223372036854775807-1))"),
            "-9223372036854775808 -9223372036854775808\n");
  const Ran ran = run("echo $((1/0)); echo after");
  EXPECT_EQ(ran.err, "sh: divide by zero\n");
  EXPECT_EQ(ran.status, 2);
}

TEST_F(ShellTest, ControlFlow) {
  EXPECT_EQ(out_of("for i in 1 2; do for j in a b; do [ $j = b ] && continue 2; echo $i$j; done; done"), "1a\n2a\n");
  EXPECT_EQ(out_of("f() { if [ $1 -gt 0 ]; then echo $1; f $(($1-1)); fi; }; f 3"), "3\n2\n1\n");
  EXPECT_EQ(out_of("while read a b; do echo \"$b-$a\"; done <<E\n1 2\n3 4 5\nE\n"), "2-1\n4 5-3\n");
  EXPECT_EQ(out_of("case x.c in *.h) echo h;; *.c|*.cc) echo c;; esac"), "c\n");
  EXPECT_EQ(run("set -e; true; (false; echo no); echo after").out, "");
  EXPECT_EQ(run("exit 300").status, 44);
}

TEST_F(ShellTest, PipesAndBackground) {
  EXPECT_EQ(out_of("yes | head -n 2"), "y\ny\n");
  EXPECT_EQ(out_of("seq 100000 | tail -n 1 | wc -c"), "7\n");
  EXPECT_EQ(out_of("(sleep 100; echo late) & kill $!; wait $!; echo $?"), "143\n");
  EXPECT_EQ(out_of("(sleep 100; echo late) & sleep 0.2; kill $!; wait $!; echo $?"), "143\n");
  EXPECT_EQ(out_of("{ sleep 100 | cat; } & sleep 0.2; kill $!; wait $!; echo $?"), "143\n");
  EXPECT_EQ(out_of("sleep 0 & wait; echo done"), "done\n");
  EXPECT_EQ(out_of("set -o pipefail; false | true; echo $?"), "1\n");
  EXPECT_EQ(out_of("trap 'echo got' USR1; kill -USR1 $$; echo end"), "got\nend\n");
  EXPECT_EQ(run("kill -TERM $$; echo no").status, 143);
}

TEST_F(ShellTest, ScriptsRun) {
  EXPECT_EQ(
      out_of("printf '#!/bin/sh\\necho $0 $1; exit 3\\n' > /tmp/s.sh; chmod +x /tmp/s.sh; cd /tmp; ./s.sh x; echo $?"),
      "./s.sh x\n3\n");
  const Ran plain = run("printf 'echo hi\\n' > /tmp/p; /tmp/p");
  EXPECT_EQ(plain.status, 126);
  EXPECT_EQ(plain.err, "sh: /tmp/p: Permission denied\n");
  const Ran error = run("printf 'true\\nnosuch\\nfi\\n' > /tmp/e.sh; sh /tmp/e.sh");
  EXPECT_EQ(error.err, "/tmp/e.sh: line 2: nosuch: not found\n/tmp/e.sh: line 3: syntax error: unexpected \"fi\"\n");
  EXPECT_EQ(error.status, 2);
}

TEST_F(ShellTest, NoHostProcessNorFile) {
  EXPECT_EQ(run("printf '\\177ELF\\002' > /tmp/x; chmod +x /tmp/x; /tmp/x").status, 126);
  EXPECT_EQ(run("gcc").status, 127);
  EXPECT_EQ(out_of("cat /proc/self/environ 2>&1; ls /proc/1 2>&1").find("/work"), std::string::npos);
}

TEST_F(ShellTest, BoundedInEverything) {
  EXPECT_NE(run("f() { f; }; f").status, 0);
  EXPECT_NE(run("x=aaaaaaaa; while true; do x=$x$x; done").status, 0);
  EXPECT_NE(run("eval \"$(yes '(' | head -n 5000 | tr -d '\\n')\"").status, 0);
  EXPECT_NE(run("echo \"$(cat /dev/zero | tr '\\0' x)\" >/dev/null").status, 99);
  EXPECT_NE(run("dd if=/dev/zero of=/root/f bs=1M").status, 0);
  EXPECT_EQ(out_of("rm /root/f; df -k / | wc -l"), "2\n");
  // Last: what it leaves running may hold the table of processes for a while, only builtins work then.
  EXPECT_NE(run("b() { b | b & }; b; wait").status, 99);  // the table of processes ends it
  EXPECT_EQ(out_of("echo alive"), "alive\n");
}

TEST_F(ShellTest, Users) {
  EXPECT_TRUE(board->check_password("root", "milkv"));
  EXPECT_FALSE(board->check_password("root", "root"));
  EXPECT_FALSE(board->check_password("daemon", ""));
  EXPECT_FALSE(board->check_password("nobody", "*"));
  EXPECT_TRUE(board->default_password("root"));
  EXPECT_EQ(run("passwd", "new\nnew\n").status, 0);
  EXPECT_TRUE(board->check_password("root", "new"));
  EXPECT_FALSE(board->default_password("root"));
}

TEST_F(ShellTest, Messages) {
  EXPECT_EQ(run("rm nofile").err, "rm: can't remove 'nofile': No such file or directory\n");
  EXPECT_EQ(run("cat /nope").err, "cat: can't open '/nope': No such file or directory\n");
  EXPECT_EQ(run("ls /nope").err, "ls: /nope: No such file or directory\n");
  EXPECT_EQ(run("cp /nope x").err, "cp: can't stat '/nope': No such file or directory\n");
  EXPECT_EQ(run("mv /nope x").err, "mv: can't rename '/nope': No such file or directory\n");
  EXPECT_EQ(run("mkdir /tmp").err, "mkdir: can't create directory '/tmp': File exists\n");
  EXPECT_EQ(run("rmdir /nope").err, "rmdir: '/nope': No such file or directory\n");
  EXPECT_EQ(run("df /nope").err, "df: /nope: can't find mount point\n");
  EXPECT_EQ(run("/bin/kill 999999").err, "kill: can't kill pid 999999: No such process\n");
  EXPECT_EQ(run("wget http://192.168.42.9/x").err,
            "Connecting to 192.168.42.9 (192.168.42.9:80)\nwget: can't connect to remote host (192.168.42.9): "
            "Connection refused\n");
}

TEST_F(ShellTest, CommandsWork) {
  EXPECT_EQ(out_of("printf '3\\n1\\n2\\n' | sort -rn | tr '\\n' ' '"), "3 2 1 ");
  EXPECT_EQ(out_of("echo abc | sed -E 's/(a)(b)/\\2\\1/'"), "bac\n");
  EXPECT_EQ(out_of("printf 'a\\nb\\nc\\n' | grep -n -v b"), "1:a\n3:c\n");
  EXPECT_EQ(
      out_of(
          "cd /tmp; mkdir -p t/u; echo x > t/u/f; tar czf t.tgz t; rm -r t; tar xzf t.tgz; find t | sort; cat t/u/f"),
      "t\nt/u\nt/u/f\nx\n");
  EXPECT_EQ(out_of("echo hello > /tmp/g; gzip /tmp/g; zcat /tmp/g.gz; gunzip /tmp/g.gz; md5sum /tmp/g"),
            "hello\nb1946ac92492d2347c6235b4d2611184  /tmp/g\n");
  EXPECT_EQ(out_of("echo a b c | xargs -n 1 echo x"), "x a\nx b\nx c\n");
  EXPECT_EQ(out_of("printf 'abc\\ndef\\n' | hexdump -C"),
            "00000000  61 62 63 0a 64 65 66 0a                           |abc.def.|\n00000008\n");
  EXPECT_EQ(out_of("date -u -d @0"), "Thu Jan  1 00:00:00 UTC 1970\n");
  EXPECT_EQ(out_of("ls -d /bin/ls; uname -n; hostname; id -un; nproc"), "/bin/ls\nmilkv-duo\nmilkv-duo\nroot\n1\n");
}

TEST_F(ShellTest, SessionsDoNotMix) {
  std::vector<std::thread> threads;
  std::vector<std::string> out(16);
  for (std::size_t i = 0; i < out.size(); ++i)
    threads.emplace_back([&, i] {
      const std::string n = std::to_string(i);
      out[i] = run("x=" + n +
                   "; mkdir /tmp/$x; cd /tmp/$x; for k in 1 2 3 4 5; do echo $x$k >> f; cat f | tail -n 1; done; pwd")
                   .out;
    });
  for (auto& thread : threads) thread.join();
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::string expected;
    for (int k = 1; k <= 5; ++k) expected += std::to_string(i) + std::to_string(k) + "\n";
    EXPECT_EQ(out[i], expected + "/tmp/" + std::to_string(i) + "\n");
  }
  EXPECT_EQ(board->tasks().all().size(), 2u);  // init and kthreadd
}

TEST_F(ShellTest, HangUpEndsAll) {
  SessionRequest request;
  request.command = "while true; do sleep 100; done";
  const auto session = board->start(std::move(request));
  EXPECT_FALSE(session->finished());
  session->hang_up();
  EXPECT_EQ(session->wait(), 129);
}

TEST_F(ShellTest, InterruptOnTheTerminal) {
  auto screen = Collector::make();
  SessionRequest request;
  request.terminal = Terminal::make(screen);
  const auto terminal = request.terminal;
  const auto session = board->start(std::move(request));
  const auto type = [&](const std::string& keys) {
    terminal->keys({reinterpret_cast<const std::uint8_t*>(keys.data()), keys.size()});
  };
  std::string seen;
  const auto wait_for = [&](const std::string& text) {
    for (int i = 0; i < 2000; ++i) {
      seen += screen->take();
      if (seen.find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  };
  ASSERT_TRUE(wait_for("[root@milkv-duo]~# ")) << seen;
  type("while true; do :; done\r");
  ASSERT_TRUE(wait_for("done\r\n")) << seen;
  seen.clear();
  type("\x03");
  ASSERT_TRUE(wait_for("]~# ")) << seen;
  seen.clear();
  type("sleep 1000\r");
  ASSERT_TRUE(wait_for("sleep 1000\r\n")) << seen;
  // The command is in the foreground once the shell has handed the terminal over.
  for (int i = 0; i < 2000 && board->tasks().all().size() < 4; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  seen.clear();
  type("\x03");
  ASSERT_TRUE(wait_for("]~# ")) << seen;
  type("echo $?\r");
  ASSERT_TRUE(wait_for("130")) << seen;
  type("cat > f <<EOF\rtyped\rEOF\rcat f; exit 5\r");
  EXPECT_EQ(session->wait(), 5);
  EXPECT_EQ(*board->files().read_file({}, "/root/f"), "typed\n");
}

class Cam : public BoardTest {
 protected:
  Cam() : BoardTest("maixcam") {}
};

TEST_F(Cam, Identity) {
  EXPECT_EQ(board->data().chip, "cv181x");
  EXPECT_TRUE(board->check_password("root", "root"));
  EXPECT_EQ(out_of("hostname; ls -d /root/models /maixapp/apps /boot/board"),
            "maixcam-28ea\n/boot/board\n/maixapp/apps\n/root/models\n");
}

}  // namespace
}  // namespace vnpu::devices
