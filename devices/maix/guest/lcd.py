import sys
_call = sys.modules["__maix__"].call
# as pixels lie in memory: 565 with the bytes exchanged
BLACK, NAVY, DARKGREEN, DARKCYAN, MAROON, PURPLE, OLIVE = 0x0000, 0x0F00, 0xE003, 0xEF03, 0x0078, 0x0F78, 0xE07B
LIGHTGREY, DARKGREY, BLUE, GREEN, CYAN, RED, MAGENTA = 0x18C6, 0xEF7B, 0x1F00, 0xE007, 0xFF07, 0x00F8, 0x1FF8
YELLOW, WHITE, ORANGE, GREENYELLOW, PINK = 0xE0FF, 0xFFFF, 0x20FD, 0xE5AF, 0x1FF8
XY_RLUD, YX_RLUD, XY_LRUD, YX_LRUD, XY_RLDU, YX_RLDU, XY_LRDU, YX_LRDU = 0x00, 0x20, 0x40, 0x60, 0x80, 0xA0, 0xC0, 0xE0


def _colour(colour):
    return list(colour) if isinstance(colour, (tuple, list)) else colour


def init(type=1, freq=15000000, color=BLACK, width=320, height=240, invert=0, **_):
    _call("lcd.init", freq, _colour(color), bool(invert))


def deinit():
    _call("lcd.deinit")


def width():
    return _call("lcd.size")[0]


def height():
    return _call("lcd.size")[1]


def type():
    return 1


def freq(value=None):
    return _call("lcd.freq", value)


def rotation(value=None):
    return _call("lcd.rotation", value)


def direction(value=None):
    pass


def mirror(value=None):
    return _call("lcd.mirror", None if value is None else bool(value))


def clear(color=BLACK):
    w, h = _call("lcd.size")
    _call("lcd.fill", 0, 0, w, h, _colour(color))


def fill_rectangle(x, y, w, h, color=BLACK):
    _call("lcd.fill", x, y, w, h, _colour(color))


def display(image, roi=None, oft=None):
    x, y, w, h = roi or (0, 0, image._w, image._h)
    _call("lcd.display", image._v(), x, y, w, h, None if oft is None else [oft[0], oft[1]])


def draw_string(x, y, text, color=RED, bg_color=BLACK):
    _call("lcd.text", x, y, text, _colour(color), _colour(bg_color))
