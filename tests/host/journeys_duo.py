#!/usr/bin/env python3
"""journeys_duo.py VNPU [-k J01]: what the users of a Milk-V Duo do, from the tutorial on, one test a journey.

Typed as in the tutorials, with OpenSSH's ssh, scp and sftp and with paramiko. The vendor's tree of samples is one of the
same shape with programs that are ELF headers (a board knows them by name); the models and what the programs print are
recorded ones.
"""
import hashlib
import os
import pathlib
import re
import signal
import struct
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from board_cases import TIMEOUT, VNPU, BoardCase, BoardProcess, main  # noqa: E402
from board_recordings import Recordings, without_report  # noqa: E402

SAMPLES = "/home/milkv/cvitek_tpu_sdk/samples"
TARGET = "root@192.168.42.1"  # the tutorial's address, by the board's ssh_config
DATA = "./data/shape.jpg ./data/synset_shapes.txt"


class Duo(BoardCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.recordings = Recordings(cls.work)
        cls.uploaded = False

    def upload(self):
        """J04 to J06 in short: what later journeys find on the board."""
        if not self.uploaded:
            self.ok(self.board.ssh("mkdir -p /home/milkv"))
            self.ok(self.board.scp("-r", self.recordings.models, self.recordings.sdk, self.recordings.work,
                                   f"{TARGET}:/home/milkv"))
            type(self).uploaded = True

    def tutorial(self):
        """A terminal after J07, in the folder of the samples."""
        self.upload()
        terminal = self.login()
        for line in ("cd /home/milkv", "export MODEL_PATH=$PWD/cvimodel_samples #\u6a21\u578b\u8def\u5f84",
                     "export MY_MODEL_PATH=$PWD/model_resnet18 #\u6a21\u578b\u8def\u5f84", "export TPU_ROOT=$PWD/cvitek_tpu_sdk",
                     "export TPU_ENABLE_PMU=1 #", "source cvitek_tpu_sdk/envs_tpu_sdk.sh", f"cd {SAMPLES}"):
            self.assertEqual(terminal.run(line), "", line)
        return terminal

    def classify(self, program, model, case):
        """Over four lines as in the tutorial, with the report of the performance unit and without."""
        terminal = self.tutorial()
        command = f"./bin/{program} \\\n$MODEL_PATH/{model} \\\n./data/shape.jpg \\\n./data/synset_shapes.txt"
        plain, reports = without_report(terminal.run(command))
        self.assertEqual(plain, self.recordings.out(case))
        self.assertEqual(len(reports), self.recordings.out(case).count("CVI_NN_Forward succeeded"))
        for report in reports:
            self.assertRegex(report, r"cv180x_tpu_clock: +\d+Mhz, inferece_data: +\d+\.\d\dMB, inference_bw: +\d+\.\d\dMB/s\n"
                                     r"tdma_exe_tick: +\d+t, tiu_exe_tick +\d+t, inference_tick +\d+t\n"
                                     r"tdma_exe_percent: +\d+\.\d\d%, tiu_exe_percent: +\d+\.\d\d%, paralellism_percent +\d+\.\d\d%")
        terminal.run("unset TPU_ENABLE_PMU")
        self.assertEqual(terminal.run(command), self.recordings.out(case))
        self.assertEqual(terminal.run("echo $?"), "0\n")
        terminal.send("exit\r")
        self.assertEqual(terminal.status(), 0)

    def check_case(self, name, run):
        """`run(command, environment)` gives status, stdout and stderr."""
        case = self.recordings.cases[name]
        status, out, err = run(f"cd {case['cwd']} && {case['cmd']}", case.get("env") or {})
        self.assertEqual(status, case["exit"], name)
        self.assertEqual(out, case["stdout_pipe"], name)
        # The shell tells of the signal that ended its last command.
        self.assertEqual(err.removesuffix("Aborted\n") if status == 134 else err, case["stderr_pipe"], name)

    # ---- the journeys ----

    def test_J01_login(self):
        terminal = self.terminal("ssh", TARGET)
        terminal.expect("# ")
        self.assertEqual(terminal.seen, b"")
        terminal.send("exit\r")
        self.assertEqual(terminal.status(), 0)
        terminal = self.terminal("ssh", TARGET)
        shown = terminal.expect("# ")
        self.assertEqual(re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b"", shown), b"[root@milkv-duo]~", "something before the prompt")
        denied = self.board.ssh("true", password="not milkv")
        self.assertEqual(denied.returncode, 255)
        self.assertIn(b"Permission denied", denied.stderr)

    def test_J02_identity(self):
        terminal = self.login()
        shown = terminal.run("uname -a; cat /etc/os-release; cat /proc/cpuinfo; free; df -h; ls /")
        for expression in (r"(?m)^Linux milkv-duo 5\.10\.4\S* #1 PREEMPT .* riscv64 GNU/Linux$", r"(?m)^NAME=Buildroot$",
                           r'(?m)^PRETTY_NAME="Buildroot 2021.05"$', r"(?m)^isa\s*: rv64imafdvcsu$", r"(?m)^mmu\s*: sv39$",
                           r"(?m)^              total        used        free      shared  buff/cache   available$",
                           r"(?m)^Swap: +131068 ", r"(?m)^Filesystem                Size      Used Available Use% Mounted on$",
                           r"(?m)^/dev/root .* /$"):
            self.assertRegex(shown, expression)
        total = int(re.search(r"Mem: +(\d+)", shown)[1])
        self.assertTrue(35_000 < total < 48_000, total)
        for name in ("bin", "boot", "dev", "etc", "lib", "mnt", "proc", "root", "sys", "tmp", "usr", "var"):
            self.assertRegex(shown.split("Mounted on", 1)[1], rf"\b{name}\b")
        self.assertIn("root:x:0:0:root:/root:/bin/sh", terminal.run("cat /etc/passwd"))
        self.assertEqual(terminal.run("cat /etc/issue /etc/hostname; hostname"),
                         "Welcome to Milk-V Duo\nmilkv-duo\nmilkv-duo\n")

    def test_J03_folders_of_the_tutorial(self):
        terminal = self.login()
        self.assertEqual(terminal.run("cd / && mkdir -p /home/milkv/model_resnet18"), "")
        self.assertEqual(terminal.run("echo $?"), "0\n")
        self.assertRegex(terminal.run("ls /home/milkv"), r"\bmodel_resnet18\b")

    def test_J04_scp_of_models(self):
        self.ok(self.board.ssh("mkdir -p /home/milkv"))
        names = sorted(path.name for path in self.recordings.models.glob("shapes_*.cvimodel"))
        self.assertEqual(len(names), 4)
        for protocol in ("-s", "-O"):
            with self.subTest(protocol):
                self.ok(self.board.ssh("rm -f /home/milkv/*.cvimodel"))
                terminal = self.terminal("scp", protocol, *(self.recordings.models / name for name in names),
                                         f"{TARGET}:/home/milkv")
                shown = terminal.rest()
                self.assertEqual(terminal.status(), 0, shown)
                for name in names:
                    self.assertRegex(shown, rf"{re.escape(name)} +100% +\d+KB")
                sums = self.ok(self.board.ssh("cd /home/milkv && md5sum shapes_*.cvimodel")).stdout.decode()
                self.assertEqual(sums, "".join(
                    f"{hashlib.md5((self.recordings.models / name).read_bytes()).hexdigest()}  {name}\n" for name in names))
        # Client and server of another make.
        self.client().open_sftp().put(str(self.recordings.models / names[0]), "/home/milkv/by_paramiko")
        self.ok(self.board.ssh(f"cmp /home/milkv/by_paramiko /home/milkv/{names[0]}"))

    def test_J05_scp_of_a_folder(self):
        self.ok(self.board.ssh("mkdir -p /home/milkv"))
        for protocol in ("-s", "-O"):
            with self.subTest(protocol):
                self.ok(self.board.ssh("rm -rf /home/milkv/cvimodel_samples"))
                self.ok(self.board.scp(protocol, "-r", self.recordings.models, f"{TARGET}:/home/milkv"))
                listed = self.ok(self.board.ssh("ls /home/milkv/cvimodel_samples")).stdout.decode().split()
                self.assertEqual(listed, sorted(path.name for path in self.recordings.models.iterdir()))

    def test_J06_scp_of_the_sdk(self):
        tree = self.work / "large/cvitek_tpu_sdk"
        tree.parent.mkdir()
        subprocess.run(["cp", "-a", self.recordings.sdk, tree], check=True)
        library = os.urandom(10_000_000)
        (tree / "opencv/lib/libopencv_core.so.3.2.0").write_bytes(library)  # three of them with its links
        (tree / "lib/libcviruntime.so").write_bytes(os.urandom(3_000_000))
        self.ok(self.board.ssh("mkdir -p /home/milkv"))
        for protocol in ("-s", "-O"):
            with self.subTest(protocol):
                self.ok(self.board.ssh("rm -rf /home/milkv/cvitek_tpu_sdk"))
                self.ok(self.board.scp(protocol, "-r", tree, f"{TARGET}:/home/milkv"))
                shown = self.ok(self.board.ssh(
                    "cd /home/milkv/cvitek_tpu_sdk && md5sum opencv/lib/* && du -sm . && ls -l samples/bin && find . -type l")).stdout
                shown = shown.decode()
                self.assertEqual(shown.count(hashlib.md5(library).hexdigest()), 3)
                self.assertRegex(shown, r"(?m)^3[2-4]\s+\.$")
                self.assertEqual(len(re.findall(r"(?m)^-rwxr-xr-x .* cvi_sample_", shown)), 5)
                self.assertTrue(shown.endswith("cvi_sample_model_info\n"), "symbolic links are followed")
        type(self).uploaded = False

    def test_J07_environment(self):
        terminal = self.tutorial()
        self.assertEqual(terminal.run("pwd; echo $MODEL_PATH; echo $MY_MODEL_PATH; echo $TPU_ROOT; echo $TPU_ENABLE_PMU"),
                         f"{SAMPLES}\n/home/milkv/cvimodel_samples\n/home/milkv/model_resnet18\n"
                         "/home/milkv/cvitek_tpu_sdk\n1\n")
        # As sourced: below the folder where it was typed.
        self.assertTrue(terminal.run("echo $PATH").startswith("/home/milkv/bin:"))

    def test_J08_strict_hardware(self):
        board = BoardProcess(VNPU, "milkv-duo", "--strict-hardware")
        self.addCleanup(board.stop)
        (self.work / "f").write_bytes(b"f\n")
        refused = board.scp(self.work / "f", f"{TARGET}:/root")
        self.assertEqual(refused.returncode, 255)
        self.assertIn(b"sh: /usr/libexec/sftp-server: not found", refused.stderr)
        self.assertIn(b"scp: Connection closed", refused.stderr)
        self.ok(board.scp("-O", self.work / "f", f"{TARGET}:/root"))
        self.assertEqual(board.ssh("cat /root/f").stdout, b"f\n")

    def test_J09_model_info(self):
        terminal = self.tutorial()
        self.assertEqual(terminal.run("./bin/cvi_sample_model_info $MODEL_PATH/shapes_int8.cvimodel"),
                         self.recordings.out("info_int8"))

    def test_J10_classifier(self):
        self.classify("cvi_sample_classifier", "shapes_int8.cvimodel", "cls_int8")

    def test_J11_classifier_bf16(self):
        self.classify("cvi_sample_classifier_bf16", "shapes_bf16.cvimodel", "cls_bf16")

    def test_J12_classifier_fused_preprocess(self):
        self.classify("cvi_sample_classifier_fused_preprocess", "shapes_fused.cvimodel", "cls_fused")

    def test_J13_classifier_multi_batch(self):
        self.classify("cvi_sample_classifier_multi_batch", "shapes_bs1_bs4.cvimodel", "cls_multi")

    def test_J14_scripts_of_the_samples(self):
        self.upload()
        terminal = self.login()
        terminal.run(f"cd {SAMPLES}")
        self.assertEqual(terminal.run("sh ./run_classifier.sh"), "./run_classifier.sh MODEL_PATH not set\n")
        self.assertEqual(terminal.run("echo $?"), "1\n")
        self.assertEqual(terminal.run("MODEL_PATH=/tmp sh ./run_classifier.sh; echo $?"),
                         "./run_classifier.sh Model mobilenet_v2.cvimodel not present\n1\n")
        terminal.run("ln -sf /home/milkv/cvimodel_samples/shapes_int8.cvimodel /tmp/mobilenet_v2.cvimodel")
        self.assertEqual(terminal.run("MODEL_PATH=/tmp sh ./run_classifier.sh; echo $?"),
                         self.recordings.out("cls_int8") + "0\n")

    def test_J15_faults(self):
        self.upload()
        client = self.client()

        def run(command, environment):
            exports = "".join(f"export {name}={value}; " for name, value in environment.items())
            _, out, err = client.exec_command(exports + command, timeout=TIMEOUT)
            text = out.read(), err.read()
            return out.channel.recv_exit_status(), *(part.decode(errors="surrogateescape") for part in text)

        count = 0
        for name, case in self.recordings.cases.items():
            # info_text prints from beyond the file; the rest need a device in another state.
            if name.startswith(("info_", "cls_")) and "device" not in case and name != "info_text":
                with self.subTest(name):
                    self.check_case(name, run)
                    count += 1
        self.assertEqual(count, 35)

    def test_J16_model_runner(self):
        self.upload()

        def run(command, _):
            result = self.board.ssh(command)
            return result.returncode, result.stdout.decode(), result.stderr.decode()

        self.check_case("mr_io", run)
        self.check_case("mr_ref_count", run)
        self.ok(self.board.scp(f"{TARGET}:/home/milkv/work/out.npz", self.work / "out.npz"))
        self.assertEqual((self.work / "out.npz").read_bytes(), (self.recordings.recorded / "npz/cv180x_out.npz").read_bytes())

    def test_J17_timer_and_reports(self):
        terminal = self.tutorial()
        command = "../bin/model_runner -m $MODEL_PATH/shapes_int8.cvimodel -p /tmp/pmu --enable-timer"
        first, again = terminal.run(command), terminal.run(command)
        self.assertEqual(first, again, "simulated time is the same in every run")
        self.assertRegex(first, r"Performance result: 1 runs take \d+\.\d+ ms, each run takes \d+\.\d+ ms, fps \d+\.\d+\n$")
        self.assertIn("out file_des name=/tmp/pmu_des.csv\n", first)
        self.ok(self.board.scp(f"{TARGET}:/tmp/pmu_*.csv", self.work))
        self.assertTrue((self.work / "pmu_des.csv").read_text().startswith("pmutype, desID, event0, event1, , start, duration"))
        self.assertTrue((self.work / "pmu_layer.csv").read_text().startswith("layerID, start, duration, end"))
        terminal.run("unset TPU_ENABLE_PMU")
        shape = lambda text: re.sub(r"\d+\.\d+( ms)?", "#", text.splitlines()[-1])  # noqa: E731
        timed = terminal.run("../bin/model_runner -m $MODEL_PATH/shapes_int8.cvimodel -c 5 --enable-timer")
        self.assertEqual(shape(timed), shape(self.recordings.out("mr_timer")))
        self.assertEqual(timed.splitlines()[:-1], self.recordings.out("mr_timer").splitlines()[:-1])

    def test_J18_model_tool(self):
        self.upload()
        result = self.ok(self.board.ssh(f"cd {SAMPLES}; {self.recordings.cases['tool_dump']['cmd']}"))
        self.assertEqual(result.stdout.decode(), self.recordings.out("tool_dump"))

    def test_J19_commands_in_one_line(self):
        self.upload()
        for name, status in (("info_int8", 0), ("info_wrongchip", 255), ("info_truncated_body", 134), ("cls_nolabels", 1)):
            case = self.recordings.cases[name]
            result = self.board.ssh(f"cd {SAMPLES} && {case['cmd']}")
            self.assertEqual((result.returncode, result.stdout.decode()), (status, case["stdout_pipe"]), name)

    def test_J20_sftp(self):
        self.authorize()
        self.ok(self.board.ssh("mkdir -p tree/deep && echo a > tree/a && echo b > tree/deep/b"))
        data = os.urandom(500_000)
        (self.work / "model").write_bytes(data)
        batch = [f"put {self.work}/model m.cvimodel", "ls -l m.cvimodel", "rename m.cvimodel n.cvimodel", "mkdir models",
                 "put -r " + str(self.recordings.models), f"get -r tree {self.work}/tree", "ls -1 tree", "df -h /",
                 f"get n.cvimodel {self.work}/back", "rm n.cvimodel", "-rm n.cvimodel", "rmdir models", "bye", ""]
        result = self.ok(self.board.tool("sftp", "-b", "-", TARGET, input="\n".join(batch).encode(), key=self.key))
        shown = result.stdout.decode()
        self.assertRegex(shown, r"(?m)^-rw-r--r-- +\S+ root +root +500000 .* m\.cvimodel$")
        self.assertRegex(shown, r"(?m)^tree/a *\ntree/deep *$")
        self.assertRegex(shown, r"Size +Used +Avail +\(root\) +%Capacity\n +\d+\.?\d*MB")
        self.assertIn(b"No such file or directory", result.stderr)  # the second rm
        self.assertEqual((self.work / "back").read_bytes(), data)
        self.assertEqual((self.work / "tree/deep/b").read_text(), "b\n")
        self.ok(self.board.ssh("test ! -e n.cvimodel && test ! -e models && test -e cvimodel_samples/text.cvimodel"))

    def test_J21_host_keys(self):
        folder, known = str(self.work / "duo"), self.work / "known_hosts"

        def visit(board):
            return subprocess.run(
                ["ssh", "-F", "none", "-p", str(board.port), "-o", f"UserKnownHostsFile={known}", "-o", "IdentityAgent=none",
                 "-o", "StrictHostKeyChecking=accept-new", "-o", "NumberOfPasswordPrompts=1", "root@127.0.0.1", "true"],
                env=board.environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, start_new_session=True)

        first = BoardProcess(VNPU, "milkv-duo", "--dir", folder)
        self.assertEqual(visit(first).returncode, 0)
        self.assertEqual(first.stop(), 0)
        restarted = BoardProcess(VNPU, "milkv-duo", "--dir", folder, listen=f"127.0.0.1:{first.port}")
        self.assertEqual(visit(restarted).returncode, 0, "the same key")
        self.assertEqual(restarted.stop(signal.SIGINT), 0)
        other = BoardProcess(VNPU, listen=f"127.0.0.1:{first.port}")
        self.addCleanup(other.stop)
        warned = visit(other)
        self.assertEqual(warned.returncode, 255)
        self.assertIn(b"REMOTE HOST IDENTIFICATION HAS CHANGED", warned.stderr)
        subprocess.run(["ssh-keygen", "-R", f"[127.0.0.1]:{first.port}", "-f", known], check=True, capture_output=True)
        self.assertEqual(visit(other).returncode, 0)

    def test_J22_terminal(self):
        terminal = self.login()
        terminal.send("while true; do echo running; done\r")
        terminal.expect("running\r\nrunning\r\n")
        terminal.send(b"\x03")
        terminal.prompt()
        self.assertEqual(terminal.run("mkdir -p /tmp/t && cd /tmp/t && echo content > alphabet.txt"), "")
        terminal.send("cat alph\t")
        terminal.expect("cat alphabet.txt ")
        terminal.send("\r")
        self.assertTrue(terminal.prompt().endswith("\ncontent\n"))
        terminal.run("echo first $((1+1))")
        terminal.run("echo second")
        terminal.send(b"\x1b[A\x1b[A")  # up, up
        terminal.expect("echo first $((1+1))")
        terminal.send("\r")
        self.assertTrue(terminal.prompt().endswith("first 2\n"))
        for line in ("cat > f <<EOF", "one $((2+3))", "two"):
            terminal.send(line + "\r")
            terminal.expect("> ")
        terminal.send("EOF\r")
        terminal.prompt()
        self.assertEqual(terminal.run("cat f"), "one 5\ntwo\n")
        terminal.send("echo ready; cat > g\r")
        terminal.expect("\nready\r\n")
        terminal.send("typed\r\x04")
        terminal.prompt()
        self.assertEqual(terminal.run("cat g; wc -l < g"), "typed\n1\n")
        terminal.send(b"\x04")
        self.assertEqual(terminal.status(), 0)

    def test_J23_model_too_large_for_the_heap(self):
        # Shared memory of 20 MiB instead of 32 KiB; the heap has 16 MiB.
        model = bytearray((self.recordings.models / "shapes_int8.cvimodel").read_bytes())
        self.assertEqual(struct.unpack_from("<I", model, 164)[0], 32768)
        struct.pack_into("<I", model, 164, 20 << 20)
        (self.work / "big.cvimodel").write_bytes(model)
        terminal = self.tutorial()
        self.ok(self.board.scp(self.work / "big.cvimodel", f"{TARGET}:/tmp/"))
        wanted = self.recordings.cases["cls_ion_full"]["tty"].replace("32768", str(20 << 20))
        terminal.run("unset TPU_ENABLE_PMU")
        self.assertEqual(terminal.run(f"./bin/cvi_sample_classifier /tmp/big.cvimodel {DATA}"), wanted + "Aborted\n")
        self.assertEqual(terminal.run("echo $?"), "134\n")
        # Nothing of the heap is lost.
        self.assertEqual(terminal.run(f"./bin/cvi_sample_classifier $MODEL_PATH/shapes_int8.cvimodel {DATA}"),
                         self.recordings.out("cls_int8"))


if __name__ == "__main__":
    main()
