"""Texts as they are stored: UTF-8, cut to size, binary left out."""

import re

from .events import Invalid

_DATA_URI = re.compile(  # bounded, so that no text makes it backtrack for long
    rb"data:([\w.+-]{1,64}/[\w.+-]{1,64})?(?:;[\w.+-]{1,32}=[\w.+-]{1,64}){0,4};base64,"
    rb"([A-Za-z0-9+/_-]+=*)"
)


def utf8(member: str, text: str) -> bytes:
    """`text` as UTF-8. Raises `Invalid` for what SQLite's TEXT cannot hold or would hide."""
    if "\0" in text:
        raise Invalid("unstorable", f"/{member}", "must not contain NUL characters")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Invalid("unstorable", f"/{member}", "must not contain lone surrogates") from None


def shorten(text: bytes, limit: int) -> bytes:
    """`text` without embedded files, and cut to `limit` bytes of UTF-8, inside no character."""
    if b";" in text and b"base64," in text:  # most texts have no semicolon: one quick look
        text = _DATA_URI.sub(_name_binary, text)
    return clip(text, limit)


def clip(text: bytes, limit: int) -> bytes:
    """`text` cut to `limit` bytes of UTF-8, inside no character."""
    if len(text) <= limit:
        return text
    while text[limit] & 0xC0 == 0x80:  # 10xxxxxx continues a character
        limit -= 1
    return text[:limit]


def without_binary(text: str) -> str:
    """`text` with the media type and decoded size of each base64 data URI in its place."""
    if ";" in text and "base64," in text:
        return _DATA_URI.sub(_name_binary, text.encode()).decode()
    return text


def _name_binary(uri: re.Match[bytes]) -> bytes:
    media_type = uri[1] or b"text/plain"  # RFC 2397
    return b"[%b, %d bytes]" % (media_type, len(uri[2].rstrip(b"=")) * 3 // 4)
