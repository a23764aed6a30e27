"""The converter package's own remote tools, unmodified, against the virtual BM1684X board.

- model_runner --ip: outputs must be those of the package's local functional model.
- remote_test: all modes; what it prints and what it fetches.
- tpu_profile reads the profile folder that remote_test fetched; run_bmprofile fetches one by key login.

Skipped (77) where the package's model_runner (in PATH or VNPU_CONVERTER_BIN), sshpass or a free port 22 on 127.0.16.84
is missing. The tools after it need further Python modules (paramiko, tqdm, fire), which the package does not bring
along: those that do not start are named and left out."""
import csv
import io
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import zipfile

from board_process import TIMEOUT, BoardProcess

ADDRESS = "127.0.16.84"
GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden" / "bm1684x"
CASES = [("special", "quant_io_asym"), ("matmul", "fc_bf16"), ("conv", "conv1d_f16")]


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def arrays(path):
    """The .npy members as bytes: equal bytes are equal types, shapes and values."""
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as file:
        return {name: file.read(name) for name in file.namelist()}


def values(npy):
    return npy[10 + int.from_bytes(npy[8:10], "little"):]


def wrappers(folder, *options):
    """ssh and scp as they are, but away from the keys and host keys of whoever runs this."""
    folder.mkdir()
    for tool in ("ssh", "scp"):
        words = " ".join(("-F /dev/null -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",) + options)
        (folder / tool).write_text(f'#!/bin/sh\nexec {shutil.which(tool)} {words} "$@"\n')
        (folder / tool).chmod(0o700)
    return folder


