"""Where prose states its answer: `the answer is`, `Answer:`, `答案是`; what is stated ends with its clause.

Knows words and punctuation; what a clause is worth is for `prose`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from treecore.tasks.verifiers.mathematics.parenthesis import CHANGES

_FILLERS = (
    r"(?:(?:therefore|thus|then|simply|just|clearly|indeed|exactly|precisely|about|approximately|roughly|around|now|still"
    r"|also|actually|equal to|given by|option|choice|letter|a total of|the (?:number|value|integer|fraction|option"
    r"|choice|letter|set|interval|point|pair|ordered pair|expression|function|ratio|matrix|list))(?![a-zA-Z])[\s,:]*)*"
)
_IS = r"(?:(?:would|should|must|will|has to|to) be|is|are|equals|=+>?|[:：]|→|->)(?![a-zA-Z])"
_CUE = re.compile(
    r"(?<![a-zA-Z])(?:answers?|final (?:result|value|number|total)|(?:correct|right|best) (?:option|choice|one))"
    r"(?![a-zA-Z])"
    rf"(?:\s+(?:to|of|for|in|here|then|now|therefore|thus)(?![a-zA-Z])[^.:=\n]{{0,60}}?)?(?:\s*{_IS}[\s:：]*{_FILLERS}|,\s*)"
    r"|(?<![a-zA-Z])(?:wait|no|actually|sorry|correction|oops|hmm|rather)(?![a-zA-Z])[^.!?\n\d]{0,40}?"
    rf"(?<![a-zA-Z])(?:it|that|this)\s?(?:'s|{_IS})\s*{_FILLERS}"
    r"|答案\s*(?:就|便|即|应该|應該|应当|應當|应|當然|当然|只能|显然|顯然)?\s*[是为為:：][是:：\s]*|答\s*[:：]\s*|[故应應][选選]\s*[:：]?\s*"
    r"|(?:答え|解答|正解)\s*[はが:：]\s*|답\s*(?:은|[:：])\s*"
    r"|(?<!\w)(?:Antwort|réponse|respuesta|resposta|risposta|ответ|Lösung|svar|svaret|odpowiedź|cevap|الجواب|الإجابة)"
    r"(?:\s+(?:finale|final|correcte|correcta|richtige))?\s*(?:\s(?:ist|lautet|est|es|é|è|är|er|هو|هي|to)(?!\w)|[:：])[\s:]*"
    r"|####\s*",
    re.IGNORECASE,
)
_VALUE = re.compile(
    r"[-+−–±]?\s?(?:(?:negative|minus)\s+)?(?:\d|\.\d|[\ue001$€£¥₹\\([{√π∞∅|]|[负負]\s?\d"
    r"|[A-Za-z](?![\w'])|[a-zA-Z]\w{0,2}(?:\([a-z]\))?\s*=|(?i:sqrt|log|ln|sin|cos|tan)\s*\()"
    r"|(?:[Yy]es|[Nn]o|[Tt]rue|[Ff]alse|[Nn]one)(?=\s*[.。!,;]|\s*$)|[A-Z][a-z]+\s*(?:[.。!,]|$)",
    re.MULTILINE,
)
"""How an answer begins: a number, a formula, a letter, or one word that is a name."""
_FORMULA = re.compile(r"\$\$.+?\$\$|\$[^$]+\$|\\\(.+?\\\)|\\\[.+?\\\]", re.DOTALL)
_END = re.compile(
    r"\n|[。?！？](?!\d)(?=\s|$|[^\W\d_a-zA-Z])|!(?=\s)(?!\s*[-=+*/^])|\.(?=[\s)\"'”*]|$)(?!\.)",
    re.MULTILINE,
)
_LIST_WORDS = r"(?:and|or|und|oder|et|ou|y|o|sqrt|sin|cos|tan|log|ln|pi)(?![a-zA-Z])"
_PROSE_WORD = r"(?<![a-zA-Z])(?!(?:arc)?(?:sin|cos|tan|cot|sec|csc)|log|exp|sqrt|mod|base)[^\W\d_]{3,}"
_CLAUSE = re.compile(
    rf"(?:[,;；]\s*(?!{_LIST_WORDS}|[a-zA-Z]\w?\s*=)(?=[^\W\d_]{{2,}}|an?\s)|[，、](?![或和及与])(?=[\u3040-\u30ff\u4e00-\u9fff])"
    rf"|\s[—–-]{{1,2}}\s(?=[^\W\d_]{{2,}})|\s[(（](?!\s*{CHANGES})(?=[^()（）\n+*/^=]*[)）])(?=[^)）]*?{_PROSE_WORD})|[（(](?=[\u3040-\u30ff\u4e00-\u9fff])"
    r"|,?\s(?:because|since|as|when|where|while|with|but|which|instead of|rather than|after|and not|not|if|so|hence"
    r"|thus|therefore)(?![a-zA-Z]))"
)
_TAKEN_BACK = re.compile(
    r"(?<![a-zA-Z])(?:wait|actually|sorry|correction|oops|scratch that|on second thought|mistake"
    r"|(?:it|that|this|which|I)(?:'s|'m| is| was| am) (?:wrong|incorrect))"
    r"(?![a-zA-Z])|等等|不对|不對|更正|错了|錯了|待って|間違",
    re.IGNORECASE,
)
_VALUE_LINE = re.compile(r"\s?(?:[-*•]\s+)?(?:[a-z]\s*=\s*)?[-+]?[\d.,/$\\(]+[^\n]{0,3}(?:\n|$)")
"""A line after the answer that is another one."""


class Stated(NamedTuple):
    """What is stated as the answer.

    Attributes:
        text: from its first sign to the end of its clause.
        certain: whether nothing after it takes it back or goes on with it.
    """

    text: str
    certain: bool


def stated(text: str) -> Stated | None:
    """The last answer that a text states; None where it states none."""
    hidden = _FORMULA.sub(lambda one: "\\" + "$" * (len(one[0]) - 1), text)
    found = None
    for cue in _CUE.finditer(hidden):
        if _VALUE.match(hidden, cue.end()):
            found = cue
    if found is None:
        return None
    end = _END.search(hidden, found.end())
    stop = end.start() if end else len(text)
    clause = _CLAUSE.search(hidden, found.end(), stop)
    shown = text[found.end() : clause.start() if clause else stop]
    rest = hidden[clause.start() if clause else stop :]
    goes_on = end is not None and clause is None and end[0] == "\n" and _VALUE_LINE.match(hidden, end.end())
    return Stated(shown.strip(), not (goes_on or _TAKEN_BACK.search(rest)))
