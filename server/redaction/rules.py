"""The rules that are built in: what a credential looks like, in UTF-8 taken as bytes.

A rule has one name and may be several patterns. What its first group holds is replaced, or else
all of the match. A pattern needs at most MARGIN bytes of a secret to know it.
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from .names import SHOUTED, SURE, UNSURE

Judge = Callable[[bytes], bool]

_LONG = re.compile(rb"[a-z]{20}")
"""As many letters as no word has."""
_BETWEEN = re.compile(rb"\s*[,;)\]}]|\s+[+%:]")


def _any(value: bytes) -> bool:
    return True


def _mixed(value: bytes) -> bool:
    """Whether it is no words, nor a name of a program's: by a digit, a capital, its length."""
    return value[1:] != value[1:].lower() or _numbered(value) or _LONG.search(value) is not None


def _numbered(value: bytes) -> bool:
    return any(48 <= byte <= 57 for byte in value)


def _quoted(value: bytes) -> bool:
    """Whether it is not what stands between two strings, as in `ask("Password: ", "User: ")`.

    Nor a single character, as in HTML's `accesskey="n"`.
    """
    return len(value) > 1 and _BETWEEN.match(value) is None


def _odd(value: bytes) -> bool:
    """Whether it is no identifier, as in `password=get_password`, nor says where to get a key."""
    if value.startswith((b"https://", b"http://")):
        return False
    return _numbered(value) or any(byte in b"!@#$%^*+=~|/" for byte in value)


class Rule(NamedTuple):
    """A name, which is a label of the metric; a pattern of RE2; what a match must be besides."""

    name: str
    pattern: str
    is_secret: Judge = _any


# No letter or digit stands before a key, but for an escape: \nsk-..., "sk-..., %20sk-...
_START = r"(?:^|[^A-Za-z0-9]|\\[nrtbf]|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2})"
_KEYS = (
    r"sk-[\w-]{16,}",  # OpenAI, Anthropic, OpenRouter, DeepSeek, LiteLLM, Langfuse, ...
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",  # AWS
    r"(?:ABSK|bedrock-api-key-)[A-Za-z0-9+/]{24,}=*",
    r"AIza[\w-]{30,}",  # Google
    r"(?:ya29|AQ)\.[\w.-]{20,}",
    r"GOCSPX-[\w-]{20,}",
    # no _ nor - in these, else it is a name: key_value_store_2, npm_package_...
    r"(?:gsk|hf|r8|fw|npm|key|shpat|dop_v1|lin_api|jina|esecret|flp|vck|ntn|sbp)_[A-Za-z0-9]{20,}",
    r"(?:xai|pplx|csk)-[A-Za-z0-9]{20,}",
    r"(?:tgp_v1|pcsk|whsec|glsa|dckr_pat|sntry[su]|figd)_[\w+/=-]{20,}",
    r"pa-[\w-]{40,}",  # Voyage
    r"[a-f0-9]{32}\.[A-Za-z0-9]{16}",  # Zhipu
    r"(?:NRAK|PMAK)-[A-Za-z0-9-]{20,}",
    r"(?:hvs\.|ATATT)[\w=-]{24,}",
    r"key-[a-f0-9]{32}",  # Mailgun
    r"AGE-SECRET-KEY-1[A-Z0-9]{50,}",
    r"(?:nvapi|pypi)-[\w-]{32,}",
    r"tvly-[\w-]{16,}",
    r"dapi[a-f0-9]{32}",
    r"lsv2_(?:pt|sk)_[\w-]{20,}",
    r"pk-lf-[\w-]{20,}",
    r"sk_[a-f0-9]{32,}",  # ElevenLabs
    r"[rsp]k_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
    r"(?:gh[pousr]|github_pat)_\w{20,}",
    r"gl(?:pat|ptt|dt|rt|cbt|soat|agent)-[\w.-]{16,}",  # GitLab
    r"(?:xox[abceprs]|xapp)-[\w.-]{10,}",  # Slack
    r"SG\.[\w-]{16,}\.[\w-]{16,}",  # SendGrid
    r"[MNO][DTjz][\w-]{22,24}\.[\w-]{6}\.[\w-]{27,}",  # Discord: a number in base64
    r"tw_[\w-]{43}",  # ours
)
_CREDENTIAL = r"[\w.~+/=-]"  # of RFC 6750
_SCHEME = r"(?:basic|bearer|token|digest|negotiate|api-?key|key)"
_GAP = r"(?:[ \t+]|%20)+"
_QUOTE = r"\\*[\"']"
_BREAK = r"(?:\s|\\+[nrt]|%0[AaDd]|[\"'+,])"  # between the lines of a key, also in JSON and code
_HEAD = r"(?:(?:Proc-Type|DEK-Info|Version|Comment|Hash|Charset|MessageID): ?[^\n\\]{0,200})"
_BEGIN = r"-----BEGIN[A-Z0-9 ]{0,40} PRIVATE KEY(?: BLOCK)?-----"
_IS = r"(?:" + _QUOTE + r"\]?)?[ \t]*(?:=>|:=|[:=])[ \t]*"
_NO_PORT = r"[0-9]*[^\s0-9/?#,;)\]}\"'<>\\@]"  # what makes `http://host:80...` no port
_QUERY = r"[?&;](?:amp;)?"

