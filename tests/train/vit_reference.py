#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
# Makes vit_reference.inc with PyTorch (Debian: python3-torch): losses and final parameters of three training steps of small vision
# transformers on 6x4x2 images with patches of 3x2, width 4, 2 heads, an MLP of 8 hidden units, and of the minimal attention model.
#   python3 vit_reference.py > vit_reference.inc
import math

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
EXAMPLES, STEPS, ROWS, COLS, CHANNELS, CLASSES = 5, 3, 6, 4, 2, 3
PATCH, TOKENS, WIDTH, HEADS, HIDDEN = (3, 2), 4, 4, 2, 8
BLOCK = ["norm1.weight", "norm1.bias", "self_attn.in_proj_weight", "self_attn.in_proj_bias", "self_attn.out_proj.weight",
         "self_attn.out_proj.bias", "norm2.weight", "norm2.bias", "linear1.weight", "linear1.bias", "linear2.weight",
         "linear2.bias"]


def numbers(values):
    return "{" + ", ".join(repr(float(v)) for v in values) + "}"


def train(blocks, class_token, make_optimizer):
    """blocks: 0 for the minimal attention model."""
    # In the order in which lmc has them.
    shapes = {"patches.weight": (WIDTH, *PATCH, CHANNELS), "patches.bias": (WIDTH,)}
    if class_token:
        shapes["token"] = (WIDTH,)
    shapes["positions"] = (TOKENS + class_token, WIDTH)
    layers = [torch.nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, dropout=0.0, activation="gelu", batch_first=True,
                                               norm_first=True) for _ in range(max(blocks, 1))]
    for i, layer in enumerate(layers):
        of_layer = dict(layer.named_parameters())
        for name in BLOCK[:None if blocks else 6]:
            shapes[f"{i}.{name}"] = tuple(of_layer[name].shape)
    shapes |= {"norm.weight": (WIDTH,), "norm.bias": (WIDTH,), "readout.weight": (CLASSES, WIDTH), "readout.bias": (CLASSES,)}
    p, start = {}, 0
    for name, shape in shapes.items():
        values = [0.5 * math.sin(1.0 + i) for i in range(start, start + math.prod(shape))]
        p[name] = torch.tensor(values).reshape(shape).requires_grad_()
        start += math.prod(shape)

    def forward(x):
        x = F.conv2d(x, p["patches.weight"].permute(0, 3, 1, 2), p["patches.bias"], stride=PATCH).flatten(2).transpose(1, 2)
        if class_token:
            x = torch.cat([p["token"].expand(EXAMPLES, 1, WIDTH), x], dim=1)
        x = x + p["positions"]
        for i, layer in enumerate(layers):
            if blocks:
                x = torch.nn.utils.stateless.functional_call(layer, {name: p[f"{i}.{name}"] for name in BLOCK}, (x,))
            else:
                normal = F.layer_norm(x, (WIDTH,), p["0.norm1.weight"], p["0.norm1.bias"]).transpose(0, 1)
                x = x + F.multi_head_attention_forward(
                    normal, normal, normal, WIDTH, HEADS, p["0.self_attn.in_proj_weight"], p["0.self_attn.in_proj_bias"], None,
                    None, False, 0.0, p["0.self_attn.out_proj.weight"], p["0.self_attn.out_proj.bias"])[0].transpose(0, 1)
        x = F.layer_norm(x, (WIDTH,), p["norm.weight"], p["norm.bias"])
        return F.linear(x[:, 0] if class_token else x.mean(dim=1), p["readout.weight"], p["readout.bias"])

    x = torch.tensor([math.cos(0.7 * i) for i in range(EXAMPLES * ROWS * COLS * CHANNELS)])
    x = x.reshape(EXAMPLES, ROWS, COLS, CHANNELS).permute(0, 3, 1, 2)
    y = torch.tensor([i % CLASSES for i in range(EXAMPLES)])
    optimizer = make_optimizer(p.values())
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = F.cross_entropy(forward(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    theta = torch.cat([v.detach().flatten() for v in p.values()])
    return f"    {{{numbers(losses)}, {numbers(theta)}}},"


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=0.1, momentum=0.9)


def adamw(parameters):
    return torch.optim.AdamW(parameters, lr=0.01, weight_decay=0.1)


print("// Made by vit_reference.py with PyTorch", torch.__version__.split("+")[0])
print("// loss before each step, parameters after the last")
print(train(2, False, sgd))
print(train(2, False, adamw))
print(train(1, True, sgd))
print(train(1, True, adamw))
print(train(0, False, sgd))
