# SPDX-License-Identifier: BSD-3-Clause
"""The workloads in JAX: functions of lists of arrays, images with channels last."""
import importlib.metadata
import os

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax


def about():
    return {"summary": f"jax {importlib.metadata.version('jax')}, jaxlib {importlib.metadata.version('jaxlib')}"}


def knobs(job):
    """How it may go about a workload, as versus/opponent.hpp says. Steps: all in one compiled loop, or each a call of a compiled
    function, since XLA has slower convolutions inside of loops."""
    found = [("arrangement", ["two processes", "in turn, two threads"])]
    if job["workload"]["task"] == "training":
        found.append(("steps", ["one loop", "calls"]))
    else:
        found.append(("images at once", ["250", "1000", "10000"]))
    found.append(("malloc", ["keeps", "keeps, huge pages", "default"]))
    return found


class Taker:
    """Cuts lmc's θ into arrays as JAX wants them."""

    def __init__(self, theta):
        self.rest = theta

    def take(self, *shape):
        count = int(np.prod(shape))
        values, self.rest = self.rest[:count].reshape(shape), self.rest[count:]
        return values

    def dense(self, inputs, outputs):
        return [self.take(outputs, inputs).T, self.take(outputs)]

    def filters(self, size, inputs, outputs):
        """[rows, columns, inputs, outputs]"""
        return self.take(outputs, size, size, inputs).transpose(1, 2, 3, 0)

    def pair(self, width):
        return [self.take(width), self.take(width)]


def residual_channels(workload):
    """Input and output channels of every block, and its stride."""
    width = before = workload["resnet_width"]
    for stage in range(3):
        for _ in range(workload["resnet_blocks"]):
            channels = width << stage
            yield before, channels, 1 if before == channels else 2
            before = channels


def vgg_channels(workload):
    """For every convolution input and output channels, and whether pooling follows."""
    before = workload["channels"]
    for stage, channels in enumerate(workload["layers"]):
        last = stage < 2
        yield before, channels, last
        if not last:
            yield channels, channels, True
        before = channels


