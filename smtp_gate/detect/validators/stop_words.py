"""Words that go on in a sentence about passwords, and so are none: required, expired, protected, case, the, ..."""

from typing import Final

STOP_WORDS: Final = frozenset(
    """
    a able about above accepted access according account accounts actually address admin administrator after
    again aktuelle all allowed almost already also always am an and any anyone anything anywhere are as ask
    asked at attached authentication automatic automatically available back bad based be because been before
    being below beneath best better between blank blocked both box broken but button by cached call can cannot
    care case cell change changed changes changing character characters check choose chosen click compromised
    computer confidential confirm confirmation confirmed contact contain contains copied copy correct correctly
    could create created currently date dated day days dear default delivered denied described device did
    different disabled do does doesn don done down download during each easy either else email emailed empty
    enabled encoded encrypted enter entered entry erforderlich error etc even every everyone everything exactly
    example except expiration expire expired expires expiring failed fax few field fields file find fine first
    follow following follows for forgot forgotten form format forwarded found from full generated get give given
    go going gone good got great guessable had hard hardcoded has hashed have hello help her here herself hi
    hidden himself hint his home how however html http https i id if important in inactive incorrect information
    initially insecure inside instead instructions internet into invalid is isn issue ist it its itself just
    keep kept known label laptop last later leaked least left length less let letter letters like link listed
    loading location locked log login logon long longer lookup lost lower lowercase made mail mailed maintained
    make managed management manager mandatory many masked match matter may maybe me mentioned message might mine
    minimum missing mixed mobile more most must my name names near need needed needs network neue never new next
    nicht nil no nobody none normally not note nothing now number numbers obviously oder of off office ok okay
    old olvidada olvidado omitted on once one online only open option optional options or other our out over own
    page para passcode password passwords pasted pending phone phrase please policy portal possible previous
    printed prior private problem processing program prompt protect protected protection protocol provided
    public put readable ready received recommended recover recovery redacted refused regards rejected remains
    remember reminder removed reply requerida requerido request requested require required requirement
    requirements requires reset resets resetting restricted retained reused right rules safe same saved screen
    secret section secure security see select send sensitive sent separate separately server service set sets
    setting settings shall share shared sharing she sheet short should show shown signed simple simply since
    site so sobre software some someone something soon sorry still stolen stored strength strong stronger
    subject submit such supplied support sure system systems table take taken tel telephone temporarily
    temporary texted than thanks that the their theirs them themselves then there these they this those through
    time times title to today together told tomorrow too tool try two type typed unable unchanged und under
    unique unknown unless unreadable unsafe until up updated updating upgrade upon upper uppercase us use used
    useful user username users using usually valid validation value values varies various vergessen verified
    verify version very via visible void wait want was way we weak web website week weeks welcome well were what
    when where whether which while who whole whose why will window with withheld within without won word words
    work working works would written wrong year years yes yet you your yours yourself zero
    """.split()  # noqa: SIM905 - hundreds of quoted words would hide what is in the list
)
"""Lower case."""
