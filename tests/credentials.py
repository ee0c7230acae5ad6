"""Credentials that look real and are none, made anew so that no scanner takes them for leaks."""

import base64
import string
from random import Random
from typing import NamedTuple

_RANDOM = Random(5)  # noqa: S311 to be repeated, not secret
_LETTERS = string.ascii_letters
_ALNUM = _LETTERS + string.digits
_HEX = "0123456789abcdef"
_URL64 = _ALNUM + "_-"


class Credential(NamedTuple):
    """What a sender may write: `secret` with what stands around it, and the rule that knows it."""

    rule: str
    before: str
    secret: str
    after: str = ""

    @property
    def text(self) -> str:
        return self.before + self.secret + self.after

    @property
    def scrubbed(self) -> str:
        return f"{self.before}[redacted:{self.rule}]{self.after}"


def some(length: int, alphabet: str = _ALNUM) -> str:
    """So many characters, a letter and a digit first."""
    return "a7" + "".join(_RANDOM.choice(alphabet) for _ in range(length - 2))


def _key(prefix: str, length: int, alphabet: str = _ALNUM) -> Credential:
    return Credential("api_key", "", prefix + some(length, alphabet))


def pem(newline: str = "\n", kind: str = "RSA PRIVATE KEY") -> str:
    """A private key whose lines end in `newline`."""
    body = base64.b64encode(bytes(_RANDOM.randrange(256) for _ in range(300))).decode()
    lines = [body[i : i + 64] for i in range(0, len(body), 64)]
    return newline.join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----"])


KEYS = [
    *(_key("sk-", 48), _key("sk-proj-", 100, _URL64), _key("sk-ant-api03-", 90, _URL64)),
    *(_key("sk-or-v1-", 64, _HEX), _key("sk-", 22, _URL64), _key("sk-lf-", 36, _HEX + "-")),
    Credential("api_key", "", "AKIA" + some(14, string.ascii_uppercase).upper() + "Q2"),
    Credential("api_key", "", "ASIA" + some(14, string.ascii_uppercase).upper() + "Q2"),
    *(_key("ABSK", 100), _key("AIza", 35, _URL64), _key("ya29.", 100, _URL64)),
    *(_key("GOCSPX-", 28, _URL64), _key("AQ.", 50, _URL64), _key("gsk_", 52), _key("xai-", 80)),
    *(_key("pplx-", 48), _key("hf_", 34), _key("r8_", 37), _key("fw_", 24), _key("nvapi-", 64)),
    *(_key("csk-", 48), _key("tgp_v1_", 43), _key("tvly-dev-", 32), _key("dapi", 32, _HEX)),
    *(_key("lsv2_pt_", 43, _HEX + "_"), _key("pk-lf-", 36, _HEX + "-"), _key("pcsk_", 60)),
    *(_key("sk_", 48, _HEX), _key("sk_live_", 24), _key("rk_test_", 24), _key("ghp_", 36)),
    *(_key("gho_", 36), _key("github_pat_", 82), _key("glpat-", 20), _key("xapp-1-", 60)),
    *(_key("xoxb-", 50), _key("npm_", 36), _key("pypi-", 150, _URL64), _key("tw_", 43, _URL64)),
    Credential("api_key", "", f"SG.{some(22)}.{some(43)}"),
    Credential("api_key", "", f"MT{some(22)}.{some(6)}.{some(38)}"),
    *(_key("dckr_pat_", 27, _URL64), _key("sntrys_", 90), _key("whsec_", 32, _ALNUM + "+/")),
    Credential("api_key", "", "ghp_" + "x" * 36),
    Credential("api_key", "", "sk-ant-" + "a" * 40),
    Credential("api_key", "https://api.telegram.org/bot1234567890:", "AA" + some(33), "/getMe"),
    *(_key("pa-", 43, _URL64), _key("jina_", 60), _key("esecret_", 46), _key("flp_", 40)),
    *(_key("vck_", 56), _key("hvs.", 90, _URL64), _key("ntn_", 46), _key("sbp_", 40, _HEX)),
    *(_key("figd_", 40, _URL64), _key("sntryu_", 64, _HEX), _key("key-", 32, _HEX)),
    *(_key("NRAK-", 27), _key("PMAK-", 59, _HEX + "-"), _key("ATATT3x", 180, _URL64)),
    Credential("api_key", "", f"{some(32, _HEX)}.{some(16)}"),
    Credential("api_key", "", "AGE-SECRET-KEY-1" + some(58, string.ascii_uppercase).upper()),
    Credential("api_key", "https://hooks.slack.com/services/", f"T{some(9)}/B{some(9)}/{some(24)}"),
    Credential("api_key", "https://discord.com/api/webhooks/12345/", some(68, _URL64)),
]

