import sys
_call = sys.modules["__maix__"].call
_address = sys.modules["__maix__"].address
GRAYSCALE = 1
RGB565 = 0


def _colour(colour, default):
    if colour is None:
        return default
    return list(colour) if isinstance(colour, (tuple, list)) else colour


def _ints(values, count):
    if len(values) == 1 and isinstance(values[0], (tuple, list)):
        values = values[0]
    if len(values) < count:
        raise TypeError("function missing %d required positional arguments" % count)
    return [int(v) for v in values[:count]], values[count:]


class Image:
    def __init__(self, path=None, copy_to_fb=False, size=None, _v=None):
        if _v:
            self._w, self._h, self._f, self._p, self._a = _v
            return
        self._f = 0
        self._a = None
        if isinstance(path, str):
            self._w, self._h = _call("img.load", path if path.startswith("/") else _cwd() + "/" + path)
            self._p = bytearray(self._w * self._h * 2)
            _call("img.loaded", self._v())
            return
        if size is None:
            size = _call("lcd.size")
        self._w, self._h = size
        self._p = bytearray(self._w * self._h * 2)

    def _v(self):
        p, a = self._p, self._a
        return [self._w, self._h, self._f, p if p == -1 else _address(p), 0 if a is None else a if a == -1 else _address(a)]

    def _new(self, w, h, f):
        return Image(_v=(w, h, f, bytearray(w * h * (1 if f else 2)), None))

    def __repr__(self):
        size = self._w * self._h * (1 if self._f else 2)
        return '{"w":%d, "h":%d, "type"="%s", "size":%d}' % (self._w, self._h, "grayscale" if self._f else "rgb565", size)

    def width(self):
        return self._w

    def height(self):
        return self._h

    def format(self):
        return self._f

    def size(self):
        return self._w * self._h * (1 if self._f else 2)

    def resize(self, w, h):
        out = self._new(w, h, self._f)
        _call("img.resize", self._v(), out._v())
        return out

    def copy(self, roi=None):
        x, y, w, h = roi or (0, 0, self._w, self._h)
        out = self._new(w, h, self._f)
        _call("img.copy", self._v(), out._v(), -x, -y)
        return out

    def cut(self, x, y, w, h):
        return self.copy((x, y, w, h))

    def to_grayscale(self, copy=False):
        return self._to(1, copy)

    def to_rgb565(self, copy=False):
        return self._to(0, copy)

    def _to(self, f, copy):
        if self._f == f:
            return self.copy() if copy else self
        out = self._new(self._w, self._h, f)
        _call("img.copy", self._v(), out._v(), 0, 0)
        if copy:
            return out
        self._f, self._p, self._a = f, out._p, None
        return self

    def invert(self):
        _call("img.invert", self._v())
        return self

    def strech_char(self, dark=0):
        _call("img.stretch", self._v())
        return self

    def clear(self):
        _call("img.fill", self._v(), 0)
        return self

    def pix_to_ai(self):
        if self._a is None:
            self._a = bytearray(self._w * self._h * (1 if self._f else 3))
        _call("img.to_planes", self._v())

    def ai_to_pix(self):
        if self._a is not None:
            _call("img.to_pixels", self._v())

    def get_pixel(self, *at):
        (x, y), _ = _ints(at, 2)
        value = _call("img.get", self._v(), x, y)
        return tuple(value) if isinstance(value, list) else value

    def set_pixel(self, *at):
        (x, y), rest = _ints(at, 2)
        _call("img.set", self._v(), x, y, _colour(rest[0] if rest else at[-1], 0))
        return self

    def draw_rectangle(self, *at, color=None, thickness=1, fill=False):
        (x, y, w, h), rest = _ints(at, 4)
        color = _colour(rest[0] if rest else color, [255, 255, 255])
        _call("img.rectangle", self._v(), x, y, w, h, color, thickness, fill)
        return self

    def draw_line(self, *at, color=None, thickness=1):
        (x, y, u, v), rest = _ints(at, 4)
        _call("img.line", self._v(), x, y, u, v, _colour(rest[0] if rest else color, [255, 255, 255]))
        return self

    def draw_cross(self, *at, color=None, size=5, thickness=1):
        (x, y), rest = _ints(at, 2)
        color = rest[0] if rest else color
        self.draw_line(x - size, y, x + size, y, color=color)
        return self.draw_line(x, y - size, x, y + size, color=color)

    def draw_string(self, x, y, text, color=None, scale=1, **_):
        _call("img.text", self._v(), int(x), int(y), str(text), _colour(color, [255, 255, 255]), scale)
        return self

    def draw_image(self, image, x, y, **_):
        _call("img.copy", image._v(), self._v(), int(x), int(y))
        return self

    def save(self, path, **_):
        _call("img.save", self._v(), path if path.startswith("/") else _cwd() + "/" + path)
        return self

    def __del__(self):
        pass


def _cwd():
    import os

    return os.getcwd()
