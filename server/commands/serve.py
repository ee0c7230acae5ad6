"""`tokenweir serve`: run the service until SIGTERM or SIGINT."""

import logging
from argparse import ArgumentParser, Namespace

from .. import logs
from .settings import add_settings, load_settings

logger = logging.getLogger(__name__)

HELP = "receive events, store them, show the counters (the default command)"


def add_arguments(parser: ArgumentParser) -> None:
    add_settings(parser)
    parser.add_argument(
        "--set-aside-damaged",
        action="store_true",
        help="rename a damaged database to DB.damaged-<time>, and go on with a new one",
    )


def run(arguments: Namespace) -> int:
    loaded = load_settings(arguments)
    config = loaded.config
    logs.configure(config.log_level, config.log_format)
    for name in loaded.unknown:
        logger.warning("%s names no setting; tokenweir config lists them all", name)
    # here, since the other commands need none of it, and would take three times as long
    from ..serving import serve

    serve(config, set_aside_damaged=arguments.set_aside_damaged)
    return 0
