"""The background: what many papers taught of which words are rare, and which go together."""

import io
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class Background:
    """
    Stems and their latent directions, from a truncated SVD of many papers' TF-IDF rows.

    Source: Deerwester et al. 1990, "Indexing by latent semantic analysis".
    """

    stems: tuple[str, ...]
    papers: int
    """How many papers it was learnt from."""
    in_papers: npt.NDArray[np.int32]
    """In how many of them each stem is, shape (stems,)."""
    levels: npt.NDArray[np.int8]
    """The latent directions in steps, shape (stems, dimensions)."""
    step: npt.NDArray[np.float32]
    """The size of a step for each stem, shape (stems,)."""

    @property
    def dimensions(self) -> int:
        return int(self.levels.shape[1])

    @cached_property
    def directions(self) -> npt.NDArray[np.float32]:
        """The latent direction of each stem, shape (stems, dimensions)."""
        return (self.levels * self.step[:, None]).astype(np.float32)


def to_bytes(background: Background) -> bytes:
    """Return *background* as a compressed npz; no pickle."""
    body = io.BytesIO()
    np.savez_compressed(
        body,
        stems=np.frombuffer("\n".join(background.stems).encode(), np.uint8),
        papers=np.int64(background.papers),
        in_papers=background.in_papers,
        levels=background.levels,
        step=background.step,
    )
    return body.getvalue()


def from_bytes(body: bytes) -> Background:
    with np.load(io.BytesIO(body), allow_pickle=False) as arrays:
        return Background(
            stems=tuple(arrays["stems"].tobytes().decode().split("\n")),
            papers=int(arrays["papers"]),
            in_papers=arrays["in_papers"],
            levels=arrays["levels"],
            step=arrays["step"],
        )


@cache
def shipped() -> Background:
    return from_bytes(resources.files("digest.space").joinpath("background.npz").read_bytes())
