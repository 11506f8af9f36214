"""What may the operator set of the server? Filled by the bootstrap; nothing is read from the environment here."""

from dataclasses import dataclass, field
from pathlib import Path

from aiops.domain.channels import Paging
from aiops.domain.sections import AccessConfig
from aiops.domain.settings import SuggestSettings


@dataclass(frozen=True, kw_only=True)
class ApiSettings:
    """How the API listens, whom it answers and what it bounds."""

    host: str = "127.0.0.1"
    port: int = 8080
    allowed_hosts: tuple[str, ...] = ()  # names in the Host header besides the loopback ones; "*": any
    max_body_bytes: int = 10 << 20  # of one request, after decompression
    command_wait: float = 2.0  # seconds an act waits for its outcome before it is answered with a link
    token_required: bool = False
    access: AccessConfig = field(
        default_factory=AccessConfig
    )  # who may come in, beside those kept in access_db and senders_db
    senders_db: Path | None = None  # where the secrets of senders are kept; None: in memory
    access_db: Path | None = None  # where tokens, people and sessions are kept; None: in memory, for this process only
    standings: tuple[Path, ...] = ()  # where listeners, and who asks Prometheus, leave how they stand
    embedder: str = ""  # shown on /status
    embedder_why: str = ""
    version: str = "0.1.0"
    paging: Paging = field(default_factory=Paging)  # channels, routes and texts, to be shown
    suggest: SuggestSettings = field(default_factory=SuggestSettings)  # to say what proposals have yet to show
    environment: str = ""  # a name in the page header: "demo", "prod"
