# SPDX-License-Identifier: BSD-3-Clause
"""Factors of torch.optim.lr_scheduler for schedule_test.cpp: python3 schedule_reference.py > schedule_reference.inc

Made with PyTorch 1.13.0 of Debian 12 (python3-torch).
"""
import warnings

import torch
from torch.optim import lr_scheduler as lr

warnings.simplefilter("ignore")


def case(schedule, steps, make, per_epoch=1):
    """The factors of `steps` updates, with a step of the scheduler after each epoch of per_epoch updates."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimizer)
    factors = []
    for update in range(steps):
        factors.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if (update + 1) % per_epoch == 0:
            scheduler.step()
    lines = [", ".join(f"{f:.17g}" for f in factors[i:i + 5]) for i in range(0, steps, 5)]
    epoch = f"     .per_epoch = {per_epoch},\n" if per_epoch > 1 else ""
    print(f"    {{.schedule = {schedule},\n{epoch}     .factors = {{" + ",\n                 ".join(lines) + "}},")


def warmup(optimizer, steps):
    return lr.LinearLR(optimizer, start_factor=1 / steps, end_factor=1.0, total_iters=steps - 1)


def then(optimizer, steps, after):
    return lr.SequentialLR(optimizer, [warmup(optimizer, steps), after], milestones=[steps])


print("// Made by schedule_reference.py: the learning rate of torch.optim.lr_scheduler at each step, of a rate of 1.")
case("{.warmup = 5}", 12, lambda o: warmup(o, 5))
case("{.then = lmc::CosineRate{}}", 20, lambda o: lr.CosineAnnealingLR(o, T_max=20))
case("{.then = lmc::CosineRate{.floor = 0.125}}", 7, lambda o: lr.CosineAnnealingLR(o, T_max=7, eta_min=0.125))
case("{.then = lmc::StepRate{.every = 4, .gamma = 0.5}}", 14, lambda o: lr.StepLR(o, step_size=4, gamma=0.5))
case("{.then = lmc::OneCycleRate{}}", 19, lambda o: lr.OneCycleLR(o, max_lr=1.0, total_steps=19, cycle_momentum=False))
case("{.then = lmc::OneCycleRate{.peak = 0.25, .start = 0.1, .end = 0.001, .linear = true}}", 20,
     lambda o: lr.OneCycleLR(o, max_lr=1.0, total_steps=20, pct_start=0.25, anneal_strategy="linear", div_factor=10,
                             final_div_factor=100, cycle_momentum=False))
case("{.warmup = 4, .then = lmc::CosineRate{}}", 20, lambda o: then(o, 4, lr.CosineAnnealingLR(o, T_max=16)))
case("{.warmup = 5, .then = lmc::StepRate{.every = 3, .gamma = 0.1}}", 15,
     lambda o: then(o, 5, lr.StepLR(o, step_size=3, gamma=0.1)))

LIST = [1, 0.5, 0.75, 0, 0.125, 2, 0.1]
CPP_LIST = ", ".join(str(f) for f in LIST)
POWER = "lmc::CallableRate([](lmc::Index s, lmc::Index) { return std::pow(0.95, static_cast<double>(s)); }"
case(f"{{.then = lmc::ListRate{{.factors = {{{CPP_LIST}}}, .per = lmc::RatePer::update}}}}", 7,
     lambda o: lr.LambdaLR(o, lambda s: LIST[s] if s < len(LIST) else 0))
case(f"{{.then = lmc::ListRate{{.factors = {{{CPP_LIST}}}}}}}", 21, lambda o: lr.LambdaLR(o, lambda s: LIST[s] if s < len(LIST) else 0),
     per_epoch=3)
case(f"{{.then = {POWER}, lmc::RatePer::update)}}", 10, lambda o: lr.LambdaLR(o, lambda s: 0.95**s))
case(f"{{.then = {POWER})}}", 12, lambda o: lr.LambdaLR(o, lambda s: 0.95**s), per_epoch=4)
case(f"{{.warmup = 5, .then = {POWER}, lmc::RatePer::update)}}", 12, lambda o: then(o, 5, lr.LambdaLR(o, lambda s: 0.95**s)))


def restarts(optimizer, first, growth, floor=0):
    return lr.CosineAnnealingWarmRestarts(optimizer, T_0=first, T_mult=growth, eta_min=floor)


case("{.then = lmc::CosineRate{}, .restarts = lmc::Restarts{.first = 5}}", 17, lambda o: restarts(o, 5, 1))
case("{.then = lmc::CosineRate{}, .restarts = lmc::Restarts{.first = 3, .growth = 2}}", 25, lambda o: restarts(o, 3, 2))
case("{.then = lmc::CosineRate{.floor = 0.125}, .restarts = lmc::Restarts{.first = 1, .growth = 3}}", 20,
     lambda o: restarts(o, 1, 3, 0.125))
case("{.warmup = 4, .then = lmc::CosineRate{}, .restarts = lmc::Restarts{.first = 4, .growth = 2}}", 20,
     lambda o: then(o, 4, restarts(o, 4, 2)))
