"""The last steps of a run: settles what its items have left open, and warns before the session ends.

Steps: ``last_look`` settles creates without an answer, ``temporary_names`` names those that failed items still have,
``open_folders`` warns of folders that more people can see than before, ``rescue`` saves the records of a lost state
file. Not guaranteed: that Looker still answers; a check that fails is a warning.
"""
