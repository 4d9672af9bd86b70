"""`grader serve`: the web service and its page."""

import socket
from contextlib import suppress
from typing import Annotated

import typer

from grader.cli.options import JudgeOption, RubricsOption
from grader.cli.printing import visible
from grader.errors import SettingsError


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port.")] = 8000,
    judge: JudgeOption = None,
    rubrics: RubricsOption = None,
) -> None:
    """Serve the page and the API until interrupted."""
    import uvicorn

    from grader.settings import read_settings
    from grader.web.app import create_app
    from grader.wiring import build

    settings = read_settings(judge=judge, rubrics=rubrics)
    app = create_app(build(settings), settings)
    config = uvicorn.Config(
        app,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=30,
    )
    listening = _listen(host, port)
    where = f"[{host}]" if ":" in host else visible(host)
    port = listening.getsockname()[1]
    print(f"Practise at http://{where}:{port}/  (stop with Ctrl+C)", flush=True)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before saying where to practise."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as exc:
        why = str(exc.strerror).partition(" (while")[0]
        raise SettingsError(
            f"cannot listen on port {port} of {host!r}: {why}. "
            "Name another with --port or --host"
        ) from exc
