"""A file a command: HELP, `add_arguments(parser)` and `run(arguments) -> exit status`."""
