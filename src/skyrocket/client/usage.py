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

    plan [KEY=VALUE... | -j JSON | URI...]
                              what a change would do to values, files and units, and whether
                              the node must restart; changes nothing
    unset KEY...              take values back; a key gets its default again, if it has one
    add [-j] KEY VALUE...     put elements at the end of a list; -j: each VALUE is JSON
    remove [-j] KEY VALUE...  take elements out of a list

    history                   generations of the settings; `*` is the live one
    diff A B                  the values in which generations A and B differ
    rollback N                the settings of generation N once more, as a new generation

    confirm                   keep the change that is on trial
    cancel                    take the change that is on trial back now

    Options of set, apply, unset, add, remove and rollback:
        --dry-run                 only say what it would do, as `plan` does
        --result                  wait, and say what was written, restarted, failed (status 1)
        --confirm-within TIME     put the change on trial: it goes back unless `confirm` comes
                                  in TIME, such as 90s, 2m, 1h
    Also of plan, history and diff:
        -f, --format text|json    how to say it

    update check              look for an update and show the status
    update apply [-c] [-r]    take the update; -c looks for one first, -r restarts after it
    update cancel             do not start the update that was applied

    network configure URI     give the node another net.toml, at once; URI as of apply
        --confirm-within TIME     put it on trial, as a change of settings

    reboot                    restart the node

    exec [-t | -T] TARGET COMMAND [ARG...]
                              run a command in host container TARGET; -t with a terminal,
                              -T without; what follows `--` is the command's own

    report [cis | cis-k8s | fips] [-f text|json] [-l LEVEL]
                              compliance reports
"""
