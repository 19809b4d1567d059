"""Domains where anybody may open a mailbox: providers of personal mail known to most mail administrators."""

from typing import Final

FREE_MAIL: Final = frozenset(
    """
    gmail.com googlemail.com outlook.com hotmail.com hotmail.co.uk hotmail.fr hotmail.de hotmail.it hotmail.es live.com
    live.co.uk live.fr live.de live.nl msn.com passport.com yahoo.com yahoo.co.uk yahoo.ca yahoo.fr yahoo.de yahoo.it
    yahoo.es yahoo.co.in yahoo.com.br yahoo.com.mx yahoo.co.jp ymail.com rocketmail.com aol.com aim.com netscape.net
    icloud.com me.com mac.com proton.me protonmail.com protonmail.ch pm.me tutanota.com tutanota.de tuta.io tuta.com
    keemail.me gmx.com gmx.de gmx.net gmx.at gmx.ch gmx.us gmx.co.uk web.de mail.com email.com usa.com post.com
    consultant.com engineer.com myself.com fastmail.com fastmail.fm hushmail.com hush.com zoho.com zohomail.com
    yandex.com yandex.ru ya.ru mail.ru bk.ru inbox.ru list.ru rambler.ru qq.com foxmail.com 163.com 126.com yeah.net
    sina.com sina.cn sohu.com naver.com daum.net hanmail.net rediffmail.com comcast.net xfinity.com att.net
    sbcglobal.net bellsouth.net verizon.net charter.net spectrum.net twc.com roadrunner.com rr.com wi.rr.com cox.net
    earthlink.net mindspring.com juno.com netzero.net optonline.net frontier.com frontiernet.net windstream.net
    centurylink.net centurytel.net q.com tds.net cableone.net suddenlink.net pacbell.net ameritech.net swbell.net
    prodigy.net embarqmail.com wowway.com rcn.com btinternet.com ntlworld.com sky.com talktalk.net virginmedia.com
    orange.fr wanadoo.fr free.fr laposte.net sfr.fr t-online.de freenet.de arcor.de libero.it virgilio.it tiscali.it
    alice.it telefonica.net terra.com.br uol.com.br bol.com.br shaw.ca rogers.com sympatico.ca telus.net bigpond.com
    optusnet.com.au xtra.co.nz wp.pl o2.pl onet.pl interia.pl seznam.cz centrum.cz abv.bg mailfence.com runbox.com
    posteo.de mailbox.org disroot.org riseup.net inbox.com lycos.com excite.com gawab.com mailinator.com guerrillamail.com
    """.split()  # noqa: SIM905 - two hundred quoted names would hide what is in the list
)
"""Registrable domains, lower-case."""
