"""A drill in a world where something is wrong: `python -m tests.jobs.sabotage WHAT EXERCISE`.

As a module that the drill's workers include, it does the harm that SABOTAGE names.
"""

from __future__ import annotations

import os
import sys

import django

PATIENCE = 6.0  # seconds


def _nobody_recovers() -> None:
    from jobs import reconciler

    _replace(reconciler, "_take_over", lambda: 0)


def _nobody_rings_again() -> None:
    from jobs import reconciler

    _replace(reconciler, "ring_due", lambda: 0)


def _no_fence() -> None:
    from jobs import transitions

    guard = "AND fence = %(fence)s "
    for name in ("_ADVANCE", "_FINISH"):
        statement = getattr(transitions, name)
        assert guard in statement
        _replace(transitions, name, statement.replace(guard, ""))


def _steps_do_not_look() -> None:
    from jobs.drill.world import World

    _replace(World, "made", lambda world, op_key: 0)


def _effects_get_lost() -> None:
    from jobs.drill.world import World

    _replace(World, "make", lambda world, op_key: None)


def _replace(place: object, name: str, value: object) -> None:
    assert hasattr(place, name)
    setattr(place, name, value)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


SABOTAGES = {
    "nobody-recovers": _nobody_recovers,
    "nobody-rings-again": _nobody_rings_again,
    "no-fence": _no_fence,
    "steps-do-not-look": _steps_do_not_look,
    "effects-get-lost": _effects_get_lost,
}

if __name__ == "__main__":
    os.environ["SABOTAGE"] = sys.argv[1]
    django.setup()
    from jobs.drill import crew
    from jobs.drill.conduct import conduct

    held = conduct(
        say=_say,
        patience=PATIENCE,
        only=sys.argv[2:],
        included=(*crew.INCLUDED, "tests.jobs.sabotage"),
    )
    raise SystemExit(0 if held else 1)

if what := os.environ.get("SABOTAGE"):
    SABOTAGES[what]()
