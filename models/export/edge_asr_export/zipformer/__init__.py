"""Small streaming zipformers of our own, in the layout of published ones: real structure, weights from a seed."""
