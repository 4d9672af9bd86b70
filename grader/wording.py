"""What English sentences have in common, and whether one makes two claims; rough rules.

They are meant for the short, plain sentences of a rubric, and to be seldom wrong
rather than to find everything.
"""

import re
import unicodedata

_STOPWORDS = frozenset(
    """a about above after against all also although an and any anybody anything are as
    at be because been before being below between both but by can cannot case could
    describes different do does doing done each either else enough every everything
    example explains few first for from further general gets give given gives goes
    had has have having how if in instance into is it its itself just kind least
    less like made make makes may means mentions might more most much must named
    names no nor not notes nothing of off often on once one ones only or other
    others otherwise our out over own part points put rather said same say says
    should show shows since so some somebody something states such term terms than
    that the their them then there these they thing things this those through to too
    under up used uses using very was way were what when where whether which while
    who whom whose why will with without would you your""".split()
)
_ENDINGS = (
    "isations isation izations ization ations ation ically ingly edly ings ness ment "
    "ing ied ies ers ed ly er es s e".split()
)


def content_words(text: str) -> frozenset[str]:
    """The stems of the words that carry a sentence's meaning.

    >>> sorted(content_words("Says that the model memorises its training data."))
    ['data', 'memoris', 'model', 'train']
    """
    words = re.findall(r"[^\W_]+", _fold(text))
    return frozenset(_stem(word) for word in words if word not in _STOPWORDS)


def _fold(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return re.sub(r"'(s|t|re|ve|ll|d|m)\b", "", text)


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            word = word.removesuffix(ending)
            break
    else:
        if len(word) == 4 and word[-1] == "s" and word[-2] not in "asiu":
            word = word[:-1]
    return word[:-1] if word[-1:] == word[-2:-1] and len(word) > 4 else word


# --- two claims in one --------------------------------------------------------

_VERBS = frozenset(
    """adds admits advises allows applies argues asks assumes avoids believes blames
    breaks chooses compares computes conflates confuses considers creates defines
    denies deploys describes dismisses evaluates examines
    expects explains exposes fails
    falls feeds finds follows forgets gets gives grows handles happens ignores
    improves includes increases insists invents keeps knows lacks learns leaves lets
    loses makes means memorises mentions misses mistakes mixes monitors neglects
    omits opens overlooks predicts prefers prevents proposes protects puts recommends
    reduces refuses relies requires says sees selects sends skips solves spends stays
    suggests takes tells thinks treats tries tunes understands wants""".split()
)
_VERBS_OR_NOUNS = frozenset(
    """answers builds calls causes changes checks claims counts covers demands fits
    helps holds jumps leads leaks limits measures models names needs notes offers
    picks plans points ranges reaches reports returns runs scales scores sets ships
    shows splits starts states stops stores tests trains trusts turns tweaks uses
    waits works writes""".split()
)
_HELPERS = frozenset(
    """are aren't can can't cannot could did does doesn't had has have is isn't may
    might must never shall should was were will won't would""".split()
)
_OPENERS = frozenset("that it they there this these to".split())
_ASKERS = frozenset("how why what when where who whether".split())
_AFTER_A_VERB = frozenset(
    "a an how it its no that the them their these this those to what why".split()
)
_AFTER_A_PARTICIPLE = _AFTER_A_VERB | frozenset(
    "as at by for from in into on to with".split()
)
_RELATIVES = frozenset("that which who".split())
_WORDS = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[,;:()]")
_JOINTS = (("as", "well", "as"), ("and",), ("or",), ("while",), ("whereas",), ("but",))


def joins_two_claims(sentence: str) -> str:
    """The words at which a sentence seems to go on to a second claim, or nothing.

    Lists are fine: "precision, recall or F1", "a scaler and an encoder".

    >>> joins_two_claims("Says that bias is high and that variance is low.")
    'and that'
    >>> joins_two_claims("Names at least one of precision, recall and F1.")
    ''
    """
    words = [w.casefold().replace("’", "'") for w in _WORDS.findall(sentence)]
    commands = words[1:2] == ["to"] or f"{' '.join(words[:1])}s" in _VERBS
    for place, word in enumerate(words):
        if word == ";":
            return ";"
        joint = next((j for j in _JOINTS if tuple(words[place:][: len(j)]) == j), None)
        if joint and _starts_a_claim(words, place, joint, commands):
            return " ".join(words[place : place + len(joint) + 1])
    return ""


def is_verb(word: str, following: str) -> bool:
    """Whether a word is a verb in the third person, judged by the word after it.

    >>> is_verb("tunes", "on"), is_verb("scores", "of"), is_verb("scores", "the")
    (True, False, True)
    """
    if word in _VERBS_OR_NOUNS:
        return following in _AFTER_A_VERB
    return word in _VERBS or word in _HELPERS


def _starts_a_claim(
    words: list[str], place: int, joint: tuple[str, ...], commands: bool
) -> bool:
    after = words[place + len(joint) :]
    first, second = [*after, "", ""][:2]
    if joint[0] in ("while", "whereas", "but"):
        has_comma = words[place - 1 : place] == [","]
        claims = joint[0] != "but" or any(word in _HELPERS | _VERBS for word in after)
        return has_comma and claims
    if joint == ("or",):  # "values or ranges the search tries", "to sort or to rank"
        return first in (_OPENERS | _HELPERS | _VERBS) - {"to"}
    if first in _OPENERS or is_verb(first, second):
        return True
    if first in _ASKERS:
        return bool(_ASKERS & set(words[:place]))
    participle = first.endswith("ed") and second in _AFTER_A_PARTICIPLE
    command = commands and f"{first}s" in _VERBS | _VERBS_OR_NOUNS
    return participle or command or _two_clauses(words[1:place], after)


def _two_clauses(before: list[str], after: list[str]) -> bool:
    """Whether "A is b" goes before, and "C is d" comes after within a few words."""
    said = any(
        word in _HELPERS and before[place - 1] not in _RELATIVES
        for place, word in enumerate(before)
        if place
    )
    opening = after[:4]
    stops = [i for i, word in enumerate(opening) if word in _RELATIVES | set(",;:")]
    return said and any(word in _HELPERS for word in opening[: min(stops, default=4)])
