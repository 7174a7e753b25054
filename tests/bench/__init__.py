"""`make bench`: what a job costs, as ratios whose two sides ran in the same minutes on the same servers.

Absolute figures say more about the machine than about the code; ratios travel.
"""
