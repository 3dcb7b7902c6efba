"""The command line, and the Python functions of the same names.

1. :mod:`~lrestore.cli.command_line` parses the flags of :mod:`~lrestore.cli.options`; ``--help`` loads nothing heavy.
2. :mod:`~lrestore.cli.invocation` makes settings and a request of them; the Python functions enter here.
3. :mod:`~lrestore.cli.terminal` adds output for a terminal or a cron job: log, progress, the question, the report file.
4. :mod:`~lrestore.cli.show` answers ``--show`` from files alone.
5. :mod:`~lrestore.cli.main` turns every outcome into an exit code.

Not guaranteed: the wording of printed text. Scripts use the exit code, ``--report`` and ``--show --format json``.
"""
