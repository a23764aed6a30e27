#!/usr/bin/env python3
"""jail_test.py VNPU [--rounds N] [--requests N] [--seed N]: no path of a board's user reaches a host file outside the board's folder.

A board with --dir runs under strace. Random SFTP requests, shell commands and redirections, scp records and links, hostile
ones above all, and links that the host itself plants in the board's folder. Then every system call of the board with a path
in it is looked at: it must stay inside the folder, component by component; no process may be started; and what lies
beside the folder is unchanged. Exit status 77 (skipped) without strace or the right to use it.
"""
import argparse
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from board_cases import TIMEOUT, VNPU, BoardProcess, paramiko  # noqa: E402

CALLS = ("open,openat,openat2,creat,stat,lstat,newfstatat,statx,access,faccessat,faccessat2,readlink,readlinkat,mkdir,mkdirat,"
         "rmdir,unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,chmod,fchmodat,chown,lchown,fchownat,"
         "truncate,utimensat,mknod,mknodat,chdir,fchdir,chroot,mount,umount2,statfs,execve,execveat,fork,vfork,clone,clone3,"
         "setxattr,lsetxattr,getxattr,lgetxattr,listxattr,removexattr,connect,bind,socket,inotify_add_watch,name_to_handle_at")


def usable_strace():
    if not shutil.which("strace"):
        return False
    return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode == 0


class Fuzz:
    def __init__(self, board, secret, seed):
        self.board, self.secret = board, str(secret)
        self.random = random.Random(seed)
        self.transport = paramiko.Transport(("127.0.0.1", board.port))
        self.transport.banner_timeout = self.transport.auth_timeout = TIMEOUT
        self.transport.start_client(timeout=TIMEOUT)
        self.transport.auth_password("root", board.password)
        self.sftp = paramiko.SFTPClient.from_transport(self.transport)
        self.sftp.get_channel().settimeout(TIMEOUT)

    def path(self):
        choose = self.random.choice
        up = "/".join([".."] * self.random.randrange(1, 60))
        start = choose(["", "/", "/root/", "/tmp/", "/proc/self/", "/proc/1/root/", "/dev/fd/", "/root/l0/", "/root/l1/", "/root/sub/",
                        "/root/planted/", "/sys/../", "//", "./", up, up + "/"])
        middle = choose(["", self.secret, self.secret + "/secret", "etc/passwd", "secret", "../../secret", "sub", "x", "a/b/c", up,
                         up + self.secret, "x\0" + self.secret, "\xff\xfe", "." * 300, "a" * 300, "root/x/../../..", "-rf", "*", "~/x",
                         "planted/secret", "l0/secret", "l1/../secret", "metadata", "../metadata", "../../ssh/host_key"])
        return start + middle

    def sftp_request(self):
        sftp, choose = self.sftp, self.random.choice
        a, b = self.path(), self.path()
        act = choose([
            lambda: sftp.open(a, "r").read(100), lambda: sftp.open(a, "w").write("hurt"), lambda: sftp.open(a, "a").write("hurt"),
            lambda: sftp.open(a, "x").close(), lambda: sftp.stat(a), lambda: sftp.lstat(a), lambda: sftp.listdir(a),
            lambda: sftp.remove(a), lambda: sftp.rmdir(a), lambda: sftp.mkdir(a), lambda: sftp.rename(a, b),
            lambda: sftp.posix_rename(a, b), lambda: sftp.symlink(a, choose([b, "/root/l0", "/root/l1"])), lambda: sftp.readlink(a),
            lambda: sftp.normalize(a), lambda: sftp.chmod(a, 0o6777), lambda: sftp.chown(a, 0, 0),
            lambda: sftp.truncate(a, self.random.randrange(100)), lambda: sftp.utime(a, (1, 2))])
        try:
            act()
        except (OSError, UnicodeError, ValueError):
            pass

    def shell_command(self):
        quote = lambda text: "'" + text.replace("'", "").replace("\0", "") + "'"  # noqa: E731
        a, b = quote(self.path()), quote(self.path())
        command = self.random.choice([
            f"cat {a}", f"echo hurt > {a}", f"echo hurt >> {a}", f"cat < {a}", f"cp {a} {b}", f"mv {a} {b}", f"rm -rf {a}/x",
            f"ln -sf {a} /root/l0", f"ln -sf {a} /root/l1; echo hurt > /root/l1", f"ln {a} {b}", f"mkdir -p {a}", f"cd {a} && echo hurt > x",
            f"chmod 777 {a}", f"touch {a}", f"find {a} | head -n 5", f"ls -la {a}", f"tar cf - {a} | tar xf - -C /tmp", f"dd if={a} of={b} count=1",
            f"sh {a}", f". {a}", f"{a}", f"source {a}", f"test -e {a}", f"readlink {a}", f"ls {a}/*", f"md5sum {a}", f"wget -O {a} http://127.0.0.1/x"])
        self.exec(command)

    def scp_records(self):
        name = self.path().replace("\n", "").replace("\0", "").encode("latin-1", "replace")
        records = self.random.choice([
            b"C0644 4 " + name + b"\nhurt\0", b"D0755 0 " + name + b"\nC0644 4 secret\nhurt\0E\n", b"D0755 0 a\nE\nE\nC0644 4 secret\nhurt\0",
            b"T1 0 1 0\nC0644 99999999999 x\nhurt", b"C0644 4 l0\nhurt\0", b"D0755 0 l1\nC0644 4 secret\nhurt\0E\n"])
        target = self.random.choice(["/root", "/root/l0", "/root/sub", "/root/planted", "/tmp/" + "../" * 30, "."])
        self.exec(f"scp -r {self.random.choice(['-p ', ''])}-t {target}", records)

    def exec(self, command, data=b""):
        channel = self.transport.open_session(timeout=TIMEOUT)
        channel.settimeout(TIMEOUT)
        channel.exec_command(command.encode("utf-8", "replace"))
        try:
            channel.sendall(data)
            channel.shutdown_write()
        except OSError:
            pass
        out = b""
        while data := channel.recv(65536):
            out += data
        assert b"secret of the host" not in out, (command, out)
        channel.close()

    def run(self, count, plant):
        for number in range(count):
            self.random.choices([self.sftp_request, self.shell_command, self.scp_records], [10, 2, 1])[0]()
            if number % 50 == 0:
                plant(self.random)


