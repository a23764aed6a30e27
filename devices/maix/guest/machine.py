import sys
_call = sys.modules["__maix__"].call


def reset():
    _call("reset")


def freq():
    return tuple(_call("frequency"))


def unique_id():
    return b"\x00" * 15 + b"\x01"


class UART:
    UART1, UART2, UART3, UARTHS = 0, 1, 2, 3

    def __init__(self, *_, **__):
        raise NotImplementedError("UART: no other board is connected")


class Timer:
    def __init__(self, *_, **__):
        raise NotImplementedError("Timer")
