"""What `tokenweir connect` prints, taken apart as a person would who pastes it."""

import re

from .process import run


def printed(sender, *arguments, **options):
    """The text of the settings for a sender."""
    done = run("connect", sender, *arguments, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def blocks(text):
    """Each block as its comment and what follows."""
    return [_block(block) for block in re.split(r"\n\n+", text.strip())]


def after(text, words):
    """What the block holds whose comment has these words."""
    (found,) = [body for comment, body in blocks(text) if words in comment]
    return found


def exports(text):
    """All lines that set variables in a shell."""
    return "\n".join(re.findall(r"^export [A-Z_]+=.*", text, re.MULTILINE))


def _block(block):
    lines = block.splitlines()
    comment = [line for line in lines if line.startswith("#")]
    return "\n".join(comment), "\n".join(lines[len(comment) :]) + "\n"
