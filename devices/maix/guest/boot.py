# The first code of the guest: the file system of the board, the loop that runs what the console gives.
import host, sys, io, gc, json, builtins, uctypes, vfs


def call(name, *arguments):
    payload = json.dumps(arguments)
    while True:
        text = host.call(name, payload)
        answer = text[1:]
        if text[0] == "\x01":
            parts = [answer]
            while text[0] == "\x01":
                text = host.call("more", "")
                parts.append(text[1:])
            answer = "".join(parts)
        answer = json.loads(answer)
        if "e" not in answer:
            return answer["v"]
        kind, argument = answer["e"]
        raise getattr(builtins, kind)(argument)


address = uctypes.addressof


class File(io.IOBase):
    def __init__(self, number, text):
        self._n = number
        self._t = text
        self._rest = b""

    def readinto(self, buffer):
        return call("fs.read", self._n, address(buffer), len(buffer))

    def _fill(self, size):
        buffer = bytearray(size)
        got = self.readinto(buffer)
        return bytes(buffer[:got])

    def _take(self, size):
        if size is None or size < 0:
            parts = [self._rest]
            while True:
                part = self._fill(2048)
                if not part:
                    break
                parts.append(part)
            self._rest = b""
            return b"".join(parts)
        while len(self._rest) < size:
            part = self._fill(max(256, size - len(self._rest)))
            if not part:
                break
            self._rest += part
        out = self._rest[:size]
        self._rest = self._rest[size:]
        return out

    def read(self, size=-1):
        out = self._take(size)
        return str(out, "utf8") if self._t else out

    def readline(self, size=-1):
        while True:
            end = self._rest.find(b"\n")
            if end >= 0:
                break
            part = self._fill(256)
            if not part:
                end = len(self._rest) - 1
                break
            self._rest += part
        out = self._rest[: end + 1]
        self._rest = self._rest[end + 1 :]
        return str(out, "utf8") if self._t else out

    def readlines(self):
        return list(self)

    def write(self, data):
        if isinstance(data, str):
            data = bytes(data, "utf8")
            count = len(data)
        else:
            count = len(data)
        self._sync()
        view = memoryview(data)
        at = 0
        while at < len(data):
            part = bytearray(view[at : at + 4096])
            at += call("fs.write", self._n, address(part), len(part))
        return count

    def _sync(self):
        if self._rest:
            call("fs.seek", self._n, -len(self._rest), 1)
            self._rest = b""

    def seek(self, offset, whence=0):
        self._sync()
        return call("fs.seek", self._n, offset, whence)

    def tell(self):
        return self.seek(0, 1)

    def flush(self):
        pass

    def close(self):
        if self._n:
            call("fs.close", self._n)
        self._n = 0

    def ioctl(self, request, argument):
        if request == 4:
            self.close()
        return 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def __iter__(self):
        return self

    def __next__(self):
        line = self.readline()
        if not line:
            raise StopIteration
        return line


class Files:
    def __init__(self):
        self.cwd = "/"

    def mount(self, *_):
        pass

    def umount(self):
        pass

    def _p(self, path):
        path = path if path.startswith("/") else self.cwd + "/" + path
        parts = []
        for part in path.split("/"):
            if part == "..":
                if parts:
                    parts.pop()
            elif part and part != ".":
                parts.append(part)
        return "/" + "/".join(parts)

    def open(self, path, mode):
        path = self._p(path)
        if path.startswith("/.firmware/"):
            return io.BytesIO(bytes(call("firmware", path[11:]), "utf8"))
        return File(call("fs.open", path, mode), "b" not in mode)

    def chdir(self, path):
        path = self._p(path)
        if path != "/" and call("fs.stat", path)[0] != 0x4000:
            raise OSError(20)
        self.cwd = path

    def getcwd(self):
        return self.cwd

    def ilistdir(self, path):
        return iter([tuple(entry) for entry in call("fs.list", self._p(path))])

    def stat(self, path):
        path = self._p(path)
        if path.startswith("/.firmware/"):
            if not call("has_firmware", path[11:]):
                raise OSError(2)
            return (0x8000, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        return tuple(call("fs.stat", path))

    def statvfs(self, path):
        return tuple(call("fs.statvfs", self._p(path)))

    def mkdir(self, path):
        call("fs.mkdir", self._p(path))

    def rmdir(self, path):
        call("fs.rmdir", self._p(path))

    def remove(self, path):
        call("fs.remove", self._p(path))

    def rename(self, old, new):
        call("fs.rename", self._p(old), self._p(new))


class Shared:
    pass


# One job of the console.
def step(files, names):
    interrupt = KeyboardInterrupt()
    host.call("offer", str(id(interrupt)))
    try:
        kind, text = call("job")
        if kind == "file":
            name = text
            with files.open(name, "r") as f:
                text = f.read()
            kind = "exec"
        else:
            name = "<stdin>"
        code = compile(text, name, kind)
        text = None
        exec(code, names)
        host.call("ended", "")
    except SystemExit as e:
        host.call("ended", "")
        call("exit", e.args[0] if e.args else 0)
    except BaseException as e:
        host.call("ended", "")
        code = None
        text = io.StringIO()
        sys.print_exception(e, text)
        call("failed", text.getvalue(), isinstance(e, KeyboardInterrupt))


def main():
    for name in ("fs.reset", "kpu.reset"):
        call(name)
    files = Files()
    vfs.mount(files, "/")
    sys.path[:] = ["", ".frozen", "/.firmware"]
    sys.path.append("/flash")
    if call("has_card"):
        sys.path.append("/sd")
    builtins.open = lambda path, mode="r", **_: files.open(path, mode)
    shared = Shared()
    shared.call, shared.address = call, address
    sys.modules["__maix__"] = shared
    import os, time

    sys.modules["uos"] = os
    sys.modules["utime"] = time
    os.chdir(call("start_directory"))
    for plain, module in (("usys", sys), ("ujson", json), ("uio", io), ("ugc", gc)):
        sys.modules[plain] = module
    names = {"__name__": "__main__"}
    while True:
        try:
            step(files, names)
        except KeyboardInterrupt:  # that came too late for the program
            pass


main()