BUILT_IN = (
    Rule("private_key", rf"{_BEGIN}[^-]*(?:-{{1,4}}[^-]+)*-----END[A-Z0-9 ]{{0,60}}-----"),
    Rule(
        "private_key",
        rf"{_BEGIN}(?:{_BREAK}|{_HEAD})*(?:{_BREAK}*[A-Za-z0-9+/=]{{16,}})*"
        rf"(?:{_BREAK}+[A-Za-z0-9+/]{{1,15}}={{0,2}})?",
    ),
    Rule(
        "url_password",
        r":(?:\\*/){2}[^\s/?#:@\"'<>\\]*:("
        rf"[0-9]+|{_NO_PORT}[^\s/?#\"'<>]*|{_NO_PORT}[^\s\"'<>@]*)@",
    ),
    Rule(  # the user is an address of e-mail
        "url_password",
        r":(?:\\*/){2}[^\s/?#:\"'<>\\]*@[^\s/?#:@\"'<>\\]*:([^\s/?#:\"'<>]+)@",
    ),
    Rule("url_password", r"(?i)%3a%2f%2f[^\s/&\"'%]*%3a([^\s/&\"']+?)%40"),
    Rule(
        "bearer_token",
        rf"(?i)authorization(?:{_QUOTE}|[\]\s]){{0,4}}(?:[:=,(\[]|%3a)"
        rf"(?:{_QUOTE}|[=\s(\[]|%20|\bb){{0,8}}{_SCHEME}{_GAP}({_CREDENTIAL}+)",
    ),
    Rule(
        "bearer_token",
        rf"(?i)authorization(?:{_QUOTE})?\s*[:=]\s*(?:{_QUOTE})?({_CREDENTIAL}{{16,}})",
        _mixed,
    ),
    Rule(
        "bearer_token",
        rf"(?i)bearer(?:[ \t:=+]|{_QUOTE}|%20|%3a){{1,8}}({_CREDENTIAL}{{16,}})",
        _mixed,
    ),
    Rule("jwt", rf"{_START}(eyJ[\w-]{{8,}}\.[\w-]{{8,}}(?:\.[\w-]*)*)"),
    Rule("api_key", f"{_START}((?:{'|'.join(_KEYS)}))", _mixed),
    Rule("api_key", r"[0-9]:(AA[\w-]{32,})"),  # Telegram: behind the number of the bot
    Rule("api_key", r"hooks\.slack\.com/(?:services|workflows)/([\w/]{20,})"),
    Rule("api_key", r"discord(?:app)?\.com/api/webhooks/[0-9]+/([\w-]{30,})"),
    Rule("named_secret", rf"(?i){SURE}{_IS}[bru]?\"((?:[^\"\\\r\n]|\\.)+)(?:\"|$)", _quoted),
    Rule("named_secret", rf"(?i){SURE}{_IS}[bru]?'((?:[^'\\\r\n]|\\.)+)(?:'|$)", _quoted),
    Rule(
        "named_secret",
        rf"(?i){SURE}{_IS}\\+\"((?:[^\"\\\r\n]|\\+[^\"\\\r\n])+)(?:\\*\"|$)",
        _quoted,
    ),
    Rule("named_secret", rf"(?i){SURE}{_IS}\\+'((?:[^'\\\r\n]|\\+[^'\\\r\n])+)(?:\\*'|$)", _quoted),
    Rule("named_secret", rf"(?i){SURE}{_QUOTE}\s*,\s*[bru]?{_QUOTE}([^\s\"'\\]{{8,}})", _odd),
    Rule("named_secret", rf"{SHOUTED}=([^\s\"'\\$<{{(%\[][^\s\"'\\]*)"),
    Rule("named_secret", rf"(?i){_QUERY}[\w.-]*{SURE}(?:=|%3d)([^\s\"'&#<>\\;]+)"),
    Rule(
        "named_secret",
        rf"(?i){_QUERY}(?:[\w.-]*{UNSURE}|[\w.-]*signature|key|code|sig|auth|jwt)(?:=|%3d)"
        r"([^\s\"'&#<>\\;]{8,})",
        _numbered,
    ),
    Rule(  # what a bracket follows is a call, or a look into something
        "named_secret",
        rf"(?i){SURE}{_IS}([^\s\"'&<>\\,;(){{}}\[\]$][^\s\"'&<>\\,;(){{}}\[\]]{{5,}})"
        r"(?:[\s\"'&<>\\,;)}\]]|$)",
        _odd,
    ),
    Rule(
        "named_secret",
        rf"(?i){UNSURE}{_IS}(?:[bru]?{_QUOTE})?([\w.~+/%=-]{{16,}})(?:[^\w.~+/%=(\[-]|$)",
        _numbered,
    ),
    Rule("named_secret", rf"(?i)cookie{_IS}(?:{_QUOTE})?([\w.-]+=[^\r\n\"'\\]+)"),
)
