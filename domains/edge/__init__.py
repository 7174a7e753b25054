"""The HTTPS edge: which certificate answers for which host name, chosen by SNI.

`snapshot` is what is served, `watcher` keeps it new, `contexts` and `choosing` answer handshakes, `serve` is the
embedded edge, `agent` gives the same to a proxy of one's own, and `probe` looks at either from outside.
"""
