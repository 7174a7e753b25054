"""The processes of a run, written down in DATA_DIR/run, so that the next start finds those that are left."""

import json
import signal
import time
from pathlib import Path

from portaladmin.up import places, proc
from portaladmin.up.stop import Stop

# Seconds. The kernel has asked them to end at the death of the one that started them.
ASK_AGAIN_AFTER = 1.0
KILL_AFTER = 5.0
# The database may have much to write; killing it loses nothing either, yet costs a recovery.
KILL_DATABASE_AFTER = 25.0
GIVE_UP_AFTER = 30.0


class Ledger:
    """One small file per process: its number and its start."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._folder = places.run_dir(data_dir)

    def write(self, name: str, pid: int) -> None:
        """Writes down a process that was just started, which leads a session of its own."""
        if seen := proc.look(pid):
            draft = self._folder / f"{name}.new"
            draft.write_text(json.dumps({"pid": pid, "started": seen.started}))
            draft.replace(self._folder / f"{name}.json")

    def forget(self, name: str) -> None:
        """The process has ended, and none of its own are left."""
        (self._folder / f"{name}.json").unlink(missing_ok=True)

    def survivors(self) -> list[proc.Seen]:
        """What still lives of an earlier run: the processes written down, those of their sessions, and those that
        work in the database's folder.
        """
        found = {seen.pid: seen for seen in proc.working_in(self._data_dir / "postgres")}
        leaders = {}
        for path in self._folder.glob("*.json"):
            try:
                entry = json.loads(path.read_text())
                leaders[int(entry["pid"])] = int(entry["started"])
            except (OSError, ValueError, KeyError, TypeError):
                continue
        for seen in proc.of_sessions(leaders):
            if self._is_ours(seen, leaders[seen.session]):
                found[seen.pid] = seen
        return list(found.values())

    def end_survivors(self, stop: Stop) -> bool:
        """Waits for the processes of an earlier run, then asks them, then kills them; whether none is left.

        Raises StopRequested.
        """
        began = time.monotonic()
        asked = False
        while left := self.survivors():
            waited = time.monotonic() - began
            if waited > GIVE_UP_AFTER:
                return False
            database = self._database()
            if waited > KILL_AFTER:
                proc.send({seen.pid for seen in left} - database, signal.SIGKILL)
            if waited > KILL_DATABASE_AFTER:
                proc.send(database, signal.SIGKILL)
            if waited > ASK_AGAIN_AFTER and not asked:
                asked = True
                # To PostgreSQL, SIGINT is the quick end, while SIGTERM waits for its clients.
                proc.send(database, signal.SIGINT)
                # The others' own workers follow their leader.
                proc.send({seen.pid for seen in left if seen.pid == seen.session} - database, signal.SIGTERM)
            stop.wait(0.1)
        for path in self._folder.glob("*.json"):
            path.unlink(missing_ok=True)
        return True

    def _database(self) -> set[int]:
        return {seen.pid for seen in proc.working_in(self._data_dir / "postgres")}

    def _is_ours(self, seen: proc.Seen, leader_started: int) -> bool:
        leader = proc.look(seen.session)
        if leader is not None:
            return leader.started == leader_started
        # The leader is dead. Its number could have gone to a stranger whose children are left, so ask them.
        return seen.started >= leader_started and proc.speaks_of(seen.pid, f"DATA_DIR={self._data_dir}")
