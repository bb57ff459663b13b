# SPDX-License-Identifier: BSD-3-Clause
"""Linear mode connectivity for networks of any trainer.

    curve = lmc.linear_path(a, b, evaluate)     # θ(α) = (1 − α) a + α b
    print(lmc.error_barrier(curve))

a and b are flat NumPy arrays of parameters; evaluate(θ) returns whether each example is wrong, or logits, or a dictionary of
metrics. help(lmc.linear_path) says more; every function names its formula and source. What a caller can get wrong raises
lmc.Error, a ValueError.
"""
from . import _core
from ._core import *  # noqa: F403
from ._core import __version__

__all__ = ["__version__", *(name for name in dir(_core) if not name.startswith("_"))]
for _name in __all__[1:]:  # lmc.Curve, not lmc._core.Curve
    getattr(_core, _name).__module__ = "lmc"
del _name
