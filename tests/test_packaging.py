"""Does what we ship hold everything, and is it safe as it comes?"""

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
PACKAGES = ("aiops", "api", "correlation", "ingestion", "rules")


def test_the_wheel_holds_every_file_of_the_five_packages(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    on_disk = {
        file.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert on_disk - set(zipfile.ZipFile(wheel).namelist()) == set()


@pytest.fixture(scope="module")
def service() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    service: dict[str, Any] = document["services"]["aiops"]
    return service


def test_compose_publishes_on_the_loopback_address_only(service: dict[str, Any]) -> None:
    assert service["ports"]
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_compose_bounds_the_memory(service: dict[str, Any]) -> None:
    assert re.fullmatch(r"\d+[gm]", service["mem_limit"])


def test_the_image_keeps_its_data_in_the_volume_that_compose_mounts(service: dict[str, Any]) -> None:
    (volume,) = re.findall(r"(?m)^VOLUME (\S+)$", (ROOT / "Dockerfile").read_text())
    assert [mount.split(":")[1] for mount in service["volumes"]] == [volume]


def test_the_image_does_not_run_as_root_and_is_watched() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert re.findall(r"(?m)^USER (\S+)$", dockerfile) == ["aiops"]
    assert "/healthz" in dockerfile.partition("HEALTHCHECK")[2]
