"""The command line in this process."""

from emospec import cli


def run(*arguments: object) -> int:
    """Run the command line and return its exit code."""
    try:
        cli.main([str(argument) for argument in arguments])
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0
