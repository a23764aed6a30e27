#!/usr/bin/env python3
"""journeys_axera.py VNPU [-k J30]: what the users of an AXera-Pi do over ssh."""
import io
import pathlib
import struct
import sys
import tarfile
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from board_cases import BoardCase, main  # noqa: E402

CASES = pathlib.Path(__file__).resolve().parent.parent / "golden/ax620/cases.tar.xz"
CPU_CASES = CASES.with_name("cpu.tar.xz")
DETECTOR = CASES.parent.parent.parent / "devices/data/axera_detector.tar.xz"
LINES = [b"run joint version: 0.5.10\n", b"\nvirtual npu mode is 1_1\n\n", b"tools version: 0.0.0.1\nown\n", b"Using wbt 0\n", b"Max Batch Size 1\n",
         b"Support Dynamic Batch? No\n", b"Is FilterMode? No\n\n", b"Quantization Type is 8 bit\n\n", b"Input[0]: input\n    Shape [1, ", b"    Memory Physical\n",
         b"    Size ", b"Output[0]: out0\n", b"\nUsing batch size 1\n", b"\nNot set environment variable to report memory usage!\n\n", b"CMM usage: ",
         b"Create handle took ", b" ms, onnx 0.00 ms, axe 0.00 ms, overhead ", b"Run task took ", b" us (9 rounds for average)\n",
         b"\tRun NEU took an average of ", b"NPU perf cnt total: ", b"\tNPU perf cnt of eu(0): ", b"\tNPU perf cnt of eu(4): 0\n",
         b"dump output[0] out0 as out/out0.bin success\n"]


def array(file):
    """Header and bytes of a .npy."""
    size = struct.unpack_from("<H", file, 8)[0]
    return file[10 + size:]


class AxeraPi(BoardCase):
    board_name = "axera-pi"

    def case(self, kind):
        with tarfile.open(CASES) as archive:
            name = next(n for n in archive.getnames() if n.endswith(f"_{kind}/model.joint"))
            read = lambda file: archive.extractfile(name.replace("model.joint", file)).read()
            arrays = lambda file: {n: array(z.read(n)) for z in [zipfile.ZipFile(io.BytesIO(read(file)))] for n in z.namelist()}
            (self.work / "m.joint").write_bytes(read("model.joint"))
            (self.work / "input.bin").write_bytes(arrays("input.npz")["x0_0.npy"])
            return arrays("output.npz")["y0_0.npy"]

    def test_J30_run_joint(self):
        wanted = self.case("w8")
        self.ok(self.board.scp(self.work / "m.joint", self.work / "input.bin", "root@axera-pi:"))
        ran = self.ok(self.board.ssh("mkdir out; run_joint m.joint --data input.bin --repeat 10 --bin-out-dir out"))
        self.in_order(LINES, ran.stdout)
        self.ok(self.board.scp("root@axera-pi:out/out0.bin", self.work / "out0.bin"))
        self.assertEqual((self.work / "out0.bin").read_bytes(), wanted)

    def detector(self):
        with tarfile.open(DETECTOR) as archive:
            for name in ("model.joint", "whole.joint", "picture.png"):
                (self.work / name).write_bytes(archive.extractfile("detector/" + name).read())
            return archive.extractfile("detector/expected.txt").read()

    def test_J30_detector_sample(self):
        wanted = self.detector()
        self.ok(self.board.scp(self.work / "model.joint", self.work / "picture.png", "root@axera-pi:"))
        ran = self.ok(self.board.ssh("ax_yolov5s -m model.joint -i picture.png -g 32,32 -c 2"))
        self.assertTrue(ran.stdout.endswith(b"-" * 38 + b"\n" + wanted), ran.stdout.decode())
        self.ok(self.board.scp("root@axera-pi:yolov5s_out.jpg", self.work / "out.jpg"))
        self.assertEqual((self.work / "out.jpg").read_bytes()[:3], b"\xff\xd8\xff")
        missing = self.board.ssh("ax_yolov5s -m model.joint")
        self.assertEqual((missing.returncode, missing.stderr.split(b"\n")[0]), (1, b"need option: --image"))

    def test_J30_parts_on_the_cpu(self):
        with tarfile.open(CPU_CASES) as archive:
            (self.work / "m.joint").write_bytes(archive.extractfile("ax620_cpu/ax_00003_chain/model.joint").read())
        self.ok(self.board.scp(self.work / "m.joint", "root@axera-pi:"))
        ran = self.ok(self.board.ssh("mkdir out; run_joint m.joint --bin-out-dir out; ls out"))
        self.assertIn(b"Output[0]: Three\n    Shape [1, 64, 6] NHWC float32 \n    Memory Virtual\n", ran.stdout)
        self.assertIn(b"\tRun AXE took an average of ", ran.stdout)
        self.assertTrue(ran.stdout.endswith(b"\nThree.bin\n"))

    def test_J30_modes_beside_the_camera(self):
        self.case("w8")
        self.ok(self.board.scp(self.work / "m.joint", "root@axera-pi:"))
        whole = self.board.ssh("run_joint --mode disable m.joint")
        self.assertEqual(whole.returncode, 134)
        self.assertIn(b"virtual npu type error", whole.stderr)
        self.detector()
        self.ok(self.board.scp(self.work / "whole.joint", "root@axera-pi:"))
        beside = self.board.ssh("axpi_classification_cam -m whole.joint -g 32,32")  # a model for the whole NPU
        self.assertEqual(beside.returncode, 255)
        self.assertIn(b"virtual npu mode not supported", beside.stderr)
        # The camera's program holds the NPU in two halves; a model for the first one is created beside it.
        self.assertIn(b"joint init success", self.board.ssh("axpi_classification_cam -m m.joint").stdout)
        self.ok(self.board.ssh("run_joint m.joint"))


if __name__ == "__main__":
    main()
