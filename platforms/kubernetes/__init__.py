"""The words on Kubernetes: one file per word, the same file names as for Swarm."""
