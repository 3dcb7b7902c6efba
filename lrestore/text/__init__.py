"""Making text from outside safe, for the terminal, for the state file, and for people who must not see secrets.

Promise: text that passed through here neither steers a terminal, nor breaks a database, nor shows a known secret.
Not guaranteed: that a secret is recognised that was never named to :class:`redaction.Secrets`.
"""
