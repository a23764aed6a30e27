"""The layers of a small convolutional network with forward and backward passes, in numpy (images are n, h, w, c)."""

import numpy as np


class Layer:
    """forward(x) -> y keeps what backward(dy) -> dx needs; `weights` and `grads` are lists of equal shapes."""

    weights: list = []
    grads: list = []


def slices(x, kernel, stride, height, width):
    """The views of x that meet kernel tap (dy, dx), for every tap."""
    for dy in range(kernel):
        for dx in range(kernel):
            yield dy, dx, x[
                :, dy : dy + stride * (height - 1) + 1 : stride, dx : dx + stride * (width - 1) + 1 : stride
            ]


class Conv(Layer):
    """kernel x kernel convolution with bias, padded by kernel // 2; depthwise when groups == channels."""

    def __init__(self, rng, cin, cout, kernel, stride=1, depthwise=False):
        self.kernel, self.stride, self.depthwise = kernel, stride, depthwise
        fan_in = kernel * kernel * (1 if depthwise else cin)
        shape = (kernel, kernel, cout) if depthwise else (kernel, kernel, cin, cout)
        self.weights = [
            (rng.standard_normal(shape) * np.sqrt(2.0 / fan_in)).astype(np.float32),
            np.zeros(cout, np.float32),
        ]
        self.grads = [np.zeros_like(w) for w in self.weights]

    def forward(self, x):
        pad = self.kernel // 2
        self.padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
        weight, bias = self.weights
        height, width = [(s - 1) // self.stride + 1 for s in x.shape[1:3]]
        y = np.broadcast_to(bias, (x.shape[0], height, width, bias.size)).copy()
        for dy, dx, view in slices(self.padded, self.kernel, self.stride, height, width):
            y += view * weight[dy, dx] if self.depthwise else view @ weight[dy, dx]
        return y

    def backward(self, grad):
        pad, weight = self.kernel // 2, self.weights[0]
        padded_grad = np.zeros_like(self.padded)
        self.grads[1][:] = grad.sum((0, 1, 2))
        flat = grad.reshape(-1, grad.shape[-1])
        views = slices(self.padded, self.kernel, self.stride, *grad.shape[1:3])
        targets = slices(padded_grad, self.kernel, self.stride, *grad.shape[1:3])
        for (dy, dx, view), (_, _, target) in zip(views, targets):
            if self.depthwise:
                self.grads[0][dy, dx] = (view * grad).sum((0, 1, 2))
                target += grad * weight[dy, dx]
            else:
                self.grads[0][dy, dx] = view.reshape(-1, view.shape[-1]).T @ flat
                target += grad @ weight[dy, dx].T
        return padded_grad[:, pad : padded_grad.shape[1] - pad, pad : padded_grad.shape[2] - pad]


class Relu(Layer):
    def forward(self, x):
        self.positive = x > 0
        return x * self.positive

    def backward(self, grad):
        return grad * self.positive


class MaxPool(Layer):
    """2 x 2 with stride 2; the gradient goes to the first of equal maxima."""

    def forward(self, x):
        n, h, w, c = x.shape
        windows = x.reshape(n, h // 2, 2, w // 2, 2, c).transpose(0, 1, 3, 5, 2, 4).reshape(n, h // 2, w // 2, c, 4)
        self.shape, self.arg = x.shape, windows.argmax(-1)
        return windows.max(-1)

    def backward(self, grad):
        n, h, w, c = self.shape
        spread = (np.arange(4) == self.arg[..., None]) * grad[..., None]
        return spread.reshape(n, h // 2, w // 2, c, 2, 2).transpose(0, 1, 4, 2, 5, 3).reshape(n, h, w, c)


class AveragePool(Layer):
    """2 x 2 with stride 2."""

    def forward(self, x):
        n, h, w, c = x.shape
        return x.reshape(n, h // 2, 2, w // 2, 2, c).mean((2, 4))

    def backward(self, grad):
        return np.repeat(np.repeat(grad, 2, 1), 2, 2) * np.float32(0.25)


class Dense(Layer):
    """Flattens in the order c, h, w (as ONNX does) and multiplies."""

    def __init__(self, rng, cin, cout):
        self.weights = [
            (rng.standard_normal((cin, cout)) * np.sqrt(2.0 / cin)).astype(np.float32),
            np.zeros(cout, np.float32),
        ]
        self.grads = [np.zeros_like(w) for w in self.weights]

    def forward(self, x):
        self.shape = x.shape
        self.flat = x.transpose(0, 3, 1, 2).reshape(x.shape[0], -1) if x.ndim == 4 else x
        return self.flat @ self.weights[0] + self.weights[1]

    def backward(self, grad):
        self.grads[0][:], self.grads[1][:] = self.flat.T @ grad, grad.sum(0)
        flat = grad @ self.weights[0].T
        if len(self.shape) == 2:
            return flat
        n, h, w, c = self.shape
        return flat.reshape(n, c, h, w).transpose(0, 2, 3, 1)


class Residual(Layer):
    """x + body(x)."""

    def __init__(self, body):
        self.body = body
        self.weights = [w for layer in body for w in layer.weights]
        self.grads = [g for layer in body for g in layer.grads]

    def forward(self, x):
        y = x
        for layer in self.body:
            y = layer.forward(y)
        return x + y

    def backward(self, grad):
        back = grad
        for layer in reversed(self.body):
            back = layer.backward(back)
        return grad + back
