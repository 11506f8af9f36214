"""Who signs in at an OpenID provider, and who only seems to?"""

import base64
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import OctKey, RSAKey

from aiops.domain.errors import BadConfiguration
from aiops.domain.sections import AccessConfig
from api.auth import COOKIE
from api.oidc import MOST, Provider
from api.settings import ApiSettings
from tests.api.issuer import CLIENT, KEY, OTHER, SECRET, TestIssuer, running
from tests.api.world import World
from tests.builders import T0, at

ROLES = ("oncall=on-call", "boss=admin")


@pytest.fixture
def issuer() -> Iterator[TestIssuer]:
    with running(at(600).timestamp()) as one:
        yield one


def access(issuer: TestIssuer, **changes: Any) -> AccessConfig:
    given = {"oidc_client_id": CLIENT, "oidc_client_secret": SECRET, "roles": ROLES, **changes}
    return AccessConfig(oidc_issuer=issuer.url, **given)


@pytest.fixture
def world(issuer: TestIssuer) -> World:
    return World(ApiSettings(command_wait=0.0, token_required=True, access=access(issuer)))


def begin(world: World, issuer: TestIssuer) -> str:
    """Press the button; return the way back that the provider sends the browser."""
    answer = world.client.get("/sign-in/oidc", follow_redirects=False)
    assert answer.status_code == 303, answer.text
    code = issuer.page(answer.headers["location"])
    return f"/sign-in/oidc/done?code={code}&state={issuer.asked['state']}"


def come(world: World, issuer: TestIssuer) -> Any:
    return world.client.get(begin(world, issuer), follow_redirects=False)


def refused(world: World, issuer: TestIssuer, status: int = 401) -> str:
    answer = come(world, issuer)
    assert answer.status_code == status, answer.text
    assert COOKIE not in answer.cookies
    assert world.client.get("/api/incidents").status_code == 401
    return str(answer.text)


def test_the_button_is_there_where_a_provider_is_set_up(world: World, locked: World) -> None:
    assert 'href="/sign-in/oidc"' in world.page("/sign-in")
    assert 'href="/sign-in/oidc"' not in locked.page("/sign-in")
    assert locked.client.get("/sign-in/oidc", follow_redirects=False).status_code == 404


def test_whom_the_provider_vouches_for_is_in_with_the_role_of_their_groups(world: World, issuer: TestIssuer) -> None:
    answer = come(world, issuer)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith(COOKIE)).lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert world.client.get("/api/incidents").status_code == 200
    assert world.client.delete("/api/sources/github/secret").status_code == 403, "on-call is no admin"


def test_what_is_asked_for_is_a_code_with_state_nonce_and_pkce(world: World, issuer: TestIssuer) -> None:
    begin(world, issuer)
    asked = issuer.asked
    assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT, "S256")
    assert asked["redirect_uri"] == "http://127.0.0.1:8080/sign-in/oidc/done"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert min(len(asked["state"]), len(asked["nonce"])) >= 32


def test_an_act_bears_the_name_that_the_provider_says(world: World, issuer: TestIssuer) -> None:
    world.alert("db")
    come(world, issuer)
    number = world.first_incident()["number"]
    world.post(f"/api/incidents/{number}/comment", {"text": "hello"}, headers={"x-aiops-actor": "somebody-else"})
    assert world.get(f"/api/incidents/{number}")["timeline"][-1]["actor"] == "ana"


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": None},
        {"aud": [CLIENT, "another"]},
        {"azp": "another"},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": int(at(600).timestamp()) - 61},
        {"exp": None},
        {"exp": "never"},
        {"iat": None},
        {"iat": int(at(600).timestamp()) + 120},
        {"sub": None},
        {"preferred_username": "a\nb"},
    ],
    ids=str,
)
def test_an_id_token_that_says_something_wrong_lets_nobody_in(
    world: World, issuer: TestIssuer, claims: dict[str, object]
) -> None:
    issuer.claims = claims
    refused(world, issuer)


def test_several_audiences_are_right_where_it_was_made_for_us(world: World, issuer: TestIssuer) -> None:
    issuer.claims = {"aud": [CLIENT, "another"], "azp": CLIENT}
    assert come(world, issuer).status_code == 303


@pytest.mark.parametrize(
    "key", [None, OTHER, RSAKey.generate_key(2048, {"kid": "unknown"})], ids=["none", "other", "unknown"]
)
def test_a_signature_that_is_not_the_providers_lets_nobody_in(
    world: World, issuer: TestIssuer, key: RSAKey | None
) -> None:
    issuer.key = key
    refused(world, issuer)


def test_what_the_client_secret_signs_counts_for_nothing(world: World, issuer: TestIssuer) -> None:
    issuer.key, issuer.algorithm = OctKey.import_key(SECRET * 2, {"kid": "one"}), "HS256"
    refused(world, issuer)


def test_new_keys_are_looked_up_once_a_while(world: World, issuer: TestIssuer) -> None:
    assert come(world, issuer).status_code == 303
    issuer.key = RSAKey.generate_key(2048, {"kid": "two"})
    issuer.published = [KEY, issuer.key]
    assert come(world, issuer).status_code == 401
    world.now += timedelta(minutes=1)
    issuer.now += 60
    assert come(world, issuer).status_code == 303
    assert issuer.requests.count("/keys") == 2


