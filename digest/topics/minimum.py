"""Minimum: where a smooth function of some hundred numbers is lowest."""

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from digest.topics.descent import Doubles

MOST_STEPS = 150


def lowest(surprise: Callable[[Doubles], tuple[float, Doubles]], start: Doubles) -> Doubles:
    """Return where *surprise*, which gives its value and its gradient, is lowest."""
    options = {"maxiter": MOST_STEPS}
    found = minimize(surprise, start, jac=True, method="L-BFGS-B", options=options)  # type: ignore[call-overload]
    return np.asarray(found.x, np.float64)
