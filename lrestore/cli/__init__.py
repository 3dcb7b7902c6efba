"""The command line, and the Python functions of the same name: what people and scripts meet.

1. :mod:`~lrestore.cli.options` reads the flags; nothing heavy is loaded for ``--help``.
2. :mod:`~lrestore.cli.invocation` makes settings and a request of them; the Python functions enter here.
3. :mod:`~lrestore.cli.terminal` adds what a terminal or a cron job needs: log, progress, the question, the report file.
4. :mod:`~lrestore.cli.show` answers ``--show`` from files alone.
5. :mod:`~lrestore.cli.main` turns whatever happened into one of the exit codes.

Not promised: the wording of what is printed. Scripts have the exit code, ``--report`` and ``--show --format json``.
"""
