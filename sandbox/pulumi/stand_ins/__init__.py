"""Stand-ins for the CLI's plugins, which are in no package registry. For sandbox hosts and tests only.

The CLI starts a plugin by its name on PATH, with its own address; the plugin prints a port and serves its protocol
there. The files in `bin/` are these names. What they serve is the sandbox engine's own code: both engines deploy alike.
"""
