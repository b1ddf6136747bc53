"""Export files in object storage (s3://, gs://, az://): listed with what tells their versions apart, fetched when read.

Every service is spoken to through its fsspec file system, which finds credentials and endpoints as its own tools do
(`AWS_PROFILE`, `GOOGLE_APPLICATION_CREDENTIALS`, `AZURE_STORAGE_CONNECTION_STRING` …); none of them is configured here.
Which files belong to a source is `landing`'s knowledge. Only `upload` writes, and nothing calls it but exports.
"""

import errno
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import Any

# The library that each scheme needs, and the extra of ours that installs it.
LIBRARIES = {"s3": ("s3fs", "s3"), "gs": ("gcsfs", "gs"), "az": ("adlfs", "az")}
# Where the file systems put the same two facts; the later ones are of storage that has no version tags.
_TAGS, _TIMES = ("ETag", "etag", "md5Hash"), ("LastModified", "last_modified", "updated", "mtime", "created")
# s3fs would keep ten parts of 50 MB of a large object in memory; several objects at a time use the line as well.
_OPTIONS = {"s3": {"max_concurrency": 1}}
_FETCHED_AT_A_TIME = 16
# A smaller object comes in one answer, hence in one version.
_ONE_ANSWER_BYTES = 1 << 20


class StorageError(OSError):
    """Object storage cannot be read; the message says what to do. Its `errno` is EIO where another try may succeed."""

    def __init__(self, code: int, words: str):
        super().__init__(code, words)
        self.words = words

    def __str__(self) -> str:
        """The words alone."""
        return self.words


@dataclass(frozen=True)
class StoredObject:
    """One version of an object: its address with the scheme, its size in bytes, its tag and when it was written."""

    url: str
    size: int
    etag: str
    mtime_ns: int


def is_remote(path: str) -> bool:
    """Tells whether a path of the configuration lies in object storage."""
    return path.partition("://")[0] in LIBRARIES and "://" in path


def stored_objects(pattern: str) -> Iterator[StoredObject]:
    """Yields the objects that a glob such as `s3://bucket/exports/*/probes*.csv*` matches, as they are now.

    One flat listing below the part without wildcards: a request for a thousand objects, not one for each folder.

    Raises:
        StorageError: The library is missing, access is denied, there is no such bucket, or nobody answers.
    """
    from fsspec.utils import glob_translate

    scheme, _, path = pattern.partition("://")
    root = re.split(r"[*?[]", path)[0].rpartition("/")[0] or path.partition("/")[0]
    matches = re.compile(glob_translate(path)).match
    with _explained(f"{scheme}://{root}"):
        system = _file_system(scheme)
        system.invalidate_cache()
        found: dict[str, dict[str, Any]] = {}
        with suppress(FileNotFoundError):
            found = system.find(root, detail=True)
        if not found:
            _require_bucket(system, scheme, root.partition("/")[0])
    for key, info in found.items():
        if info["type"] == "file" and matches(key.lstrip("/")):
            yield StoredObject(f"{scheme}://{key.lstrip('/')}", info["size"], _tag(info), _written_ns(info))


@contextmanager
def fetched(objects: Sequence[StoredObject], folder: Path) -> Iterator[list[Path]]:
    """Keeps copies of objects in `folder` while the block lasts, streamed there several at a time.

    Raises:
        StorageError: An object is gone or is no longer the version that was listed; the next run reads the new one.
    """
    copies = [folder / str(number) for number in range(len(objects))]
    try:
        folder.mkdir()
        for scheme in sorted({item.url.partition("://")[0] for item in objects}):
            chosen = [pair for pair in zip(objects, copies, strict=True) if pair[0].url.startswith(f"{scheme}://")]
            with _explained(f"{chosen[0][0].url} ({len(chosen)} objects)"):
                system = _file_system(scheme)
                targets = [str(copy) for _, copy in chosen]
                system.get([item.url for item, _ in chosen], targets, batch_size=_FETCHED_AT_A_TIME)
                for item, copy in chosen:
                    _require_same(system, item, copy)
        yield copies
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def opened(url: str) -> Iterator[BufferedReader]:
    """Opens an object for reading from its start, a block at a time."""
    with _explained(url), _file_system(url.partition("://")[0]).open(url, "rb") as stream:
        yield stream


def upload(file: Path, url: str) -> None:
    """Puts a file into the storage, a part at a time; the object is there whole or as it was before.

    Raises:
        StorageError: The library is missing, access is denied, there is no such bucket, or nobody answers.
    """
    scheme, _, path = url.partition("://")
    with _explained(url):
        system = _file_system(scheme)
        # s3fs tries for minutes to put something into a bucket that does not exist.
        _require_bucket(system, scheme, path.partition("/")[0])
        system.put_file(str(file), url)


def exists(url: str) -> bool:
    """Tells whether there is an object of that address."""
    with _explained(url):
        system = _file_system(url.partition("://")[0])
        system.invalidate_cache()
        return bool(system.exists(url))


def _file_system(scheme: str) -> Any:
    import fsspec

    library, extra = LIBRARIES[scheme]
    try:
        return fsspec.filesystem(scheme, **_OPTIONS.get(scheme, {}))
    except ImportError as error:
        words = f"{scheme}:// needs {library}, which is not installed: pip install 'beaconmart[{extra}]'"
        raise StorageError(errno.ENOPKG, words) from error


@contextmanager
def _explained(what: str) -> Iterator[None]:
    try:
        yield
    except StorageError:
        raise
    except PermissionError as error:
        words = (
            f"{what} may not be read: {error}. Credentials come from the environment, as for the storage's own tools."
        )
        raise StorageError(errno.EACCES, words) from error
    except FileNotFoundError as error:
        raise StorageError(errno.EIO, f"{what} is gone: {error}. The next run lists it anew.") from error
    # Each library has exceptions of its own for a name that does not resolve, missing credentials, a broken connection.
    except Exception as error:
        raise StorageError(errno.EIO, f"{what} cannot be reached: {type(error).__name__}: {error}") from error


def _require_bucket(system: Any, scheme: str, bucket: str) -> None:
    """An empty listing may be that of a bucket whose name is wrong; who may list a part of it only is believed."""
    try:
        system.ls(bucket)
    except FileNotFoundError as error:
        words = f"{scheme}://{bucket} does not exist; correct its name, or make the bucket."
        raise StorageError(errno.ENOENT, words) from error
    except PermissionError:
        pass


def _require_same(system: Any, item: StoredObject, copy: Path) -> None:
    is_same = copy.stat().st_size == item.size
    if is_same and item.size > _ONE_ANSWER_BYTES:
        is_same = _tag(system.info(item.url, refresh=True)) == item.etag
    if not is_same:
        raise StorageError(errno.EIO, f"{item.url} changed while it was fetched; the next try reads it as it is then.")


def _tag(info: Mapping[str, Any]) -> str:
    return str(next((info[name] for name in _TAGS if info.get(name)), "")).strip('"')


def _written_ns(info: Mapping[str, Any]) -> int:
    at = next((info[name] for name in _TIMES if info.get(name)), 0)
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    seconds: float = at.timestamp() if isinstance(at, datetime) else at
    return round(seconds * 1_000_000) * 1000
