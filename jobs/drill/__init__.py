"""`manage.py drill`: breaks what belongs to the drill alone, on a running installation, and says what held."""

# Its jobs are of this kind, which only its own processes know, and each has an exclusive key of its own.
KIND = "drill"
KEY = "drill:"
