"""Two verifiers of signed mail that we did not write."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dkim
import pytest

from tests.support.signatures import RECORDS

Verify = Callable[[bytes], list[bool]]


def dkimpy(mail: bytes) -> list[bool]:
    """Whether each signature holds, as dkimpy sees it."""

    def answer(name: bytes, timeout: int = 5) -> bytes | None:
        return RECORDS.get(name.decode().rstrip("."), "").encode() or None

    def holds(index: int) -> bool:
        try:
            return bool(dkim.DKIM(mail).verify(index, dnsfunc=answer))
        except dkim.DKIMException:
            return False

    return [holds(index) for index in range(mail.count(b"DKIM-Signature:"))]


class OpenDkim:
    """The library behind opendkim and opendkim-testmsg, which reads public keys from a file on request.

    The tool itself would ask the name servers of this machine. Numbers are those of its dkim.h.
    """

    def __init__(self, folder: Path) -> None:
        """Look for it; skips the test where it is not installed."""
        found = ctypes.util.find_library("opendkim")
        if not found:
            pytest.skip("opendkim is not installed (Debian package opendkim-tools)")
        self.library = ctypes.CDLL(found)
        for name in ("dkim_init", "dkim_verify"):
            getattr(self.library, name).restype = ctypes.c_void_p
        self.handle = ctypes.c_void_p(self.library.dkim_init(None, None))
        names = folder / "records"
        names.write_text("".join(f"{name} {text}\n" for name, text in RECORDS.items()))
        self._option(6, ctypes.byref(ctypes.c_int(1)), ctypes.sizeof(ctypes.c_int))  # keys come from a file
        self._option(7, str(names).encode(), len(str(names).encode()))  # which is this one

    def _option(self, option: int, value: Any, size: int) -> None:
        assert self.library.dkim_options(self.handle, 1, option, value, ctypes.c_size_t(size)) == 0

    def __call__(self, mail: bytes) -> list[bool]:
        """Whether each signature holds: it was checked and passed, and so was the body's hash."""
        status, count, found = ctypes.c_int(), ctypes.c_int(), ctypes.POINTER(ctypes.c_void_p)()
        job = ctypes.c_void_p(self.library.dkim_verify(self.handle, b"test", None, ctypes.byref(status)))
        try:
            self.library.dkim_chunk(job, mail, ctypes.c_size_t(len(mail)))
            self.library.dkim_chunk(job, None, ctypes.c_size_t(0))
            self.library.dkim_eom(job, None)
            self.library.dkim_getsiglist(job, ctypes.byref(found), ctypes.byref(count))
            signatures = [ctypes.c_void_p(found[index]) for index in range(count.value)]
            flags, body = self.library.dkim_sig_getflags, self.library.dkim_sig_getbh
            return [bool(flags(one) & 4) and body(one) == 0 for one in signatures]
        finally:
            self.library.dkim_free(job)
