"""The verbs of `apiclient`: one module each, with `run(options, arguments) -> exit status`."""
