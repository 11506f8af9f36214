"""Does the API keep its own description? Requests made from it: never a failure of ours, always an answer it knows.

Beside tests/api/test_hostile.py, whose requests are made to get past the reading.
"""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case, checks
from starlette.types import Receive, Scope, Send

from tests.api.test_hostile import a_world

WORLD = a_world()
HERE = {"Host": "127.0.0.1:8080"}
CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The world's app, which is not to end with the first request."""
    if scope["type"] == "http":
        await WORLD.app(scope, receive, send)


SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", app, headers=HERE)


@SCHEMA.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # the world remembers: a smaller example may not fail again
)
def test_the_api_is_as_it_describes_itself(case: Case[Any]) -> None:
    case.call_and_validate(headers=HERE, checks=CHECKS)
