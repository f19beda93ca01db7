"""Models run in this process: batched decoding that shares prefixes between branches."""
