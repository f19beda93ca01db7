"""Files that hold trees: graphs, nested objects, logs of a search."""
