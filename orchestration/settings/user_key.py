"""The secret that turns raw user ids into hashes; how ids are hashed belongs to ingest."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

# As long as it can be and a common id still fits, written in hex behind it, in one block of SHA-256: 55 bytes.
_KEY_BYTES = 16


@dataclass(frozen=True, repr=False)
class UserKey:
    """The key for sha256(key ‖ id), and a short public name of it, stored beside each hash."""

    key: str
    key_id: str


def read_user_key(home: Path) -> UserKey:
    """Returns the key from BEACONMART_USER_KEY, else from `home/user_key`, which is made if it is not there.

    Two processes that both find no file end up with the same key: each writes a whole file of its own, and only the
    first link to the name succeeds.

    Raises:
        ValueError: The key is shorter than 16 characters: ids could be found out by trying.
    """
    key = os.environ.get("BEACONMART_USER_KEY", "").strip()
    said = "BEACONMART_USER_KEY"
    if not key:
        file = home / "user_key"
        if not file.exists():
            _create(file)
        key = file.read_text(encoding="utf-8").strip()
        said = str(file)
    if len(key) < 16:
        raise ValueError(f"{said} holds {len(key)} characters; a key needs at least 16, such as `openssl rand -hex 16`")
    return UserKey(key, hashlib.sha256(f"key_id:{key}".encode()).hexdigest()[:12])


def _create(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    own = file.with_name(f".user_key.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(secrets.token_hex(_KEY_BYTES) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(own, file)
    except FileExistsError:
        pass  # another process was first: its key is the key
    finally:
        own.unlink()
