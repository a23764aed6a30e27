"""A running `vnpu board` for the tests, and OpenSSH's tools pointed at it."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

TIMEOUT = 120


class BoardProcess:
    def __init__(self, vnpu, board="milkv-duo", *options):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="vnpu-ssh-test-"))
        (self.folder / "askpass").write_text('#!/bin/sh\necho "$VNPU_TEST_PASSWORD"\n')
        (self.folder / "askpass").chmod(0o700)
        (self.folder / "empty_home").mkdir()
        self.errors = open(self.folder / "stderr", "w+")
        self.process = subprocess.Popen([vnpu, "board", board, "--json", "--listen", "127.0.0.1:0", *options],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(TIMEOUT)
            raise RuntimeError("the board did not start: " + (self.folder / "stderr").read_text())
        self.info = json.loads(line)
        self.port = self.info["port"]
        self.password = "root" if board == "maixcam" else "milkv"

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
        return self.tool("ssh", "root@192.168.42.1", *arguments, **more)

    def scp(self, *arguments, **more):
        return self.tool("scp", "-q", *arguments, **more)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def threads(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def resident_kb(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def log(self):
        return pathlib.Path(self.info["log"]).read_text()

    def stop(self, number=signal.SIGTERM):
        """The exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        finally:
            self.process.stdout.close()
            self.errors.close()
            self.said = (self.folder / "stderr").read_text()
            shutil.rmtree(self.folder, ignore_errors=True)
        return status
