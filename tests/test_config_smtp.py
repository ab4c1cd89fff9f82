"""Settings of pace and relays: tables below a group, their variables, and their mistakes with their lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.config import Settings, load_settings
from digest.config.lines import line_of
from digest.errors import ConfigError


def load(tmp_path: Path, text: str = "", **environ: str) -> Settings:
    """Settings from a file with this text under these variables."""
    file = tmp_path / "digest.toml"
    file.write_text(text, encoding="utf-8")
    return load_settings(file, environ)


def complaint(tmp_path: Path, text: str = "", **environ: str) -> str:
    """What is said about settings that make no sense."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, **environ)
    return str(caught.value)


PACE = """
[smtp]
per_second = 10
per_hour = 9_000
warm_up = [200, 500]

[smtp.destinations]
google = { per_second = 5, per_hour = 5000 }
"example.com" = { per_hour = 100 }
"*" = { per_second = 2 }

[smtp.destinations.ours]
per_second = 1
domains = ["Example.ORG", "example.net"]
"""

RELAYS = """
[smtp]
host = "one.example"

[[smtp.fallback]]
host = "two.example"
port = 465
security = "tls"
username = "digest"
password_file = "two.txt"

[[smtp.fallback]]
host = "localhost"
port = 25
security = "none"
"""


def test_the_pace_is_read(tmp_path: Path) -> None:
    """In either way to write a table."""
    smtp = load(tmp_path, PACE).smtp
    assert (smtp.per_second, smtp.per_hour, smtp.warm_up) == (10, 9000, (200, 500))
    assert list(smtp.destinations) == ["google", "example.com", "*", "ours"]
    assert (smtp.destinations["google"].per_second, smtp.destinations["google"].per_hour) == (5, 5000)
    assert smtp.destinations["ours"].domains == ("example.org", "example.net")


def test_the_relays_are_read_in_their_order(tmp_path: Path) -> None:
    """With files beside the settings file."""
    (tmp_path / "two.txt").write_text("hunter2\n")
    smtp = load(tmp_path, RELAYS).smtp
    assert [(one.host, one.port, one.security) for one in (smtp, *smtp.fallback)] == [
        ("one.example", 587, "starttls"),
        ("two.example", 465, "tls"),
        ("localhost", 25, "none"),
    ]
    assert [one.secret() for one in smtp.fallback] == ["hunter2", None]


def test_variables_reach_into_the_tables(tmp_path: Path) -> None:
    """They win over the file, add to it, and need none."""
    environ = {
        "DIGEST_SMTP__WARM_UP": "50, 100",
        "DIGEST_SMTP__PER_HOUR": "60",
        "DIGEST_SMTP__DESTINATIONS__GOOGLE__PER_SECOND": "7",
        "DIGEST_SMTP__DESTINATIONS__THEIRS__PER_HOUR": "9",
        "DIGEST_SMTP__DESTINATIONS__THEIRS__DOMAINS": "a.example, b.example",
        "DIGEST_SMTP__DESTINATIONS__YAHOO__PER_HOUR": "",
        "DIGEST_SMTP__FALLBACK__1__PASSWORD": "hunter2",
        "DIGEST_SMTP__FALLBACK__3__HOST": "four.example",
        "DIGEST_SMTP__FALLBACK__4__HOST": "",
    }
    smtp = load(tmp_path, f"{PACE}{RELAYS.partition('one.example')[2][1:]}", **environ).smtp
    assert (smtp.warm_up, smtp.per_hour) == ((50, 100), 60)
    assert (smtp.destinations["google"].per_second, smtp.destinations["google"].per_hour) == (7, 5000)
    assert smtp.destinations["theirs"].domains == ("a.example", "b.example")
    assert "yahoo" not in smtp.destinations
    hosts = [one.host for one in smtp.fallback]
    assert hosts == ["two.example", "localhost", "four.example"]
    secret = smtp.fallback[0].password
    assert secret is not None
    assert secret.get_secret_value() == "hunter2"
    alone = load(tmp_path, DIGEST_SMTP__FALLBACK__1__HOST="two.example").smtp
    assert [one.host for one in alone.fallback] == ["two.example"]


TABLE = "[smtp.destinations]\n"
RELAY = '[smtp]\nhost = "one.example"\n[[smtp.fallback]]\nhost = "two.example"\n[[smtp.fallback]]\n'

