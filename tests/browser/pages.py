"""A service with pages, what is printed and stored into it, and a browser that looks."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.peers.test_print_dcmtk import Job, configuration, save
from tests.serving import Serving

PASSWORD = "correct horse 42"
PATIENCE_MS = 30_000


class Desk:
    """The running service and its first administrator."""

    def __init__(self, serving: Serving) -> None:
        self.serving = serving
        told = "\n".join(serving.lines)
        self.url = re.search(r"pages at (\S+)/", told).group(1)
        self.secret = re.search(r"this once: (\S+)", told).group(1)
        self.state: object = None  # of a browser that is signed in

    def sign_up(self, page: Page) -> None:
        page.goto(f"{self.url}/")
        page.fill("[name=secret]", self.secret)
        page.fill("[name=name]", "anna")
        page.fill("[name=password]", PASSWORD)
        page.click("button.main")
        page.wait_for_url("**/films")
        self.state = page.context.storage_state()


@contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    """A service whose studies are complete at once."""
    settings = {
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


__all__ = ["PATIENCE_MS", "Desk", "chromium", "desk", "print_by_dcmtk", "save", "store_by_dcmtk"]
