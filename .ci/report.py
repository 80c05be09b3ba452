"""Opens a report in headless Chromium: nothing in its console, every picture drawn, no sideways scrolling.

    python3 .ci/report.py REPORT.html [--required]

Without Chromium it says so, and is content unless it is required."""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

WIDTHS = (500, 768, 1280)  # 500 is the least that a window of Chromium has
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --enable-logging=stderr --v=0"
).split()
# Runs in a copy of the page, and leaves what it saw in the document.
LOOK = """<script>addEventListener('load', () => {
  document.querySelectorAll('details').forEach((each) => { each.open = true });
  const pictures = [...document.querySelectorAll('svg')];
  const drawn = pictures.filter((each) => each.getBoundingClientRect().width > 100 && each.getBBox().width > 100);
  const wide = document.documentElement.scrollWidth - innerWidth;
  document.title = `pictures ${pictures.length} drawn ${drawn.length} wide ${wide}`;
})</script>"""


def main():
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if browser is None:
        print("no Chromium here; the report was not opened")
        return int("--required" in sys.argv)
    report = Path(sys.argv[1]).read_text()
    faults = []
    for width in WIDTHS:
        with tempfile.TemporaryDirectory() as folder:
            page = Path(folder) / "report.html"
            page.write_text(report.replace("</body>", LOOK + "</body>"))
            command = [browser, *FLAGS, f"--user-data-dir={folder}/profile", f"--window-size={width},900", "--dump-dom", page.as_uri()]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        faults += [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        seen = re.search(r"<title>pictures (\d+) drawn (\d+) wide (-?\d+)</title>", done.stdout)
        if seen is None:
            faults.append(f"{width} px: the page did not load")
            continue
        pictures, drawn, wide = map(int, seen.groups())
        print(f"{width} px: {drawn} of {pictures} pictures drawn, {max(wide, 0)} px too wide")
        if drawn != pictures or pictures == 0 or wide > 0:
            faults.append(f"{width} px: not all is drawn, or the page scrolls sideways")
    print("\n".join(faults) if faults else "ok")
    return int(bool(faults))


sys.exit(main())
