"""The log: lines for people on a console, or JSON for a log collector. Transitions, not states."""

import logging
import sys
from types import TracebackType

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
    render: structlog.typing.Processor = structlog.processors.JSONRenderer() if json else _console()
    ours: list[structlog.typing.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info if json else _pass,
    ]
    structlog.configure(
        processors=[*ours, render],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,  # so that a second configuration counts, too; lines are few
    )
    # Libraries that log by the standard library are heard from warnings on, in the same form as we speak.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*ours[:2], structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, ours[2], render],
        )
    )
    logging.basicConfig(level=max(logging.WARNING, getattr(logging, level.upper())), handlers=[handler], force=True)
    for name in ("pymodbus.logging", "gmqtt"):  # they repeat what we say better
        logging.getLogger(name).setLevel(logging.CRITICAL)
    # A bug that ends the process is a line of the log as well, not a text in the middle of JSON.
    sys.excepthook = _ended if json else sys.__excepthook__


def _console() -> structlog.dev.ConsoleRenderer:
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)


def _ended(kind: type[BaseException], exc: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, exc, trace)
        return
    structlog.get_logger().critical("ended by a bug", exc_info=(kind, exc, trace))


def _pass(logger: object, name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    del logger, name
    return event
