"""The words on Kubernetes: one file per word, the same file names as in the Swarm room."""
