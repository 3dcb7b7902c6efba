"""``--rehearse``: the whole restore, with all of its processes, against a simulated Looker on this machine.

Promise: nothing is sent to another machine, no credentials are used, the state file is only read, and nothing is left
behind. Objects that the simulated Looker cannot hold are named; none ends the rehearsal.

1. ``world`` turns the backup into a world file, ``stand_ins`` adds what the backup refers to and lacks.
2. ``pace`` looks up how fast the destination answered its last session.
3. ``run`` starts the simulated Looker in a process of its own, restores into it, and completes the report.

Not guaranteed: the answers of a Looker that has changed since the backup. ``--plan`` asks the destination itself.
"""
