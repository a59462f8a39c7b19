"""The log file, for details that do not belong on the screen."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from expnet_live.core.paths import data_folder, make_folder

log = logging.getLogger(__name__)

_FORMAT = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"


def log_file() -> Path:
    return data_folder() / "log" / "expnet-live.log"


def start(path: Path | None = None) -> RotatingFileHandler | None:
    """Log to a file of at most 1 MB and keep three old ones. Return None if that fails."""
    path = path or log_file()
    try:
        make_folder(path.parent)
        handler = RotatingFileHandler(
            path, maxBytes=1_000_000, backupCount=3, encoding="utf-8", errors="backslashreplace"
        )
    except OSError as error:
        log.warning("cannot write a log file: %s", error)
        return None
    handler.setFormatter(logging.Formatter(_FORMAT))
    handler.setLevel(logging.INFO)
    root = logging.getLogger()
    root.addHandler(handler)
    logging.getLogger("expnet_live").setLevel(logging.INFO)
    return handler


def stop(handler: RotatingFileHandler | None) -> None:
    if handler is not None:
        logging.getLogger().removeHandler(handler)
        handler.close()


def catch_unforeseen(tell: Callable[[str], None]) -> None:
    """Send uncaught exceptions to the log and to `tell(reason)` instead of the screen."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        log.error("unexpected error", exc_info=(kind, error, trace))
        tell(f"{kind.__name__}: {error}")

    sys.excepthook = hook
    threading.excepthook = lambda args: hook(args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback)
