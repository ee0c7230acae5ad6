"""Grafana's colours, by name, in its light theme."""

from matplotlib.colors import to_hex, to_rgb

TEXT, FAINT, LINE, LINK = "#24292e", "#6e7277", "#e2e3e6", "#1f60c4"
PAGE, PANEL, EMPTY = "#f4f5f5", "#ffffff", "#eeeff1"

_NAMED = {
    **{"red": "#e02f44", "orange": "#ff780a", "green": "#56a64b", "blue": "#3274d9"},
    **{"purple": "#a352cc", "dark-red": "#ad0317", "text": TEXT, "transparent": "none"},
}
_BY_WORD = (
    *("#56a64b", "#3274d9", "#e02f44", "#a352cc", "#19730e", "#1250b0", "#e55400", "#ad0317"),
    *("#7c2ea3", "#447ebc", "#c15c17", "#890f02", "#0a437c", "#6d1f62", "#584477", "#629e51"),
    *("#e0752d", "#bf1b00", "#0a50a1", "#962d82", "#614d93", "#ea6460", "#5195ce", "#806eb7"),
    *("#3f6833", "#967302", "#2f575e", "#99440a", "#58140c", "#052b51", "#511749", "#3f2b5b"),
)
"""The palette "Classic", without what has less contrast than 3 with white."""


def by_name(name: str) -> str:
    """Raises KeyError for a name that no dashboard of ours has."""
    return _NAMED[name]


def of_word(word: str) -> str:
    """The colour of a series by its name, the same on every panel."""
    value = 5381
    for letter in reversed(word):  # as the package string-hash that Grafana uses
        value = ((value * 33) ^ ord(letter)) & 0xFFFFFFFF
    return _BY_WORD[value % len(_BY_WORD)]


def shade(name: str, index: int) -> str:
    """The colour itself, then brighter and darker ones in turn."""
    share = (index % 11 + 1) // 2 / 8
    other = 1 if index % 2 else 0
    red, green, blue = (part + (other - part) * share for part in to_rgb(by_name(name)))
    return to_hex((red, green, blue))
