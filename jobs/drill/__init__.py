"""`manage.py drill`: breaks what belongs to the drill alone, on a running installation, and says what held.

It may not disturb a real job. Its jobs are of a kind that only its own processes know, so the installation's workers
neither run nor tend them; its own workers know that kind alone, and listen to a queue of their own. When the drill
itself is killed, the kernel ends its workers, and its rows lie still until the next drill or the night's cleaning.
"""

KIND = "drill"
KEY = "drill:"
# PostgreSQL's advisory lock by which there is one at a time: the letters of the word.
LOCK = 0x6472696C6C
