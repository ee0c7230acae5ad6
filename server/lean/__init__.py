"""An HTTP/1.1 layer of our own: strict, bounded, and a fraction of what Tornado's costs.

The one part here that a library might do: none is both as quick and as strict.
"""