COMPLAINTS = [
    ("[smtp]\nper_hour = 0.5", "digest.toml:2: smtp.per_hour: "),
    ('[smtp]\nper_hour = "many"', "digest.toml:2: smtp.per_hour: "),
    ("[smtp]\nper_hour = nan", "digest.toml:2: smtp.per_hour: "),
    ("[smtp]\nwarm_up = 200", "digest.toml:2: smtp.warm_up: "),
    ("[smtp]\nwarm_up = [\n  200,\n  0,\n]", "digest.toml:2: smtp.warm_up.1: "),
    (f"[smtp]\nwarm_up = {[1] * 367}", "digest.toml:2: smtp.warm_up: "),
    ('[smtp]\ndestinations = "google"', "digest.toml:2: smtp.destinations: "),
    (TABLE + "google = 5", "digest.toml:2: smtp.destinations.google: "),
    (TABLE + "google = {}", "digest.toml:2: smtp.destinations.google: expected per_second, per_hour or both"),
    (
        TABLE + '\ngoogle = { domains = ["example.com"] }',
        "digest.toml:3: smtp.destinations.google: expected per_second, per_hour or both",
    ),
    (
        TABLE + "google = { per_secnd = 5 }",
        "digest.toml:2: smtp.destinations.google.per_secnd: there is no such",
    ),
    (
        "[smtp.destinations.google]\nper_hour = 10\nper_second = 0",
        "digest.toml:3: smtp.destinations.google.per_second: ",
    ),
    (
        '[smtp.destinations."example.com"]\n\nper_second = 0',
        "digest.toml:3: smtp.destinations.example.com.per_second: ",
    ),
    (TABLE + "Google = { per_hour = 5 }", "digest.toml:2: smtp.destinations.Google: expected a name such as"),
    (
        TABLE + '"Example.com" = { per_hour = 5 }',
        "digest.toml:2: smtp.destinations.Example.com: expected a name",
    ),
    (TABLE + '"*.com" = { per_hour = 5 }', "digest.toml:2: smtp.destinations.*.com: expected a domain"),
    (TABLE + '"grün.example" = { per_hour = 5 }', "grün.example: expected a domain"),
    (TABLE + '"a b" = { per_hour = 5 }', "digest.toml:2: smtp.destinations.a b: expected a name such as"),
    (
        TABLE + "gogle = { per_hour = 5 }",
        "digest.toml:1: smtp: destinations: gogle is none of apple, comcast, gmx,",
    ),
    (
        TABLE + '"*" = { per_hour = 5, domains = ["a.example"] }',
        'smtp: destinations: "*" takes no domains; give a group of them a name',
    ),
    (
        TABLE + '"b.example" = { per_hour = 5, domains = ["a.example"] }',
        'smtp: destinations: "b.example" takes no domains',
    ),
    (
        TABLE + 'ours = { per_hour = 5, domains = ["a.example", "nonsense"] }',
        "digest.toml:2: smtp.destinations.ours.domains.1: expected a domain such as",
    ),
    (
        TABLE + 'ours = { per_hour = 5, domains = ["a.example"] }\n"a.example" = { per_hour = 1 }',
        "smtp: destinations: a.example is named twice; a domain has one pace",
    ),
    (
        TABLE
        + 'a = { per_hour = 5, domains = ["a.example"] }\nb = { per_hour = 5, domains = ["A.example"] }',
        "smtp: destinations: a.example is named twice",
    ),
    (RELAY + "port = 0", "digest.toml:6: smtp.fallback.1.port: "),
    (RELAY + "port = 25", "digest.toml:5: smtp.fallback.1.host: Field required"),
    (
        RELAY + 'host = "three.example"\nsecurity = "none"',
        'digest.toml:5: smtp.fallback.1: security = "none" is for loopback hosts only',
    ),
    (
        RELAY + 'host = "three.example"\nper_second = 3',
        "digest.toml:7: smtp.fallback.1.per_second: there is no such",
    ),
    ('[smtp.fallback]\nhost = "two.example"', "digest.toml:1: smtp.fallback: "),
    ('[[smtp.fallback]]\nhost = "x"\n' * 10, "digest.toml:1: smtp.fallback: "),
]


