"""How held mail looks: as a row for programs, as tables for people, and what is to be done about it."""

from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from smtp_gate.server.releases import recipients_of
from smtp_gate.store.progress import Post
from smtp_gate.store.quarantine import Listed, State

COLOURS: Final = {
    "held": "dark_orange",
    "retry": "yellow",
    "releasing": "yellow",
    "released": "green",
    "failed": "red",
    "unknown": "bold red",
    "discarded": "dim",
    "expired": "dim",
}


def row_of(listed: Listed) -> dict[str, Any]:
    """One item with the keys of the contract; an item that cannot be read has `flaw` and empty values."""
    item, now = listed.item, listed.progress
    if item is None:
        empty: dict[str, Any] = {"ref": listed.ref, "state": str(listed.state), "flaw": listed.flaw, "message_id": ""}
        return empty | {"received": "", "sender": "", "recipients": [], "rules": [], "todo": todo(listed)}
    envelope = item.message.envelope
    addresses = tuple(r.path.address for r in envelope.recipients)
    granted = None if now is None else now.granted
    return {
        "ref": listed.ref,
        "state": str(listed.state),
        "message_id": item.message_id,
        "received": item.message.received.isoformat(timespec="seconds"),
        "sender": envelope.sender.address,
        "recipients": list(addresses),
        "recipient_states": _states(listed, addresses),
        "rules": list(item.rules),
        "approved_by": "" if granted is None else granted.who,
        "approved_rules": [] if granted is None else list(granted.rules),
        "next": "" if now is None or now.next is None else now.next.isoformat(timespec="seconds"),
        "notice": "" if now is None or now.notice is None else _notice(now.notice.post, now.notice.why),
        "todo": todo(listed),
        "flaw": listed.flaw,
        "findings": list(item.findings),
        "unscannable": list(item.unscannable),
        "relayed_to_others": item.others,
        "size": len(item.message.content),
        "sha256": item.sha256,
        "ruleset": item.ruleset,
    }


def _states(listed: Listed, addresses: tuple[str, ...]) -> dict[str, Any]:
    """Each recipient's state; without progress all stand as the item does."""
    if listed.progress is not None:
        return recipients_of(addresses, listed.progress)
    return {address: {"state": str(listed.state), "reply": ""} for address in addresses}


def _notice(post: Post, why: str) -> str:
    return f"{post}: {why}" if why else str(post)


def todo(listed: Listed) -> str:
    """What a person does about it, empty where nothing is to be done."""
    if listed.item is None:
        return "the file is damaged: restore it from a backup"
    return advice(str(listed.state), listed.ref) if listed.state in {State.UNKNOWN, State.FAILED} else ""


def advice(state: str, ref: str) -> str:
    """What a person does about an item in this state."""
    match state:
        case "unknown":
            return (
                f"it may have been sent: look for {ref} in the next hop's log, then "
                f'`release {ref} --again` if it did not arrive, or `discard {ref} --reason "arrived" --no-notice` if it did'
            )
        case "failed":
            return f"the next hop refused it for good; `release {ref} --again` tries once more"
        case "releasing":
            return "a running gate tries it again by itself"
        case _:
            return ""


def show_list(out: Console, items: list[Listed]) -> None:
    """A table of items, and below it what is to be done about those that need somebody."""
    if not items:
        out.print("nothing is held", style="dim")
        return
    table = Table(show_edge=False, header_style="dim", pad_edge=False)
    for column in ("ref", "state", "received", "from", "to", "rules"):
        table.add_column(column, overflow="fold")
    for listed in items:
        row = row_of(listed)
        table.add_row(
            Text(listed.ref, style="bold"),
            _word(str(listed.state)),
            str(row["received"])[:16],
            str(row["sender"]),
            Text("\n").join(_recipient(a, row) for a in row["recipients"]),
            "\n".join(row["rules"]) or listed.flaw,
        )
    out.print(table)
    for listed in items:
        told = "; ".join(t for t in (listed.flaw, todo(listed)) if t)
        if told:
            out.print(Text(f"{listed.ref}: ", style="bold").append(told, style="default not bold"), soft_wrap=True)


def _recipient(address: str, row: dict[str, Any]) -> Text:
    """An address, with its own state where that is not the item's."""
    state = row["recipient_states"][address]["state"]
    return Text(address) if state == row["state"] else Text(f"{address} ").append_text(_word(state))


def _word(state: str) -> Text:
    return Text(state, style=COLOURS.get(state, "default"))


def show_item(out: Console, listed: Listed) -> None:
    """Every field of one item, one a line."""
    for name, value in row_of(listed).items():
        if name == "recipient_states":
            _show_recipients(out, value)
            continue
        shown = value if isinstance(value, list) else [value]
        for number, item in enumerate(shown or ["-"]):
            told = ", ".join(f"{k} {v}" for k, v in item.items() if v) if isinstance(item, dict) else str(item)
            label = "" if number else name
            out.print(Text(f"{label:17} ", style="dim").append(told or "-", style="default"), soft_wrap=True)


def _show_recipients(out: Console, states: dict[str, Any]) -> None:
    for number, (address, row) in enumerate(states.items()):
        line = Text(f"{'' if number else 'states':17} ", style="dim").append(f"{address} ", style="default not dim")
        out.print(line.append_text(_word(row["state"])).append(f" {row['reply']}", style="dim"), soft_wrap=True)


def show_outcome(out: Console, frame: dict[str, Any]) -> None:
    """What became of one item just now."""
    ref, state = frame["ref"], frame["state"]
    out.print(Text(f"{ref}  ", style="bold").append_text(_word(state)), soft_wrap=True)
    table = Table.grid(padding=(0, 2))
    for address, row in frame["recipients"].items():
        table.add_row("", Text(address), _word(row["state"]), Text(row["reply"], style="dim"))
    out.print(table)
    if frame.get("rules"):
        options = " ".join(f"--rule {r}" for r in dict.fromkeys([*frame.get("approved", ()), *frame["rules"]]))
        out.print(f"  {frame['why']}; `release {ref} {options}` approves all of it", soft_wrap=True, highlight=False)
    told = advice(state, ref)
    if told:
        out.print(f"  {told}", soft_wrap=True, highlight=False)
    if frame.get("next"):
        out.print(f"  next attempt: {frame['next']}", highlight=False)
    if frame.get("notice"):
        out.print(f"  notice to the sender: {frame['notice']}", highlight=False)
