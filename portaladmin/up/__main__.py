"""`python -m portaladmin.up [environment base|dev]`, with any Python: that of `.venv` is taken on the way."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this very line is for the others
    found = ".".join(str(number) for number in sys.version_info[:2])
    print(
        "Python 3.11 or newer is needed, and this is %s; install it, then: make PYTHON=python3.11 up"  # noqa: UP031
        % found,
        file=sys.stderr,
    )
    raise SystemExit(1)

from portaladmin.up.main import main

raise SystemExit(main(sys.argv[1:]))
