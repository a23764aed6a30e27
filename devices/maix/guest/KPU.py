import sys, gc, array
_m = sys.modules["__maix__"]
_call = _m.call


class Yolo2:
    def __init__(self, threshold, nms, number, anchors):
        self.a = (threshold, nms, number, anchors)

    def __repr__(self):
        t, n, k, a = self.a
        return '{"threshold":%f, "nms_value":%f, "anchor_number":%d, "anchor":"(%s)"}' % (t, n, k, ", ".join("%f" % v for v in a))


class Net:
    def __init__(self, id, address, size, path):
        self._id, self._address, self._size, self._path, self._args = id, address, size, path, None

    def __repr__(self):
        args = '"(null)"' if self._args is None else repr(self._args)
        path = "(null)" if self._path is None else self._path
        return '{"model_addr": %d, "model_size": %d, "model_path": "%s", "net_args": %s}' % (self._address, self._size, path, args)

    def model_addr(self):
        return self._address

    def model_size(self):
        return self._size

    def model_path(self):
        return self._path

    def net_arg(self):
        return self._args


def _id(task):
    if not isinstance(task, Net):
        raise TypeError("[MAIXPY]kpu: kpu_net type error")
    return task._id


def _made(what, answer, address, path):
    if isinstance(answer, int):
        raise ValueError("[MAIXPY]kpu: %s error:%d, %s" % (what, answer, _call("kpu.error", answer)))
    return Net(answer[0], address, answer[1], path)


def load(where):
    if isinstance(where, int):
        if where <= 0:
            raise ValueError("[MAIXPY]kpu: model_addr must > 0 ")
        return _made("load", _call("kpu.load", where), where, None)
    if not isinstance(where, str):
        raise TypeError("[MAIXPY]kpu: only accept int or string")
    if not any(form in where for form in (".kmodel", ".smodel", ".emodel")):
        raise ValueError("[MAIXPY]kpu: model format don't match, only supply .kmodel ")
    import os

    path = where if where.startswith("/") else os.getcwd() + "/" + where
    return _made("load", _call("kpu.load", path), 0, where)


def load_flash(*arguments):
    for argument in arguments:
        if not isinstance(argument, int):
            raise ValueError("[MAIXPY]kpu: load_flash arg format error: task=kpu.load_flash(flash_addr, is_dual_buf, batch_size, spi_speed)")
    if not arguments or arguments[0] <= 0:
        raise ValueError("[MAIXPY]kpu: model_addr must > 0 ")
    return _made("load_flash", _call("kpu.load_flash", arguments[0]), arguments[0], None)


class Fmap:
    def __init__(self, task, index, form):
        self._task, self._index, self._form = task, index, form

    def __repr__(self):
        data, size, w, h, ch, code = self._form
        return '{"fmap": "data"=0x%x, "size"=%d, "index": %d, "w": %d, "h": %d, "ch": %d, "typecode": %s}' % (data, size, self._index, w, h, ch, code)

    def __len__(self):
        return self._form[1] // (4 if self._form[5] == "f" else 1)

    def _read(self, first, count):
        code = self._form[5]
        out = array.array(code, bytes(count * (4 if code == "f" else 1)))
        _call("kpu.values", self._task, self._index, first, count, _m.address(out))
        return out

    def __getitem__(self, key):
        if not self._form[5]:
            print("typecode don't support read!")
            return None
        count = len(self)
        if isinstance(key, slice):
            first = 0 if key.start is None else key.start
            end = count if key.stop is None else key.stop
            first = max(0, first + count if first < 0 else first)
            end = min(count, end + count if end < 0 else end)
            return tuple(self._read(first, max(0, end - first)))
        at = key + count if key < 0 else key
        if at < 0 or at >= count:
            raise IndexError("index out of range")
        return self._read(at, 1)[0]


