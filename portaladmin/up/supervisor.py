"""Starts the servers and the processes in their order, watches them and ends them."""

import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from portaladmin import processes
from portaladmin.up import places, proc, readiness
from portaladmin.up.child import Child, ending
from portaladmin.up.engine import Engine
from portaladmin.up.errors import CannotStart
from portaladmin.up.ledger import Ledger
from portaladmin.up.stop import Stop
from portaladmin.up.terminal import complain, say, tail

# Seconds.
ENGINE_READY_WITHIN = 60.0
PRODUCT_READY_WITHIN = 60.0
DRAIN = 5.0
ENGINES_END_WITHIN = 3.0
KILLED_WITHIN = 1.0
LOOK_EVERY = 0.5


class Supervisor:
    """The processes of one DATA_DIR. Its lock must be held, and nothing of an earlier run be left."""

    def __init__(
        self, data_dir: Path, engines: list[Engine], *, environ: Mapping[str, str], ledger: Ledger, stop: Stop
    ) -> None:
        self._data_dir = data_dir
        self._environ = environ
        self._ledger = ledger
        self._stop = stop
        self._engines = [(engine, self._engine_child(engine)) for engine in engines]
        self._services = [self._service_child(process) for process in processes.PROCESSES]
        self._prepare = self._service_child(processes.PREPARE)

    def start(self, *, host: str, port: int, https_port: int) -> None:
        """Brings everything up, until the product says that it is ready.

        Raises CannotStart, StopRequested.
        """
        for engine, child in self._engines:
            self._start_engine(engine, child)
        say("Preparing the database and the demo organization…")
        self._run_prepare()
        say("Starting web, edge, worker and scheduler…")
        (self._data_dir / "scheduler").mkdir(mode=0o700, exist_ok=True)
        for child in self._services:
            self._begin(child)
        self._await_product(host, port, https_port)

    def watch(self) -> None:
        """Starts again whatever dies, until somebody wants the end.

        Raises StopRequested.
        """
        while True:
            for engine, child in self._engines:
                self._mind(child, engine.prepare)
            for child in self._services:
                self._mind(child, None)
            self._stop.wait(LOOK_EVERY)

    def end(self) -> None:
        """Ends everything within ten seconds: first those who use the servers, then the servers."""
        users = [self._prepare, *self._services]
        for child in users:
            child.ask()
        self._await_end(users, DRAIN)
        self._kill(users)
        servers = [child for _engine, child in self._engines]
        for child in servers:
            child.ask()
        self._await_end(servers, ENGINES_END_WITHIN)
        self._kill(servers)
        for engine, _child in self._engines:
            proc.send((seen.pid for seen in proc.working_in(engine.folder)), signal.SIGKILL)
        for child in (*users, *servers):
            child.forget()
        shutil.rmtree(places.socket_dir(self._data_dir), ignore_errors=True)

    def _engine_child(self, engine: Engine) -> Child:
        return Child(
            engine.name,
            engine.command(),
            environ=engine.environ,
            cwd=self._data_dir,
            log=places.logs_dir(self._data_dir) / f"{engine.name}.log",
            ledger=self._ledger,
            stop_signal=engine.stop_signal,
        )

    def _service_child(self, process: processes.Process) -> Child:
        program, *arguments = process.arguments(self._environ)
        return Child(
            process.name,
            [sys.executable if program == "python" else program, *arguments],
            environ=self._environ,
            cwd=places.BASE_DIR,
            log=places.logs_dir(self._data_dir) / f"{process.name}.log",
            ledger=self._ledger,
        )

    def _start_engine(self, engine: Engine, child: Child) -> None:
        say(f"Starting {engine.title}…" if engine.folder.exists() else f"Making and starting {engine.title}…")
        engine.prepare()
        self._begin(child)
        self._until(engine.is_ready, child, f"{engine.title} does not start", within=ENGINE_READY_WITHIN)

    def _begin(self, child: Child) -> None:
        try:
            child.start()
        except OSError as error:
            raise CannotStart(f"{child.name} cannot be started: {error}") from error

    def _run_prepare(self) -> None:
        child = self._prepare
        self._begin(child)
        # A first start migrates and makes the demo organization; a later one may migrate much data.
        while (status := child.ended()) is None:
            self._stop.wait(LOOK_EVERY)
        if status != 0:
            raise CannotStart(
                f"The preparation failed ({ending(status)}); all of it is in {child.log}",
                details=tail(child.log),
            )
        child.forget()

    def _until(self, condition: Callable[[], bool], child: Child, failure: str, *, within: float) -> None:
        deadline = time.monotonic() + within
        while not condition():
            status = child.ended()
            if status is not None or time.monotonic() > deadline:
                reason = ending(status) if status is not None else f"no answer within {within:.0f} s"
                raise CannotStart(f"{failure} ({reason}); see {child.log}", details=tail(child.log))
            self._stop.wait(0.05)

    def _await_product(self, host: str, port: int, https_port: int) -> None:
        deadline = time.monotonic() + PRODUCT_READY_WITHIN
        while True:
            is_ready, said = readiness.ask(host, port)
            if is_ready:
                is_ready, said = readiness.listens(host, https_port)
            if is_ready:
                return
            dead = next((child for child in self._services if child.ended() is not None), None)
            if dead is not None:
                raise CannotStart(
                    f"{dead.name} ended at its start ({ending(dead.ended() or 0)}); see {dead.log}",
                    details=tail(dead.log),
                )
            if time.monotonic() > deadline:
                logs = places.logs_dir(self._data_dir)
                raise CannotStart(
                    f"The product is not ready after {PRODUCT_READY_WITHIN:.0f} s; logs are in {logs}",
                    details=[f"/readyz: {said}"],
                )
            self._stop.wait(0.1)

    def _mind(self, child: Child, prepare: Callable[[], None] | None) -> None:
        """Notices the death of a child, and starts it again when it is time."""
        status = child.ended()
        if status is not None and not child.waits:
            delay = child.died()
            complain(
                f"{child.name} ended unexpectedly ({ending(status)}); starting it again in {delay} s; see {child.log}",
                tail(child.log, lines=5),
            )
        elif child.is_due:
            try:
                if prepare is not None:
                    prepare()
                child.start()
                say(f"{child.name} is started again.")
            except (CannotStart, OSError) as error:
                complain(f"{child.name} cannot be started again ({error}); next try in {child.died()} s", [])

    def _await_end(self, children: list[Child], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not all(child.is_gone() for child in children):
            left = deadline - time.monotonic()
            if left <= 0 or self._stop.in_haste:
                return
            self._stop.wait(min(left, 0.1))

    def _kill(self, children: list[Child]) -> None:
        for child in children:
            child.kill()
        deadline = time.monotonic() + KILLED_WITHIN
        while not all(child.is_gone() for child in children) and time.monotonic() < deadline:
            self._stop.wait(0.05)
