"""The help of `apiclient`."""

TEXT = """\
Usage: apiclient [SUBCOMMAND] [OPTION]...

Global options, anywhere on the line before a `--`:
    -h, --help                show this
    -v, --verbose             show more, such as the status of an answer
    -s, --socket-path PATH    the API's socket (default /run/api.sock)
    --log-level LEVEL         trace, debug, info, warn or error (default info)

Subcommands:
    raw                       one HTTP request (the default; the word may be left out)
        -u, --uri URI             required: path and query
        -m, -X, --method METHOD   GET unless said
        -d, --data DATA           the body

    get [PREFIX... | /URI]    settings and OS information, all of it or by prefix

    set KEY=VALUE...          change settings
    set -j, --json JSON       change settings, also those a KEY=VALUE cannot say

    apply [URI...]            change settings from TOML or JSON: standard input (also `-`),
                              file://PATH, http://HOST/PATH, base64:TEXT

    update check              look for an update and show the status
    update apply [-c] [-r]    take the update; -c looks for one first, -r restarts after it
    update cancel             do not start the update that was applied

    reboot                    restart the node

    exec [-t | -T] TARGET COMMAND [ARG...]
                              run a command in host container TARGET; -t with a terminal,
                              -T without; what follows `--` is the command's own

    report [cis | cis-k8s | fips] [-f text|json] [-l LEVEL]
                              compliance reports
"""
