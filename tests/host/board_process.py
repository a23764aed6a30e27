"""A running `vnpu board` for the tests, and OpenSSH's tools pointed at it."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

TIMEOUT = float(os.environ.get("VNPU_TEST_TIMEOUT", "120"))


class BoardProcess:
    def __init__(self, vnpu, board="milkv-duo", *options, listen="127.0.0.1:0", prefix=()):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vnpu-ssh-test-"))
        (self.folder / "askpass").write_text('#!/bin/sh\necho "$VNPU_TEST_PASSWORD"\n')
        (self.folder / "askpass").chmod(0o700)
        (self.folder / "empty_home").mkdir()
        self.errors = open(self.folder / "stderr", "w+")
        self.process = subprocess.Popen([*prefix, vnpu, "board", board, "--json", "--listen", listen, *options],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(TIMEOUT)
            raise RuntimeError("the board did not start: " + (self.folder / "stderr").read_text())
        self.info = json.loads(line)
        self.pid = self.process.pid
        if prefix:  # a tool that runs the board as its child
            self.pid = int(pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()[0])
        self.port = self.info["port"]
        self.password = "milkv" if board == "milkv-duo" else "root"
        self.host = f"root@{board}"  # a name of its ssh_config

    def environment(self, password=None):
        # No agent, no keys and no configuration of whoever runs the tests.
        keep = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "TMPDIR") if name in os.environ}
        return {**keep, "HOME": str(self.folder / "empty_home"), "SSH_ASKPASS": str(self.folder / "askpass"),
                "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":none", "VNPU_TEST_PASSWORD": password or self.password}

    def options(self, *more):
        return ["-F", self.info["ssh_config"], "-o", "LogLevel=ERROR", "-o", "IdentityAgent=none",
                "-o", "NumberOfPasswordPrompts=1", *more]

    def tool(self, name, *arguments, input=None, password=None, key=None, timeout=TIMEOUT, cwd=None):
        options = self.options(*(["-i", str(key), "-o", "IdentitiesOnly=yes"] if key else []))
        return subprocess.run([name, *options, *map(str, arguments)], input=input, capture_output=True,
                              timeout=timeout, env=self.environment(password), cwd=cwd, start_new_session=True)

    def ssh(self, *arguments, **more):
        return self.tool("ssh", self.host, *arguments, **more)

    def scp(self, *arguments, **more):
        return self.tool("scp", "-q", *arguments, **more)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def threads(self):
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def resident_kb(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def log(self):
        return pathlib.Path(self.info["log"]).read_text()

    def stop(self, number=signal.SIGTERM):
        """The exit status."""
        if self.process.poll() is None:
            os.kill(self.pid, number)
        try:
            status = self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            os.kill(self.pid, signal.SIGKILL)
            self.process.wait()
            raise
        finally:
            self.process.stdout.close()
            self.errors.close()
            self.said = (self.folder / "stderr").read_text()
            shutil.rmtree(self.folder, ignore_errors=True)
        return status
