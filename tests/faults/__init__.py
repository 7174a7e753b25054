"""What the engine must survive, done to it for real: `make faults`.

The files are named fault_*.py, so that `make test` does not collect them; they kill the servers of their own run.
"""
