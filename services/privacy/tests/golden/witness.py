"""Computes the golden bytes beside it with another implementation of the
standards (PyCA cryptography), from FORMAT.md alone:

    python3 witness.py

prints each form and whether its file holds the same bytes.
"""

import hashlib
import hmac
import pathlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ROOT, DATA, NONCE = bytes([5]) * 32, bytes([7]) * 32, bytes([9]) * 12


def subkey(secret, label):
    return HKDF(hashes.SHA256(), 32, salt=b"airside", info=label).derive(secret)


def bound(*parts):
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)


def number(value):
    return value.to_bytes(4, "big")


name = (b"journey-1", b"travel", number(1))
bound_key = bound(b"airside wrapped key", *name)
place = (b"bag-0479123456", b"baggage.BagAccepted", number(3), number(1))
bound_value = bound(b"airside sealed value", *name, *place)

forms = {
    "bound-key-v1": bound_key,
    "bound-value-v1": bound_value,
    "wrapped-v1": b"\x01" + number(1) + NONCE
    + AESGCMSIV(subkey(ROOT, b"wrap/v1")).encrypt(NONCE, DATA, bound_key),
    "sealed-v1": NONCE + AESGCMSIV(subkey(DATA, b"field/v1")).encrypt(NONCE, b"Wang", bound_value),
    "fingerprint-v1": hmac.digest(subkey(DATA, b"fingerprint/v1"), b"Wang", hashlib.sha256),
    "root-check-v1": hmac.digest(subkey(ROOT, b"check/v1"), b"airside root key", hashlib.sha256),
}
for form, computed in forms.items():
    golden = pathlib.Path(__file__).with_name(f"{form}.hex").read_text().strip()
    print(form, "agrees" if computed.hex() == golden else f"differs: {computed.hex()}")
