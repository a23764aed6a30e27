"""The converter package's own remote tool, unmodified, against the virtual BM1684X board; its outputs must be those of
the package's local functional model. Skipped (77) where the package's model_runner (in PATH or VNPU_CONVERTER_BIN),
sshpass or a free port 22 on 127.0.16.84 is missing."""
import io
import os
import pathlib
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
        # The host keys of whoever runs this stay as they are.
        for tool in ("ssh", "scp"):
            wrapper = folder / tool
            wrapper.write_text(f'#!/bin/sh\nexec {shutil.which(tool)} -F /dev/null -o UserKnownHostsFile=/dev/null "$@"\n')
            wrapper.chmod(0o700)
        environment = {**os.environ, "PATH": str(folder) + os.pathsep + path}
        for family, case in CASES:
            with tarfile.open(GOLDEN / (family + ".tar.xz")) as archive:
                for member in archive.getmembers():
                    name = pathlib.PurePath(member.name)
                    if member.isfile() and name.parent.name == case:
                        (folder / name.name).write_bytes(archive.extractfile(member).read())
            source = folder / "input_0.npz" if family == "special" else folder / "input.npz"
            for output, more in (("local.npz", []), ("remote.npz", ["--ip", "linaro@" + ADDRESS, "--pwd", "linaro"])):
                subprocess.run([runner, "--input", str(source), "--model", "model.bmodel", "--output", output, *more],
                               cwd=folder, env=environment, check=True, timeout=TIMEOUT * 4,
                               stdout=subprocess.DEVNULL)
            local, remote = arrays(folder / "local.npz"), arrays(folder / "remote.npz")
            assert local.keys() == remote.keys(), (local.keys(), remote.keys())
            for name in local:
                assert values(local[name]) == values(remote[name]), f"{case}: {name} differs"
            print(case, "equal:", ", ".join(local))
        left = board.tool("ssh", "-l", "linaro", "bm1684x-soc", "ls ~/tmp", password="linaro", timeout=30)
        assert left.returncode == 0 and left.stdout == b"", left
    finally:
        board.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
