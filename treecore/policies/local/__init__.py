"""Models run in this process: batched decoding that shares prefixes; `policies.loading` makes a policy of one."""
