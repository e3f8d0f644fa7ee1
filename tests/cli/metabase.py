"""A small Metabase for the tests: it answers POST /api/card/:id/query/json the way a test wants it to, and remembers."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "mb_test"
Answer = Callable[[BaseHTTPRequestHandler, str], None]


@dataclass
class Metabase:
    """A server on this machine. `answers`: what to do with the requests, in turn; the last one goes on for ever."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # path, key, day


def rows(*given: dict[str, Any]) -> Answer:
    """These rows, for any day."""
    return text(json.dumps(given))


def by_day(given: dict[str, list[dict[str, Any]]]) -> Answer:
    """The rows of the day that is asked for; none for other days."""
    return lambda handler, day: text(json.dumps(given.get(day, [])))(handler, day)


def text(body: str, status: int = 200) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, _day: str) -> None:
        content = body.encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def half(body: str) -> Answer:
    """The first half of a body that was announced whole."""

    def answer(handler: BaseHTTPRequestHandler, _day: str) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body.encode())))
        handler.end_headers()
        handler.wfile.write(body.encode()[: len(body) // 2])
        handler.close_connection = True

    return answer


def slow(seconds: float, then: Answer) -> Answer:
    def answer(handler: BaseHTTPRequestHandler, day: str) -> None:
        time.sleep(seconds)
        then(handler, day)

    return answer


@contextmanager
def serving(*answers: Answer) -> Iterator[Metabase]:
    """A Metabase that gives the answers."""
    metabase = Metabase(answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            (parameter,) = body["parameters"]
            assert parameter["target"] == ["variable", ["template-tag", "date"]]
            metabase.asked.append((self.path, self.headers["x-api-key"], parameter["value"]))
            answer = metabase.answers.pop(0) if len(metabase.answers) > 1 else metabase.answers[0]
            try:
                answer(self, parameter["value"])
            except BrokenPipeError:
                self.close_connection = True  # who asked has gone

        def log_message(self, *_args: object) -> None:
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    metabase.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield metabase
    finally:
        server.shutdown()
        server.server_close()