def forward(task, what, out_index=0, dma=None):
    id = _id(task)
    gc.collect()
    if isinstance(what, list):
        form = _call("kpu.forward", id, None, what, out_index)
    elif hasattr(what, "_v"):
        form = _call("kpu.forward", id, what._v(), None, out_index)
    else:
        raise ValueError("input not support")
    return Fmap(id, out_index, form)


def get_output(task, index):
    return Fmap(_id(task), index, _call("kpu.output", _id(task), index))


def set_outputs(task, *values):
    if len(values) != 4 or not all(isinstance(v, int) for v in values):
        raise ValueError("[MAIXPY]kpu: set_outputs arg format error: set_outputs(task, int idx, int w, int h, int ch)")
    return _call("kpu.set_outputs", _id(task), *values)


def set_layers(task, count):
    return _call("kpu.set_layers", _id(task), count)


def fmap(map, channel):
    import image

    data, size, w, h, ch, code = map._form
    if code != "B":
        raise ValueError("[MAIXPY]kpu: can't convet float fmap yet\r\n")
    if channel < 0 or channel >= ch:
        raise ValueError("[MAIXPY]kpu: ch err,input 0~%d\r\n" % (ch - 1))
    out = image.Image(_v=(w, h, 1, bytearray(w * h), None))
    _call("kpu.channel", map._task, map._index, channel, out._v())
    return out


def fmap_free(map):
    return True


def init_yolo2(task, threshold, nms_value, anchor_number, anchors, dma=None):
    id = _id(task)
    if threshold > 1 or threshold < 0:
        raise ValueError("[MAIXPY]kpu: threshold only support 0 to 1")
    if nms_value > 1 or nms_value < 0:
        raise ValueError("[MAIXPY]kpu: nms_value only support 0 to 1")
    if anchor_number <= 0:
        raise ValueError("[MAIXPY]kpu: anchor_number should > 0")
    if len(anchors) != 2 * anchor_number:
        raise ValueError("requested length %d but object has length %d" % (2 * anchor_number, len(anchors)))
    task._args = Yolo2(threshold, nms_value, anchor_number, tuple(anchors))
    return _call("kpu.init_yolo2", id, threshold, nms_value, list(anchors))


class Yolo2Object:
    def __init__(self, values, index, number):
        self._r = values
        self._i, self._n = index, number

    def __repr__(self):
        x, y, w, h, value, classid = self._r
        return '{"x":%d, "y":%d, "w":%d, "h":%d, "value":%f, "classid":%d, "index":%d, "objnum":%d}' % (x, y, w, h, value, classid, self._i, self._n)

    def x(self):
        return self._r[0]

    def y(self):
        return self._r[1]

    def w(self):
        return self._r[2]

    def h(self):
        return self._r[3]

    def rect(self):
        return tuple(self._r[:4])

    def value(self):
        return self._r[4]

    def classid(self):
        return self._r[5]

    def index(self):
        return self._i

    def objnum(self):
        return self._n


def run_yolo2(task, image):
    found = _call("kpu.run_yolo2", _id(task), image._v())
    if not found:
        return None
    return [Yolo2Object(values, i, len(found)) for i, values in enumerate(found)]


class LayerInfo:
    def __init__(self, index, values):
        self._v = (index,) + tuple(values)

    def __repr__(self):
        return '{"index":%d, "type":%s, "wi":%d, "hi":%d, "wo":%d, "ho":%d, "chi":%d, "cho":%d, "dw":%d, "kernel_type":%d, "pool_type":%d, "para_size":%d}' % self._v


def netinfo(task):
    return [LayerInfo(i, values) for i, values in enumerate(_call("kpu.netinfo", _id(task)))]


def memtest():
    print("###free gc heap memory : %d KB" % (gc.mem_free() // 1024))
    print("###free sys heap memory: %d KB" % (_call("kpu.free") // 1024))


def deinit(task):
    return _call("kpu.deinit", _id(task))
