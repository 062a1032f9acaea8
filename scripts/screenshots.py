"""Draw the pictures of the documents from the demo's report: `python scripts/screenshots.py [FOLDER]`.

FOLDER is where `ta demo` was run (demo); pictures go to `docs/images`.
"""

import base64
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE / "tests"))

from browser import Browser  # noqa: E402

MOST_BYTES = 300_000
# name: width, dark, what stands at the top of the picture, height
PICTURES = {
    "overview": (1100, False, "header", 950),
    "behaviors-dark": (1100, True, "#behaviors", 1250),
    "strategies": (1100, False, "#strategies figure:nth-of-type(3)", 950),
    "reading": (1100, False, "#reading h3:has(+ .keys + .beside) ~ h3:has(+ .keys + .beside)", 640),
    "overview-phone": (390, False, "header", 1270),
}


def draw(report: Path, folder: Path) -> None:
    """Write every picture."""
    folder.mkdir(parents=True, exist_ok=True)
    with Browser() as browser:
        for name, (width, dark, top, height) in PICTURES.items():
            browser.open(report.resolve().as_uri(), width=width, dark=dark)
            browser.draw_all()
            y = browser.evaluate(f"document.querySelector({top!r}).getBoundingClientRect().y + scrollY")
            clip = {"x": 0, "y": max(y - 16, 0), "width": width, "height": height, "scale": 1}
            answer = browser.command("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
            picture = base64.b64decode(answer["data"])
            assert len(picture) < MOST_BYTES, f"{name}: {len(picture):,} bytes are too many for the documents"
            (folder / f"{name}.png").write_bytes(picture)
            print(f"{folder / name}.png: {len(picture):,} bytes")


if __name__ == "__main__":
    demo = Path(sys.argv[1] if len(sys.argv) > 1 else "demo")
    draw(demo / "report.html", HERE / "docs" / "images")
