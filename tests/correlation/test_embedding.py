"""Which texts lie close together, which embedder is taken, and is each text embedded once?"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from aiops.domain.errors import BadConfiguration
from correlation import embedding
from correlation.embedding import Light, MiniLM, VectorCache, checked, choose_embedder, prepare, shown, with_ideas
from correlation.vocabulary import IDEAS, VERSION

NAMES = frozenset({"db1", "db2", "payments-db", "api"})


class Counting:
    """An embedder that remembers what it was asked."""

    why = "for a test"

    def __init__(self, name: str = "counting-v1") -> None:
        self.name = name
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32)


@pytest.fixture(scope="module")
def minilm() -> MiniLM:
    pytest.importorskip("sentence_transformers", reason="the semantic extra is not installed")
    return MiniLM()


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("conn to db1 refused", "conn to refused"),
        ("conn to db2 refused", "conn to refused"),
        ("conn to db1.prod.example.com:<NUM> refused", "conn to refused"),
        ("HighErrorRate on payments-db: <NUM>% of <*>", "high error rate on of"),
        ("node_disk_full <PATH>", "node disk full"),
        ("OOMKilled: HTTPError", "oom killed http error"),
        ("apiserver is slow....", "apiserver is slow"),
        ("<*> db1", "<*> db1"),  # nothing is left: as it was
    ],
)
def test_names_and_placeholders_do_not_count(text: str, prepared: str) -> None:
    assert prepare(text, NAMES) == prepared


def test_people_see_a_placeholder_where_an_entity_was_named() -> None:
    assert shown("Conn to db1:5432 refused by payments-db", NAMES) == "Conn to <*>:5432 refused by <*>"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("dial tcp <ip>:<num>: refused", "dial tcp <*>: refused"),
        ("db1: <time> <time> cache of api lost", "<*> cache of <*> lost"),
        ("disk <path> is <num>% full, ", "disk <*> is <*>% full"),
        ("<*> <*> <*>", "<*>"),
        ("word " * 40, "word " * 19 + "word…"),
    ],
)
def test_a_title_is_short_and_says_only_once_that_something_varies(text: str, title: str) -> None:
    assert shown(text, NAMES) == title


def test_the_light_embedder_puts_like_words_together_and_is_the_same_in_every_process() -> None:
    texts = ["connection refused", "connections were refused", "certificate expires soon"]
    vectors = Light().embed(texts)
    assert vectors.shape == (3, 512 + IDEAS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)
    near, far = vectors[0] @ vectors[1], vectors[0] @ vectors[2]
    assert near > 0.6 > 0.2 > far
    code = f"from correlation.embedding import Light; print(Light().embed({texts!r}).tobytes().hex())"
    for seed in ("1", "2"):
        run = subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        assert run.stdout.strip() == vectors.tobytes().hex()


def test_the_light_embedder_knows_what_the_trade_says_in_other_words() -> None:
    full, space, other = Light().embed(["disk full", "no space left on device", "card declined"])
    assert full @ space > 0.45  # the ideas alone: no word is shared
    assert full @ other < 0.1


def test_carriers_do_not_make_texts_alike() -> None:
    one, other = Light().embed(["unable to refresh colour palette: error", "unable to water plants: error"])
    assert one @ other < 0.2


def test_ideas_join_any_model_and_texts_without_any_are_as_the_model_has_them() -> None:
    model = np.array([[3.0, 4.0], [4.0, 3.0], [0.0, 0.0]], dtype=np.float32)
    joined = with_ideas(model, ["colour", "palette", ""], 0.4)
    assert joined.shape == (3, 2 + IDEAS)
    np.testing.assert_allclose(joined[0] @ joined[1], 0.96, rtol=1e-5)
    assert not joined[2].any()
    alike = with_ideas(np.eye(2, dtype=np.float32), ["disk full", "no space on disk"], 0.4)
    np.testing.assert_allclose(alike[0] @ alike[1], 0.4, rtol=1e-5)  # the model sees nothing in common, all ideas are


def test_another_vocabulary_is_another_embedder() -> None:
    assert Light().name.endswith(f"+{VERSION}")
    assert MiniLM().name.endswith(f"+{VERSION}")


def test_a_text_without_letters_is_nowhere_and_breaks_nothing() -> None:
    assert not Light().embed([""]).any()


@pytest.mark.semantic
def test_minilm_knows_meaning(minilm: MiniLM) -> None:
    vectors = minilm.embed(["disk full", "no space left on device", "card declined"])
    assert vectors.shape == (3, 384 + IDEAS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, rtol=1e-5)
    assert vectors[0] @ vectors[1] > 2 * max(vectors[0] @ vectors[2], 0.1)


@pytest.mark.semantic
def test_a_folder_of_ones_own_is_taken_without_the_known_hash_and_named_after_its_content(
    minilm: MiniLM, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for file in embedding.minilm_folder().iterdir():
        (folder / file.name).symlink_to(file)
    own = MiniLM(str(folder))
    assert own.name.startswith("mine@")
    np.testing.assert_array_equal(own.embed(["disk full"]), minilm.embed(["disk full"]))
    (folder / "README.md").unlink()
    assert MiniLM(str(folder)).name != own.name


def test_changed_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match=r"model\.safetensors.*no file"):
        checked(tmp_path, embedding.MINILM_SHA256)
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(BadConfiguration, match="not the known ones"):
        checked(tmp_path, embedding.MINILM_SHA256)


def test_auto_takes_the_light_one_where_the_extra_is_missing_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "find_spec", lambda name: None)
    chosen = choose_embedder("auto")
    assert chosen.name == Light().name
    assert "semantic" in chosen.why
    assert "torch" in chosen.why
    for wanted in ("minilm", "/models/mine"):
        with pytest.raises(BadConfiguration, match="install aiops"):
            choose_embedder(wanted)
    with pytest.raises(BadConfiguration, match="install aiops"):
        embedding.minilm_folder()


def test_auto_takes_minilm_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "find_spec", lambda name: object())
    assert choose_embedder("auto").name.startswith("all-MiniLM-L6-v2@53aa51172d14+")
    assert choose_embedder("minilm").name == choose_embedder("auto").name
    assert choose_embedder("some/hub-model").name == f"some/hub-model+{VERSION}"
    assert choose_embedder("light").name == Light().name
    assert "as configured" in choose_embedder("light").why


def test_choosing_imports_nothing_heavy() -> None:
    code = (
        "import sys; from correlation.embedding import choose_embedder; choose_embedder('auto').name;"
        "print({'torch', 'sklearn', 'numpy', 'scipy'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_each_text_is_embedded_once_per_model(tmp_path: Path) -> None:
    first, other = Counting(), Counting("counting-v2")
    with VectorCache(tmp_path / "vectors.db") as cache:
        cache.vectors(first, ["a", "bb"])
        rows = cache.vectors(first, ["bb", "ccc", "a"])
        assert rows[:, 0].tolist() == [2, 3, 1]
        assert rows.dtype == np.float32
    with VectorCache(tmp_path / "vectors.db") as cache:
        cache.vectors(first, ["ccc"])
        cache.vectors(other, ["ccc"])
    assert first.asked == ["a", "bb", "ccc"]
    assert other.asked == ["ccc"]


def test_the_cache_forgets_the_oldest(tmp_path: Path) -> None:
    embedder = Counting()
    with VectorCache(tmp_path / "vectors.db", most=2) as cache:
        for text in ("a", "bb", "ccc"):
            cache.vectors(embedder, [text])
        cache.vectors(embedder, ["bb", "ccc"])
        assert embedder.asked == ["a", "bb", "ccc"]
        cache.vectors(embedder, ["a"])
    assert embedder.asked == ["a", "bb", "ccc", "a"]


def test_what_was_embedded_before_a_failure_is_kept(tmp_path: Path) -> None:
    class Failing(Counting):
        def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
            if len(self.asked) >= embedding.BLOCK:
                raise MemoryError
            return super().embed(texts)

    texts = [f"text {n}" for n in range(embedding.BLOCK + 1)]
    with VectorCache(tmp_path / "vectors.db") as cache, pytest.raises(MemoryError):
        cache.vectors(Failing(), texts)
    again = Counting()
    with VectorCache(tmp_path / "vectors.db") as cache:
        cache.vectors(again, texts)
    assert again.asked == texts[-1:]