OTHERS = [
    Credential("bearer_token", "Authorization: Bearer ", some(20)),
    Credential("bearer_token", "authorization: bearer ", "short1"),
    Credential("bearer_token", "Authorization: Basic ", base64.b64encode(b"me:pw1").decode()),
    Credential("bearer_token", "-H 'Authorization: token ", some(30), "' https://x"),
    Credential("bearer_token", '{"Authorization": "Bearer ', some(24), '"}'),
    Credential("bearer_token", '{\\"authorization\\":\\"Bearer ', some(24), '\\"}'),
    Credential("bearer_token", "(b'authorization', b'Bearer ", some(24), "')"),
    Credential("bearer_token", "Proxy-Authorization: Basic ", some(12)),
    Credential("bearer_token", "sent bearer ", some(32), ", and then"),
    Credential("bearer_token", "?h=Authorization%3A%20Bearer%20", some(24), "&x=1"),
    Credential("jwt", "", f"eyJ{some(30)}.eyJ{some(60)}.{some(43, _URL64)}"),
    Credential("url_password", "postgres://app:", some(12), "@db:5432/x"),
    Credential("url_password", "redis://:", some(10), "@cache:6379/0"),
    Credential("url_password", "https://me:", "p@ss:w0rd!", "@host/path"),
    Credential("url_password", "https://me:", "pa/ss#w?", "@host/path"),
    Credential("url_password", "mongodb+srv://me:", "12345", "@host"),
    Credential("url_password", "http:\\/\\/me:", some(9), "@host\\/x"),
    Credential("url_password", "u=postgres%3A%2F%2Fme%3A", some(9), "%40host%2Fdb"),
    Credential("named_secret", '"api_key": "', some(9), '", "n": 1'),
    Credential("named_secret", '"password": "', "with a space; and more", '"}'),
    Credential("named_secret", '"password":"', 'quo\\"ted', '"}'),
    Credential("named_secret", "'client_secret': '", some(9), "'"),
    Credential("named_secret", '\\"apiKey\\": \\"', some(9), '\\", \\"n\\"'),
    Credential("named_secret", '{\\\\"api-key\\\\":\\\\"', some(9), '\\\\"'),
    Credential("named_secret", "AZURE_OPENAI_API_KEY=", some(32)),
    Credential("named_secret", "export DB_PASSWORD=", "correct,horse"),
    Credential("named_secret", "AWS_SECRET_ACCESS_KEY=", some(20) + "/+" + some(18)),
    Credential("named_secret", "https://h/p?api_key=", "abc", "&x=1"),
    Credential("named_secret", "https://h/p?a=1&access_token=", some(9), "#f"),
    Credential("named_secret", "https://h/p?key=", some(12)),
    Credential("named_secret", "https://h/p?token=", some(12), "&b"),
    Credential("named_secret", "x-api-key: ", some(12), "\r\nHost: h"),
    Credential("named_secret", "password: ", "hunter2!", " and"),
    Credential("named_secret", "HF_TOKEN=", some(20)),
    Credential("named_secret", 'headers["x-api-key"] = "', some(12), '"'),
    Credential("named_secret", '["x-api-key", "', some(12), '"]'),
    Credential("url_password", "smtp://me@corp.example:", some(9), "@mail.example:587"),
    Credential("named_secret", "Cookie: ", f"session={some(9)}; b=2", "\r\nHost: h"),
    *(
        Credential("private_key", before, pem(newline), after)
        for before, newline, after in (
            ("", "\n", ""),
            ("key:\n", "\r\n", "\nand more"),
            ('{"key": "', "\\n", '"}'),
            ('{\\"key\\": \\"', "\\\\n", '\\"}'),
        )
    ),
    Credential("private_key", "", pem("\n", "PGP PRIVATE KEY BLOCK"), "\nbye"),
    Credential("private_key", "", pem().partition("-----END")[0][:-20], " (cut off)"),
]

CREDENTIALS = [*KEYS, *OTHERS]
