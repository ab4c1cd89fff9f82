"""Fresh keys for DKIM, in files as the settings have them."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes


def rsa_2048(file: Path) -> Path:
    """An RSA key of 2048 bits."""
    return _written(file, rsa.generate_private_key(65537, 2048))


def ed25519_key(file: Path) -> Path:
    """An Ed25519 key."""
    return _written(file, ed25519.Ed25519PrivateKey.generate())


def _written(file: Path, key: PrivateKeyTypes) -> Path:
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    file.touch(mode=0o600)
    file.write_bytes(key.private_bytes(pem, pkcs8, serialization.NoEncryption()))
    return file
