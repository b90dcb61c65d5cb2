"""The container form of the stack: what its files need, and the engine that runs them."""
