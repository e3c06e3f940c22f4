"""A loopback server that stands in for every vendor's host, with a certificate made for the run."""
import contextlib
import os
import socket
import ssl
import subprocess
import threading


class Vendors:
    """Takes any host's HTTPS requests, reads each to its last byte, and hangs up: without an answer, or after
    `answer`."""

    def __init__(self, *hosts):
        work = os.environ["WORK"]
        certificate, key = f"{work}/certificate.pem", f"{work}/key.pem"
        names = ",".join(f"DNS:{host}" for host in hosts)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=vendors",
             "-addext", f"subjectAltName={names}", "-keyout", key, "-out", certificate],
            check=True, stderr=subprocess.DEVNULL,
        )
        for variable in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "AWS_CA_BUNDLE"):
            os.environ[variable] = certificate
        self.bodies = []
        self.heads = []
        self.answer = b""
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(certificate, key)
        self._listener = socket.create_server(("127.0.0.1", 0))
        address = self._listener.getsockname()
        socket.getaddrinfo = lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address)]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._take, args=(connection,), daemon=True).start()

    def _take(self, plain):
        with self._tls.wrap_socket(plain, server_side=True) as connection:
            stream = connection.makefile("rb")
            if not stream.readline():
                return
            length, head = 0, []
            while (line := stream.readline()) not in (b"\r\n", b""):
                head.append(line.decode().strip())
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            self.bodies.append(stream.read(length))
            self.heads.append(head)
            connection.sendall(self.answer)
            with contextlib.suppress(OSError):  # a client may not wait for the close
                connection.unwrap()
