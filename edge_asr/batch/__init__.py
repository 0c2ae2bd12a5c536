"""Many recordings at once: files and folders in, documents out, by processes that each have the model."""
