"""What commands print is never wrapped, and text of others neither controls the terminal nor leaves its line."""

import os
import pty
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cli import main as program
from cli import output
from signpost.terminal.console import Table, make_console, plain
from signpost.terminal.printable import printable, printable_message

ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:" + "a-long-name-" * 12
HOSTILE = "a\x1b]0;owned\x07\nerror: b\r\x9b2J\u202egpj.exe\udcff[red]"
ESCAPED = r"a\x1b]0;owned\x07\nerror: b\r\x9b2J\u202egpj.exe\xff[red]"


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["signpost", *arguments])
    with pytest.raises(SystemExit) as ended:
        program.main()
    return int(ended.value.code or 0)


@pytest.mark.parametrize("columns", ["20", "80"])
def test_lines_and_tables_are_as_wide_as_their_content(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("COLUMNS", columns)
    table = Table("machine", "two words", "last")
    table.add_row(ARN, "some words more", "")
    table.add_row("short", "", ARN)
    console = make_console()

    console.print(table)
    console.print(f"The machine is {ARN} and the next one is {ARN}.")

    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split("  ") == [ARN, "some words more"]
    assert lines[2].split() == ["short", ARN]
    assert lines[3:] == [f"The machine is {ARN} and the next one is {ARN}."]
    assert not any(line.endswith(" ") for line in lines)


def test_a_terminal_gets_no_line_breaks_either(tmp_path: Path):
    missing = tmp_path / ("a-long-name-" * 12)
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "cli.main", "predict", str(missing)]

    subprocess.run(command, env={**os.environ, "COLUMNS": "20", "TERM": "xterm"}, stdout=child, stderr=child)

    os.close(child)
    with open(parent, "rb", buffering=0) as terminal:  # noqa: PTH123 - a descriptor
        shown = re.sub(rb"\x1b\[[0-9;]*m", b"", terminal.read(65536)).decode()
    assert shown.splitlines() == [f"error: there is no file or folder {missing}"]


def test_wrong_usage_is_one_line_with_the_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("COLUMNS", "20")
    missing = tmp_path / ("a-long-name-" * 12)

    assert _run(monkeypatch, "capacity", "vehicle", "--picture", str(missing)) == 2

    error, usage, more = capsys.readouterr().err.splitlines()
    assert error.startswith("error: Invalid value for '--picture'")
    assert f"'{missing}'" in error
    assert usage.startswith("Usage: ")
    assert more.endswith("capacity --help")


def test_a_file_that_cannot_be_used_is_an_error_and_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "file").touch()

    assert _run(monkeypatch, "capture", "export", "--from", str(tmp_path), "--to", str(tmp_path / "file" / "x")) == 1

    assert capsys.readouterr().err == f"error: {tmp_path / 'file' / 'x'}: Not a directory\n"


def test_examples_of_the_help_fit_into_80_columns():
    commands = [command.callback for command in program.app.registered_commands]
    for group in program.app.registered_groups:
        assert group.typer_instance
        commands += [command.callback for command in group.typer_instance.registered_commands]

    lines = [line.strip() for command in commands for line in (command.__doc__ or "").splitlines()]

    examples = [line for line in lines if line.startswith("Example: ")]
    assert len(examples) > 20
    assert [line for line in examples if len(line) > 78] == []


def test_text_of_others_is_escaped(capsys: pytest.CaptureFixture[str]):
    assert printable(HOSTILE) == ESCAPED
    assert printable("Straße/自転車/vélo 🚲.jpg") == "Straße/自転車/vélo 🚲.jpg"
    make_console().print("[bold]name[/]", plain(HOSTILE))
    assert capsys.readouterr().out == f"name {ESCAPED}\n"


def test_only_indented_lines_of_a_message_stay_lines():
    message = " is wrong:\n  app.name: too long"
    assert printable_message(HOSTILE + message) == ESCAPED + message


def test_hostile_names_are_escaped_in_errors(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert _run(monkeypatch, "predict", HOSTILE) == 1
    assert capsys.readouterr().err == f"error: there is no file or folder {ESCAPED}\n"
    assert _run(monkeypatch, "capacity", "vehicle", "--picture", HOSTILE) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_a_pipe_gets_the_latest_line_of_a_long_step(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(output, "REPORT_SECONDS", 0.01)
    printed = threading.Event()
    monkeypatch.setattr(output, "plain", lambda text: (printed.set(), plain(text))[1])

    with output.step("Deploying") as report:
        report("signpost-routing | 3/12 | CREATE_IN_PROGRESS\x1b")
        printed.clear()
        assert printed.wait(10)

    first, *lines, last = capsys.readouterr().out.splitlines()
    assert (first, last[:11]) == ("Deploying …", "✓ Deploying")
    assert r"  0 s  signpost-routing | 3/12 | CREATE_IN_PROGRESS\x1b" in lines
