#!/usr/bin/env python3
"""ssh_test.py VNPU [TEST...]: a virtual board against OpenSSH's own ssh, scp and sftp, and against paramiko.

Loopback only, free ports, every wait is bounded. Exit status 77 (skipped) when a client is missing.
"""
import filecmp
import hashlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from board_cases import TIMEOUT, VNPU, BoardCase, BoardProcess, main, paramiko, run_vnpu, wait_for  # noqa: E402
from board_recordings import Recordings  # noqa: E402

CYCLES = int(os.environ.get("VNPU_SSH_CYCLES", "300"))  # tools/board_connections.sh: more
SANITIZED = bool(os.environ.get("VNPU_TEST_SANITIZED"))  # a sanitizer keeps freed memory


class Commands(BoardCase):
    def test_output_errors_and_status_come_back(self):
        result = self.board.ssh("echo out; echo err >&2; exit 7")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (7, b"out\n", b"err\n"))

    def test_the_status_of_an_aborted_program_is_the_shells(self):
        self.assertEqual(self.board.ssh("sh -c 'kill -ABRT $$'; exit $?").returncode, 134)

    def test_input_goes_through_whole(self):
        data = os.urandom(3_000_000)
        self.assertEqual(self.ok(self.board.ssh("cat", input=data)).stdout, data)

    def test_wrong_password_is_denied(self):
        result = self.board.ssh("true", password="wrong")
        self.assertEqual(result.returncode, 255)
        self.assertIn(b"Permission denied", result.stderr)
        self.assertIn("login of root by password refused", self.board.log())

    def test_keys_log_in_when_authorized(self):
        self.assertEqual(self.board.ssh("-o", "PasswordAuthentication=no", "true", key=self.key).returncode, 255)
        self.authorize()
        result = self.board.tool("ssh", "-o", "BatchMode=yes", "root@192.168.42.1", "echo in", key=self.key)
        self.assertEqual(self.ok(result).stdout, b"in\n")
        self.ok(self.board.ssh("chmod 666 ~/.ssh/authorized_keys"))
        self.assertEqual(self.board.ssh("-o", "BatchMode=yes", "true", key=self.key).returncode, 255)
        self.ok(self.board.ssh("rm ~/.ssh/authorized_keys"))

    def test_forwarding_is_refused(self):
        result = self.board.tool("ssh", "-W", f"127.0.0.1:{self.board.port}", "root@192.168.42.1", input=b"x")
        self.assertNotEqual(result.returncode, 0)
        result = self.board.tool("ssh", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:1", "root@192.168.42.1", "true")
        self.assertNotEqual(result.returncode, 0)

    def test_commands_are_logged(self):
        self.ok(self.board.ssh("echo a; true"))
        self.assertTrue(wait_for(lambda: "exec echo a; true: exit status 0" in self.board.log()))

    def test_several_channels_of_one_connection(self):
        client = self.client()
        channels = [client.exec_command(f"sleep 1; echo {i}") for i in range(8)]
        self.assertEqual([out.read() for _, out, _ in channels], [f"{i}\n".encode() for i in range(8)])

    def test_a_client_that_leaves_takes_its_command_along(self):
        before = self.board.threads()
        client = self.client()
        client.exec_command("while true; do sleep 1; done")
        client.exec_command("sleep 1000")
        client.close()
        self.assertTrue(wait_for(lambda: self.board.threads() <= before), "threads are left over")


class Terminal(BoardCase):
    def test_prompt_control_c_and_exit_status(self):
        terminal = self.login()
        self.assertEqual(terminal.run("echo $((6*7))"), "42\n")
        terminal.send("sleep 1000\r")
        terminal.expect("sleep 1000\r\n")
        terminal.send(b"\x03")  # earlier than the program it is a key at the prompt, which is as good
        terminal.prompt()
        terminal.send("while true; do echo y; done\r")
        terminal.expect("y\r\ny\r\ny\r\n")
        terminal.send(b"\x03")
        terminal.prompt()
        terminal.send("exit 7\r")
        self.assertEqual(terminal.status(), 7)

    def test_jobs_vi_log_and_history(self):
        terminal = self.login()
        terminal.send("sleep 1234\r")
        self.assertTrue(wait_for(lambda: b"sleep 1234" in self.board.ssh("ps").stdout), "the program has not begun")
        terminal.send(b"\x1a")
        terminal.expect("[1]+  Stopped                    sleep 1234")
        terminal.prompt()
        terminal.send("kill %1; fg\r")
        terminal.expect("Terminated")
        terminal.prompt()
        terminal.send("vi note\r")
        terminal.expect("- note 1/1 100%")
        terminal.send("ifrom vi\x1b:wq\r")
        terminal.prompt()
        terminal.send("cat note | awk '{ print $2, NR }'\r")
        terminal.expect("vi 1\r\n")
        terminal.prompt()
        terminal.send("exit 3\r")
        self.assertEqual(terminal.status(), 3)
        self.assertTrue(wait_for(lambda: "shell: cat note | awk '{ print $2, NR }'" in self.board.log()))
        terminal = self.login()
        terminal.send(b"\x1b[A")
        terminal.expect("exit 3")
        terminal.send(b"\x1b[A")
        terminal.expect("cat note")
        terminal.send("\x15exit\r")
        self.assertEqual(terminal.status(), 0)

    def test_end_of_input_key_logs_out(self):
        terminal = self.login()
        terminal.send(b"\x04")
        self.assertEqual(terminal.status(), 0)


class Copies(BoardCase):
    def tree(self):
        root = pathlib.Path(tempfile.mkdtemp(dir=self.work)) / "samples"
        (root / "lib/opencv").mkdir(parents=True)
        (root / "bin").mkdir()
        (root / "bin/run me").write_bytes(os.urandom(70_000))
        (root / "bin/run me").chmod(0o755)
        (root / "empty").write_bytes(b"")
        (root / "lib/lib.so.1").write_bytes(os.urandom(300_000))
        (root / "lib/lib.so").symlink_to("lib.so.1")
        for path in (root / "empty", root / "lib/lib.so.1"):
            os.utime(path, (1_600_000_000, 1_500_000_000))
        return root

    def same(self, a, b):
        comparison = filecmp.dircmp(a, b)
        self.assertEqual((comparison.left_only, comparison.right_only), ([], []))
        for name in comparison.common_files:
            self.assertEqual((a / name).read_bytes(), (b / name).read_bytes(), name)
            self.assertEqual((a / name).stat().st_mode & 0o111, (b / name).stat().st_mode & 0o111, name)
        for name in comparison.common_dirs:
            self.same(a / name, b / name)

    def test_folders_both_ways(self):
        for protocol in ("-s", "-O"):
            with self.subTest(protocol):
                root = self.tree()
                place = "/home/up" + protocol
                self.ok(self.board.ssh(f"mkdir -p {place}"))
                self.ok(self.board.scp(protocol, "-r", "-p", root, f"root@192.168.42.1:{place}"))
                back = pathlib.Path(tempfile.mkdtemp(dir=self.work))
                self.ok(self.board.scp(protocol, "-r", "-p", f"root@192.168.42.1:{place}/samples", back))
                self.same(root, back / "samples")
                self.assertEqual(int((back / "samples/empty").stat().st_mtime), 1_500_000_000)
                # A second time onto what is there.
                self.ok(self.board.scp(protocol, "-r", root, f"root@192.168.42.1:{place}"))
                seen = self.ok(self.board.ssh(f"ls -l {place}/samples/bin")).stdout
                self.assertIn(b"-rwxr-xr-x", seen)

    def test_files_with_their_names(self):
        data = os.urandom(2_000_000)
        (self.work / "m.cvimodel").write_bytes(data)
        (self.work / "short").write_bytes(b"x")
        for protocol in ("-s", "-O"):
            with self.subTest(protocol):
                self.ok(self.board.scp(protocol, self.work / "m.cvimodel", "root@192.168.42.1:"))
                self.ok(self.board.scp(protocol, self.work / "m.cvimodel", self.work / "short", "root@192.168.42.1:/tmp/"))
                # With -O the board's shell takes the path apart.
                blank = "'/tmp/other name'" if protocol == "-O" else "/tmp/other name"
                self.ok(self.board.scp(protocol, self.work / "m.cvimodel", "root@192.168.42.1:" + blank))
                self.assertEqual(self.ok(self.board.ssh("cat '/tmp/other name'")).stdout, data)
                self.assertEqual(self.ok(self.board.ssh("cat /root/m.cvimodel")).stdout, data)
                # A shorter one on top of a longer one.
                self.ok(self.board.scp(protocol, self.work / "short", "root@192.168.42.1:/root/m.cvimodel"))
                self.assertEqual(self.ok(self.board.ssh("cat /root/m.cvimodel")).stdout, b"x")
                self.ok(self.board.scp(protocol, "root@192.168.42.1:/tmp/m.*", self.work / "back"))
                self.assertEqual((self.work / "back").read_bytes(), data)

    def test_what_is_not_there_is_said(self):
        (self.work / "f").write_bytes(b"f")
        for protocol in ("-s", "-O"):
            with self.subTest(protocol):
                up = self.board.scp(protocol, self.work / "f", "root@192.168.42.1:/nonexist/x")
                self.assertEqual(up.returncode, 1)
                self.assertIn(b"No such file or directory", up.stderr)
                down = self.board.scp(protocol, "root@192.168.42.1:/nonexist", self.work / "g")
                self.assertEqual(down.returncode, 1)
                self.assertIn(b"No such file or directory", down.stderr)

    def test_sftp_batch_with_a_key(self):
        self.authorize()
        (self.work / "up").write_bytes(os.urandom(1_000_000))
        batch = "\n".join([
            "pwd", "mkdir b", "cd b", f"put {self.work}/up one", "rename one two", "ln -s two link", "ls -l", "df -h .",
            f"get link {self.work}/down", "chmod 640 two", "ls -ln two", "-rmdir /root/b", "rm link", "rm two", "cd ..",
            "rmdir b", ""])
        result = self.ok(self.board.tool("sftp", "-b", "-", "root@192.168.42.1", input=batch.encode(), key=self.key))
        out = result.stdout.decode()
        self.assertIn("Remote working directory: /root", out)
        self.assertRegex(out, r"lrwxrwxrwx .* root +root .*link")
        self.assertRegex(out, r"-rw-r----- .* 1000000 ")
        self.assertEqual((self.work / "down").read_bytes(), (self.work / "up").read_bytes())

    def test_paramiko_sftp(self):
        sftp = self.client().open_sftp()
        sftp.mkdir("p")
        sftp.chdir("p")
        self.assertEqual(sftp.getcwd(), "/root/p")
        data = os.urandom(1_500_000)
        with sftp.open("f", "wb") as file:
            file.set_pipelined(True)
            file.write(data)
        with sftp.open("f", "r+b") as file:
            file.seek(10)
            file.write(b"0123456789")
            file.truncate(1_000_000)
        with sftp.open("f", "ab") as file:
            file.write(b"end")
        data = data[:10] + b"0123456789" + data[20:1_000_000] + b"end"
        with sftp.open("f", "rb") as file:
            self.assertEqual(file.read(), data)
        sftp.chmod("f", 0o4755)
        sftp.utime("f", (1000, 2000))
        found = sftp.stat("f")
        self.assertEqual((found.st_mode, found.st_size, found.st_atime, found.st_mtime), (0o104755, len(data), 1000, 2000))
        sftp.symlink("f", "link")
        self.assertEqual(sftp.readlink("link"), "f")
        self.assertEqual(sftp.lstat("link").st_mode & 0o170000, 0o120000)
        sftp.rename("link", "link2")
        with self.assertRaises(IOError):
            sftp.rename("link2", "f")
        sftp.posix_rename("link2", "g")
        self.assertEqual(sorted(sftp.listdir()), ["f", "g"])
        self.assertEqual(sftp.normalize(".."), "/root")
        with self.assertRaises(FileNotFoundError):
            sftp.stat("nothing")
        with self.assertRaises(IOError):
            sftp.rmdir("/root/p")
        for index in range(250):
            sftp.open(f"many{index}", "w").close()
        self.assertEqual(len(sftp.listdir()), 252)
        for name in sftp.listdir():
            sftp.remove(name)
        sftp.rmdir("/root/p")


class Jail(unittest.TestCase):
    """Paths, links and hostile scp clients never reach a host file outside the board's folder."""

    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="vnpu-ssh-jail-"))
        self.addCleanup(shutil.rmtree, self.work)
        self.secret = self.work / "outside"
        self.secret.mkdir()
        (self.secret / "secret").write_text("secret of the host")
        self.board = BoardProcess(VNPU, "milkv-duo", "--dir", str(self.work / "dir"))
        self.addCleanup(self.board.stop)
        self.before = self.outside()

    def outside(self):
        found = {}
        for folder, names, files in os.walk(self.work):
            if pathlib.Path(folder) == self.work:
                names.remove("dir")
            for name in files:
                path = pathlib.Path(folder) / name
                found[str(path)] = (path.read_bytes(), path.stat().st_mtime_ns)
            found[folder] = sorted(names + files)
        return found

    def tearDown(self):
        self.assertEqual(self.outside(), self.before)
        for folder, names, files in os.walk(self.work / "dir"):
            for name in names + files:
                self.assertFalse((pathlib.Path(folder) / name).is_symlink(), f"a link of the host: {folder}/{name}")

    def sftp(self):
        client = paramiko.SSHClient()
        client.load_host_keys(self.board.info["known_hosts"])
        client.connect("127.0.0.1", port=self.board.port, username="root", password="milkv", look_for_keys=False,
                       allow_agent=False)
        self.addCleanup(client.close)
        return client

    def test_sftp_paths_and_links(self):
        sftp = self.sftp().open_sftp()
        secret = str(self.secret / "secret")
        up = "/".join([".."] * 40)
        for path in (secret, up + secret, "/proc/self/root" + secret, "/proc/1/root" + secret, "//" + secret,
                     f"/tmp/../{up}{secret}", "/dev/../" + secret):
            with self.subTest(path):
                with self.assertRaises(IOError):
                    sftp.open(path, "r").read()
                with self.assertRaises(IOError):
                    sftp.open(path, "w").write("x")
        for number, target in enumerate((str(self.secret), up + str(self.secret), "../" * 60 + "etc", "/")):
            link = f"/root/link{number}"
            sftp.symlink(target, link)
            try:
                sftp.open(link + "/secret", "w").write("changed")
            except IOError:
                pass
            with self.assertRaises(IOError):
                sftp.open(link + "/passwd-", "r").read()
            for act in (lambda: sftp.rename(sftp.normalize(".") + "/.", link + "/x"), lambda: sftp.mkdir(link + "/d"),
                        lambda: sftp.rmdir(link), lambda: sftp.truncate(link + "/secret", 0)):
                try:
                    act()
                except IOError:
                    pass

    def test_commands_and_redirections(self):
        secret = self.secret / "secret"
        result = self.board.ssh(f"cat {secret}; echo x > {secret}; cd {'../' * 50}; cat .{secret}; ln -s {self.secret} /root/l;"
                                f"echo y > /root/l/secret; rm -f {secret} /root/l/secret; mkdir -p {self.secret}/new;"
                                f"cp /etc/passwd {self.secret}/copy; mv /etc/hosts {self.secret}/")
        self.assertNotIn(b"secret of the host", result.stdout + result.stderr)

    def test_hostile_scp_client(self):
        for name in (b"../../../../../../x", b"..", b".", b"/etc/passwd", str(self.secret / "new").encode()):
            with self.subTest(name):
                result = self.board.ssh("scp -r -t /root/up", input=b"C0644 4 " + name + b"\nhurt\0")
                self.assertEqual(result.returncode, 1)
                self.assertIn(b"\x01scp: protocol error", result.stdout)
        nested = b"D0755 0 a\n" + b"E\n" * 3 + b"C0644 4 escaped\nhurt\0"
        self.assertEqual(self.board.ssh("scp -r -t /root", input=nested).returncode, 1)
        self.assertEqual(self.board.ssh("test -e /escaped").returncode, 1)


