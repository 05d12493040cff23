"""How the process starts inside a container."""

RESOLVER = "resolver.conf"
"""Below the runtime directory: nginx does not read /etc/resolv.conf by itself."""

OPTIONS = "valid=1s ipv6=off"
"""A replica that came or went is known after a second, whatever the answer's own time is. Replicas are known by IPv4,
which HAProxy prefers, too: one with two addresses would count twice."""


def script(config_file: str, runtime_directory: str, *, resolv_conf: str = "/etc/resolv.conf") -> str:
    """For a POSIX shell without other programs. nginx takes the shell's place, and so its signals."""
    return (
        "servers=; "
        "while read -r key server _; do "
        '[ "$key" = nameserver ] || continue; '
        'case "$server" in *%*) ;; *:*) servers="$servers [$server]" ;; *) servers="$servers $server" ;; esac; '
        f"done <{resolv_conf}; "
        f'echo "resolver$servers {OPTIONS};" >{runtime_directory}/{RESOLVER}; '
        f"exec nginx -e stderr -c {config_file}"
    )
