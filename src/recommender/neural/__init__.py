"""Neural models: item2vec, and the two towers of neural-cf. Only training neural-cf needs PyTorch."""
