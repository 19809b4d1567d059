"""A small client of the Language Server Protocol: one server over stdio, documents opened in it, and what it says of them."""

import itertools
import json
import queue
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

PATIENCE: Final = 60.0
"""Seconds that an answer may take: the first one waits for the server to load a schema."""

SETTINGS: Final[dict[str, Any]] = {
    "yaml": {
        "validate": True,
        "hover": True,
        "completion": True,
        # What the project itself says decides, not a catalogue from outside.
        "schemaStore": {"enable": False, "url": ""},
        "schemas": {},
    },
    "http": {"proxy": "", "proxyStrictSSL": False},
    "[yaml]": {},
    "editor": {"tabSize": 2},
}


class LanguageServer:
    """A running server. Documents are named by the path they would have; nothing is written to disk."""

    def __init__(self, command: list[str], root: Path) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._ids = itertools.count(1)
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._diagnostics: dict[str, queue.Queue[list[dict[str, Any]]]] = {}
        threading.Thread(target=self._listen, daemon=True).start()
        self.ask("initialize", {
            "processId": None,
            "rootUri": root.as_uri(),
            "capabilities": {
                "workspace": {"configuration": True},
                "textDocument": {
                    "completion": {"completionItem": {"snippetSupport": True, "documentationFormat": ["markdown"]}},
                    "hover": {"contentFormat": ["markdown"]},
                    "publishDiagnostics": {},
                },
            },
        })  # fmt: skip
        self.tell("initialized", {})
        self.tell("workspace/didChangeConfiguration", {"settings": SETTINGS})

    def close(self) -> None:
        """Ask the server to end, and end it."""
        self.ask("shutdown", None)
        self.tell("exit", None)
        try:
            self._process.wait(10)
        finally:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream is not None:
                    stream.close()

    def diagnostics(self, path: Path, text: str | None = None) -> list[dict[str, Any]]:
        """What it finds wrong in a document; its text is the file's unless it is given."""
        document = self._open(path, text)
        found = self._told(document["uri"]).get(timeout=PATIENCE)
        self.tell("textDocument/didClose", {"textDocument": document})
        return found

    def completions(self, path: Path, text: str, line: int, column: int) -> list[dict[str, Any]]:
        """What it offers at a place of a document, counted from 0."""
        answer = self._at("textDocument/completion", path, text, line, column)
        items: list[dict[str, Any]] = answer["items"] if isinstance(answer, dict) else answer or []
        return items

    def hover(self, path: Path, text: str, line: int, column: int) -> str:
        """What it shows over a place of a document, counted from 0."""
        answer = self._at("textDocument/hover", path, text, line, column)
        contents = answer["contents"] if answer else ""
        return str(contents["value"] if isinstance(contents, dict) else contents)

    def _at(self, method: str, path: Path, text: str, line: int, column: int) -> Any:
        document = self._open(path, text)
        answer = self.ask(method, {"textDocument": document, "position": {"line": line, "character": column}})
        self.tell("textDocument/didClose", {"textDocument": document})
        return answer

    def _open(self, path: Path, text: str | None) -> dict[str, str]:
        """Show it a document under a name of its own beside `path`, so that no late word of an earlier one is taken for its."""
        said = path.read_text("utf-8") if text is None else text
        uri = path.with_name(f"{next(self._ids)}-{path.name}").as_uri()
        self._told(uri)
        self.tell(
            "textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": said}}
        )
        return {"uri": uri}

    def _told(self, uri: str) -> queue.Queue[list[dict[str, Any]]]:
        return self._diagnostics.setdefault(uri, queue.Queue())

    def ask(self, method: str, params: Any) -> Any:
        """The answer to a question."""
        number = next(self._ids)
        self._send({"id": number, "method": method, "params": params})
        while True:
            answer = self._answers.get(timeout=PATIENCE)
            if answer.get("id") == number:
                assert "error" not in answer, answer["error"]
                return answer.get("result")

    def tell(self, method: str, params: Any) -> None:
        """Say something that has no answer."""
        self._send({"method": method, "params": params})

    def _send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while line := stream.readline():
            length = int(line.partition(b":")[2])
            while stream.readline().strip():
                pass
            self._take(json.loads(stream.read(length)))

    def _take(self, message: dict[str, Any]) -> None:
        method = message.get("method")
        if method is None:
            self._answers.put(message)
        elif method == "textDocument/publishDiagnostics":
            told = message["params"]
            self._told(told["uri"]).put(told["diagnostics"])
        elif method == "workspace/configuration":
            wanted = [SETTINGS.get(item.get("section", ""), {}) for item in message["params"]["items"]]
            self._send({"id": message["id"], "result": wanted})
        elif "id" in message:
            self._send({"id": message["id"], "result": None})
