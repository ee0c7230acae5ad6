"""One row a call, however many reports of it come, in whatever order.

A report is a Trace as a receiver made it: most are the only one of their call. The reports of a
call that has several are kept whole in `parts` for a while, and its row is a function of them:
`ties` finds which events have others, `family` reads all that belong together, `layout` says
which of them are one call, `fold` makes its row, `settle` writes it. Nothing here knows HTTP.
"""