class Tools:
    def __init__(self, board, folder, path):
        self.board, self.folder = board, folder
        self.path = path
        self.environment = {**os.environ, "PATH": str(wrappers(folder / "bin")) + os.pathsep + path,
                            "HOME": str(folder)}  # paramiko reads known hosts there

    def run(self, *command, expect=0, environment=None):
        ran = subprocess.run([str(word) for word in command], cwd=self.folder, env=environment or self.environment,
                             timeout=TIMEOUT * 4, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert ran.returncode == expect, f"{command}: {ran.returncode}\n{ran.stdout[-2000:]}"
        return ran.stdout

    def find(self, name):
        """The tool, when it starts."""
        tool = shutil.which(name, path=self.path)
        ran = tool and subprocess.run([tool, "--help"], env=self.environment, cwd=self.folder, capture_output=True,
                                      text=True)
        if ran and ran.returncode == 0:
            return tool
        print(f"left out: {name}:", (ran.stderr or ran.stdout).strip().split("\n")[-1] if ran else "not found")
        return None

    def board_says(self, command):
        ran = self.board.tool("ssh", "-l", "linaro", "bm1684x-soc", command, password="linaro", timeout=30)
        assert ran.returncode == 0, ran
        return ran.stdout.decode()

    def unpack(self, family, case):
        with tarfile.open(GOLDEN / (family + ".tar.xz")) as archive:
            for member in archive.getmembers():
                name = pathlib.PurePath(member.name)
                if member.isfile() and name.parent.name == case:
                    (self.folder / name.name).write_bytes(archive.extractfile(member).read())


def check_model_runner(tools, runner):
    for family, case in CASES:
        tools.unpack(family, case)
        source = tools.folder / ("input_0.npz" if family == "special" else "input.npz")
        for output, more in (("local.npz", []), ("remote.npz", ["--ip", "linaro@" + ADDRESS, "--pwd", "linaro"])):
            tools.run(runner, "--input", source, "--model", "model.bmodel", "--output", output, *more)
        local, remote = arrays(tools.folder / "local.npz"), arrays(tools.folder / "remote.npz")
        assert local.keys() == remote.keys(), (local.keys(), remote.keys())
        for name in local:
            assert values(local[name]) == values(remote[name]), f"{case}: {name} differs"
        print("model_runner --ip:", case, "equal:", ", ".join(local))
    assert tools.board_says("ls ~/tmp") == "", "its folder is removed"


def check_remote_test(tools):
    tool = tools.find("remote_test")
    if not tool:
        return
    tools.unpack("special", "quant_io_asym")
    common = (tool, "--username", "linaro", "--hostname", ADDRESS, "--password", "linaro", "--bmodel", "model.bmodel",
              "--remote_path", "/data/remote")
    launch = r"launch total time is (\d+) us"
    first = tools.run(*common)
    assert "mkdir /data/remote" in first and "== Finished." in first and re.search(launch, first), first
    assert "Skip sending file" in tools.run(*common)
    tools.run(*common, "--rename")
    assert tools.board_says("cmp /data/remote/model.bmodel /data/remote/model_1.bmodel; ls /data/remote") == \
        "model.bmodel\nmodel_1.bmodel\n"
    profile = tools.run(*common, "--debug", "profile")
    assert "== Start to receive /data/remote/bmprofile_data-1.tar.gz" in profile, profile
    statistic = tools.run(*common, "--debug", "statistic")
    times = [float(each) for each in re.findall(launch, statistic)]
    told = re.search(r"total_time statistic: mean=([\d.]+) us, min=([\d.]+) us, max=([\d.]+) us, std=([\d.]+) us",
                     statistic)
    assert len(times) == 30 and min(times) > 0, statistic
    assert told and [float(each) for each in told.groups()] == [sum(times) / 30, min(times), max(times), 0], statistic
    print("remote_test: all modes;", told.group())

    with tarfile.open(tools.folder / "bmprofile_data-1.tar.gz") as archive:
        archive.extractall(tools.folder)
    report = tools.find("tpu_profile")
    if report:
        check_report(tools, report, "bmprofile_data-1")


def check_report(tools, tool, folder):
    """The vendor's reader finds every command with its time."""
    tools.run(tool, "--arch", "BM1684X", "--mode", "time", "--format", "csv", folder, "report")
    with open(tools.folder / "report" / "detail.csv") as file:
        rows = list(csv.reader(file))[1:]
    count = {engine: sum(row[0].endswith(engine) for row in rows) for engine in ("TPU_BD", "TPU_GDMA")}
    queues = {int(path.stem[-1]): path for path in (tools.folder / folder).glob("cmd_*.dat")}
    assert count["TPU_GDMA"] == queues[1].stat().st_size // 96 - 1, (count, "all but the end command")
    assert count["TPU_BD"] > 0 and all(float(row[2]) >= float(row[1]) for row in rows)
    shutil.rmtree(tools.folder / "report")
    print("tpu_profile reads it:", count)


def check_run_bmprofile(tools):
    tool = tools.find("run_bmprofile")
    if not tool:
        return
    key = tools.folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    tools.board_says("mkdir -p -m 700 ~/.ssh && echo '" + key.with_suffix(".pub").read_text().strip() +
                     "' > ~/.ssh/authorized_keys && chmod 600 ~/.ssh/authorized_keys")
    by_key = wrappers(tools.folder / "key_bin", "-i", str(key), "-o StrictHostKeyChecking=no -o BatchMode=yes")
    environment = {**tools.environment, "PATH": str(by_key) + os.pathsep + tools.path,
                   "REMOTE_BM1684X": "linaro@" + ADDRESS}
    tools.run(tool, "bmprofile", "model.bmodel", environment=environment)
    fetched = tools.folder / "diagnostic" / "bm_profile_raw"
    assert (fetched / "global.profile").exists() and (fetched / "iter0.profile").exists(), list(fetched.iterdir())
    print("run_bmprofile:", sorted(each.name for each in fetched.iterdir()))


def main(vnpu):
    path = os.environ.get("VNPU_CONVERTER_BIN", "") + os.pathsep + os.environ["PATH"]
    runner = shutil.which("model_runner", path=path)
    if not runner or not shutil.which("sshpass"):
        skip("model_runner of the converter package and sshpass are needed")
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((ADDRESS, 22))
    except OSError as error:
        skip(f"port 22 of {ADDRESS}: {error}")
    board = BoardProcess(vnpu, "bm1684x-soc", listen=ADDRESS + ":22")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="vnpu-remote-test-"))
    try:
        tools = Tools(board, folder, path)
        check_model_runner(tools, runner)
        check_remote_test(tools)
        check_run_bmprofile(tools)
    finally:
        board.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
