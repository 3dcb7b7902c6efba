"""Starting processes from a fork server, and ending them with their parent.

Promise: no process outlives the command.
"""
