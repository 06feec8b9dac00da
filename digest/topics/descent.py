"""Descent: linear models over sparse rows, fitted by Adam on the rows that a batch touches."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from digest.topics.tokens import Rows

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Residual = Callable[[npt.NDArray[np.int64], Floats], Floats]
"""Of some rows' numbers and scores: what each score is too high by, weighted."""
Tick = Callable[[int], object]
"""Told how many rows were looked at."""

EPOCHS, RATE = 3, 0.02
BATCHES, SMALLEST, LARGEST = 100, 32, 1024
"""A batch is one in so many parts of the rows, within these sizes: few rows need steps too."""
MEAN_KEPT, SQUARE_KEPT = 0.9, 0.999
"""Adam's usual decays (Kingma and Ba 2015)."""


@dataclass
class Line:
    """One linear score for each output: rows @ weights + bias."""

    weights: Floats
    bias: Floats

    def scores(self, rows: Rows) -> Floats:
        scores: Floats = rows @ self.weights + self.bias
        return scores


def fit(
    rows: Rows,
    residual: Residual,
    bias: Floats,
    *,
    masked: npt.NDArray[np.bool_] | None = None,
    tick: Tick = lambda _: None,
) -> Line:
    """
    Return the line that *residual* leads to, starting from *bias* and weights of zero.

    Weights that are *masked*, shape (columns, outputs), stay zero. A few epochs with a falling
    rate are the regularisation: on TF-IDF rows that does as well as an L2 penalty, in less time.
    """
    line = Line(np.zeros((rows.shape[1], len(bias)), np.float32), bias.astype(np.float32))
    adam = _Adam(line)
    order = np.random.default_rng(0)
    batch = int(np.clip(rows.shape[0] // BATCHES, SMALLEST, LARGEST))
    steps = EPOCHS * -(-rows.shape[0] // batch)
    for _ in range(EPOCHS):
        shuffled = order.permutation(rows.shape[0])
        for start in range(0, rows.shape[0], batch):
            chosen = np.sort(shuffled[start : start + batch])
            some = rows[chosen]
            wrong = residual(chosen, line.scores(some)) / np.float32(len(chosen))
            adam.step(some, wrong, RATE * (1 - adam.steps / steps), masked)
            tick(len(chosen))
    return line


class _Adam:
    """Adam with moments that only move for the columns a batch has."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._mean, self._square = np.zeros_like(line.weights), np.zeros_like(line.weights)
        self._bias_mean, self._bias_square = np.zeros_like(line.bias), np.zeros_like(line.bias)
        self.steps = 0

    def step(
        self, rows: Rows, wrong: Floats, rate: float, masked: npt.NDArray[np.bool_] | None
    ) -> None:
        self.steps += 1
        # Both moments start from zero; this is what they lack at first.
        rate *= (1 - SQUARE_KEPT**self.steps) ** 0.5 / (1 - MEAN_KEPT**self.steps)
        columns = sparse.csr_array(rows.T)
        used = np.flatnonzero(np.diff(columns.indptr))
        gradient = columns[used] @ wrong
        if masked is not None:
            gradient[masked[used]] = 0
        mean = MEAN_KEPT * self._mean[used] + (1 - MEAN_KEPT) * gradient
        square = SQUARE_KEPT * self._square[used] + (1 - SQUARE_KEPT) * gradient**2
        self._mean[used], self._square[used] = mean, square
        self._line.weights[used] -= np.float32(rate) * mean / (np.sqrt(square) + 1e-8)
        gradient = wrong.sum(axis=0)
        self._bias_mean += (1 - MEAN_KEPT) * (gradient - self._bias_mean)
        self._bias_square += (1 - SQUARE_KEPT) * (gradient**2 - self._bias_square)
        self._line.bias -= np.float32(rate) * self._bias_mean / (np.sqrt(self._bias_square) + 1e-8)
