"""Minimum: where a smooth function of some hundred numbers is lowest."""

from collections.abc import Callable

import numpy as np

from digest.topics.descent import Doubles

MOST_STEPS = 150


def lowest(surprise: Callable[[Doubles], tuple[float, Doubles]], start: Doubles) -> Doubles:
    """Return where *surprise*, which gives its value and its gradient, is lowest."""
    # Only where something is learnt: whoever reads an edition imports this module too.
    from scipy.optimize import minimize  # noqa: PLC0415

    options = {"maxiter": MOST_STEPS}
    found = minimize(surprise, start, jac=True, method="L-BFGS-B", options=options)  # type: ignore[call-overload]
    return np.asarray(found.x, np.float64)