def test_a_way_back_works_once(world: World, issuer: TestIssuer) -> None:
    back = begin(world, issuer)
    kept = dict(world.client.cookies)
    assert world.client.get(back, follow_redirects=False).status_code == 303
    world.client.cookies.clear()
    world.client.cookies.update(kept)
    assert world.client.get(back, follow_redirects=False).status_code == 401
    assert world.client.get("/api/incidents").status_code == 401


def test_another_browser_cannot_end_what_one_began(world: World, issuer: TestIssuer) -> None:
    back = begin(world, issuer)
    world.client.cookies.clear()
    assert world.client.get(back, follow_redirects=False).status_code == 401


def test_a_way_back_after_ten_minutes_is_over(world: World, issuer: TestIssuer) -> None:
    back = begin(world, issuer)
    world.now += timedelta(minutes=10)
    assert world.client.get(back, follow_redirects=False).status_code == 401


def test_a_wrong_code_and_a_refusal_there_let_nobody_in(world: World, issuer: TestIssuer) -> None:
    back = begin(world, issuer).replace("the-code", "guessed")
    assert world.client.get(back, follow_redirects=False).status_code == 503
    answer = world.client.get("/sign-in/oidc/done?error=access_denied", follow_redirects=False)
    assert answer.status_code == 401


def test_who_is_in_no_group_with_a_role_may_not_come_in(world: World, issuer: TestIssuer) -> None:
    issuer.claims = {"groups": ["tea"]}
    assert "no group" in refused(world, issuer, 403)


@pytest.mark.parametrize(
    ("name", "claims"),
    [("groups", {"groups": "boss"}), ("a.b", {"a": {"b": ["tea", "boss"]}}), ("a.b", {"a.b": ["boss", "oncall"]})],
)
def test_the_highest_role_of_the_claim_holds(issuer: TestIssuer, name: str, claims: dict[str, object]) -> None:
    world = World(ApiSettings(command_wait=0.0, token_required=True, access=access(issuer, oidc_groups=name)))
    issuer.claims = claims
    assert come(world, issuer).status_code == 303
    assert world.client.delete("/api/sources/github/secret").status_code == 200


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
def test_nothing_is_fetched_from_where_a_redirect_leads(world: World, issuer: TestIssuer, path: str) -> None:
    issuer.moved = {path: f"{issuer.url}/elsewhere"}
    answer = world.client.get("/sign-in/oidc", follow_redirects=False)
    if answer.status_code == 303:
        issuer.page(answer.headers["location"])
        back = f"/sign-in/oidc/done?code=the-code&state={issuer.asked['state']}"
        answer = world.client.get(back, follow_redirects=False)
    assert answer.status_code == 503
    assert "/elsewhere" not in issuer.requests


@pytest.mark.parametrize("endpoint", ["token_endpoint", "jwks_uri"])
def test_nothing_is_fetched_from_another_host(world: World, issuer: TestIssuer, endpoint: str) -> None:
    with running(issuer.now) as other:
        issuer.description = {endpoint: f"{other.url}/{'token' if endpoint == 'token_endpoint' else 'keys'}"}
        refused(world, issuer, 503)
        assert not other.requests


@pytest.mark.parametrize(
    "description",
    [{"issuer": "https://evil.example"}, {"authorization_endpoint": "http://evil.example/a"}, {"issuer": 3}],
)
def test_a_provider_that_describes_itself_wrongly_is_not_gone_to(
    world: World, issuer: TestIssuer, description: dict[str, object]
) -> None:
    issuer.description = description
    assert world.client.get("/sign-in/oidc", follow_redirects=False).status_code == 503


def test_an_answer_without_end_is_not_read(world: World, issuer: TestIssuer) -> None:
    issuer.padding = 300 << 10
    refused(world, issuer, 503)


def test_the_secret_goes_to_the_provider_encoded_as_the_standard_says(world: World, issuer: TestIssuer) -> None:
    come(world, issuer)
    said = base64.b64decode(issuer.secrets[0].removeprefix("Basic ")).decode()
    assert said == "aiops:s3cret+of+the+client"


def test_a_session_by_a_provider_ends_after_twelve_hours(world: World, issuer: TestIssuer) -> None:
    come(world, issuer)
    world.now += timedelta(hours=11, minutes=59)
    assert world.client.get("/api/incidents").status_code == 200
    world.now += timedelta(minutes=1)
    assert world.client.get("/api/incidents").status_code == 401


def test_sign_ins_that_nobody_ends_do_not_pile_up(issuer: TestIssuer) -> None:
    provider = Provider(access(issuer))
    first, _ = provider.begin("http://127.0.0.1/back", T0)
    for _ in range(MOST):
        provider.begin("http://127.0.0.1/back", T0)
    assert len(provider._begun) == MOST
    assert first not in provider._begun


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"oidc_issuer": "http://id.example.org"}, "oidc_issuer"),
        ({"oidc_issuer": "https://me@id.example.org"}, "oidc_issuer"),
        ({"oidc_client_id": ""}, "oidc_client_id"),
        ({"roles": ()}, "access.roles"),
        ({"roles": ("a=king",)}, "king"),
        ({"roles": (), "role": "king"}, "access.role"),
    ],
)
def test_settings_that_are_not_whole_are_refused_by_name(changes: dict[str, Any], place: str) -> None:
    given = {"oidc_issuer": "https://id.example.org", "oidc_client_id": CLIENT, "roles": ROLES, **changes}
    with pytest.raises(BadConfiguration, match=place):
        Provider(AccessConfig(**given))
