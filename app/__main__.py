"""The command line: verbs over the services. ``python -m app --help`` lists them."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from app import logs
from app.errors import ConfigurationError
from app.settings import load_settings

PARTS = {
    "serve": "serve", "worker": "serve", "say": "say", "channel": "channel", "doctor": "doctor", "seed": "seed",
    "replay": "events", "ask": "knowledge", "faq": "knowledge", "matching": "matching", "eval": "matching",
    "ticket": "ticket", "outbox": "outbox", "wechat": "wechat", "campaign": "campaign",
    "user": "user", "calendar": "calendar",
}  # fmt: skip
"""Verb → the module of ``app.commands`` that has it. Only that one is imported: a server stays, and what the other
commands need would stay with it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 for success, 1 for a refusal explained in plain sentences, 2 for wrong usage."""
    logs.quiet()
    words = sys.argv[1:] if arguments is None else arguments
    options = _parser(*words[:1]).parse_args(words)
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


def _parser(verb: str = "") -> argparse.ArgumentParser:
    """For one verb, or for all where it is none of them."""
    parser = argparse.ArgumentParser(prog="app", description="Viewer Desk 观众服务台")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")
    for part in [PARTS[verb]] if verb in PARTS else dict.fromkeys(PARTS.values()):
        import_module(f"app.commands.{part}").add_to(verbs)
    return parser


if __name__ == "__main__":
    sys.exit(main())
