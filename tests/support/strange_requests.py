"""What strangers and their programs put into addresses, bodies, fields and headers of requests."""

from __future__ import annotations

from tests.support.strangers import ELEMENT, EVIL

# In place of a token, a key, a slug, a year or a name.
HOSTILE = (
    b"%00",
    b"a%00b",
    b"2026-W46%0A",
    b"%0D%0ASet-Cookie:%20x=1",
    b"..%2f..%2fconsent.txt",
    b"%2e%2e",
    b".",
    b"%2F%2Fevil.example",
    b"%5Cevil.example",
    b"%ED%A0%80",
    b"%FF%FE",
    b"%F0%9F%A6%8E",
    b"%E2%80%AE%EF%BB%BF",
    b"%3C" + ELEMENT.encode() + b"%20onload%3D1%3E",
    b"%22%3E%3C" + ELEMENT.encode() + b"%3E",
    b"'%20OR%201=1--",
    b"%25s%25(name)s",
    b"{{7*7}}",
    b"%7B%25%20raise%20%25%7D",
    b"%D9%A2%D9%A0%D9%A2%D9%A6",
    b"0000",
    b"9999",
    b"-1",
    b"2026-W99",
    b"1e309",
    b"9" * 5000,
    b"x" * 8000,
    b"%F0%9F%A6%8E" * 700,
)
PLACES = (
    b"//evil.example/archive",
    b"/%2F%2Fevil.example",
    b"/%5C%5Cevil.example/",
    b"*",
    b"http://evil.example/",
)

FORM = b"application/x-www-form-urlencoded"
PARTS = b"multipart/form-data; boundary=x"
BODIES: tuple[tuple[bytes, bytes], ...] = (
    (b"", b""),
    (FORM, b""),
    (FORM, b"%"),
    (FORM, b"\x00\xff\xed\xa0\x80=%00%FF%ED%A0%80"),
    (FORM, b"&" * 60000),
    (FORM, b"a=1&" * 16000),
    (FORM, b"email=" + b"a" * 60000 + b"%40example.org"),
    (FORM + b"; charset=utf-7", b"email=%2BADw-"),
    (PARTS, b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\na@b.org\r\n--x--'),
    (PARTS, b"--x--x"),
    (b"application/json", b'{"email": "\\ud800@example.org", "button": ["leave"]}'),
    (b"application/json", b"[" * 60000),
    (b"text/plain; charset=nonsense", b"List-Unsubscribe=One-Click"),
    (b"\xff\x00/;;;=", bytes(range(256))),
    (FORM, b"x" * (64 * 1024 + 1)),
)

# What programs type into fields.
VALUES = (
    "",
    "\0",
    "ann@example.org\r\nBcc: all@example.org",
    f"<{ELEMENT} onload=1>",
    f"'\"><{ELEMENT}>",
    "\u0663",
    "1e9",
    "9" * 5000,
    "\ud800",
    "\u202e\ufeff\U000e0001",
    "x" * 3000,
    "a@" + "b." * 200 + "org",
    '"a b"@ex\xe4mple.org',
    "someone@example.org",
    "{{7*7}} %(x)s %",
)

# What programs put into headers.
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"Host", EVIL.encode()),
    (b"Host", b""),
    (b"Host", b"\xff\x00:99999"),
    (b"X-Forwarded-Host", EVIL.encode()),
    (b"X-Forwarded-Proto", b"gopher"),
    (b"X-Forwarded-For", b"evil.example, [::1]:70000, 1.2.3.4.5, ,\xff"),
    (b"X-Forwarded-For", b"203.0.113.9," * 1000),
    (b"X-Forwarded-For", b"fe80::1%eth0"),
    (b"Forwarded", b'for="[::1]:x";host=evil.example'),
    (b"Referer", b"https://evil.example/"),
    (b"Origin", b"https://evil.example"),
    (b"Accept-Language", b"de"),
    (b"Accept-Language", b"*;q=nan, \xff, de;q=-1;;, " + b"x" * 5000),
    (b"Accept-Language", b"de-DE-u-co-phonebk;q=1e400,../../de,de\x00"),
    (b"Accept-Encoding", b"br;q=x, *"),
    (b"Accept", b"application/json"),
    (b"Cookie", b"session=evil.example"),
    (b"Authorization", b"Basic \xff"),
    (b"Range", b"bytes=0-0"),
    (b"Range", b"bytes=-"),
    (b"Range", b"bytes=99999999999-1," * 300),
    (b"If-Range", b'"evil.example"'),
    (b"If-None-Match", b'*, W/"evil.example"'),
    (b"If-Modified-Since", b"Thu, 99 Foo 99999 25:61:61 GMT"),
    (b"X-HTTP-Method-Override", b"DELETE"),
)

# Whom the socket says that a request comes from.
CLIENTS = (("192.0.2.7", 5), ("2001:db8::7", 5), ("fe80::1%eth0", 5), ("", 0), ("not an address", 5), None)
