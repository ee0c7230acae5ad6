"""Chat: messages, answers and tool calls of all providers, as people read them."""
