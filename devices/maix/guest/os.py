from uos import *
import sys
_call = sys.modules["__maix__"].call


def uname():
    return tuple(_call("uname"))


def sync():
    pass


def flash_format():
    _call("flash_format")
