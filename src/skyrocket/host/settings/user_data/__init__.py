"""User data: what whoever starts a node wants its settings to be.

Sources, lowest first; a later one wins key by key:

1. `user-data-defaults.toml` on the private partition
2. `user-data.toml` on the private partition
3. the NoCloud disc: a disc or partition labelled `cidata` or `CIDATA`, file `user-data`
4. `user-data-overrides.toml` on the private partition

They are read at a node's first boot only. When one of them is wrong nothing of any is taken, the
node says why on its console, and the next boot reads them again.
"""
