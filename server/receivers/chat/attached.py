"""Images and other files in a message: where they are, or their type and size."""

from collections.abc import Mapping
from typing import Any

from ...texts import without_binary
from ..lenient import mapping, text

TYPES = ("blob", "file", "image", "document")
"""Types of the parts of a message that are a file."""

_DATA = ("content", "data", "image")
_MEDIA = ("mime_type", "mediaType", "media_type", "mimeType", "modality")
_ADDRESSES = ("url", "uri", "image_url", "image", "file_id", "filename")
_LANGCHAINS = ("ai", "human", "system", "tool", "constructor", "AIMessageChunk")
_NO_FILE = frozenset(
    (
        *("message", "text", "input_text", "output_text", "custom", *_LANGCHAINS),
        *("ChatGeneration", "ChatGenerationChunk", "Generation"),
    )
)


def size(members: Mapping[str, Any]) -> str | None:
    """Type and size of a file that is in the message itself, in base64; None for another one."""
    inner = mapping(members.get("source")) or members
    data = next((inner[key] for key in _DATA if inner.get(key)), None)
    if not isinstance(data, str) or ":" in data[:16]:  # an address, or a data URI
        return None
    media = next((found for key in _MEDIA if (found := text(inner.get(key)))), None)
    media = media or ("image" if data is inner.get("image") else None)
    return media and f"[{media}, {len(data.rstrip('=')) * 3 // 4} bytes]"


def name(members: Mapping[str, Any]) -> str | None:
    """What a part without words is: the address of a file, or its type."""
    kind = text(members.get("type"))
    return _address(members) or (f"[{kind}]" if kind and kind not in _NO_FILE else None)


def _address(members: Mapping[str, Any]) -> str | None:
    for _ in range(3):  # image_url: {url}, or image: {image: {url}}
        found = next((members[key] for key in _ADDRESSES if members.get(key)), None)
        if isinstance(found, str):
            return without_binary(text(found) or "")
        members = mapping(found)
    return None
