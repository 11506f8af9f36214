"""How does our one log look? Lines on standard error: for people on a terminal, JSON otherwise."""

import logging
import sys
from typing import Literal

import structlog

from aiops.domain.base import Noun


class LogSetup(Noun, frozen=True, kw_only=True):
    """How the log is to look."""

    format: Literal["auto", "console", "json"] = "auto"
    level: str = "info"


def configure(setup: LogSetup, role: str) -> None:
    """Let structlog and the standard library write alike; ``role`` stands in every line."""
    console = setup.format == "console" or (setup.format == "auto" and sys.stderr.isatty())
    level = logging.getLevelNamesMapping()[setup.level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        lambda _logger, _method, event: {"role": role, **event},
        lambda _logger, _method, event: {name: event[name] for name in event if name != "color_message"},  # uvicorn's
    ]
    renderer: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if console
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for chatty in ("httpx", "httpcore", "drain3", "asyncio", "filelock"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
