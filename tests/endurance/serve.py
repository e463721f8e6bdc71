"""The API over a store on disk, as a process: `serve.py FOLDER CODE`; CODE runs before."""

import sys
from pathlib import Path

from fakes import api_node

from skyrocket.host.api import gate, main, routes, server
from skyrocket.host.api.doors import Doors
from skyrocket.host.store.document import Document
from skyrocket.host.store.filesystem import FileStore

KEPT = []


def run(folder, code):
    exec(code, {"gate": gate, "routes": routes, "kept": KEPT})
    store = FileStore(f"{folder}/store")
    if store.load() is None:
        store.save(Document({"motd": "first"}, generation=1))
    state = api_node.state(Path(folder), doors=Doors(folder), store=store)
    listener = main.listen(f"{folder}/api.sock", -1)
    listener.listen(4096)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    server.serve(listener, state)


if __name__ == "__main__":
    run(*sys.argv[1:])
