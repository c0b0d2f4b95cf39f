"""A service with pages, what is printed and stored into it, and a browser that looks."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from service.people import Passwords
from service.store import people
from service.store.engine import Store
from service.store.people import PersonRole
from tests.commands import printmgr
from tests.peers.test_print_dcmtk import Job, configuration, save
from tests.serving import Serving

PASSWORD = "correct horse 42"
PATIENCE_MS = 90_000


class Desk:
    """The running service and its first administrator."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        told = "\n".join(serving.lines)
        self.url = re.search(r"pages at (\S+)/", told).group(1)
        self.secret = re.search(r"this once: (\S+)", told).group(1)
        self.state: object = None  # of a browser that is signed in

    def add(self, name: str, role: PersonRole) -> None:
        """Somebody else who can sign in."""
        store = Store(f"sqlite:///{self.serving.data_dir / 'printmgr.db'}")
        with store.write() as connection:
            people.add(connection, name, role, Passwords().hash(PASSWORD))
        store.close()

    def sign_up(self, page: Page) -> None:
        page.goto(f"{self.url}/")
        page.fill("[name=secret]", self.secret)
        page.fill("[name=name]", "anna")
        page.fill("[name=password]", PASSWORD)
        page.click("button.main")
        page.wait_for_url("**/films")
        self.state = page.context.storage_state()


@contextmanager
def desk(folder: Path, **more: str) -> Iterator[Desk]:
    """A service whose studies are complete at once; `more` of its environment."""
    settings = more | {
        "PRINTMGR_WEB": '{"port": 0, "institution": "St. Elsewhere"}',
        "PRINTMGR_INBOX": '{"quiet_s": 0.5}',
    }
    with Serving(folder / "data", settings) as serving:
        yield Desk(serving)


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@contextmanager
def signed_in(browser: Browser, service: Desk, told: str = "") -> Iterator[Page]:
    """A page of the administrator's on which nothing goes wrong but what `told` matches."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="en-US", storage_state=service.state, accept_downloads=True
    )
    context.set_default_timeout(PATIENCE_MS)
    made = context.new_page()
    wrong: list[str] = []
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on("console", lambda said: wrong.append(f"{said.text} {said.location}") if said.type == "error" else None)
    yield made
    context.close()
    untold = [one for one in wrong if not (told and re.search(told, one))]
    assert untold == [], untold  # told in words: this module is not rewritten


def print_by_dcmtk(port: int, folder: Path, image: Path) -> None:
    """One film by DCMTK's print SCU."""
    folder.mkdir()
    config = configuration(folder, port, Job("film", (), (), (), (("aetitle", "PRINTMGR"),)))
    made = ["dcmpsprt", "-c", str(config), "-p", "OURS", "--nospool", str(image)]
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    (stored,) = (folder / "database").glob("SP_*.dcm")
    sent = ["dcmprscu", "-c", str(config), "-p", "OURS", "--print", str(stored)]
    subprocess.run(sent, check=True, capture_output=True, timeout=60)


def store_by_dcmtk(port: int, *files: Path) -> None:
    command = ["storescu", "-aec", "ARCHIVE", "127.0.0.1", str(port), *map(str, files)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def verified(image: Path, *more: object) -> dict[str, object]:
    """What `printmgr disc verify` says of a disc image that it accepts."""
    done = printmgr("disc", "verify", image, "--json", *more)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


ALL_RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""What can be wrong in a dark scheme alone."""


def check_axe(page: Page, rules: object = ALL_RULES) -> None:
    """Nothing serious is wrong for people with disabilities."""
    page.evaluate(
        (Path(__file__).parent / "axe" / "axe.min.js").read_text()
    )  # the policy takes no script from elsewhere
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", rules)
    serious = [
        (one["id"], one["help"], [node["html"][:160] for node in one["nodes"][:3]])
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == [], serious  # told in words: this module is not rewritten


def look(page: Page, name: str) -> None:
    """Check a page as it is, and with PAGES_AS_PICTURES keep it as pictures: by day and night, desk and phone."""
    folder = os.environ.get("PAGES_AS_PICTURES", "")
    sizes = {"desk": (1280, 800), "phone": (390, 844)}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        check_axe(page, ALL_RULES if scheme == "light" else COLOURS)
        for size, (width, height) in sizes.items():
            page.set_viewport_size({"width": width, "height": height})
            wide = page.evaluate("() => document.documentElement.scrollWidth")
            assert wide <= width, f"{name} is {wide} wide on a {size}"
            if folder:
                page.screenshot(path=f"{folder}/{name}-{scheme}-{size}.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 800})


__all__ = [
    "ALL_RULES",
    "COLOURS",
    "PASSWORD",
    "PATIENCE_MS",
    "Desk",
    "check_axe",
    "chromium",
    "desk",
    "look",
    "print_by_dcmtk",
    "save",
    "signed_in",
    "store_by_dcmtk",
    "verified",
]
