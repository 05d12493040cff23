"""Throw-away hosts on this machine: real daemons in namespaces of their own, under one directory, removed whole."""
