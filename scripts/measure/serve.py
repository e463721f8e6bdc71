"""Serve the node's API at a socket, with a store of its own. Runs in the tools tree's Python.

Arguments: the folder of our code, the folder of the node's wheels, the folder of the socket, the
file of the API's policy.
"""

import sys

SOURCE, WHEELS, FOLDER, POLICY = sys.argv[1:5]
sys.path[:0] = [SOURCE, WHEELS]
sys.dont_write_bytecode = True

from msgspec.structs import replace  # noqa: E402  its folder is on the path only now

from skyrocket.host.api import main, policy, server  # noqa: E402
from skyrocket.host.api.doors import Doors  # noqa: E402
from skyrocket.host.api.gate import Gate  # noqa: E402
from skyrocket.host.api.state import State  # noqa: E402
from skyrocket.host.store.filesystem import FileStore  # noqa: E402
from skyrocket.models.api import Variant  # noqa: E402

# The clock's process is in a control group of this machine, which a node would call a workload's.
shipped = policy.read(POLICY)
gate = Gate(replace(shipped, rights=shipped.rights | {"workload": shipped.rights["node"]}))
state = State(FileStore(FOLDER), Variant(), Doors(), gate, f"{FOLDER}/pending.json")
server.serve(main.listen(f"{FOLDER}/api.sock", -1), state)
