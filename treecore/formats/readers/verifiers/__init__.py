"""verifiers and prime-rl: episodes of traces, results of older releases, token exports."""
