"""Preparations that are made once, before the first item.

Steps: ``preflight`` logs in and checks which instance this is, ``api_specification`` reads what it accepts,
``source_instance`` reads data that backups lack, ``lookervault_mappings`` takes mappings over, ``unfinished_creates``
finds open creates of earlier sessions, ``name_swaps`` renames conflicting objects, ``prefetch`` reads pages in advance.
"""
