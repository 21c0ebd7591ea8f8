"""A file's bytes as blocks of text: whole lines in UTF-8, a byte order mark taken off, never more than a block in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connect_campaigns.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BLOCK = 64_000
"""Bytes that are read at once: what is made of them then stays in the processor's cache."""
LONGEST_LINE = 256_000
"""Bytes that one line may have: a row has 25 values of 1,000 characters at most."""

_SIGNATURES = (
    (b"\xff\xfe", "UTF-16 text"),
    (b"\xfe\xff", "UTF-16 text"),
    (b"PK\x03\x04", "a zip archive or a spreadsheet"),
)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass
class Block:
    """Whole lines, and the number of the first one as an editor counts.

    :param lines: how many they are: who has counted them by the way says so, and they are not counted again
    """

    line: int
    text: str
    byte_order_mark: bool = False
    lines: int | None = None


def blocks(read: Callable[[int], bytes]) -> Iterator[Block]:
    """Give a file's lines in blocks.

    :param read: gives so many bytes at most, and none at the file's end
    :raises InvalidInput: bytes that are no UTF-8, with line and place in it; a NUL; a line too long; another kind of file
    """
    line, rest, first = 1, b"", True
    while chunk := read(BLOCK):
        content = rest + chunk
        marked = False
        if first:
            _check_signature(content)
            marked = content.startswith(_BYTE_ORDER_MARK)
            content = content.removeprefix(_BYTE_ORDER_MARK)
            first = False
        end = content.rfind(b"\n") + 1
        content, rest = content[:end], content[end:]
        if content or marked:
            yield (block := Block(line, _text(line, content), marked))
            line += content.count(b"\n") if block.lines is None else block.lines
        if len(rest) > LONGEST_LINE:
            _text(line, rest[:1000])  # what is wrong with its beginning says more than its length
            hint = "end each line with a line feed; lone carriage returns (old Mac) are not enough"
            raise _not_text(line, LONGEST_LINE, "the line goes on", hint=hint)
    if rest:
        yield Block(line, _text(line, rest))


def _text(line: int, content: bytes) -> str:
    if (place := content.find(0)) >= 0:
        hint = "save the file as UTF-8; UTF-16 is full of NUL bytes"
        raise _not_text(*_position(line, content, place), "a NUL byte", hint=hint)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        found = f"byte 0x{content[error.start]:02x}, which is no UTF-8"
        hint = "save it as UTF-8; it looks like Latin-1 or Windows-1252 (iconv -f WINDOWS-1252 -t UTF-8)"
        raise _not_text(*_position(line, content, error.start), found, hint=hint) from None


def _position(line: int, content: bytes, place: int) -> tuple[int, int]:
    """Give the line, and the place in it, of a byte in a block that begins with a line."""
    return line + content.count(b"\n", 0, place), place - content.rfind(b"\n", 0, place) - 1


def _check_signature(content: bytes) -> None:
    for signature, what in _SIGNATURES:
        if content.startswith(signature):
            raise InvalidInput(
                f"the file is {what}",
                allowed="CSV text in UTF-8 with a header row, plain or gzip",
                hint="save or unpack it as CSV in UTF-8",
                code="encoding",
            )


def _not_text(line: int, place: int, what: str, *, hint: str) -> InvalidInput:
    return InvalidInput(
        f"line {line}, byte {place + 1}: {what}",
        allowed=f"CSV text in UTF-8, lines of at most {LONGEST_LINE} bytes",
        hint=hint,
        code="encoding",
    )
