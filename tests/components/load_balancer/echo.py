"""A TCP server that stands for one replica of an application that does not speak HTTP."""

import contextlib
import socket
import socketserver
import threading

from tests.loopback import free_port


class Echo:
    """Says its address to who connects to `address`:`port` (0: any), then sends back what comes."""

    def __init__(self, address: str, port: int = 0) -> None:
        self.address = address
        self._open: set[socket.socket] = set()
        echo = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                echo._open.add(self.request)
                with contextlib.suppress(OSError):
                    self.request.sendall(f"{address}\n".encode())
                    while data := self.request.recv(65_536):
                        self.request.sendall(data)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 128

        self._server = Server((address, port or free_port()), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def stop_listening(self) -> None:
        """New connections are refused; open ones go on."""
        self._server.shutdown()
        self._server.socket.close()

    def kill(self) -> None:
        """As SIGKILL."""
        self.stop_listening()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
