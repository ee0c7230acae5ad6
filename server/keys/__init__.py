"""Keys: who may send and who may read, and how that is asked for."""
