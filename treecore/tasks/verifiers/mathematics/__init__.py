"""Whether two mathematical answers are the same: notation, structure, values.

`notation` spells every way of writing alike, `prose` finds the answer in what a model wrote, `reading` takes an answer
apart into lists, tuples, relations and single values (`answer`), `parenthesis` tells a remark from a part of a value,
`intervals` joins those that touch, `rational` knows the values that need no algebra, `algebra` the others by sympy,
`sizes` how much work that would be, and `equality` compares. All text is untrusted: nothing is evaluated as code, and
what may take long runs in the process of `worker`.
"""
