#!/usr/bin/env python3
"""journeys_bm1684x.py VNPU [-k J29]: what the users of a BM1684X board do over ssh."""
import io
import pathlib
import sys
import tarfile
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from board_cases import BoardCase, main  # noqa: E402

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden/bm1684x"
LINES = [b"INFO:Loop num: 2\n", b"WARNING:setpriority failed", b"INFO:cpu_lib 'libcpuop.so' is loaded.\nbmcpu init: skip cpu_user_defined\n",
         b"INFO:Loading bmodel from [m.bmodel]. Thanks for your patience...\n", b"INFO:pre net num: 0, load net num: 1\n",
         b"INFO: NetName: ", b", Index=0\n", b"INFO: ---- stage 0 ----\n", b"INFO:   Input 0) 'in0' shape=[ ", b"INFO:   Output 0) '",
         b"INFO:==> running network #0, name: ", b", loop: 0\n", b"INFO:reading input #0, bytesize=", b" stage[0], launch total time is ",
         b"INFO:load input time(s): ", b"INFO:calculate  time(s): 0.0", b", loop: 1\n"]


def arrays(file):
    """The bytes of all arrays of an .npz, one after the other."""
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        for name in archive.namelist():
            npy = archive.read(name)
            yield npy[10 + int.from_bytes(npy[8:10], "little"):]


class Bm1684x(BoardCase):
    board_name = "bm1684x-soc"

    def setUp(self):
        super().setUp()
        self.board.password = "linaro"
        self.board.host = "linaro@bm1684x-soc"

    def golden(self, family, case):
        with tarfile.open(GOLDEN / (family + ".tar.xz")) as archive:
            read = lambda name: archive.extractfile(next(n for n in archive.getnames() if n.endswith(f"{case}/{name}"))).read()
            return {name: read(name) for name in ("model.bmodel", "input.npz", "output.npz")}

    def test_J29_speed(self):
        (self.work / "m.bmodel").write_bytes(self.golden("matmul", "fc_bf16")["model.bmodel"])
        self.ok(self.board.scp(self.work / "m.bmodel", "linaro@bm1684x-soc:"))
        ran = self.ok(self.board.ssh("bmrt_test --bmodel m.bmodel --loopnum 2"))
        self.in_order(LINES, ran.stdout)
        self.assertEqual(ran.stderr, b"")

    def test_J29_comparison(self):
        files = self.golden("conv", "conv1d_f16")
        folder = self.work / "context"
        folder.mkdir()
        (folder / "compilation.bmodel").write_bytes(files["model.bmodel"])
        (folder / "input_ref_data.dat").write_bytes(b"".join(arrays(files["input.npz"])))
        wanted = b"".join(arrays(files["output.npz"]))
        (folder / "output_ref_data.dat").write_bytes(wanted)
        self.ok(self.board.scp("-r", folder, "linaro@bm1684x-soc:/data/"))
        ran = self.ok(self.board.ssh("cd /data && BMRT_SAVE_IO_TENSORS=1 bmrt_test --context_dir context --accuracy_f 0"))
        self.assertIn(b"cmp success +++\n", ran.stdout)
        self.ok(self.board.scp("linaro@bm1684x-soc:/data/output_ref_data.dat.bmrt", self.work / "got"))
        self.assertEqual((self.work / "got").read_bytes(), wanted)
        (folder / "output_ref_data.dat").write_bytes(bytes(len(wanted)))
        self.ok(self.board.scp(folder / "output_ref_data.dat", "linaro@bm1684x-soc:/data/context/"))
        ran = self.board.ssh("bmrt_test --context_dir /data/context")
        self.assertEqual(ran.returncode, 255)
        self.assertIn(b"cmp failed +++\n", ran.stdout)


if __name__ == "__main__":
    main()
