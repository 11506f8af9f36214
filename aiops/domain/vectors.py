"""How is a direction written, and how alike are two?

Half-precision floats, little-endian, of unit length: 768 bytes where single precision takes 1,536, and a cosine off by
less than 0.001. Where a store needs one width they are padded with zeros, which changes no cosine. Nothing heavy is
imported before the first question: a process that asks none pays nothing.
"""

from itertools import compress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DIMENSIONS = 1_024  # the most that a vector may have

_HALF = "<f2"


def written(vector: "NDArray[np.float32]") -> bytes:
    """Return ``vector`` at unit length; empty for one of zeros, or of more than DIMENSIONS: it is near nothing."""
    import numpy as np

    length = float(np.linalg.norm(vector))
    if not length or len(vector) > DIMENSIONS:
        return b""
    return (vector / length).astype(_HALF).tobytes()


def read(vector: bytes) -> "NDArray[np.float32]":
    """Return what was written."""
    import numpy as np

    return np.frombuffer(vector, dtype=_HALF).astype(np.float32)


def cosines(wanted: bytes, vectors: list[bytes]) -> list[float]:
    """Return the cosine of ``wanted`` to each, -1..1, to four digits; 0 for one of another number of dimensions."""
    import numpy as np

    fitting = np.array([len(vector) == len(wanted) > 0 for vector in vectors], dtype=bool)
    found = np.zeros(len(vectors))
    if fitting.any():
        one, rows = read(wanted), read(b"".join(compress(vectors, fitting))).reshape(int(fitting.sum()), -1)
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows)) * np.linalg.norm(one)
        found[fitting] = np.round((rows @ one / lengths).astype(np.float64), 4)
    return found.tolist()
