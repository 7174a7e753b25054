"""The PostgreSQL and the Valkey of this run, in hands that may kill, freeze and restart them."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import redis
from django.conf import settings
from django.db import connection

from portaladmin.up import launch, places, proc
from portaladmin.up.engine import Engine
from tests.waiting import until


class Server:
    """One embedded server, taken over from the run's own (tests/servers.py) and started anew."""

    def __init__(self, engine: Engine, data_dir: Path) -> None:
        self._engine = engine
        self._data_dir = data_dir
        self._process: subprocess.Popen[bytes] | None = None

    def take_over(self) -> None:
        """End whatever runs there now, and start it as ours."""
        while running := [
            seen.pid for seen in proc.working_in(self._engine.folder) if seen.pid != os.getpid()
        ]:
            proc.send(running, signal.SIGINT if self._engine.name == "postgres" else signal.SIGTERM)
            time.sleep(0.05)
        self.start()

    def start(self) -> None:
        self._engine.prepare()
        log = places.logs_dir(self._data_dir) / f"{self._engine.name}.log"
        with log.open("ab") as output:
            self._process = launch.start(
                self._engine.command(), environ=self._engine.environ, cwd=self._data_dir, output=output
            )
        until(self._engine.is_ready, what=self._engine.title)

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it in one of several rude ways, and be sure that it is gone."""
        self.send(number)
        assert self._process is not None
        self._process.wait(timeout=20)
        connection.close()

    def restart(self, number: signal.Signals = signal.SIGKILL) -> None:
        self.kill(number)
        self.start()

    def await_ready(self) -> None:
        """Wait until it answers; one that gave up is started again, as the supervisor does."""
        connection.close()
        until(lambda: self.has_ended or self._engine.is_ready(), what=self._engine.title)
        if self.has_ended:
            self.start()

    @property
    def has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def stop(self) -> None:
        """As it wants to be stopped."""
        self.kill(self._engine.stop_signal)

    def end(self) -> None:
        if not self.has_ended:
            self.send(signal.SIGCONT)
            self.stop()

    def ask(self, command: str) -> object:
        """Have Valkey do something."""
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            return client.execute_command(command)
