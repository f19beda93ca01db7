"""A parenthesis behind a value: a remark on it, as `(units)`, or a part of it, as `(sin x)` and `(mod 12)`.

Knows words; what stands in a remark is for others.
"""

from __future__ import annotations

from treecore.tasks.verifiers.mathematics.notation import FUNCTIONS

_GREEK = (
    "alpha|beta|gamma|delta|epsilon|zeta|eta|theta|kappa|lambda|mu|nu|xi|rho|sigma|tau|phi|chi|psi|omega|pi|infinity"
)
_MEASURED = frozenset(("gcd", "lcm", "min", "max", "det", "lim", "mod"))
"""Names that say in a remark what the value is, as `(max x)` does."""
_SPELT = "sine|cosine|tangent|cotangent|secant|cosecant|logarithm|root|arsinh|arcosh|artanh|cbrt"
_NAMES = "|".join(sorted((*(FUNCTIONS - _MEASURED), *_SPELT.split("|")), key=len, reverse=True))
NO_UNIT = (
    r"(?i:(?:or|and)\s+(?:more|less|fewer|greater|larger|smaller|higher|lower|above|below|over|under|up)\b"
    r"|at (?:most|least)\b|(?:is |are )?(?:not|wrong|incorrect|false|impossible)\b"
    r"|and\s+(?:an?|one|two|three|\d)[\s-](?:hal(?:f|ves)|third|quarter|fourth|fifth|sixth|eighth|tenth)s?\b"
    r"|(?:baker's\s+)?dozens?\b|(?:score|lakh|crore)s?\b|gross\b|squared\b|cubed\b|factorial\b|hal(?:f|ves)\b"
    r"|(?:third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|hundredth|thousandth)s\b"
    r"|(?:plus|minus|times|divided by|raised to|to the power|or so)\b"
    r"|[\u4e00-\u9fff]{0,2}半(?![径徑圆圓])|[个個]?多(?![边邊项項面]))"
)
"""Words behind a number that make another answer of it, and no unit: `or more`, `is wrong`, `and a half`, `dozen`."""
CHANGES = (
    rf"(?i:(?!(?:is |are )?not\b){NO_UNIT}"
    rf"|(?:[a-z]\s+)?(?:a(?:rc)?)?(?:{_NAMES})(?:[xy](?![a-z])|\s*[\d(\\|√π]|\s+(?:[a-z]|{_GREEK})(?![a-z]))"
    rf"|(?:{_GREEK})(?=\s*[)）])"
    r"|mod(?:ulo)?(?:\s|\d|\\|\}|\{)|(?:in\s+)?base\s+(?!ten)(?:tw|th|fo|fi|si|se|ei|ni|el)"
    r"|(?:in\s+)?(?:hundred|thousand|million|billion|trillion)s?\b"
    r"|in\s+(?:dozens|scores|lakhs|crores|hundredths|thousandths)\b|per\s?cent\b"
    r"|(?:or|and)\s+(?!not|equivalent|approximately|about|more precisely|also)"
    r"|up to (?:an?\s+|the\s+)?(?:sign|\w*\s*constant|scal|multipl|factor))"
)
"""How a parenthesis begins that is part of the value before it; `not` only says what the value is not."""
