"""A CUPS of our own: on loopback, below a folder, with a queue whose back end leaves the PDF as a file."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.serving import free_port

FILES = """
SystemGroup root
FileDevice Yes
ServerRoot {folder}/etc
ServerBin /usr/lib/cups
DataDir /usr/share/cups
RequestRoot {folder}/spool
CacheDir {folder}/cache
StateDir {folder}/state
TempDir {folder}/temp
DocumentRoot {folder}/doc
AccessLog {folder}/log/access
ErrorLog {folder}/log/error
PageLog {folder}/log/page
Sandboxing relaxed
"""
SETTINGS = """
LogLevel debug
Listen 127.0.0.1:{port}
Browsing Off
DefaultAuthType None
WebInterface No
PreserveJobHistory Yes
<Location />
  Order allow,deny
  Allow from 127.0.0.1
</Location>
<Policy default>
  <Limit All>
    Order allow,deny
    Allow from all
  </Limit>
</Policy>
"""
QUEUES = """
<Printer film>
Info film
DeviceURI file:{folder}/out.pdf
State Idle
Accepting Yes
Shared No
JobSheets none none
</Printer>
"""
PPD = """*PPD-Adobe: "4.3"
*FormatVersion: "4.3"
*FileVersion: "1.0"
*LanguageVersion: English
*LanguageEncoding: ISOLatin1
*PCFileName: "FILM.PPD"
*Product: "(Film)"
*Manufacturer: "Test"
*ModelName: "Test Film"
*ShortNickName: "Test Film"
*NickName: "Test Film"
*PSVersion: "(3010.000) 0"
*LanguageLevel: "3"
*ColorDevice: True
*DefaultColorSpace: RGB
*FileSystem: False
*Throughput: "1"
*cupsVersion: 2.4
*cupsFilter2: "application/vnd.cups-pdf application/pdf 0 -"
*OpenUI *PageSize/Media Size: PickOne
*OrderDependency: 10 AnySetup *PageSize
*DefaultPageSize: A4
{sizes}
*CloseUI: *PageSize
*OpenUI *PageRegion/Media Size: PickOne
*OrderDependency: 10 AnySetup *PageRegion
*DefaultPageRegion: A4
{regions}
*CloseUI: *PageRegion
*OpenUI *InputSlot/Tray: PickOne
*OrderDependency: 20 AnySetup *InputSlot
*DefaultInputSlot: Tray1
*InputSlot Tray1/Tray 1: ""
*InputSlot Tray2/Tray 2: ""
*CloseUI: *InputSlot
*DefaultImageableArea: A4
{areas}
*DefaultPaperDimension: A4
{dimensions}
"""


@dataclass(frozen=True)
class Cups:
    """The running one."""

    folder: Path
    port: int

    @property
    def uri(self) -> str:
        return f"ipp://127.0.0.1:{self.port}/printers/film"

    @property
    def printed(self) -> Path:
        """What the back end got last."""
        return self.folder / "out.pdf"

    def names(self) -> list[str]:
        """The names of all jobs, oldest first."""
        test = self.folder / "jobs.test"
        test.write_text(
            "{ OPERATION Get-Jobs GROUP operation ATTR charset attributes-charset utf-8 "
            "ATTR language attributes-natural-language en ATTR uri printer-uri $uri ATTR keyword which-jobs all "
            "ATTR name requesting-user-name printmgr "
            "ATTR keyword requested-attributes job-name,job-id DISPLAY job-id DISPLAY job-name }"
        )
        said = subprocess.run(["ipptool", "-c", self.uri, str(test)], capture_output=True, text=True, check=False)
        rows = [line.split(",") for line in said.stdout.splitlines()[1:]]
        return [name for _, name in sorted((int(number), name) for number, name in rows)]


@contextmanager
def cups(sizes: dict[str, tuple[float, float]]) -> Iterator[Cups]:
    """Run one whose printer has paper of these sizes, in pt, and no other."""
    folder = Path(tempfile.mkdtemp(prefix="cups-"))
    folder.chmod(0o755)  # its filters may run as another user
    for name in ("etc/ppd", "spool", "cache", "state", "temp", "doc", "log"):
        (folder / name).mkdir(parents=True)
    port = free_port()
    (folder / "etc/cups-files.conf").write_text(FILES.format(folder=folder))
    (folder / "etc/cupsd.conf").write_text(SETTINGS.format(port=port))
    (folder / "etc/printers.conf").write_text(QUEUES.format(folder=folder))
    (folder / "etc/ppd/film.ppd").write_text(ppd(sizes))
    words = ["/usr/sbin/cupsd", "-f", "-c", folder / "etc/cupsd.conf", "-s", folder / "etc/cups-files.conf"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    made = Cups(folder, port)
    try:
        patience = time.monotonic() + 30
        while not _answers(port):
            assert process.poll() is None and time.monotonic() < patience, (folder / "log/error").read_text()
            time.sleep(0.1)
        yield made
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ppd(sizes: dict[str, tuple[float, float]]) -> str:
    def lines(keyword: str, form: str) -> str:
        return os.linesep.join(f"*{keyword} {name}/{name}: {form.format(w=w, h=h)}" for name, (w, h) in sizes.items())

    said = '"<</PageSize[{w:g} {h:g}]>>setpagedevice"'
    return PPD.format(
        sizes=lines("PageSize", said),
        regions=lines("PageRegion", said),
        areas=lines("ImageableArea", '"0 0 {w:g} {h:g}"'),
        dimensions=lines("PaperDimension", '"{w:g} {h:g}"'),
    )
