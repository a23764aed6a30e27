import sys, image
_call = sys.modules["__maix__"].call
RGB565, GRAYSCALE, YUV422 = 0, 1, 2
_sizes = {
    "QQCIF": (88, 72), "QCIF": (176, 144), "CIF": (352, 288), "QQSIF": (88, 60), "QSIF": (176, 120), "SIF": (352, 240),
    "QQQQVGA": (40, 30), "QQQVGA": (80, 60), "QQVGA": (160, 120), "QVGA": (320, 240), "VGA": (640, 480),
    "HQQVGA": (160, 80), "HQVGA": (240, 160), "HVGA": (480, 320), "B64X32": (64, 32), "B64X64": (64, 64),
    "B128X64": (128, 64), "B128X128": (128, 128), "LCD": (128, 160), "QQVGA2": (128, 160), "WVGA": (720, 480),
    "SVGA": (800, 600), "SXGA": (1280, 1024), "UXGA": (1600, 1200),
}
globals().update(_sizes)


def reset(freq=24000000, set_regs=True, dual_buff=False):
    if not _call("sensor.reset", bool(dual_buff)):
        print("[MAIXPY]: no sensor")
        raise ValueError("Reset Failed")
    print("[MAIXPY]: find ov2640")
    print("[MAIXPY]: find ov sensor")


def set_pixformat(format):
    _call("sensor.format", format)


def set_framesize(size):
    _call("sensor.size", size[0], size[1])


def set_windowing(roi):
    if len(roi) == 2:
        _call("sensor.window", None, None, roi[0], roi[1])
    else:
        _call("sensor.window", roi[0], roi[1], roi[2], roi[3])


def set_hmirror(on):
    _call("sensor.turn", bool(on), None, None)


def set_vflip(on):
    _call("sensor.turn", None, bool(on), None)


def run(on=1):
    _call("sensor.turn", None, None, bool(on))


def shutdown(on=True):
    _call("sensor.turn", None, None, not on)


def width():
    return _call("sensor.state")[1]


def height():
    return _call("sensor.state")[2]


def _nothing(*_, **__):
    return 0


set_contrast = set_brightness = set_saturation = set_auto_gain = set_auto_whitebal = set_gainceiling = _nothing
set_colorbar = set_auto_exposure = set_quality = set_jb_quality = _nothing


def snapshot():
    w, h, f = _call("sensor.snapshot")
    return image.Image(_v=(w, h, f, -1, -1))


def skip_frames(n=None, time=None):
    import utime

    if not _call("sensor.state")[0]:
        raise RuntimeError("Not init!")
    try:
        if n is not None:
            for _ in range(n):
                snapshot()
            return
        start = utime.ticks_ms()
        while utime.ticks_diff(utime.ticks_ms(), start) < (300 if time is None else time):
            snapshot()
    except RuntimeError:
        raise RuntimeError("Sensor Timeout!!")
