#!/usr/bin/env python3
"""maix_uart_test.py VNPU: the Maix board's console over TCP and over a pseudo terminal, and what `vnpu flash` puts there.

Every wait is bounded. Exit status 77 (skipped) when the MicroPython guest is not installed.
"""
import json
import os
import pathlib
import select
import socket
import subprocess
import sys
import tempfile
import time
import unittest

VNPU = sys.argv.pop(1)
TIMEOUT = 60


class Console:
    """A board and the descriptor of its console."""

    def __init__(self, *options):
        self.process = subprocess.Popen([VNPU, "board", "maix-k210", "--json", *options], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        place = json.loads(self.process.stdout.readline())["uart"]
        self.socket = None
        if place.startswith("/"):
            self.descriptor = os.open(place, os.O_RDWR | os.O_NOCTTY)
        else:
            address, port = place.rsplit(":", 1)
            self.socket = socket.create_connection((address, int(port)), TIMEOUT)
            self.descriptor = self.socket.fileno()
        self.seen = b""

    def send(self, data):
        while data:
            data = data[os.write(self.descriptor, data):]

    def expect(self, text):
        end = time.monotonic() + TIMEOUT
        while text not in self.seen:
            if not select.select([self.descriptor], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"{text!r} not seen, but {self.seen[-500:]!r}")
            got = os.read(self.descriptor, 4096)
            if not got:
                raise AssertionError(f"the console ended after {self.seen[-500:]!r}")
            self.seen += got
        before, _, self.seen = self.seen.partition(text)
        return before

    def close(self):
        self.process.terminate()
        self.process.wait(TIMEOUT)
        self.process.stdout.close()
        if self.socket:
            self.socket.close()
        else:
            os.close(self.descriptor)
        return self.process.returncode


class Uart(unittest.TestCase):
    def talk(self, *options):
        console = Console(*options)
        try:
            console.send(b"\r")
            console.expect(b">>> ")
            console.send(b"a = 6\r")
            console.expect(b">>> ")
            console.send(b"print(a * 7)\r")
            console.expect(b"\r\n42\r\n")
            # The key counts once the loop runs, which it says first.
            console.send(b"exec(\"print('on')\\nwhile True: pass\")\r")
            console.expect(b"\r\non\r\n")
            console.send(b"\x03")
            console.expect(b"KeyboardInterrupt")
            console.expect(b">>> ")
            console.send(b"\x01print('raw', a)\x04")
            console.expect(b"raw REPL; CTRL-B to exit\r\n>")
            console.expect(b"OKraw 6\r\n\x04\x04>")
        finally:
            console.close()

    def test_over_tcp(self):
        self.talk("--uart", "tcp:127.0.0.1:0")

    def test_over_a_pseudo_terminal(self):
        self.talk()

    def test_flash_is_what_was_written(self):
        with tempfile.TemporaryDirectory() as folder:
            data = bytes(range(256)) * 40
            file = pathlib.Path(folder) / "data.bin"
            file.write_bytes(data)
            board = str(pathlib.Path(folder) / "board")
            run = lambda *arguments: subprocess.run([VNPU, *arguments], capture_output=True, timeout=TIMEOUT)
            self.assertEqual(run("flash", "maix-k210", "--dir", board, "--at", "0x300000", str(file)).returncode, 0)
            self.assertEqual((pathlib.Path(board) / "flash.bin").read_bytes()[0x300000:0x300000 + len(data)], data)
            beyond = run("flash", "maix-k210", "--dir", board, "--at", "0xffff00", str(file))
            self.assertNotEqual(beyond.returncode, 0)
            self.assertTrue(beyond.stderr)
            # No model stands there: the loader says so with the firmware's words.
            loaded = run("exec", "maix-k210", "--dir", board, "--", "import KPU as kpu\nkpu.load(0x300000)")
            self.assertIn(b"ERR_KMODEL_VERSION", loaded.stdout + loaded.stderr)


if __name__ == "__main__":
    probe = subprocess.run([VNPU, "exec", "maix-k210", "--", "print(1)"], capture_output=True, timeout=TIMEOUT)
    if probe.returncode == 4:
        print(probe.stderr.decode())
        sys.exit(77)
    unittest.main(verbosity=2)
