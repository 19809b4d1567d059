"""The packs that docs/rules.md shows: small, and each loads as it stands, so that a reader may start from it."""

from typing import Final

EXAMPLES: Final = {
    "RuleModel": """\
pack: permits
detectors:
  permit_number:
    primary: {regex: '\\bBP-\\d{4}-\\d{5}\\b'}
    levels: {high: {}}
rules:
  - id: permits.number
    title: Permit numbers leave the city in reports only
    policy: P-SENSITIVE
    family: sensitive
    when: {recipients: external}
    find: {any: [{detector: permit_number}]}
    action: quarantine
    on_unscannable: quarantine
    mode: shadow
    unless:
      - {encrypted: whole}
      - {sender: "group:inspections", recipients: "domain:wisconsin.gov"}
    message: "{count} permit number(s) in {where}. {way_out}"
    examples:
      hit: [{text: "Inspection of BP-2026-00417 is due"}]
      miss: [{text: "Inspection of BP-417 is due"}]
""",
    "AccountModel": """\
pack: accounts_example
rules:
  - id: accounts_example.ended
    title: Nobody sends after the last day
    policy: P-ACCESS
    family: accounts
    signals: [ended]
    action: reject
    examples:
      hit:
        - from: bkowal@milwaukee.gov
          date: 2026-01-05
          text: "Written after his last day."
          accounts: [{address: bkowal@milwaukee.gov, name: Brian Kowal, valid_to: 2025-12-31}]
      miss:
        - from: bkowal@milwaukee.gov
          date: 2025-12-31
          text: "His last day is a day of work."
          accounts: [{address: bkowal@milwaukee.gov, name: Brian Kowal, valid_to: 2025-12-31}]
""",
    "DetectorModel": """\
pack: meters
keywords:
  meter_words: [meter, "meter no", reading]
  other_words: [invoice, ticket]
detectors:
  meter_number:
    title: Water meters, with their words or by their hyphens alone
    primary: {regex: '(?:^|[^0-9])(\\d{4}-\\d{6})(?:[^0-9]|$)', group: 1}
    levels:
      high:                        # a list of ways: one of them is enough
        - {all: [{keywords: meter_words, within: 60}]}
        - {all: [{column: meter_words}]}
      low: {none: [{keywords: other_words, within: 40}]}
    mask: all
    known: "meter no 4711-000815"
""",
    "WaiverModel": """\
pack: exceptions
waivers:
  - {id: EX-14, rule: pii.ssn, sender: "address:payroll@milwaukee.gov", recipients: "domain:irs.gov",
     owner: comptroller, approver: cio, ticket: RITS-991, reason: "tax filings", expires: 2099-03-31}
""",
    "sensitive": """\
pack: numbers
rules:
  - id: numbers.ssn
    title: Social Security numbers leave the city only encrypted
    policy: P-SENSITIVE
    family: sensitive
    when: {recipients: external}
    find:
      any:
        - {detector: us_ssn, min_level: medium}
        - {detector: us_ssn, min_level: low, unique: 10}
    action: quarantine
    examples:
      hit: [{text: "Her SSN is 536-90-4399"}]
      miss: [{text: "Work order 536-90-4399 is closed"}]
""",
    "credentials": """\
pack: secrets
rules:
  - id: secrets.password
    title: Passwords are not shared
    policy: P-PASSWORD
    family: credentials
    find: {any: [{detector: password, min_level: high}]}
    action: reject
    examples:
      hit: [{text: "password: Lakefront#42"}]
      miss: [{text: "Never share your password."}]
""",
    "accounts": """\
pack: bank
rules:
  - id: bank.finance_only
    title: Only the finance group writes to the bank
    policy: P-ACCESS
    family: accounts
    signals: [anybody]
    when: {recipients: "domain:bank.example"}
    unless: [{sender: "group:finance"}]
    action: reject
    message: "Only the finance office writes to this bank. {way_out}"
    examples:
      hit:
        - {from: a@milwaukee.gov, to: x@bank.example, login: a@milwaukee.gov, text: "hello", accounts: [{address: a@milwaukee.gov}]}
      miss:
        - {from: b@milwaukee.gov, to: x@bank.example, login: b@milwaukee.gov, text: "hello", accounts: [{address: b@milwaukee.gov, groups: [finance]}]}
""",
    "identity": """\
pack: authors
rules:
  - id: authors.one
    title: From names one author
    policy: P-HONEST
    family: identity
    signals: [author]
    action: reject
    message: "Nobody can be sure who has written this: {what}."
    examples:
      hit:
        - headers: {From: "Dana Okafor <dokafor@milwaukee.gov>, cio@milwaukee.gov"}
          from: dokafor@milwaukee.gov
          text: "Two authors."
      miss:
        - {from: Dana Okafor <dokafor@milwaukee.gov>, text: "An ordinary letter."}
""",
    "personal_address": """\
pack: home
rules:
  - id: home.own_address
    title: Official business is not sent to one's own outside account
    policy: P-PERSONAL
    family: personal_address
    signals: [own_address]
    action: quarantine
    examples:
      hit:
        - from: dokafor@milwaukee.gov
          to: lakefrontgardener@gmail.com
          text: "For tomorrow."
          accounts: [{address: dokafor@milwaukee.gov, name: Dana Okafor, personal: [lakefrontgardener@gmail.com]}]
      miss:
        - from: dokafor@milwaukee.gov
          to: lee.constituent@gmail.com
          text: "Dear Ms Lee, your permit is ready."
          accounts: [{address: dokafor@milwaukee.gov, name: Dana Okafor, personal: [lakefrontgardener@gmail.com]}]
""",
    "signature": """\
pack: vendors
rules:
  - id: vendors.identify
    title: Contractors say that they are no employees
    policy: P-CONTRACTOR
    family: signature
    statuses: [contractor]
    statements: [contractor for the city]
    line: "Contractor for the City of Milwaukee"
    action: reject
    message: "Add this line to your signature: {what}"
    examples:
      hit:
        - from: cdiaz@milwaukee.gov
          text: "The bridge is open.\\n\\n-- \\nCarla Diaz"
          accounts: [{address: cdiaz@milwaukee.gov, name: Carla Diaz, status: contractor}]
      miss:
        - from: cdiaz@milwaukee.gov
          text: "The bridge is open.\\n\\n-- \\nCarla Diaz\\nContractor for the City of Milwaukee"
          accounts: [{address: cdiaz@milwaukee.gov, name: Carla Diaz, status: contractor}]
""",
    "links": """\
pack: deceit
rules:
  - id: deceit.links
    title: Links lead where they say
    policy: P-MALWARE
    family: links
    weights: {shortener: 0}
    threshold: 60
    action: quarantine
    examples:
      hit: [{html: '<a href="https://milwaukee.gov@evil.example/">pay here</a>'}]
      miss: [{html: '<a href="https://example.org/">example.org</a>'}]
""",
}
"""Packs by the definition or the family that they show."""
