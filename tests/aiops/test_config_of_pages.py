"""Channels, routes and texts in the settings: what holds, and what is refused with its place."""

import json
import re
from pathlib import Path

import pytest

from aiops.bootstrap.setups import paging_of, responder_setup
from aiops.cli.errors import CONFIGURATION
from aiops.config import Loaded, load
from aiops.domain.channels import EmailChannel, PagerDutyChannel, SlackChannel, WebhookChannel
from aiops.domain.errors import BadConfiguration
from tests.aiops.cli.conftest import aiops as aiops
from tests.aiops.cli.line import Line

PAGER = '[[pages.channels]]\nname = "pager"\nkind = "pagerduty"\n'
MAIL = (
    '[[pages.channels]]\nname = "mail"\nkind = "email"\nhost = "h"\nsender = "a@example.org"\nto = ["b@example.org"]\n'
)
ROUTE = '[[decisions.paging.routes]]\nname = "dba"\n'


def loaded(folder: Path, text: str) -> Loaded:
    (folder / "aiops.toml").write_text(text, "utf-8")
    return load(environ={}, file=folder / "aiops.toml")


def test_the_example_of_the_documentation_holds(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "pages.md").read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    for name in ("pagerduty", "smtp"):
        (tmp_path / name).write_text(f"the {name} secret\n", "utf-8")
    config = loaded(tmp_path, example.replace("/run/secrets", str(tmp_path))).config
    pager, mail = config.pages.channels
    assert isinstance(pager, PagerDutyChannel)
    assert isinstance(mail, EmailChannel)
    assert (pager.routing_key, pager.routing_key_file) == ("the pagerduty secret", "")
    assert (mail.password, mail.template) == ("the smtp secret", "short")
    log, dba = config.decisions.paging.routes
    assert (log.goes_on, dba.goes_on, dba.channels) == (True, False, ("pager", "mail"))
    assert config.decisions.paging.channels == ("pager", "mail")


def test_one_address_is_a_channel_without_more_ado() -> None:
    variables = {"AIOPS_PAGES_WEBHOOK_URL": "https://hook.example.org", "AIOPS_PAGES_WEBHOOK_SECRET": "s"}
    config = load(environ=variables).config
    assert config.pages.every_channel == (WebhookChannel(name="webhook", url="https://hook.example.org", secret="s"),)
    assert config.decisions.paging.channels == ("webhook",)


def test_channels_may_come_from_the_environment_as_json(tmp_path: Path) -> None:
    (tmp_path / "channels.json").write_text(json.dumps([{"kind": "slack", "name": "chat", "url": "https://s/x"}]))
    config = load(environ={"AIOPS_PAGES_CHANNELS_FILE": str(tmp_path / "channels.json")}).config
    assert config.pages.channels == (SlackChannel(name="chat", url="https://s/x"),)


def test_no_secret_is_shown(tmp_path: Path) -> None:
    secret = "hush-hush"  # pragma: allowlist secret
    text = f'{PAGER}routing_key = "{secret}"\n{MAIL}password = "{secret}"\n'
    text += f'[[pages.channels]]\nname = "hook"\nkind = "webhook"\nurl = "https://x/?t={secret}"\nsecret = "{secret}"\n'
    text += f'[[pages.channels]]\nname = "chat"\nkind = "slack"\nurl = "https://hooks/{secret}"\n'
    text += f'[pages]\nwebhook_url = "https://y/{secret}"\nheartbeat_url = "https://z/{secret}"\n'
    found = loaded(tmp_path, text)
    assert secret not in str(list(found.rows()))
    assert secret not in repr(found.config)
    assert secret not in str(paging_of(found.config))
    assert secret not in repr(responder_setup(found.config).channels)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (PAGER, r"pages\.channels\[0\]\.routing_key: is missing"),
        (f'{PAGER}routing_key = "k"\nurl = "ftp://x"\n', r"channels\[0\]\.url: is no URL"),
        (f'{PAGER}routing_key = "k"\nrouting_key_file = "f"\n', r"routing_key_file: beside routing_key"),
        (f'{PAGER}routing_key_file = "missing"\n', r"routing_key_file: cannot read missing"),
        (f'{PAGER}routing_key = "k"\nrouting_kee = "k"\n', "unknown field `routing_kee`"),
        (PAGER.replace("pagerduty", "pigeon"), "'pigeon'"),
        (f"{MAIL}{MAIL}", r"channels\[1\]\.name: a second 'mail'"),
        (MAIL.replace("b@example.org", "b"), r"channels\[0\]\.to: is no address"),
        (MAIL.replace("a@example.org", "a@b\\nBcc: c@d"), r"channels\[0\]\.sender: is no address"),
        (f'{MAIL}security = "none"\npassword = "p"\n', "a password would travel in clear"),
        (f'{MAIL}security = "ssl"\n', "'ssl'"),
        (MAIL.replace('"mail"', '"my mail"'), "'my mail' is no name"),
        (f'{MAIL}template = "short"\n', r"channels\[0\]\.template: no template 'short'"),
        ('[[pages.channels]]\nname = "x"\nkind = "webhook"\n', r"channels\[0\]\.url: is missing"),
        ('[pages]\nwebhook_url = "no url"\n', r"pages\.webhook_url: is no URL"),
        ('[pages]\nheartbeat_url = "nowhere"\n', r"pages\.heartbeat_url: is no URL"),
        (f'{ROUTE}match = ["x"]\n', r"routes\[0\]\.match\[0\]: not a matcher"),
        (f'{ROUTE}channels = ["mail"]\n', r"routes\[0\]\.channels: no channel 'mail'"),
        (f'{ROUTE}chanels = ["mail"]\n', "unknown field `chanels`"),
        ('[decisions.paging]\nchannels = ["mail"]\n', "follows from pages.channels; set pages.channels"),
        ("[decisions.paging]\nmost_per_route = 0\n", "0 is out of bounds"),
    ],
)
def test_a_mistake_is_refused_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(BadConfiguration, match=problem) as refused:
        loaded(tmp_path, text)
    assert "aiops.toml" in str(refused.value)


def test_a_wrong_value_in_a_channel_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration) as refused:
        loaded(tmp_path, f'{PAGER}routing_key = "hush"\nurl = ["hush"]\n')
    assert "hush" not in str(refused.value)


def test_the_check_reads_the_texts_too(aiops: Line, tmp_path: Path) -> None:
    text = '[[pages.templates]]\nname = "short"\nsubject = "{{ titel }}"\nbody = "x"\n'
    (tmp_path / "aiops.toml").write_text(text, "utf-8")
    aiops("config", "check", code=CONFIGURATION)
    assert "template short, subject, line 1: nothing is called 'titel'; did you mean 'title'?" in aiops.chatter
    (tmp_path / "aiops.toml").write_text(text.replace("titel", "title"), "utf-8")
    assert "sound" in aiops("config", "check")


def test_a_server_with_a_text_that_cannot_be_used_does_not_start(aiops: Line, tmp_path: Path) -> None:
    (tmp_path / "aiops.toml").write_text('[[pages.templates]]\nname = "t"\nsubject = "{{ 2 * 2 }}"\nbody = ""\n')
    aiops("serve", "--port", "0", code=CONFIGURATION)
    assert "mul is not allowed" in aiops.chatter
