"""The words every room uses: typed data and pure functions; no files, clocks or sockets."""
