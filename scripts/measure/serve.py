"""Serve the node's API at a socket, with a store of its own. Runs in the tools tree's Python.

Arguments: the folder of our code, the folder of the node's wheels, the folder of the socket.
"""

import sys

SOURCE, WHEELS, FOLDER = sys.argv[1:4]
sys.path[:0] = [SOURCE, WHEELS]
sys.dont_write_bytecode = True

from skyrocket.host.api import main, server  # noqa: E402  its folder is on the path only now
from skyrocket.host.api.doors import Doors  # noqa: E402
from skyrocket.host.api.state import State  # noqa: E402
from skyrocket.host.store.filesystem import FileStore  # noqa: E402
from skyrocket.models.api import Variant  # noqa: E402

state = State(FileStore(FOLDER), Variant(), Doors(), f"{FOLDER}/pending.json")
server.serve(main.listen(f"{FOLDER}/api.sock", -1), state)
