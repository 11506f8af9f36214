"""How is a direction written, and how alike are two?

Half-precision floats, little-endian, of unit length: 768 bytes where single precision takes 1,536, and a cosine off by
less than 0.001. Where a store needs one width they are padded with zeros, which changes no cosine. Nothing heavy is
imported before the first question: a process that asks none pays nothing.
"""

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

    fitting = [index for index, vector in enumerate(vectors) if wanted and len(vector) == len(wanted)]
    found = [0.0] * len(vectors)
    if fitting:
        joined = np.frombuffer(b"".join(vectors[index] for index in fitting), dtype=_HALF).astype(np.float32)
        one, rows = read(wanted), joined.reshape(len(fitting), -1)
        alike = rows @ one / (np.linalg.norm(rows, axis=1) * np.linalg.norm(one))
        for index, cosine in zip(fitting, alike, strict=True):
            found[index] = round(float(cosine), 4)
    return found