class Load(BoardCase):
    def test_many_sessions_at_once(self):
        """32 sessions, half of them upload 8 MB each, half run models; one more looks whether anybody is served at all."""
        count, size, runs = 32, 8_000_000, 4
        recordings = Recordings(self.work)
        self.ok(self.board.ssh("mkdir -p /home/milkv"))
        self.ok(self.board.scp("-r", recordings.models, recordings.sdk, "root@192.168.42.1:/home/milkv"))
        cases = [recordings.cases[name] for name in ("cls_int8", "cls_bf16", "cls_fused", "cls_multi")]
        data = [os.urandom(size) for _ in range(count // 2)]
        results = [None] * count
        resident = self.board.resident_kb()
        peak, turns, finished = [resident], [], threading.Event()

        def upload(index):
            name = f"root@192.168.42.1:/root/s{index}"
            if index % 3 == 2:
                results[index] = self.board.ssh(f"cat > /root/s{index}", input=data[index])
            else:
                source = self.work / f"s{index}"
                source.write_bytes(data[index])
                results[index] = self.board.scp(("-s", "-O")[index % 3], source, name)

        def classify(index):
            case = cases[index % len(cases)]
            line = f"cd {case['cwd']}; for i in {' '.join(map(str, range(runs)))}; do {case['cmd']} || exit 9; done"
            results[index] = self.board.ssh(line)

        def watch():
            with self.client() as client:
                while not finished.wait(0.05):
                    _, out, _ = client.exec_command(f"echo turn {len(turns)}", timeout=TIMEOUT)
                    self.assertEqual(out.read().decode(), f"turn {len(turns)}\n")
                    turns.append(finished.is_set())
                    peak[0] = max(peak[0], self.board.resident_kb())

        watcher = threading.Thread(target=watch)
        watcher.start()
        threads = [threading.Thread(target=upload if index < count // 2 else classify, args=(index,)) for index in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        finished.set()
        watcher.join()
        for index, result in enumerate(results):
            self.assertIsNotNone(result, index)
            wanted = "" if index < count // 2 else cases[index % len(cases)]["stdout_pipe"] * runs
            self.assertEqual((result.returncode, result.stdout.decode()), (0, wanted), result.stderr)
        sums = self.ok(self.board.ssh("cd /root && md5sum s*")).stdout.decode().split()
        self.assertEqual(dict(zip(sums[1::2], sums[0::2])),
                         {f"s{index}": hashlib.md5(one).hexdigest() for index, one in enumerate(data)})
        # All the time somebody new was served too.
        self.assertGreater(turns.count(False), 2)
        files = size * (count // 2) // 1024
        allowed = resident + files + 128 * 1024  # the files lie in memory; 4 MB for each session
        print(f"{resident} KB resident before, {peak[0]} KB at most, {files} KB of it files; {len(turns)} turns", file=sys.stderr)
        if not SANITIZED:
            self.assertLess(peak[0], allowed)

    def test_connections_leave_nothing_behind(self):
        def cycle():
            transport = paramiko.Transport(("127.0.0.1", self.board.port))
            transport.start_client(timeout=TIMEOUT)
            transport.auth_password("root", self.board.password)
            channel = transport.open_session(timeout=TIMEOUT)
            channel.exec_command("true")
            self.assertEqual(channel.recv_exit_status(), 0)
            transport.close()

        for _ in range(50):  # until allocators and pools have what they keep
            cycle()
        self.assertTrue(wait_for(lambda: self.board.threads() <= 3))
        before = (self.board.descriptors(), self.board.threads())
        resident, trend = self.board.resident_kb(), []
        for number in range(CYCLES):
            cycle()
            if (number + 1) % max(1, CYCLES // 10) == 0:
                trend.append(self.board.resident_kb() - resident)
        after = lambda: (self.board.descriptors(), self.board.threads())  # noqa: E731
        self.assertTrue(wait_for(lambda: after() <= before), f"{before} became {after()}")
        print(f"{CYCLES} connections, {resident} KB resident before, then {trend} KB more", file=sys.stderr)
        # A megabyte for what an allocator does, and less than 1 KB a connection.
        if not SANITIZED:
            self.assertLess(trend[-1], 1024 + CYCLES)

    def test_broken_clients_do_no_harm(self):
        for text in (b"", b"GET / HTTP/1.0\r\n\r\n", b"SSH-2.0-x\r\n" + bytes(range(256)) * 400, b"\xff" * 100_000):
            with socket.create_connection(("127.0.0.1", self.board.port)) as raw:
                try:
                    raw.sendall(text)
                except OSError:
                    pass
        self.assertEqual(self.ok(self.board.ssh("echo fine")).stdout, b"fine\n")


class Boards(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="vnpu-ssh-boards-"))
        self.addCleanup(shutil.rmtree, self.work)

    def test_a_folder_keeps_files_and_host_key(self):
        folder = str(self.work / "duo")
        board = BoardProcess(VNPU, "milkv-duo", "--dir", folder)
        key = board.info["host_key"]
        self.assertEqual(board.ssh("echo kept > /root/file; ln -s file /root/link").returncode, 0)
        second = run_vnpu("board", "milkv-duo", "--dir", folder, "--listen", "127.0.0.1:0")
        self.assertEqual(second.returncode, 2)
        self.assertIn(b"in use", second.stderr)
        self.assertEqual(board.stop(), 0)
        again = BoardProcess(VNPU, "milkv-duo", "--dir", folder)
        self.addCleanup(again.stop)
        self.assertEqual(again.info["host_key"], key)
        self.assertEqual(again.ssh("cat /root/link").stdout, b"kept\n")

    def test_two_fresh_boards_have_different_keys(self):
        boards = [BoardProcess(VNPU) for _ in range(2)]
        keys = {board.info["host_key"] for board in boards}
        for board in boards:
            self.assertEqual(board.stop(signal.SIGINT), 0)
        self.assertEqual(len(keys), 2)

    def test_others_are_let_in_only_with_a_password_of_ones_own(self):
        refused = run_vnpu("board", "milkv-duo", "--listen", "0.0.0.0:0")
        self.assertEqual(refused.returncode, 2)
        self.assertIn(b"password", refused.stderr)
        refused = run_vnpu("board", "milkv-duo", "--listen", "0.0.0.0:0", "--password", "milkv")
        self.assertEqual(refused.returncode, 2)
        board = BoardProcess(VNPU, "milkv-duo", "--password", "of my own")
        self.addCleanup(board.stop)
        self.assertEqual(board.ssh("true", password="of my own").returncode, 0)
        self.assertEqual(board.ssh("true", password="milkv").returncode, 255)

    def test_shutdown_with_sessions_open(self):
        board = BoardProcess(VNPU)
        session = subprocess.Popen(["ssh", *board.options(), "root@192.168.42.1", "while true; do sleep 1; done"],
                                   env=board.environment(), stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   start_new_session=True)
        self.assertTrue(wait_for(lambda: "exec while" in board.log()))
        self.assertEqual(board.stop(), 0)
        self.assertEqual(session.wait(TIMEOUT), 255)

    def test_exec_is_one_command(self):
        (self.work / "in").write_bytes(b"in\n")
        (self.work / "folder").mkdir()
        (self.work / "folder/x").write_bytes(b"x\n")
        result = run_vnpu("exec", "milkv-duo", "--put", f"{self.work}/in:/root/", "--put", f"{self.work}/folder:/root/new/",
                           "--get", f"out:{self.work}/out", "--get", f"/root/new:{self.work}/back", "--",
                           "cat in new/folder/x - > out; echo to stdout; echo to stderr >&2; exit 5", input=b"stdin\n")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (5, b"to stdout\n", b"to stderr\n"))
        self.assertEqual((self.work / "out").read_bytes(), b"in\nx\nstdin\n")
        self.assertEqual((self.work / "back/folder/x").read_bytes(), b"x\n")
        self.assertEqual(run_vnpu("exec", "milkv-duo", "--", "echo", "a  b", "$HOME").stdout, b"a  b $HOME\n")
        self.assertEqual(run_vnpu("exec", "milkv-duo", "--env", "A=b=c", "--", "echo $A").stdout, b"b=c\n")
        self.assertEqual(run_vnpu("exec", "milkv-duo", "--", "test", "-e", "/root/in").returncode, 1, "not fresh")
        self.assertEqual(run_vnpu("exec", "no-such-board", "--", "true").returncode, 2)
        self.assertEqual(run_vnpu("exec", "milkv-duo", "--put", "/no/such/file:/root/", "--", "true").returncode, 2)

    def test_exec_classifies_a_picture_in_one_line(self):
        recordings = Recordings(self.work)
        data = recordings.recorded / "data"
        result = run_vnpu("exec", "milkv-duo", "--put", f"{recordings.models / 'shapes_int8.cvimodel'}:/root/", "--put",
                          f"{data / 'shape.jpg'}:/root/", "--put", f"{data / 'synset_shapes.txt'}:/root/", "--",
                          "cvi_sample_classifier", "shapes_int8.cvimodel", "shape.jpg", "synset_shapes.txt")
        self.assertEqual((result.returncode, result.stdout.decode()), (0, recordings.out("cls_int8")))
        aborted = run_vnpu("exec", "milkv-duo", "--put", f"{recordings.models / 'truncated_body.cvimodel'}:/root/", "--",
                           "cvi_sample_model_info", "truncated_body.cvimodel")
        self.assertEqual(aborted.returncode, 134)


if __name__ == "__main__":
    main()
