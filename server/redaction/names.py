"""Names that tell of a secret: what stands in a member, a variable or a header of that name."""

_SURE = (
    *("api keys?", "access keys?", "secret keys?", "private keys?", "signing keys?", "auth keys?"),
    *("encryption keys?", "master keys?", "account keys?", "subscription keys?", "virtual keys?"),
    *("access token", "refresh token", "id token", "auth token", "bearer token", "bot token"),
    *("session token", "security token", "api token", "secrets?", "passwords?", "passwd"),
    *("pass ?phrase", "db pass", "[-_;]pwd"),
)


def _spelled(name: str) -> str:
    """`name` with its words together or apart, as in apiKey, api_key, api-key, api.key."""
    return name.replace(" ", "[-_. ]?")


SURE = "(?:" + "|".join(map(_spelled, _SURE)) + ")"
"""The end of a name whose value is a secret, however short; for use with (?i)."""

SHOUTED = SURE.upper()
"""The same as the names of environment variables."""

UNSURE = "(?:token|[^a-z]auth|[^a-z]sig)"
"""The end of a name whose value may be a secret, or a word: `"token": "Hello"`."""

HEADERS = "(?:authorization|cookie)"
"""Members whose value is a secret as a whole; in a text they have rules of their own."""
