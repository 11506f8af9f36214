"""Does any way to sign in leave a secret in the log or in the journal?"""

import pytest
from structlog.testing import capture_logs

from aiops.domain.sections import AccessConfig
from api.auth import COOKIE
from api.settings import ApiSettings
from tests.api.issuer import CLIENT, SECRET, running
from tests.api.world import World

PASSWORD, MISTYPED, FIXED = "correct horse battery", "my password as name", "fixed-token-of-the-operator"


def test_no_way_in_leaves_a_secret_behind(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    secrets = [PASSWORD, MISTYPED, FIXED, SECRET]
    with running(World().now.timestamp()) as issuer, capture_logs() as logs:
        who = AccessConfig(
            tokens=(FIXED,), oidc_issuer=issuer.url, oidc_client_id=CLIENT, oidc_client_secret=SECRET, role="on-call"
        )
        world = World(ApiSettings(command_wait=0.0, token_required=True, access=who))
        access = world.app.state.desk.access
        token = access.create_token("ci", ["admin"], world.now)
        access.people.add("ana", PASSWORD, "on-call", world.now)
        secrets += [token, token.rpartition("_")[2]]
        world.alert("db")
        for fields in (
            {"name": "ana", "password": PASSWORD},
            {"name": "ana", "password": MISTYPED},
            {"name": MISTYPED, "password": ""},
            {"token": token},
            {"token": FIXED},
            {"token": MISTYPED},
        ):
            world.send("/sign-in", **fields)
            secrets.append(world.client.cookies.get(COOKIE, "") or PASSWORD)
            world.send("/act", act="acknowledge", all="1", back="/")
            world.client.post("/sign-out")
        address = world.client.get("/sign-in/oidc", follow_redirects=False).headers["location"]
        code = issuer.page(address)
        world.client.get(f"/sign-in/oidc/done?code={code}&state={issuer.asked['state']}", follow_redirects=False)
        world.client.get("/sign-in/oidc/done?code=stolen-code&state=stolen-state", follow_redirects=False)
        secrets += [world.client.cookies[COOKIE], issuer.asked["state"], code, "stolen-code", "stolen-state"]
        for value in (token, FIXED):
            world.client.post("/webhooks/acme", json={"a": 1}, headers={"authorization": f"Bearer {value}"})
            world.client.post(f"/webhooks/acme/t/{value}", json={"a": 2})
            world.client.post(f"/webhooks/acme?token={value}", json={"a": 3})
    events = [line["event"] for line in logs]
    assert events.count("signed in") == 4, logs
    assert events.count("sign-in refused") == 4
    assert {line.get("who") for line in logs if line["event"] == "signed in"} == {"ana", "ci", "configured"}
    entries = world.journal.read(None, 1_000)
    assert len(entries) >= 8
    seen = f"{logs}{entries}{caplog.text}{capfd.readouterr()}{who!r}"
    assert [secret for secret in secrets if secret in seen] == []
