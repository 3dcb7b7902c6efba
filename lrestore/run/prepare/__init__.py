"""What is found out once, before the first item.

Steps: ``preflight`` logs in and judges whose instance this is, ``api_specification`` learns what it takes,
``source_instance`` reads what backups lack, ``lookervault_mappings`` takes mappings over, ``unfinished_creates`` waits
for creates of an earlier start, ``name_swaps`` makes room for names that change places, ``prefetch`` reads pages ahead.
"""
