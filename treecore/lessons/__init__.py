"""The course: units, what they ask, the truth that answers them, and the words that say why. Draws nothing.

A unit is a file in `units/`, without a number in it that could be worked out: `quantities` computes them, `words` puts
them into sentences.
"""
