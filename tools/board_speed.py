#!/usr/bin/env python3
"""board_speed.py [--vnpu PROGRAM] [--model M.cvimodel] [--picture P] [--labels L] [--rounds N]: how fast a virtual board answers.

- 50 MB by sftp to a board, beside OpenSSH's own sftp-server in the same run: behind an sshd of its own where one is
  installed, and over a bare pipe without any encryption (sftp -D).
- From the start of ssh to the prompt.
- `vnpu exec` from a clean state: model and picture are put on a fresh board and classified.

Each figure is the median of N rounds, in turn, so that other work on the machine hits all of them; besides wall time the
processor time (user + system) of the server, or of vnpu. Nothing is asserted.
"""
import argparse
import getpass
import os
import pathlib
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests/host"))
SFTP_SERVERS = ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server")


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Measured:
    def __init__(self):
        self.wall, self.work = [], []

    def add(self, wall, work=None):
        self.wall.append(wall)
        if work is not None:
            self.work.append(work)

    def text(self):
        wall = f"{statistics.median(self.wall) * 1000:8.0f} ms wall (best {min(self.wall) * 1000:.0f})"
        return wall + (f", {statistics.median(self.work) * 1000:5.0f} ms of processor" if self.work else "")


class OwnSshd:
    """OpenSSH's server on a free port of the loopback, for one key."""

    def __init__(self, folder, server):
        self.folder = folder
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "host"], check=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "id"], check=True)
        shutil.copy(folder / "id.pub", folder / "authorized")
        (folder / "authorized").chmod(0o600)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (folder / "config").write_text(
            f"ListenAddress 127.0.0.1:{self.port}\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/authorized\nStrictModes no\n"
            f"PidFile none\nUsePAM no\nPermitRootLogin yes\nSubsystem sftp {server}\n")
        if os.getuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        self.process = subprocess.Popen([shutil.which("sshd", path="/usr/sbin:/sbin"), "-D", "-e", "-f", folder / "config"],
                                        stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                if time.monotonic() > end:
                    self.process.kill()
                    raise
                time.sleep(0.05)

    def upload(self, source, batch):
        target = f"{getpass.getuser()}@127.0.0.1"
        run = subprocess.run(["sftp", "-q", "-F", "none", "-P", str(self.port), "-i", self.folder / "id", "-o", "IdentitiesOnly=yes",
                              "-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={self.folder}/known", "-o", "BatchMode=yes",
                              "-o", "LogLevel=ERROR", "-b", "-", target], input=batch, capture_output=True)
        assert run.returncode == 0, run.stderr


def measure_uploads(boards, folder, rounds):
    """boards: by name, all with the key folder/key."""
    source = folder / "large"
    source.write_bytes(os.urandom(50_000_000))
    places = {name: Measured() for name in boards}
    server = next((path for path in SFTP_SERVERS if os.path.exists(path)), None)
    sshd = None
    if server and shutil.which("sshd", path="/usr/sbin:/sbin"):
        sshd = OwnSshd(folder, server)
        places["OpenSSH's sshd and sftp-server"] = Measured()
    if server:
        places["OpenSSH's sftp-server on a pipe"] = Measured()
    try:
        for _ in range(rounds):
            for name, board in boards.items():
                before, start = processor_seconds(board.pid), time.perf_counter()
                run = board.tool("sftp", "-q", "-b", "-", board.host, input=f"put {source} /root/large\n".encode(), key=folder / "key")
                assert run.returncode == 0, run.stderr
                places[name].add(time.perf_counter() - start, processor_seconds(board.pid) - before)
            batch = f"put {source} {folder}/copy\n".encode()
            if sshd:
                start = time.perf_counter()
                sshd.upload(source, batch)
                places["OpenSSH's sshd and sftp-server"].add(time.perf_counter() - start)
            if server:
                start = time.perf_counter()
                run = subprocess.run(["sftp", "-q", "-b", "-", "-D", server], input=batch, capture_output=True)
                assert run.returncode == 0, run.stderr
                places["OpenSSH's sftp-server on a pipe"].add(time.perf_counter() - start)
    finally:
        if sshd:
            sshd.process.terminate()
            sshd.process.wait()
    print("50 MB by sftp")
    for name, measured in places.items():
        print(f"  {name:32} {measured.text()}")
    for name in boards:
        for other in list(places)[len(boards):]:
            ratio = statistics.median(places[name].wall) / statistics.median(places[other].wall)
            print(f"  {name + ' to ' + other:66} {ratio:5.2f}")


def measure_login(board_process, cases, rounds):
    prompt, command = Measured(), Measured()
    for _ in range(rounds):
        before, start = processor_seconds(board_process.pid), time.perf_counter()
        terminal = cases.SshTerminal(["ssh", *board_process.options(), "-tt", board_process.host], board_process.environment())
        terminal.prompt()
        prompt.add(time.perf_counter() - start, processor_seconds(board_process.pid) - before)
        terminal.close()
        before, start = processor_seconds(board_process.pid), time.perf_counter()
        assert board_process.ssh("true").returncode == 0
        command.add(time.perf_counter() - start, processor_seconds(board_process.pid) - before)
    print(f"ssh to the prompt                  {prompt.text()}")
    print(f"ssh with a command                 {command.text()}")


def measure_exec(vnpu, model, picture, labels, rounds):
    line = [vnpu, "exec", "milkv-duo", "--put", f"{model}:/root/m.cvimodel", "--put", f"{picture}:/root/cat.jpg", "--put",
            f"{labels}:/root/labels.txt", "--", "cvi_sample_classifier", "m.cvimodel", "cat.jpg", "labels.txt"]
    measured = Measured()
    for _ in range(rounds):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        run = subprocess.run(list(map(str, line)), capture_output=True, text=True)
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run.returncode == 0 and "CVI_NN_CleanupModel succeeded" in run.stdout, run.stdout + run.stderr
        measured.add(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    print(f"vnpu exec, {os.path.getsize(model) / 1e6:.1f} MB model classified  {measured.text()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--vnpu", default=str(ROOT / "build/release/bin/vnpu"))
    parser.add_argument("--model", help="a cv180x classifier (default: the small recorded one)")
    parser.add_argument("--picture")
    parser.add_argument("--labels")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    sys.argv[1:] = [options.vnpu]
    import board_cases  # takes the program from the command line
    from board_recordings import Recordings
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vnpu-speed-"))
    board = board_cases.BoardProcess(options.vnpu)
    kept = board_cases.BoardProcess(options.vnpu, "milkv-duo", "--dir", str(folder / "kept"))
    try:
        recordings = Recordings(folder / "recordings")
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "key"], check=True)
        key = (folder / "key.pub").read_bytes()
        for each in (board, kept):
            run = each.ssh("mkdir -m 700 .ssh && cat > .ssh/authorized_keys && chmod 600 .ssh/authorized_keys", input=key)
            assert run.returncode == 0, run.stderr
        print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} processors, {options.rounds} rounds each")
        measure_uploads({"board in memory": board, "board with --dir": kept}, folder, options.rounds)
        measure_login(board, board_cases, options.rounds)
        data = recordings.recorded / "data"
        measure_exec(options.vnpu, options.model or recordings.models / "shapes_int8.cvimodel",
                     options.picture or data / "shape.jpg", options.labels or data / "synset_shapes.txt", options.rounds)
    finally:
        board.stop()
        kept.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
