"""Included by the drill's own workers: to be imported by nobody else. From here on they know no kind but the drill's,
so whatever real job they hear of, they leave it alone.
"""

from jobs import registry
from jobs.drill import toys

while _names := registry.names():
    registry.unregister(_names[0], registry.latest(_names[0]).version)
toys.register()
