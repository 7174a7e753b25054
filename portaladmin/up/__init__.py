"""`make up`: starts everything that the product needs on one machine, watches over it and ends it.

Nothing in here imports Django or the settings, since all of it runs before they can be read.
"""
