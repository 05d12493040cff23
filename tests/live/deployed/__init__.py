"""What the platform promises, shown on real hosts: each scenario is written once and runs on Swarm and Kubernetes."""
