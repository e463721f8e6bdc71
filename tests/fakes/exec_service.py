"""The node's side of `/exec` for tests: a program on this machine instead of in a container.

Speaks through another implementation of the protocol (websockets), so that ours is not its own
judge. One connection, one child.
"""

import json
import socket
import subprocess
import tempfile
import threading

from websockets.frames import Opcode
from websockets.server import ServerProtocol

EVERY = 128


class ExecService:
    """A listening socket at PATH; each client is served in a thread of its own."""

    def __init__(self, path, *, room=1024, refuse=None):
        self.initialized = None
        self.sizes = []
        self._room = room
        self._refuse = refuse
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen(1)
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._thread.join(10)
        self._listener.close()

    def _serve(self):
        client, _ = self._listener.accept()
        with client, tempfile.TemporaryFile() as self._output:
            client.settimeout(10)
            self._converse(client)

    def _converse(self, client):
        protocol = ServerProtocol()
        child, written, closed = None, 0, False
        while not closed:
            piece = client.recv(65536)
            if not piece:
                break
            protocol.receive_data(piece)
            for event in protocol.events_received():
                if hasattr(event, "headers"):
                    protocol.send_response(protocol.accept(event))
                    continue
                if event.opcode is Opcode.TEXT:
                    child = self._command(protocol, json.loads(event.data), child)
                elif event.opcode is Opcode.BINARY:
                    child.stdin.write(event.data)
                    written += 1
                    if written % EVERY == 0 or written >= self._room:
                        self._capacity(protocol, written)
            if child and child.stdin.closed:
                code = child.wait(10)
                self._output.seek(0)
                protocol.send_binary(self._output.read())
                protocol.send_close(1000, str(code & 0xFF))
                closed = True
            if self._refuse and self.initialized:
                protocol.send_close(*self._refuse)
                closed = True
            client.sendall(b"".join(protocol.data_to_send()))

    def _command(self, protocol, message, child):
        if message == "ContentComplete":
            child.stdin.close()
            return child
        if "Winch" in message:
            self.sizes.append(message["Winch"])
            return child
        self.initialized = message["Initialize"]
        self._capacity(protocol, 0)
        if self._refuse:
            return None
        argv = [bytes(word["Unix"]) for word in self.initialized["command"]]
        return subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=self._output, stderr=subprocess.STDOUT
        )

    def _capacity(self, protocol, written):
        text = {"Capacity": {"max_messages_outstanding": self._room, "messages_written": written}}
        protocol.send_text(json.dumps(text).encode())
