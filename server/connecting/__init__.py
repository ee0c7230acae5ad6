"""Settings for senders, a file a sender: ABOUT, a line of help, and TEXT, a template to fill.

What is printed are blocks with an empty line between them. A block begins with lines of `#`, which
say where the rest of it goes: a shell, or a file of the sender.
"""