def planter(folder, outside):
    """Links of the host where the board's files are: over folders the board knows, and new ones."""
    def plant(rng):
        base = folder / "files" / "root"
        base.mkdir(parents=True, exist_ok=True)
        link = base / rng.choice(["planted", "sub", "l0", "x"])
        if link.is_dir() and not link.is_symlink():
            shutil.rmtree(link)
        elif link.is_symlink() or link.exists():
            link.unlink()
        link.symlink_to(rng.choice([outside, outside / "secret", pathlib.Path("/"), pathlib.Path("../../../outside")]))
    return plant


def contents(folder):
    return {str(path): (path.read_bytes() if path.is_file() else None, path.stat().st_mtime_ns, path.stat().st_mode)
            for path in [folder, *sorted(folder.rglob("*"))]}


# What a running process looks at by itself, read only: the C library, the cipher library, the clock.
OWN = re.compile(r"/(etc/(localtime|nsswitch\.conf|ssl/.*|host\.conf|hosts|resolv\.conf|ld\.so\.cache|gai\.conf)|proc/(self|thread-self)/.*|"
                 r"proc/(meminfo|cpuinfo|stat|sys/.*)|sys/devices/system/cpu.*|sys/fs/cgroup.*|dev/u?random|usr/(share/zoneinfo|lib)/.*|lib/.*)$")


