"""Convolutions: net families (see builder.py)."""

from .builder import family, pick


# convolution
@family
def conv(net, rng, seed):
    n, ci, co = pick(rng, 1, 1, 1, 2, 3), pick(rng, 1, 3, 4, 5, 8, 16, 17, 24), pick(rng, 1, 2, 4, 7, 8, 16, 24, 33)
    h, w = rng.randint(3, 20), rng.randint(3, 20)
    kh, kw = pick(rng, 1, 1, 2, 3, 3, 5, 7), pick(rng, 1, 1, 2, 3, 3, 5, 7)
    kh, kw = min(kh, h), min(kw, w)
    if seed % 2:
        kw = kh = min(kh, kw)
    s = [pick(rng, 1, 1, 2, 3), pick(rng, 1, 1, 2, 3)]
    p = [
        rng.randint(0, (kh + 1) // 2 + 1),
        rng.randint(0, (kw + 1) // 2 + 1),
        rng.randint(0, (kh + 1) // 2 + 1),
        rng.randint(0, (kw + 1) // 2 + 1),
    ]
    p = [min(p[0], kh - 1), min(p[1], kw - 1), min(p[2], kh - 1), min(p[3], kw - 1)]
    x = net.input([n, ci, h, w])
    net.output(net.conv(x, ci, co, (kh, kw), s, p, bias=bool(seed % 4), act=pick(rng, None, "Relu", None, "relu6")))


@family
def conv_1x1(net, rng, seed):
    ci, co = pick(rng, 1, 8, 16, 31, 32, 48, 64), pick(rng, 1, 3, 8, 10, 16, 32, 50)
    h, w = pick(rng, 1, 2, 4, 7, 8, 14), pick(rng, 1, 2, 4, 7, 8, 14)
    net.output(
        net.conv(
            net.input([pick(rng, 1, 1, 2), ci, h, w]),
            ci,
            co,
            1,
            pick(rng, 1, 1, 2),
            act=pick(rng, None, "Relu", "leaky"),
        )
    )


@family
def conv_dilated(net, rng, seed):
    ci, co, d = pick(rng, 2, 4, 8), pick(rng, 3, 4, 8), [pick(rng, 1, 2, 3), pick(rng, 2, 3, 4)]
    x = net.input([1, ci, rng.randint(9, 18), rng.randint(9, 18)])
    net.output(net.conv(x, ci, co, 3, pick(rng, 1, 2), [d[0], d[1], d[0], d[1]], d, act=pick(rng, None, "Relu")))


@family
def conv_group(net, rng, seed):
    g = pick(rng, 2, 3, 4)
    ci, co = g * pick(rng, 2, 3, 4, 8), g * pick(rng, 1, 2, 4, 5, 8)
    x = net.input([pick(rng, 1, 1, 2), ci, rng.randint(4, 12), rng.randint(4, 12)])
    net.output(
        net.conv(
            x, ci, co, pick(rng, 1, 3, 3, 5), pick(rng, 1, 1, 2), g=g, bias=bool(seed % 3), act=pick(rng, None, "Relu")
        )
    )


@family
def conv_chain(net, rng, seed):
    c = [3, pick(rng, 8, 12, 16), pick(rng, 8, 16, 20), pick(rng, 4, 8)]
    y = net.input([1, 3, pick(rng, 16, 20, 24), pick(rng, 16, 20, 24)])
    for i in range(3):
        y = net.conv(
            y, c[i], c[i + 1], pick(rng, 1, 3, 3), pick(rng, 1, 1, 2), act=pick(rng, "Relu", "relu6", "leaky", None)
        )
    net.output(y)


@family
def conv_wide(net, rng, seed):
    """Large enough in one dimension that the compiler has to tile in h, in c, or in n."""
    h, w, ci, co = [
        (96, 64, 3, 8),
        (40, 160, 4, 8),
        (16, 16, 96, 64),
        (56, 56, 8, 8),
        (12, 300, 2, 4),
        (128, 24, 3, 6),
        (20, 20, 64, 100),
        (64, 64, 3, 16),
    ][seed % 8]
    net.output(
        net.conv(net.input([1, ci, h, w]), ci, co, pick(rng, 1, 3, 3), pick(rng, 1, 2), act=pick(rng, "Relu", None))
    )


@family
def conv3d_1d(net, rng, seed):
    if seed % 2:
        ci, co = pick(rng, 2, 4, 8), pick(rng, 4, 6, 8)
        x = net.input([1, ci, rng.randint(10, 40)])
        kk = pick(rng, 1, 3, 5)
        net.output(
            net.node(
                "Conv",
                x,
                net.weight(co, ci, kk),
                net.weight(co, s=0.3),
                kernel_shape=[kk],
                strides=[pick(rng, 1, 2)],
                pads=[kk // 2, kk // 2],
            )
        )
    else:
        x = net.input([1, 2, 5, 8, 8])
        net.output(
            net.node(
                "Conv",
                x,
                net.weight(4, 2, 3, 3, 3),
                net.weight(4, s=0.3),
                kernel_shape=[3, 3, 3],
                strides=[1, pick(rng, 1, 2), 1],
                pads=[1, 1, 1, 1, 1, 1],
            )
        )


@family
def depthwise(net, rng, seed):
    c = pick(rng, 3, 8, 16, 20, 32, 40)
    x = net.input([pick(rng, 1, 1, 2), c, rng.randint(5, 17), rng.randint(5, 17)])
    kk = pick(rng, 1, 3, 3, 5, 7)
    if seed % 5 == 4:
        y = net.conv(x, c, c, 3, 1, [2, 2, 2, 2], 2, g=c, act="Relu")
    elif seed % 5 == 3:
        y = net.conv(x, c, c, (3, 5), [2, 1], [1, 2, 1, 2], g=c)
    else:
        y = net.conv(x, c, c, kk, pick(rng, 1, 1, 2), g=c, bias=bool(seed % 3), act=pick(rng, None, "Relu", "relu6"))
    net.output(y)


@family
def deconv(net, rng, seed):
    ci, co = pick(rng, 2, 4, 8, 12), pick(rng, 1, 3, 4, 8)
    kk, s = pick(rng, (2, 2), (3, 2), (4, 2), (3, 1), (3, 3), (4, 4))
    p = pick(rng, 0, 1) if kk > 2 else 0
    x = net.input([1, ci, rng.randint(3, 10), rng.randint(3, 10)])
    if seed % 4 == 3:
        co = ci
        net.output(
            net.node(
                "ConvTranspose",
                x,
                net.weight(ci, 1, kk, kk),
                net.weight(ci, s=0.3),
                kernel_shape=[kk, kk],
                strides=[s, s],
                pads=[p] * 4,
                group=ci,
            )
        )
    else:
        y = net.node(
            "ConvTranspose",
            x,
            net.weight(ci, co, kk, kk),
            net.weight(co, s=0.3),
            kernel_shape=[kk, kk],
            strides=[s, s],
            pads=[p] * 4,
            output_padding=[1, 1] if (seed % 5 == 1 and s > 1) else [0, 0],
        )
        net.output(net.act(y, pick(rng, None, "Relu")))
