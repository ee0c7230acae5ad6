"""Variables put into a text. The formats are those of "Variable syntax" in Grafana's documentation.

https://grafana.com/docs/grafana/latest/dashboards/variables/variable-syntax/
"""

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from .chosen import Chosen

Format = Callable[[Chosen], str]

_USE = re.compile(r"\$(\w+)|\$\{(\w+)(?::([\w:]+))?\}")
_SPECIAL = re.compile(r"[\\^$*+?.()|[\]{}/]")


def put_in(text: str, chosen: Mapping[str, Chosen], plain: Format) -> str:
    """`text` with its variables; `plain` is the format where the text names none.

    What is no variable stays as it is, for macros are written the same way. Raises KeyError for a
    format that is not known here.
    """

    def value(use: re.Match[str]) -> str:
        one = chosen.get(use[1] or use[2])
        if one is None:
            return use[0]
        if one.verbatim:
            return one.parts[0]
        return _FORMATS[use[3]](one) if use[3] else plain(one)

    return _USE.sub(value, text)


def as_glob(chosen: Chosen) -> str:
    """What Grafana does where neither text nor data source asks for a format."""
    return chosen.parts[0] if len(chosen.parts) == 1 else f"{{{','.join(chosen.parts)}}}"


def _as_regex(chosen: Chosen) -> str:
    parts = [_SPECIAL.sub(r"\\\g<0>", part) for part in chosen.parts]
    return parts[0] if len(parts) == 1 else f"({'|'.join(parts)})"


def _as_sql_strings(chosen: Chosen) -> str:
    """Fit for SQLite; `singlequote`, which the plugin's examples use, would write \\' for '."""
    return ",".join("'" + part.replace("'", "''") + "'" for part in chosen.parts)


def _as_percent_encoded(chosen: Chosen) -> str:
    return quote(as_glob(chosen), safe="")


_FORMATS: dict[str, Format] = {
    "csv": lambda chosen: ",".join(chosen.parts),
    "glob": as_glob,
    "percentencode": _as_percent_encoded,
    "pipe": lambda chosen: "|".join(chosen.parts),
    "raw": lambda chosen: ",".join(chosen.parts),
    "regex": _as_regex,
    "sqlstring": _as_sql_strings,
}
