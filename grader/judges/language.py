"""Whether an answer is in English, the one language that the local judge reads."""

import re

from grader.answer import Answer

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_ENGLISH = frozenset(
    """
    the a an of to in is are was be it its that this these and or but not no on for
    with as by from at you your i we my they he can will do does have has when which
    if than then so because what how there would should more into only don't it's
    """.split()
)
_OTHER = (
    frozenset(
        """
    der die das und ist nicht ein eine einen dem den des mit auf wenn werden wird
    sich für von zu bei auch aber oder wir ich sie man le la les des une est que qui
    pas dans pour sur avec ce cette sont il elle nous du au aux par plus mais ou el
    los las una es que en por con para se no del como más pero cuando lo su il lo
    gli di che non un per con sono della dei nel os um uma não em com são do da dos
    das ao mas quando het een en van niet zijn op te dat met voor maar ook als wij
    ik els amb però quan wat nie jest nie się na że są dla jak ale tylko od po przez
    lub czy je jako když nebo jen sú pri ako keď aj koji ili kada su što samo ir yra
    kad bet kas ja ei että kun joka mutta ovat kui mis az és hogy nem egy csak meg de
    și si este cu nu care sunt din sau mai dar când cand bir ve bu için icin ile değil
    ama gibi çok olarak daha da och att det som är på av inte till ett om har kan og
    ikke jeg vi til fra af ved hvis når yang dan ini itu dengan untuk dari pada adalah
    tidak ketika karena akan bisa dalam juga atau ke ya wa kwa ni katika za hii lakini
    kama wakati vya bila ang ng sa mga ay ito kapag hindi kung pero dhe është hai hain
    nahi aur jab mein ka ki ko satu setiap menjadi tai niin joita jokainen osa iga mida
    """.split()
    )
    - _ENGLISH
    - {"a", "no", "do", "as", "in", "me", "man", "die", "den", "per", "for"}
    - {"os", "del"}  # Python.
)
_ACCENTED = re.compile("[À-ÖØ-öø-ɏẠ-ỹ]")
FEWEST = 6
"""Words under which a language cannot be told apart, so that nothing is refused."""


def is_english(answer: Answer) -> bool:
    """Whether an answer may be judged as English; short ones always may.

    Not English: most letters in another script, or more function words of other
    languages and words with accents than function words of English. Keywords and
    code have none of them.
    """
    letters = [character for character in answer.safe if character.isalpha()]
    if len(letters) < FEWEST:
        return True
    latin = sum(c < "\u0250" or "\u1e00" <= c < "\u1f00" for c in letters)
    if latin < len(letters) / 2:
        return False
    words = [word.lower().replace("’", "'") for word in _WORD.findall(answer.safe)]
    if len(words) < FEWEST:
        return True
    english = sum(word in _ENGLISH for word in words)
    other = sum(word in _OTHER or bool(_ACCENTED.search(word)) for word in words)
    # "a", "i", "to", "on" and their like are words of other languages as well.
    surely = any(len(word) > 2 and word in _ENGLISH for word in words)
    return other <= max(english, 2 if surely else 1)
