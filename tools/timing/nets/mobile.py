"""Classifiers made of depthwise convolutions."""

import numpy as np

from nets.graph import G


def mobilenet_v1(a=1.0, shape=(1, 3, 224, 224)):
    g = G("mobilenet_v1", shape)
    x = g.conv("data", int(32 * a), 3, 2)
    for co, s in [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)] + [(512, 1)] * 5 + [(1024, 2), (1024, 1)]:
        x = g.dw(x, 3, s)
        x = g.conv(x, int(co * a), 1)
    return g, g.conv(g.gap(x), 1000, 1, act=None)


def mobilenet_v2(act="relu6"):
    g = G("mobilenet_v2", (1, 3, 224, 224))
    x = g.conv("data", 32, 3, 2, act=act)
    for t, c, n, s in [
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ]:
        for i in range(n):
            y = x
            ci = g.c[x]
            if t != 1:
                y = g.conv(y, ci * t, 1, act=act)
            y = g.dw(y, 3, s if i == 0 else 1, act=act)
            y = g.conv(y, c, 1, act=None)
            x = g.add(x, y) if (i > 0 and ci == c) else y
    x = g.conv(x, 1280, 1, act=act)
    return g, g.fc(g.gap(x), 1000)


def shufflenet_v2_05():
    g = G("shufflenet_v2", (1, 3, 224, 224))
    x = g.conv("data", 24, 3, 2)
    x = g.mp(x)
    hw = 56
    for c, n in [(48, 4), (96, 8), (192, 4)]:
        hw //= 2
        for i in range(n):
            if i == 0:
                a = g.conv(g.dw(x, 3, 2, act=None), c // 2, 1)
                b = g.conv(g.dw(g.conv(x, c // 2, 1), 3, 2, act=None), c // 2, 1)
            else:
                a, b = g.split(x, 2)
                b = g.conv(g.dw(g.conv(b, c // 2, 1), 3, 1, act=None), c // 2, 1)
            x = g.shuffle(g.cat(a, b), 2, (hw, hw))
    x = g.conv(x, 1024, 1)
    return g, g.fc(g.gap(x), 1000)


def efficientnet_lite0():
    g = G("efflite0", (1, 3, 224, 224))
    x = g.conv("data", 32, 3, 2, act="relu6")
    for t, c, n, s, k in [
        (1, 16, 1, 1, 3),
        (6, 24, 2, 2, 3),
        (6, 40, 2, 2, 5),
        (6, 80, 3, 2, 3),
        (6, 112, 3, 1, 5),
        (6, 192, 4, 2, 5),
        (6, 320, 1, 1, 3),
    ]:
        for i in range(n):
            y = x
            ci = g.c[x]
            if t != 1:
                y = g.conv(y, ci * t, 1, act="relu6")
            y = g.dw(y, k, s if i == 0 else 1, act="relu6")
            y = g.conv(y, c, 1, act=None)
            x = g.add(x, y) if i > 0 else y
    x = g.conv(x, 1280, 1, act="relu6")
    return g, g.fc(g.gap(x), 1000)
