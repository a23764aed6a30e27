"""NASNet-A mobile (4 @ 1056): separable convolutions of 3x3, 5x5 and 7x7, twice in a row each."""

from nets.graph import G


def pads_of(k, shifted):
    """Of a reduction the windows begin one pixel later, as an even size leaves one over at the end."""
    p = k // 2
    return [p - 1, p - 1, p, p] if shifted else [p] * 4


class Cells:
    def __init__(self, g):
        self.g = g

    def fit(self, x, co):
        return self.g.conv(self.g.op("Relu", x), co, 1, act=None)

    def separable(self, x, co, k, st=1, shifted=False, middle=None):
        """ReLU, depthwise, 1x1, and the same once more"""
        g = self.g
        x = g.op("Relu", x)
        x = g.dw(x, k, st, act=None, p=pads_of(k, shifted), bias=False)
        x = g.conv(x, middle or g.c[x], 1)
        x = g.dw(x, k, 1, act=None, bias=False)
        return g.conv(x, co, 1, act=None)

    def average(self, x, st=1, shifted=False):
        return self.g.op("AveragePool", x, kernel_shape=[3, 3], strides=[st, st], pads=pads_of(3, shifted), count_include_pad=1)

    def largest(self, x, shifted=False):
        return self.g.mp(x, 3, 2, pads_of(3, shifted))

    def halve(self, x, co):
        """Two paths of every other pixel (the second of the pixels beside them), each with co channels."""
        g = self.g
        x = g.op("Relu", x)
        return g.cat(*(g.conv(g.mp(x, 1, 2, 0), co, 1, act=None) for _ in range(2)))

    def normal(self, left, right, co):
        g = self.g
        a = g.add(self.separable(right, co, 5), self.separable(left, co, 3))
        b = g.add(self.separable(left, co, 5), self.separable(left, co, 3))
        c = g.add(self.average(right), left)
        d = g.add(self.average(left), self.average(left))
        e = g.add(self.separable(right, co, 3), right)
        return g.cat(left, a, b, c, d, e)

    def reduce(self, left, right, co, shifted):
        g = self.g
        a = g.add(self.separable(right, co, 5, 2, shifted), self.separable(left, co, 7, 2, shifted))
        b = g.add(self.largest(right, shifted), self.separable(left, co, 7, 2, shifted))
        c = g.add(self.average(right, 2, shifted), self.separable(left, co, 5, 2, shifted))
        d = g.add(self.average(a), b)
        e = g.add(self.separable(a, co, 3), self.largest(right, shifted))
        return g.cat(b, c, d, e)

    def first_stem(self, x, co):
        g = self.g
        right = self.fit(x, co)
        a = g.add(self.separable(right, co, 5, 2), self.separable(x, co, 7, 2, middle=co))
        b = g.add(self.largest(right), self.separable(x, co, 7, 2, middle=co))
        c = g.add(self.average(right, 2), self.separable(x, co, 5, 2, middle=co))
        d = g.add(self.average(a), b)
        e = g.add(self.separable(a, co, 3), self.largest(right))
        return g.cat(b, c, d, e)


def nasnet_mobile():
    f = 44
    g = G("nasnet_mobile", (1, 3, 224, 224))
    cells = Cells(g)
    stem = g.conv("data", 32, 3, 2, 0, act=None)
    before = cells.first_stem(stem, f // 4)
    x = cells.reduce(cells.halve(stem, f // 4), cells.fit(before, f // 2), f // 2, True)

    def normals(before, x, co):
        for i in range(4):
            left = cells.halve(before, co // 2) if i == 0 else cells.fit(before, co)
            before, x = x, cells.normal(left, cells.fit(x, co), co)
        return before, x

    before, x = normals(before, x, f)
    before, x = x, cells.reduce(cells.fit(before, 2 * f), cells.fit(x, 2 * f), 2 * f, True)
    before, x = normals(before, x, 2 * f)
    before, x = x, cells.reduce(cells.fit(before, 4 * f), cells.fit(x, 4 * f), 4 * f, False)
    before, x = normals(before, x, 4 * f)
    return g, g.fc(g.gap(g.op("Relu", x)), 1000)
