"""A marked event, sent as a sender would, and followed to its row.

`asking` speaks HTTP, `marked/` has the requests of each sender, `reaching`, `answered` and
`following` are the steps, and `examine` puts them in order. Standard library only for HTTP:
blocking, and nothing of the service is changed but by the events themselves.
"""
