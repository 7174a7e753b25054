"""Settings of the web server; gunicorn reads the names below."""

import os
from pathlib import Path

bind = f"{os.environ.get('BIND') or '127.0.0.1'}:{os.environ.get('PORT') or '8000'}"

# Threads, since a request mostly waits for PostgreSQL; two processes, since one core is all that one of them uses.
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = int(os.environ.get("WEB_THREADS") or 8)
preload_app = False

# Seconds. Uploads of packages and certificates are the longest requests.
timeout = 60
graceful_timeout = 5
keepalive = 5

# Heartbeats of the processes go to files, which on a slow disk would stall them.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108

accesslog = None
errorlog = "-"
loglevel = "info"

# Nothing needs to steer the server while it runs, so there is no socket for it in anybody's home.
control_socket_disable = True
