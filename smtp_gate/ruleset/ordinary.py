"""Ordinary text of a city's mail: what a pattern that finds something everywhere is told by."""

from typing import Final

ORDINARY: Final = """\
Good morning Teresa,

thank you for calling about the leaf collection on Locust Street. The crew was held up by the storm
and will be back on Tuesday, weather permitting; residents should rake leaves to the edge of the lawn
and keep them out of the gutter. Bagged leaves are taken at both drop-off centers from 7 am to 3 pm.

As for the alley light behind 2914 N. Humboldt Blvd, work order 24-118203 was opened last week. The
electrician found a broken conduit, so a new pole has to be set before the lamp can be replaced. We
expect that to be done by November 14. If it flickers again, please call 414-555-0137, extension 6.

Regards,
Martin Kowalski
Department of Public Works, room 518
841 N. Broadway, Milwaukee, WI 53202

From: Grace Thao <gthao@city.example>
To: Neighborhood Improvement <nid@city.example>
Date: Wed, 4 Nov 2026 09:41:07 -0600
Subject: Minutes of the October meeting

Attached you will find the minutes, the attendance list and the slides that Kevin showed. Please send
corrections before Friday noon. Three points are still open:

1. Who books the library for the spring workshops, and does it cost us anything?
2. The grant of $12,500 from the foundation must be spent by June; quotes for benches are at $1,180 each.
3. Volunteers for the clean-up: we had 64 people last year and would like to have a hundred.

The agenda for the next meeting is at https://city.example/nid/agenda?id=2217&lang=en and a recording
will follow. Parking is free after 6 pm in the structure on Water Street; bring the ticket with you.

Building,Owner,Last inspection,Result
Engine House 9,Fire,03/18/2026,passed
Tippecanoe branch,Library,09/02/2026,boiler to be repaired
Garage Ruby Avenue,DPW,11/30/2025,passed with remarks

> Could somebody tell me whether the permit fee changed? My contractor says it is $186 now, but the
> table on your page still shows the old one. I would rather not pay twice.

It did change in January. We will correct the page today, and you will be charged only once. Thanks
for letting us know, and sorry for the trouble.
"""
"""Made up from end to end; its names, numbers and addresses belong to nobody."""
