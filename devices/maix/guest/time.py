from utime import *
import sys
_call = sys.modules["__maix__"].call


def sleep(seconds):
    _call("sleep", int(seconds * 1000000000))


def sleep_ms(ms):
    _call("sleep", ms * 1000000)


def sleep_us(us):
    _call("sleep", us * 1000)


class clock:
    def __init__(self):
        self.reset()

    def tick(self):
        self._start = ticks_us()
        self._frames += 1

    def fps(self):
        passed = self._passed + ticks_diff(ticks_us(), self._start)
        return self._frames * 1000000 / passed if passed > 0 else 0

    def avg(self):
        self._passed += ticks_diff(ticks_us(), self._start)
        self._start = ticks_us()
        return self._passed / 1000 / self._frames if self._frames else 0

    def reset(self):
        self._frames = 0
        self._passed = 0
        self._start = ticks_us()
