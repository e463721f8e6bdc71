"""Programs that run inside the tools tree, and the one module that both sides use."""