def judge(log, folder):
    """Every call between the two marks. Returns how many there were, and those that are wrong."""
    inside = str(folder.resolve())
    seen, wrong, between = 0, [], False
    names = re.compile(r'"((?:[^"\\]|\\.)*)"')
    for line in log.read_text(errors="replace").splitlines():
        if "mark-begin" in line:
            between = True
        if "mark-end" in line:
            break
        call = re.match(r"^\d+ +(\w+)\((.*)$", line)
        if not between or not call:
            continue
        name, rest = call.groups()
        seen += 1
        if name in ("clone", "clone3"):
            if "CLONE_THREAD" not in rest:
                wrong.append(line)
            continue
        if name in ("execve", "execveat", "fork", "vfork", "chdir", "chroot", "mount", "connect", "bind", "socket"):
            wrong.append(line)
            continue
        paths = names.findall(rest)
        holder = re.match(r"(AT_FDCWD|\d+)(?:<([^>]*)>)?, ", rest)
        for path in paths[:1] if name in ("symlinkat", "readlinkat", "readlink", "symlink") else paths:
            if path.startswith("/"):
                reading = not re.search(r"O_(WRONLY|RDWR|CREAT|TRUNC)", rest) and name in (
                    "open", "openat", "stat", "lstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "readlink", "readlinkat")
                if not path.startswith(inside + "/") and not (OWN.match(path) and reading):
                    wrong.append(line)
            elif name != "symlinkat":
                # Relative to a folder that is held open inside; one component, so that no link is followed on the way.
                held = holder and holder[2]
                if not held or not (held + "/").startswith(inside + "/") or "/" in path or path == "..":
                    wrong.append(line)
        result = re.search(r"\) = \d+<([^>]*)>", line)
        if result and result[1].startswith("/") and not result[1].startswith(inside) and not OWN.match(result[1]):
            wrong.append(line)
    return seen, wrong


def check_the_judge(folder):
    """It has to see what it is there for."""
    log, inside = folder.parent / "sample", folder.resolve()
    good = [f'1 openat(5<{inside}/files>, "root", O_RDONLY|O_NOFOLLOW|O_DIRECTORY) = 6<{inside}/files/root>',
            '1 clone3({flags=CLONE_VM|CLONE_THREAD}, 88) = 9', '1 openat(AT_FDCWD</>, "/etc/localtime", O_RDONLY) = 3</etc/localtime>']
    bad = ['1 openat(AT_FDCWD</>, "/etc/passwd", O_RDONLY) = 3</etc/passwd>', '1 execve("/bin/sh", ["sh"], 0x1) = 0',
           f'1 openat(5<{inside}/files>, "../x", O_RDONLY) = -1 ENOENT', f'1 openat(5<{inside}/files>, "l", O_RDONLY) = 6</etc>',
           f'1 unlink("{folder.parent}/outside/secret") = 0', '1 mkdirat(7</tmp>, "x", 0755) = 0', '1 clone(child_stack=NULL) = 7',
           '1 openat(AT_FDCWD</>, "/etc/localtime", O_RDWR) = -1 EACCES']
    log.write_text("\n".join(['1 openat(3, "mark-begin", O_RDONLY) = 4', *good, *bad, '1 openat(3, "mark-end", O_RDONLY) = 4']))
    _, wrong = judge(log, folder)
    assert set(wrong) == {'1 openat(3, "mark-begin", O_RDONLY) = 4', *bad}, wrong
    log.unlink()


def one_round(seed, requests):
    """A fresh board, for after some hundred such commands a board is a ruin. The number of calls seen."""
    work = pathlib.Path(tempfile.mkdtemp(prefix="vnpu-jail-"))
    try:
        outside, folder = work / "outside", work / "board"
        outside.mkdir()
        (outside / "secret").write_text("secret of the host")
        planted = folder / "files" / "root"
        planted.mkdir(parents=True)
        (planted / "planted").symlink_to(outside)
        (planted / "file").symlink_to(outside / "secret")
        check_the_judge(folder)
        before = contents(outside)
        log = work / "calls"
        board = BoardProcess(VNPU, "milkv-duo", "--dir", str(folder),
                             prefix=["strace", "-f", "-y", "-s", "5000", "-e", "trace=" + CALLS, "-o", str(log)])
        try:
            fuzz = Fuzz(board, outside, seed)
            fuzz.sftp.open("/mark-begin", "w").close()
            fuzz.run(requests, planter(folder, outside))
            fuzz.sftp.open("/mark-end", "w").close()  # in the connection there is: its commands may have ruined the logins
            fuzz.transport.close()
        finally:
            status = board.stop()
        assert status == 0, f"the board ended with {status}: {board.said}"
        assert contents(outside) == before, "something beside the board's folder has changed"
        seen, wrong = judge(log, folder)
        assert "mark-end" in log.read_text(errors="replace") and seen > requests / 10, f"only {seen} calls: is the log whole?"
        for line in wrong[:20]:
            print("outside:", line[:400])
        assert not wrong, f"{len(wrong)} calls went outside of the board's folder (seed {seed})"
        return seen
    finally:
        shutil.rmtree(work, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--requests", type=int, default=300, help="a round")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if not usable_strace():
        print("strace is missing or not allowed (package strace): skipped")
        return 77
    os.environ["ASAN_OPTIONS"] = "detect_leaks=0"  # a leak checker cannot work beside strace
    seen = sum(one_round(options.seed + number, options.requests) for number in range(options.rounds))
    print(f"{options.rounds * options.requests} requests, {seen} calls with paths, none of them outside of the board's folder")
    return 0


if __name__ == "__main__":
    sys.exit(main())
