"""Programs that change how many replicas a Swarm runs: the standard library of Python 3.9 alone.

`controller` decides, and holds no key to Docker. `gate` holds the socket, and can do nothing but set a count.
"""
