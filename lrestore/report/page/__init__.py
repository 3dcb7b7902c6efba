"""The report as one HTML page for people: ``--html FILE``.

``view`` chooses what the page says, ``items`` packs the list of items, ``plot`` draws the throughput, ``render`` puts
them into the template. The page needs no network. A policy in it forbids every request and every script but its own.
"""
