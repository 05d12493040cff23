"""A published system of `examples/`, deployed with stand-ins for its images, and a program of another repository."""
