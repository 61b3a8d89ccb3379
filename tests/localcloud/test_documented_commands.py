"""Every command of README.md and docs/ that can run here runs, word for word, on one deployed app."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.documented_commands import Command, documented_commands
from tests.localcloud.api_client import Api
from tests.localcloud.deployed_app import App, Examples
from tests.unit.captured_folder import add, answer
from tests.unit.test_capture_command import PICTURE

PROXIES = {
    name: "http://127.0.0.1:9"
    for names in ("http_proxy", "https_proxy", "all_proxy")
    for name in (names, names.upper())
}
COMMANDS = [command for command in documented_commands() if not command.why_not_run]


@pytest.fixture(scope="module")
def folder(examples: Examples, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with the files in it that the documents speak of."""
    made = tmp_path_factory.mktemp("checkout")
    for entry in ROOT.iterdir():
        if entry.name not in (".git", ".signpost", "build"):
            (made / entry.name).symlink_to(entry)
    pictures = {"bicycle": examples.by_ending["nearby-orders"], "motorcycle": examples.by_ending["distant-orders"]}
    (made / "photo.jpg").write_bytes(examples.one("nearby-orders"))
    for name in ("labelled-folder",):
        for label, files in pictures.items():
            for index, data in enumerate(files[:6]):
                file = made / name / label / f"{index}.png"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
    shutil.copytree(made / "labelled-folder", made / "pictures")
    (made / "folder").mkdir()
    shutil.copy(made / "photo.jpg", made / "folder")
    with zipfile.ZipFile(made / "photos.zip", "w") as archive:
        for file in (made / "labelled-folder").rglob("*.png"):
            archive.write(file, file.relative_to(made / "labelled-folder"))
    add(made / "captured-data", "decision-1", PICTURE, answer(0.25))
    return made


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.document}: {command.text[:40]}")
def test_a_documented_command_works(command: Command, folder: Path, app: App) -> None:
    # GIVEN a shell with a proxy that does not answer, and no home folder
    programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {name: value for name, value in os.environ.items() if name.lower() != "no_proxy"}
    environment |= {"PATH": programs, "SIGNPOST_STATE": str(app.cloud.state_dir), "HOME": "/nonexistent"} | PROXIES
    script = "\n".join(["set -e", *command.before, "echo ---", command.text])
    # WHEN it is typed
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    # THEN it succeeds, and the API answers no problem
    assert done.returncode == 0, done.stdout + done.stderr
    said = done.stdout.partition("---\n")[2]
    if command.text.startswith("curl"):
        assert json.loads(said)["outcome"] in ("routed", "review")
    elif "$API/health" in command.text:
        assert json.loads(said) == {"status": "ok"}


def test_the_root_user_has_uploads_and_decisions(app: App, examples: Examples) -> None:
    environment = app.cloud.environment
    root = {"AccessKeyId": environment["AWS_ACCESS_KEY_ID"], "SecretAccessKey": environment["AWS_SECRET_ACCESS_KEY"]}
    api = Api(app, root)
    decided = api.classify(examples.one("nearby-orders"))
    assert decided.status == 200
    found = api.ask("GET", f"/decisions/{decided.headers['X-Request-Id']}")
    assert (found.status, found.json["decision_id"]) == (200, decided.json["decision_id"])
    asked = json.dumps({"classifier": "vehicle", "content_type": "image/jpeg"})
    form = api.ask("POST", "/uploads", asked, content_type="application/json")
    assert form.status < 300
    assert api.ask("GET", f"/{form.json['decision']}").status == 202