def parameters_of(workload, theta):
    """θ as a list of arrays in the order in which forward() takes them."""
    taker, family, layers = Taker(theta), workload["family"], workload["layers"]
    side, channels, parameters = workload["side"], workload["channels"], []
    if family == "mlp":
        widths = [side * side * channels, *layers, 10]
        for sizes in zip(widths, widths[1:]):
            parameters += taker.dense(*sizes)
    elif family == "vit":
        patch, width = workload["patch"], workload["width"]
        hidden, tokens = workload["mlp_ratio"] * width, (side // patch) ** 2
        parameters += [*taker.dense(patch * patch, width), taker.take(tokens, width)]
        parameters += [*taker.pair(width), *taker.dense(width, 3 * width), *taker.dense(width, width)]
        parameters += [*taker.pair(width), *taker.dense(width, hidden), *taker.dense(hidden, width)]
        parameters += [*taker.pair(width), *taker.dense(width, 10)]
    elif family == "resnet":
        width = workload["resnet_width"]
        parameters += [taker.filters(3, channels, width), *taker.pair(width)]
        for before, after, stride in residual_channels(workload):
            parameters += [taker.filters(3, before, after), *taker.pair(after), taker.filters(3, after, after), *taker.pair(after)]
            if stride != 1:
                parameters += [taker.filters(1, before, after), *taker.pair(after)]
        parameters += taker.dense(4 * width, 10)
    elif family == "vgg":
        for before, after, pooled in vgg_channels(workload):
            parameters += [taker.filters(3, before, after), *taker.pair(after)]
            side = side // 2 if pooled else side
        parameters += taker.dense(side * side * layers[-1], 10)
    else:
        for out in layers:
            side = (side - 3) // workload["stride"] + 1
            if family == "cnn":
                parameters += [taker.filters(3, channels, out), taker.take(out)]
            else:
                filters = taker.take(side * side, out, 9 * channels).transpose(0, 2, 1)  # patches as patches_of() has them
                parameters += [filters, taker.take(side * side, out)]
            channels = out
        parameters += taker.dense(side * side * channels, 10)
    if len(taker.rest) > 0:
        raise ValueError(f"θ is {len(taker.rest)} floats too long for this network")
    return [jnp.asarray(np.ascontiguousarray(values)) for values in parameters]


def statistics_of(workload, parameters):
    """Running means and variances: of every batch norm, which has the two arrays behind an array of filters."""
    if workload["family"] not in ("resnet", "vgg"):
        return []
    widths = [values.shape[3] for values in parameters if values.ndim == 4]
    return [array for width in widths for array in (jnp.zeros(width), jnp.ones(width))]


def convolved(x, filters, stride, padding):
    return lax.conv_general_dilated(x, filters, (stride, stride), [(padding, padding)] * 2,
                                    dimension_numbers=("NHWC", "HWIO", "NHWC"))


def patches_of(x, stride):
    """[N, rows, columns, C] to [N, positions, 9 C]: rows, then columns, then channels of the patch under each position."""
    side = (x.shape[1] - 3) // stride + 1
    last = stride * (side - 1) + 1
    windows = [x[:, i:i + last:stride, j:j + last:stride, :] for i in range(3) for j in range(3)]
    return jnp.concatenate(windows, 3).reshape(x.shape[0], side * side, 9 * x.shape[3])


def layer_norm(x, scale, bias):
    mean = x.mean(2, keepdims=True)
    variance = ((x - mean) ** 2).mean(2, keepdims=True)
    return (x - mean) * lax.rsqrt(variance + 1e-5) * scale + bias


def max_pooled(x):
    n, rows, columns, channels = x.shape
    return x.reshape(n, rows // 2, 2, columns // 2, 2, channels).max((2, 4))


def forward(workload, parameters, statistics, x, training):
    """Logits, and the running statistics after this batch. x: [N, pixels]."""
    family, side, channels, n = workload["family"], workload["side"], workload["channels"], x.shape[0]
    rest, moments, moved = iter(parameters), iter(statistics), []
    relu = jax.nn.relu

    def dense(x):
        return x @ next(rest) + next(rest)

    def normed(x):
        """A batch norm."""
        scale, bias, mean, variance = next(rest), next(rest), next(moments), next(moments)
        if training:
            count = x.shape[0] * x.shape[1] * x.shape[2]
            running_mean, running_variance = mean, variance
            mean = x.mean((0, 1, 2))
            variance = ((x - mean) ** 2).mean((0, 1, 2))
            moved.extend([0.9 * running_mean + 0.1 * mean, 0.9 * running_variance + 0.1 * count / (count - 1) * variance])
        return (x - mean) * (lax.rsqrt(variance + 1e-5) * scale) + bias

    if family == "mlp":
        for _ in workload["layers"]:
            x = relu(dense(x))
        return dense(x), moved
    if family == "vit":
        patch, heads, width = workload["patch"], workload["heads"], workload["width"]
        grid = side // patch
        x = x.reshape(n, grid, patch, grid, patch).transpose(0, 1, 3, 2, 4).reshape(n, grid * grid, patch * patch)
        x = dense(x) + next(rest)
        q, k, v = dense(layer_norm(x, next(rest), next(rest))).reshape(n, grid * grid, 3, heads, width // heads).transpose(2, 0, 3, 1, 4)
        mixed = jax.nn.softmax(q @ k.transpose(0, 1, 3, 2) / (width // heads) ** 0.5, -1) @ v
        x = x + dense(mixed.transpose(0, 2, 1, 3).reshape(n, grid * grid, width))
        x = x + dense(jax.nn.gelu(dense(layer_norm(x, next(rest), next(rest))), approximate=False))
        return dense(layer_norm(x, next(rest), next(rest)).mean(1)), moved

    x = x.reshape(n, side, side, channels)
    if family == "resnet":
        x = relu(normed(convolved(x, next(rest), 1, 1)))
        for _, _, stride in residual_channels(workload):
            y = relu(normed(convolved(x, next(rest), stride, 1)))
            y = normed(convolved(y, next(rest), 1, 1))
            x = relu(y + (x if stride == 1 else normed(convolved(x, next(rest), stride, 0))))
        return dense(x.mean((1, 2))), moved
    if family == "vgg":
        for _, _, pooled in vgg_channels(workload):
            x = relu(normed(convolved(x, next(rest), 1, 1)))
            x = max_pooled(x) if pooled else x
    elif family == "cnn":
        for _ in workload["layers"]:
            x = relu(convolved(x, next(rest), workload["stride"], 0) + next(rest))
    else:
        for out in workload["layers"]:
            x = relu(jnp.einsum("npk,pkc->npc", patches_of(x, workload["stride"]), next(rest)) + next(rest))
            side = (side - 3) // workload["stride"] + 1
            x = x.reshape(n, side, side, out)
    return dense(x.reshape(n, -1)), moved


def cross_entropies(logits, y):
    """Of every example."""
    return -jnp.take_along_axis(jax.nn.log_softmax(logits, -1), y[:, None], 1)[:, 0]


def updated(workload, parameters, gradients, state):
    """Parameters and the optimizer's state after a step. The state: the number of steps, and for each array what it carries."""
    rate, count, carried = workload["rate"], state[0] + 1, state[1]
    if workload["update"] == "sgd":
        return [p - rate * g for p, g in zip(parameters, gradients)], (count, carried)
    if workload["update"] == "momentum":
        carried = [(workload["momentum"] * v + g,) for (v,), g in zip(carried, gradients)]
        return [p - rate * v for p, (v,) in zip(parameters, carried)], (count, carried)
    carried = [(0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g) for (m, v), g in zip(carried, gradients)]
    mean_scale, square_scale = 1 / (1 - 0.9 ** count), 1 / (1 - 0.999 ** count)
    return [p - rate * (m * mean_scale) / (jnp.sqrt(v * square_scale) + 1e-8) for p, (m, v) in zip(parameters, carried)], (count, carried)


def first_state(workload, parameters):
    arrays = {"sgd": 0, "momentum": 1, "adam": 2}[workload["update"]]
    return jnp.zeros(()), [tuple(jnp.zeros_like(p) for _ in range(arrays)) for p in parameters]


class Run:
    """One training after another from the same start. What a user could prepare once is prepared once."""

    def __init__(self, job, data, theta, order):
        self.workload, self.loop = job["workload"], job["choice"].get("steps") != "calls"
        self.x, self.y = jnp.asarray(data.images), jnp.asarray(data.labels.astype(np.int32))
        self.order = jnp.asarray(order.astype(np.int32))
        self.parameters = parameters_of(self.workload, theta)

        def loss(parameters, statistics, x, y):
            logits, moved = forward(self.workload, parameters, statistics, x, True)
            return cross_entropies(logits, y).mean(), moved

        def step(carry, x, y, examples):
            parameters, statistics, state = carry
            (value, statistics), gradients = jax.value_and_grad(loss, has_aux=True)(parameters, statistics, x[examples], y[examples])
            parameters, state = updated(self.workload, parameters, gradients, state)
            return (parameters, statistics, state), value

        self.step = jax.jit(step, donate_argnums=0)
        self.steps = jax.jit(lambda carry, x, y, order: lax.scan(lambda c, examples: step(c, x, y, examples), carry, order),
                             donate_argnums=0)

    def warm_up(self):
        """A whole training: what is compiled depends on the number of steps."""
        return float(self.train()[0])

    def train(self):
        """The losses, which are looked at, as somebody who trains wants to see them."""
        parameters = [p.copy() for p in self.parameters]
        carry = parameters, statistics_of(self.workload, parameters), first_state(self.workload, parameters)
        if self.loop:
            carry, losses = self.steps(carry, self.x, self.y, self.order)
        else:
            losses = []
            for examples in self.order:
                carry, value = self.step(carry, self.x, self.y, examples)
                losses.append(value)
        self.end = jax.block_until_ready(carry)
        return np.asarray(losses)

    def evaluate(self, data):
        """Mean loss."""
        return Metrics(self.workload, data, 250)(*self.end[:2])[0]


class Metrics:
    """Mean loss and error of networks on a data set."""

    def __init__(self, workload, data, at_once):
        self.at_once, self.x, self.y = at_once, jnp.asarray(data.images), jnp.asarray(data.labels.astype(np.int32))

        def sums(parameters, statistics, x, y):
            logits, _ = forward(workload, parameters, statistics, x, False)
            return cross_entropies(logits, y).sum(), (logits.argmax(1) != y).sum()

        self.sums = jax.jit(sums)

    def __call__(self, parameters, statistics):
        parts = [self.sums(parameters, statistics, self.x[first:first + self.at_once], self.y[first:first + self.at_once])
                 for first in range(0, len(self.y), self.at_once)]
        return tuple(sum(float(value) for value in values) / len(self.y) for values in zip(*parts))


class Path:
    """The straight line between two networks."""

    def __init__(self, job, data, a, b):
        self.ends = [parameters_of(job["workload"], theta) for theta in (a, b)]
        self.measure = Metrics(job["workload"], data, int(job["choice"]["images at once"]))
        self.between = jax.jit(lambda a, b, alpha: [(1 - alpha) * p + alpha * q for p, q in zip(a, b)])

    def metrics(self, alphas):
        return [self.measure(self.between(*self.ends, alpha), []) for alpha in alphas]
