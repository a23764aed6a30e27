#!/usr/bin/env python3
"""journeys_maixcam.py VNPU [-k J24]: what the users of a MaixCAM do over ssh, one test a journey.

There is no Python on the board yet: of J25 and J26 the part is shown that needs none (files by sftp, the model run on the
board and its boxes by `vnpu detect`, packages unpacked), and that the board says so.
"""
import hashlib
import json
import os
import pathlib
import sys
import zipfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from board_cases import BoardCase, main, run_vnpu  # noqa: E402
from board_recordings import Recordings  # noqa: E402

TARGET = "root@maixcam"
MUD = """\
[basic]
type = cvimodel
model = {model}

[extra]
model_type = yolov5
input_type = rgb
mean = 0, 0, 0
scale = 0.00392156862745098, 0.00392156862745098, 0.00392156862745098
anchors = 10,13, 16,30, 33,23, 30,61, 62,45, 59,119, 116,90, 156,198, 373,326
labels = {labels}
"""


class MaixCam(BoardCase):
    board_name = "maixcam"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.recordings = Recordings(cls.work, "cv181x")

    def test_J24_login_and_top(self):
        terminal = self.login()
        self.assertEqual(sorted(terminal.run("ls -1 /").split()),
                         sorted("bin boot dev etc home lib lib64 maixapp media mnt opt proc root run sbin sys tmp usr var".split()))
        self.assertEqual(terminal.run("hostname; uname -n"), "maixcam-28ea\nmaixcam-28ea\n")
        self.assertRegex(terminal.run("free"), r"Mem: +1[3-9]\d{4} ")
        self.assertRegex(terminal.run("cat /boot/board"), r"(?m)^id=maixcam$")
        terminal.send("top\r")
        shown = terminal.expect("COMMAND") + terminal.expect("init")
        self.assertRegex(shown, rb"Mem: \d+K used, \d+K free")
        self.assertRegex(shown, rb"CPU: +\d+% usr")
        terminal.send("q")
        terminal.prompt()
        denied = self.board.ssh("true", password="milkv")
        self.assertEqual(denied.returncode, 255)

    def test_J25_detector_of_a_user(self):
        model = self.recordings.models / "y5_int8.cvimodel"
        labels = ", ".join(f"class{i}" for i in range(80))
        (self.work / "robots.mud").write_text(MUD.format(model="robots.cvimodel", labels=labels))
        (self.work / "robots.cvimodel").write_bytes(model.read_bytes())
        self.authorize()
        batch = f"cd /root/models\nput {self.work}/robots.mud\nput {self.work}/robots.cvimodel\nls -1\n"
        shown = self.ok(self.board.tool("sftp", "-b", "-", TARGET, input=batch.encode(), key=self.key)).stdout
        self.assertIn(b"robots.cvimodel", shown)
        sums = self.ok(self.board.ssh("md5sum /root/models/robots.*")).stdout.decode().split()
        self.assertEqual(sums[0::2], [hashlib.md5((self.work / name).read_bytes()).hexdigest()
                                      for name in ("robots.cvimodel", "robots.mud")])
        # The board runs the model, on simulated time; vnpu detect tells the boxes MaixPy would show.
        ran = self.ok(self.board.ssh("model_runner -m /root/models/robots.cvimodel -c 2 --enable-timer")).stdout.decode()
        self.assertRegex(ran, r"Performance result: 2 runs take \d+\.\d+ ms")
        picture = self.recordings.recorded / "data/shape.png"
        found = run_vnpu("detect", self.work / "robots.mud", "-i", picture, "--json", "--conf", "0.3",
                         "--draw", self.work / "boxes.png")
        self.assertEqual(found.returncode, 0, found.stderr)
        self.assertIn("objects", json.loads(found.stdout))
        self.assertTrue((self.work / "boxes.png").read_bytes().startswith(b"\x89PNG"))
        script = self.board.ssh("echo 'print(1)' > main.py; python3 main.py")
        self.assertEqual((script.returncode, script.stderr), (127, b"sh: python3: not found\n"))

    def test_J26_package(self):
        app = self.work / "dist"
        app.mkdir()
        archive = app / "maix-robots-v1.0.0.zip"
        data = os.urandom(200_000)
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as package:
            package.writestr("app.yaml", "id: robots\nname: Robots\nversion: 1.0.0\nfiles:\n  - main.py\n")
            package.writestr("main.py", "print(1)\n")
            package.writestr("models/robots.bin", data)
        self.ok(self.board.scp(archive, f"{TARGET}:/tmp/"))
        self.ok(self.board.ssh("mkdir -p /maixapp/apps/robots && cd /maixapp/apps/robots && unzip /tmp/maix-robots-v1.0.0.zip"))
        self.assertEqual(self.ok(self.board.ssh("cat /maixapp/apps/robots/models/robots.bin")).stdout, data)
        self.assertEqual(self.ok(self.board.ssh("ls /maixapp/apps/robots")).stdout, b"app.yaml\nmain.py\nmodels\n")
        installer = self.board.ssh("app_store_cli install /tmp/maix-robots-v1.0.0.zip")
        self.assertEqual((installer.returncode, installer.stderr), (127, b"sh: app_store_cli: not found\n"))

    def test_J27_model_of_another_chip(self):
        self.ok(self.board.scp(self.recordings.models / "wrongchip.cvimodel", f"{TARGET}:/root/models/"))
        result = self.board.ssh("cvi_sample_model_info /root/models/wrongchip.cvimodel")
        self.assertEqual(result.returncode, 255)
        self.assertEqual(result.stdout.decode(),
                         "cvimodel built for cv180x CANNOT run on platform cv181x\nfailed to parse cvimodel\n"
                         "CVI_NN_RegisterModel failed, err -1065910269\n")


if __name__ == "__main__":
    main()
