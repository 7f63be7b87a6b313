"""The log: lines for people on a console, or JSON for a log collector. Transitions, not states."""

import logging
import sys

import structlog


def configure(*, json: bool, level: str) -> None:
    """Set up structured logging to standard error.

    Parameters
    ----------
    json : bool
        One JSON object a line instead of text.
    level : str
        debug, info, warning or error.
    """
    console = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if json else _pass,
            structlog.processors.JSONRenderer() if json else console,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries that log by the standard library are heard from warnings on; these two repeat what we say better.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    for name in ("pymodbus.logging", "gmqtt"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _pass(logger: object, name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    del logger, name
    return event
