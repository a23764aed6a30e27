"""What the tests with real clients share: a board for a test class, OpenSSH's clients, paramiko, a terminal.

Loopback only, free ports, every wait is bounded. Exit status 77 (skipped) when a client is missing. The first argument of
the test's command line is the program under test.
"""
import fcntl
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import unittest

for tool in ("ssh", "scp", "sftp", "ssh-keygen"):
    if not shutil.which(tool):
        print(f"{tool} is missing (package openssh-client): skipped")
        sys.exit(77)
try:
    import paramiko
except ImportError:
    print("paramiko is missing (package python3-paramiko): skipped")
    sys.exit(77)

from board_process import TIMEOUT, BoardProcess

VNPU = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else sys.exit(f"{sys.argv[0]} VNPU [TEST...]")
PROMPT = re.compile(rb"(\[root@milkv-duo\]|root@maixcam-28ea:)[^ \r\n]*# ")


def wait_for(condition, seconds=TIMEOUT):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def run_vnpu(*arguments, input=b""):
    return subprocess.run([VNPU, *map(str, arguments)], input=input, capture_output=True, timeout=TIMEOUT)


class SshTerminal:
    """A client with a terminal of its own, as a user sits at: wide, so that no typed line wraps."""

    def __init__(self, arguments, environment):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 250, 0, 0))
            os.execvpe(arguments[0], [str(argument) for argument in arguments], environment)
        self.seen = b""
        self.exit_status = None

    def send(self, text):
        os.write(self.master, text if isinstance(text, bytes) else text.encode())

    def read(self, end):
        """False when the client is gone."""
        ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
        if not ready:
            raise TimeoutError(f"nothing more comes after {self.seen[-2000:]!r}")
        try:
            data = os.read(self.master, 65536)
        except OSError:
            data = b""
        self.seen += data
        return bool(data)

    def expect(self, pattern, seconds=TIMEOUT):
        """What came before; `pattern` is a text, or a compiled expression on bytes."""
        if not isinstance(pattern, re.Pattern):
            pattern = re.compile(re.escape(pattern if isinstance(pattern, bytes) else pattern.encode()))
        end = time.monotonic() + seconds
        while not (match := pattern.search(self.seen)):
            if not self.read(end):
                raise AssertionError(f"{pattern.pattern!r} not seen before the end, but {self.seen[-2000:]!r}")
        before, self.seen = self.seen[:match.start()], self.seen[match.end():]
        return before

    def prompt(self):
        """What came before the shell's next prompt, with plain ends of line."""
        return self.expect(PROMPT).replace(b"\r\n", b"\n").decode(errors="replace")

    def run(self, line):
        """What a line typed at the prompt prints; a line may be continued by backslashes over several."""
        assert not self.seen, f"after the prompt: {self.seen!r}"
        for part in line.split("\n"):
            self.send(part + "\r")
            self.expect(b"\r\n")
            if part.endswith("\\"):
                self.expect(b"> ")
        return self.prompt()

    def rest(self):
        """Everything up to the client's end, with plain ends of line."""
        end = time.monotonic() + TIMEOUT
        while self.read(end):
            pass
        return self.seen.replace(b"\r\n", b"\n").decode(errors="replace")

    def status(self):
        if self.exit_status is None:
            self.exit_status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.exit_status

    def close(self):
        if self.exit_status is None:
            os.kill(self.pid, signal.SIGTERM)
            self.status()
        os.close(self.master)


class BoardCase(unittest.TestCase):
    """One board for the class."""
    board_name = "milkv-duo"
    board_options = ()

    @classmethod
    def setUpClass(cls):
        cls.board = BoardProcess(VNPU, cls.board_name, *cls.board_options)
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="vnpu-ssh-work-"))
        cls.key = cls.work / "id"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", cls.key], check=True)

    @classmethod
    def tearDownClass(cls):
        status = cls.board.stop()
        shutil.rmtree(cls.work)
        assert status == 0, f"the board ended with {status}: {cls.board.said}"
        assert not os.path.exists(cls.board.info["ssh_config"]), "the state folder is left over"

    def ok(self, result):
        self.assertEqual(result.returncode, 0, result.stderr.decode(errors="replace"))
        return result

    def in_order(self, lines, text):
        at = 0
        for line in lines:
            found = text.find(line, at)
            self.assertGreaterEqual(found, 0, f"{line!r} is not where it should be in {text.decode()}")
            at = found

    def authorize(self):
        line = pathlib.Path(str(self.key) + ".pub").read_bytes()
        self.ok(self.board.ssh("mkdir -p ~/.ssh && chmod 700 ~ ~/.ssh && cat > ~/.ssh/authorized_keys && "
                               "chmod 600 ~/.ssh/authorized_keys", input=line))

    def client(self):
        client = paramiko.SSHClient()
        client.load_host_keys(self.board.info["known_hosts"])
        client.connect("127.0.0.1", port=self.board.port, username="root", password=self.board.password,
                       look_for_keys=False, allow_agent=False, timeout=TIMEOUT, banner_timeout=TIMEOUT, auth_timeout=TIMEOUT)
        self.addCleanup(client.close)
        return client

    def terminal(self, tool, *arguments, password=None):
        terminal = SshTerminal([tool, *self.board.options(), *arguments], self.board.environment(password))
        self.addCleanup(terminal.close)
        return terminal

    def login(self):
        """At the prompt."""
        terminal = self.terminal("ssh", "-tt", self.board.host)
        terminal.prompt()
        return terminal


def main():
    """unittest's, but a pattern that fits no test is an error."""
    result = unittest.main(verbosity=2, exit=False).result
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)
