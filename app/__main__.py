"""The command line: verbs over the services. ``python -m app --help`` lists them."""

import argparse
import os
import sys
from collections.abc import Sequence

from app import logs
from app.commands import channel, doctor, events, knowledge, matching, seed, serve, ticket
from app.errors import ConfigurationError
from app.settings import load_settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 for success, 1 for a refusal explained in plain sentences, 2 for wrong usage."""
    logs.quiet()
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(load_settings(), options) or 0)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read the output has had enough of it: … | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app", description="Viewer Desk 观众服务台")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    for part in (serve, channel, doctor, seed, events, knowledge, matching, ticket):
        part.add_to(verbs)
    return parser


if __name__ == "__main__":
    sys.exit(main())
