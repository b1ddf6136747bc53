"""What several unit tests need: the lines of an export file."""

import gzip

import pytest


@pytest.fixture(scope="session")
def read_lines():
    """A function from a file (plain or gzip) to its lines without line ends; the last line must have one, too."""

    def read(file):
        data = file.read_bytes()
        data = gzip.decompress(data) if file.suffix == ".gz" else data
        *lines, rest = data.split(b"\n")
        assert rest == b"", f"{file} does not end with a line end"
        return lines

    return read
