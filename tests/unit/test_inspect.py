"""Which files a mere split reads rightly, whatever the size of the pieces they are looked at in."""

from __future__ import annotations

from pathlib import Path

import pytest

from mission_cli.staging import files

PLAIN = [b"", b"a,b\n1,2\n", b"a,b\n1,2", b"a,b\r\n1,2\r\n", b"a,b\r\n1,2"]
ODD = [
    b"a,b\n1,2\r\n",  # two kinds of line ends
    b"a,b\n\n1,2\n",
    b"a,b\r\n\r\n1,2\r\n",
    b"\na,b\n1,2\n",
    b"a,b\n1\r,2\n",  # a stray carriage return
    b"a,b\n1,2\r",
    b"a,b\r\n1,2\r",
    b"a,b\r1,2\r",
    b'a,"b"\n1,2\n',
    b"a,b\n1,\0\n",
]


@pytest.mark.parametrize("chunk", [1, 2, 3, 1 << 22])
@pytest.mark.parametrize(("content", "plain"), [(c, True) for c in PLAIN] + [(c, False) for c in ODD])
def test_a_file_is_plain_when_every_line_is_a_record(
    content: bytes, plain: bool, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_CHUNK", chunk)
    path = tmp_path / "export.csv"
    path.write_bytes(content)
    seen = files.inspect(path, ",")
    assert seen.plain is plain
    assert seen.lines == content.count(b"\n") + bool(content and not content.endswith(b"\n"))
    assert seen.delimiters == content.count(b",")


def test_control_characters_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(b"a\tb\r\n1\x07,2\n")
    assert not files.inspect(path, ",").printable
    path.write_bytes(b"a\tb\r\n1,2\n")
    assert files.inspect(path, ",").printable
