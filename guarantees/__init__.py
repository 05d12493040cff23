"""What a stack promises, computed from its settings before anything is deployed.

Pure functions: each kind of component gives them its timers and sizes, as they are rendered, and they know neither
the kind nor where it runs.
"""
