"""Gzip and zstd as streams in bounded memory that give up everything before the place where a file is cut or broken.

DuckDB reads both, but raises at a cut and loses the rows before it.
"""

import zlib
from collections.abc import Iterator

import zstandard

# At most this much is held decompressed at a time, however small the bytes that it came from.
_OUT_BYTES = 1 << 20


class Inflater:
    """A stream of one or several compressed members; `is_whole` once the last member is complete."""

    is_whole = False

    def inflated(self, raw: bytes) -> Iterator[bytes]:
        """Yields what the next bytes of the file decompress to; nothing more after the first broken byte."""
        raise NotImplementedError


def inflater_of(start: bytes) -> Inflater | None:
    """Tells the compression from the first bytes of a file, because names lie; None for plain text."""
    if start.startswith(b"\x1f\x8b"):
        return _Gzip()
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        return _Zstd()
    return None


class _Gzip(Inflater):
    def __init__(self) -> None:
        self._member = zlib.decompressobj(wbits=31)
        self._is_broken = False

    def inflated(self, raw: bytes) -> Iterator[bytes]:
        # 64 KB at a time: a broken byte costs a second look at no more than that.
        for at in range(0, len(raw), 1 << 16):
            if not self._is_broken:
                yield from self._piece(raw[at : at + (1 << 16)])

    def _piece(self, raw: bytes) -> Iterator[bytes]:
        while raw:
            if self._member.eof:
                if not raw.strip(b"\0"):
                    return
                self._member, self.is_whole = zlib.decompressobj(wbits=31), False
            before = self._member.copy()
            try:
                data = self._member.decompress(raw, _OUT_BYTES)
            except zlib.error:
                self._is_broken, self.is_whole = True, False
                yield _salvaged(before, raw)
                return
            yield data
            self.is_whole = self._member.eof
            raw = self._member.unused_data if self._member.eof else self._member.unconsumed_tail


def _salvaged(member: "zlib._Decompress", raw: bytes) -> bytes:
    """Returns what can be had from bytes of which one is broken, by feeding them one by one."""
    parts = []
    try:
        for at in range(len(raw)):
            parts.append(member.decompress(raw[at : at + 1], _OUT_BYTES))
            if member.unconsumed_tail:
                break
    except zlib.error:
        pass
    return b"".join(parts)


class _Zstd(Inflater):
    def __init__(self) -> None:
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._is_broken = False

    def inflated(self, raw: bytes) -> Iterator[bytes]:
        # 512 bytes hold at most 170 blocks of 128 KB, which bounds what one call can return.
        for at in range(0, len(raw), 512):
            if self._is_broken:
                return
            piece = raw[at : at + 512]
            try:
                while piece:
                    if self._frame.eof:
                        self._frame, self.is_whole = zstandard.ZstdDecompressor().decompressobj(), False
                    yield self._frame.decompress(piece)
                    self.is_whole = self._frame.eof
                    piece = self._frame.unused_data if self._frame.eof else b""
            except zstandard.ZstdError:
                self._is_broken, self.is_whole = True, False