@pytest.mark.parametrize(("text", "said"), COMPLAINTS)
def test_a_mistake_is_named_with_line_and_key(tmp_path: Path, text: str, said: str) -> None:
    """Also inside tables of tables."""
    assert said in complaint(tmp_path, text)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SMTP__WARM_UP", "1, x", "DIGEST_SMTP__WARM_UP: smtp.warm_up.1: "),
        ("SMTP__DESTINATIONS", "x", "DIGEST_SMTP__DESTINATIONS: there is no such setting"),
        ("SMTP__DESTINATIONS__GOOGLE", "5", "DIGEST_SMTP__DESTINATIONS__GOOGLE: there is no such setting"),
        ("SMTP__DESTINATIONS__GOOGLE__PORT", "5", "DIGEST_SMTP__DESTINATIONS__GOOGLE__PORT: there is no"),
        (
            "SMTP__DESTINATIONS__GOOGLE__PER_HOUR",
            "x",
            "DIGEST_SMTP__DESTINATIONS__GOOGLE__PER_HOUR: smtp.destinations.google.per_hour: ",
        ),
        ("SMTP__FALLBACK", "x", "DIGEST_SMTP__FALLBACK: there is no such setting"),
        ("SMTP__FALLBACK__0__HOST", "x", "DIGEST_SMTP__FALLBACK__0__HOST: there is no such setting"),
        ("SMTP__FALLBACK__12__HOST", "x", "DIGEST_SMTP__FALLBACK__12__HOST: there is no such setting"),
        ("SMTP__FALLBACK__1__PORT", "x", "DIGEST_SMTP__FALLBACK__1__PORT: smtp.fallback.0.port: "),
        ("KEYS__SUPPRESSION__1", "x", "DIGEST_KEYS__SUPPRESSION__1: there is no such setting"),
    ],
)
def test_a_bad_variable_is_named(tmp_path: Path, name: str, value: str, said: str) -> None:
    """As it is spelt in the environment."""
    assert said in complaint(tmp_path, **{f"DIGEST_{name}": value})


@pytest.mark.parametrize("value", ["", "5"])
@pytest.mark.parametrize("variable", ["DESTINATIONS__GOOGLE__PER_HOUR", "FALLBACK__1__PORT"])
@pytest.mark.parametrize(
    "text",
    [
        'smtp = "x"',
        '[smtp]\ndestinations = []\nfallback = "x"',
        "[smtp]\ndestinations = { google = [1] }\nfallback = [1]",
        "[smtp]\ndestinations = { google = 1 }\nfallback = [[1]]",
        "[smtp]\ndestinations = 1\nfallback = { 1 = 2 }",
    ],
)
def test_a_variable_does_not_hide_the_files_mistake(
    tmp_path: Path, text: str, variable: str, value: str
) -> None:
    """Nor trips over it."""
    assert "digest.toml:" in complaint(tmp_path, text, **{f"DIGEST_SMTP__{variable}": value})


@pytest.mark.parametrize(
    "text",
    [
        '[[smtp.fallback]]\nhost = "x"\npassword = ["hunter2"]',
        '[[smtp.fallback]]\nhost = "x"\npasswrod = "hunter2"',
        '[[smtp.fallback]]\npassword = "hunter2"',
        '[smtp.fallback]\nhost = "x"\npassword = "hunter2"',
        '[smtp]\nfallback = "smtps://digest:hunter2@two.example"',
        '[smtp]\nfallback = ["smtps://digest:hunter2@two.example"]',
        '[[smtp.fallback]]\nhost = "two.example"\nsecurity = "none"\npassword = "hunter2"',
    ],
)
def test_errors_show_no_secret(tmp_path: Path, text: str) -> None:
    """Of no relay."""
    assert "hunter2" not in complaint(tmp_path, text)


def test_settings_show_no_secret(tmp_path: Path) -> None:
    """In `repr`, as it gets into logs."""
    settings = load(tmp_path, '[[smtp.fallback]]\nhost = "two.example"\npassword = "hunter2"')
    assert "hunter2" not in repr(settings) + str(settings)


@pytest.mark.parametrize("key", ["password_file", "ca_file"])
def test_a_file_that_cannot_be_read_is_named_with_its_relay(tmp_path: Path, key: str) -> None:
    """When it is needed."""
    relay = load(tmp_path, f'[[smtp.fallback]]\nhost = "two.example"\n{key} = "gone"').smtp.fallback[0]
    with pytest.raises(ConfigError, match=rf"smtp\.fallback\.0\.{key}: .*gone"):
        _ = relay.secret("smtp.fallback.0"), relay.authorities("smtp.fallback.0")


FILE = """\
[smtp]
host = "x"
destinations.google.per_hour = 5
[[ smtp.fallback ]]
host = "y"
[ smtp . "fallback" ]
[[smtp.fallback]]
"port" = 5
[other."a.b"]
c.'d e' = 1
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("smtp", 1),
        ("smtp host", 2),
        ("smtp port", 1),
        ("smtp destinations", 3),
        ("smtp destinations google per_hour", 3),
        ("smtp destinations google per_second", 3),
        ("smtp fallback 0 host", 5),
        ("smtp fallback 0 port", 4),
        ("smtp fallback 1", 7),
        ("smtp fallback 1 port", 8),
        ("other a.b c", 10),
        ("nothing", None),
    ],
)
def test_a_line_is_found_by_its_path(path: str, line: int | None) -> None:
    """The closest there is."""
    assert line_of(FILE, path.split()) == line
