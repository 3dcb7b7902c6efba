"""The modes that write nothing: plan, verify, dry run.

Promise: neither Looker nor the state file is written.
"""
