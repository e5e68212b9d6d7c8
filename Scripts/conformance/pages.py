"""Looks at the verification's pages in a headless browser, as a reader and as a screen reader does.

    python Scripts/conformance/pages.py .build/release/inflate-ckpt [--browser chromium] [--pictures FOLDER]

Makes two pages from the bundled model and brain, one of a sound conversion and one of several
checkpoints with a spoilt and an unreadable one among them, and looks at each in light and in dark,
1280 and 400 pixels wide:

network    nothing is asked for but the page itself
console    no error, no warning
layout     nothing reaches beyond the window's right edge
contrast   text against its ground at least 4.5 : 1, large text 3 : 1
tree       in the browser's accessibility tree: one heading of the first level, which tells the
           verdict, no level left out below it; a name for every picture, table, region, link and
           whatever takes the focus; headers of columns and rows in every table
keyboard   the first stop skips to the report; arrow keys scroll the slices

Each check is then shown a page in which what it looks for is wrong, and has to notice.
"""

import argparse
import base64
import gzip
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

REFERENCE = pathlib.Path(__file__).parents[2] / "Zoo/Reference"
WIDTHS, SCHEMES = (1280, 400), ("light", "dark")

CONTRAST = """(() => {
  const luminance = ([red, green, blue]) => [red, green, blue].map(value => value / 255)
    .map(value => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const numbers = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const ground = element => {
    for (let node = element; node; node = node.parentElement) {
      const colour = numbers(getComputedStyle(node).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter(node => node.nodeType === 3 && node.data.trim());
    if (!text.length || element.closest("title, desc, style")) continue;
    const style = getComputedStyle(element), size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const ink = numbers(element.ownerSVGElement ? style.fill : style.color);
    const pair = [luminance(ink), luminance(ground(element))].sort((one, other) => other - one);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < (isLarge ? 3 : 4.5)) poor.push(`${ratio.toFixed(2)}: ${text[0].data.trim().slice(0, 40)}`);
  }
  return poor;
})()"""

OVERFLOW = """(() => {
  const wide = [...document.querySelectorAll("body *")].filter(element =>
    !element.closest(".scroll > *, .strip > *, svg *, .skip") &&
    element.getBoundingClientRect().right > document.documentElement.clientWidth + 1);
  const reach = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  return wide.map(element => `<${element.tagName.toLowerCase()}> ${element.textContent.replace(/\\s+/g, " ").trim().slice(0, 40)}`)
    .concat(reach > 0 ? [`the page is ${reach} pixels too wide`] : []);
})()"""


class Browser:
    """Chromium, spoken to over the pipes of its DevTools protocol."""

    def __init__(self, program):
        to_browser, self.requests = os.pipe()
        self.answers, from_browser = os.pipe()
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)

        def connect():
            # By way of copies: the pipes may have these very numbers.
            reading, writing = os.dup(to_browser), os.dup(from_browser)
            os.dup2(reading, 3)
            os.dup2(writing, 4)

        # Its sandbox needs rights that a container does not have; the pages are our own.
        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
             "--no-first-run", "--disable-background-networking", f"--user-data-dir={self.folder.name}"],
            preexec_fn=connect, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser), os.close(from_browser)
        self.number, self.rest, self.events = 0, b"", []
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = None
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime", "Accessibility", "DOM"):
            self.ask(f"{domain}.enable")

    session = None

    def message(self):
        while b"\0" not in self.rest:
            data = os.read(self.answers, 1 << 16)
            if not data:
                sys.exit("the browser is gone")
            self.rest += data
        line, self.rest = self.rest.split(b"\0", 1)
        return json.loads(line)

    def ask(self, method, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        data = json.dumps(request).encode() + b"\0"
        while data:
            data = data[os.write(self.requests, data):]
        while (answer := self.message()).get("id") != self.number:
            self.events.append(answer)
        if "error" in answer:
            sys.exit(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def wait(self, event):
        while not any(known["method"] == event for known in self.events if "method" in known):
            self.events.append(self.message())

    def open(self, path, width, scheme):
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events = []
        self.ask("Page.navigate", url=path.as_uri())
        self.wait("Page.loadEventFired")

    def run(self, script):
        return self.ask("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def press(self, key, code):
        for kind in ("rawKeyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)

    def photograph(self, path):
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        picture = self.ask(
            "Page.captureScreenshot", captureBeyondViewport=True,
            clip={"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1})
        path.write_bytes(base64.b64decode(picture["data"]))

    def close(self):
        self.session = None
        self.ask("Browser.close")
        self.process.wait(30)


# What can be wrong with an open page: each returns a list of objections.


def network(browser, path):
    urls = [event["params"]["request"]["url"] for event in browser.events
            if event.get("method") == "Network.requestWillBeSent"]
    return [url[:80] for url in urls if url != path.as_uri() and not url.startswith("data:")]


def console(browser, path):
    entries = [event["params"]["entry"]["text"] for event in browser.events if event.get("method") == "Log.entryAdded"]
    thrown = [str(event["params"])[:200] for event in browser.events
              if event.get("method") in ("Runtime.exceptionThrown", "Runtime.consoleAPICalled")]
    return entries + thrown


def layout(browser, path):
    return browser.run(OVERFLOW)


def contrast(browser, path):
    return browser.run(CONTRAST)


def tree(browser, path):
    everything = browser.ask("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in everything}
    nodes = [node for node in everything if not node.get("ignored")]

    def role(node):
        return node.get("role", {}).get("value")

    def name(node):
        return node.get("name", {}).get("value", "").strip()

    def property_of(node, wanted):
        return next((entry["value"].get("value") for entry in node.get("properties", []) if entry["name"] == wanted), None)

    def below(node):
        for child in filter(None, map(by_id.get, node.get("childIds", []))):
            yield child
            yield from below(child)

    objections = []
    headings = [(property_of(node, "level"), name(node)) for node in nodes if role(node) == "heading"]
    first = [text for level, text in headings if level == 1]
    if len(first) != 1 or not any(word in first[0] for word in ("Sound", "sound", "short", "checked")):
        objections.append(f"headings of the first level: {first}")
    for (above, _), (level, text) in zip(headings, headings[1:]):
        if level > above + 1:
            objections.append(f"a heading of level {level} after {above}: {text}")
    for node in nodes:
        kind = role(node)
        if kind in ("image", "img", "table", "region", "group", "link", "button", "figure") and not name(node):
            if kind not in ("figure", "group") or property_of(node, "focusable"):
                objections.append(f"{kind} without a name")
        if property_of(node, "focusable") and kind not in ("RootWebArea", "Iframe") and not name(node):
            objections.append(f"{kind} takes the focus and has no name")
        if kind == "table":
            kinds = {role(child) for child in below(node)}
            objections += [f"table \"{name(node)}\" has no {wanted}" for wanted in ("columnheader", "rowheader")
                           if wanted not in kinds]
    kinds = {role(node) for node in nodes}
    objections += [f"no {wanted}" for wanted in ("main", "banner") if wanted not in kinds]
    if not browser.run("document.documentElement.lang"):
        objections.append("the page does not say its language")
    twice = browser.run("[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)")
    return objections + [f"two elements called {identifier}" for identifier in twice]


def keyboard(browser, path):
    objections = []
    browser.press("Tab", 9)
    if browser.run("document.activeElement.getAttribute('href')") != "#report":
        objections.append("the first stop does not skip to the report")
    box = browser.run("(() => { const box = document.activeElement.getBoundingClientRect(); return box.left >= 0 && box.width > 0; })()")
    if not box:
        objections.append("the skipping link cannot be seen in focus")
    if browser.run("(strip => strip && strip.scrollWidth > strip.clientWidth)(document.querySelector('.strip'))"):
        browser.run("document.querySelector('.strip').focus()")
        for _ in range(3):
            browser.press("ArrowRight", 39)
        browser.run("new Promise(done => setTimeout(done, 600))")
        deadline = 40
        while deadline and not browser.run("document.querySelector('.strip').scrollLeft > 0"):
            deadline -= 1
        if not deadline:
            objections.append("arrow keys do not scroll the slices")
    return objections


CHECKS = {check.__name__: check for check in (network, console, layout, contrast, tree, keyboard)}

# For each check what to exchange in a good page so that it has to object.
CONTROLS = {
    "network": ("</main>", "<img src='http://127.0.0.1:9/picture.png' alt='far away'></main>"),
    "console": ("</main>", "<script>throw new Error('control')</script></main>"),
    "layout": ("</main>", "<p style='width:2000px'>wide</p></main>"),
    "contrast": ("--soft:#57606a", "--soft:#b0b0b0"),
    "tree": (' alt="Slice', ' data-alt="Slice'),
    "keyboard": ('class="skip" href="#report"', 'class="skip" href="#nowhere"'),
}


def crop(name, folder, slices=range(28, 36)):
    """A few slices of a bundled volume (NIfTI-1, one byte a voxel), so that a run takes seconds."""
    data = gzip.decompress((REFERENCE / name).read_bytes())
    width, height, _ = struct.unpack_from("<3h", data, 42)
    start = int(struct.unpack_from("<f", data, 108)[0])
    header = bytearray(data[:start])
    struct.pack_into("<h", header, 46, len(slices))
    area = width * height
    path = folder / name.removesuffix(".gz")
    path.write_bytes(bytes(header) + data[start + slices.start * area:start + slices.stop * area])
    return path


def pages(tool, folder):
    """The page of a sound conversion, and that of several of which not all are."""
    source = REFERENCE / "beit-tiny-brain-2d.safetensors"
    made = []
    for strategy in ("center", "average"):
        path = folder / f"brain-{strategy}.safetensors"
        subprocess.run(
            [tool, "convert", source, "--to", "transseg-beit", "--image-size", "384,384,5", "--patch-embed", strategy,
             "-o", path, "--report", folder / f"{strategy}.json"], check=True, stdout=subprocess.DEVNULL)
        made.append(path)
    spoilt = bytearray(made[1].read_bytes())
    spoilt[-4096:] = bytes(4096)
    (folder / "spoilt.safetensors").write_bytes(spoilt)
    (folder / "unreadable-because-it-is-no-checkpoint-at-all.safetensors").write_bytes(b"no checkpoint")
    scan, labels = (crop(f"colin27-{name}.nii.gz", folder) for name in ("t1", "labels"))
    for name, checkpoints, status in (
        ("sound", made[:1], 0), ("several", [folder / "*.safetensors"], 1),
    ):
        run = subprocess.run(
            [tool, "verify", *checkpoints, "--source", source, "--volume", scan, "--labels", labels,
             "--intensity-window", "32,119", "--class-names", "grey matter,white matter", "--min-dice", "0.7",
             "--ledger", folder / "center.json", "--report", folder / f"{name}.html"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if run.returncode != status:
            sys.exit(f"verify ended with status {run.returncode}, {status} was expected")
        yield folder / f"{name}.html"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool")
    parser.add_argument("--browser", default="chromium")
    parser.add_argument("--pictures", type=pathlib.Path)
    options = parser.parse_args()
    browser = Browser(options.browser)
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for path in pages(options.tool, folder):
            for width in WIDTHS:
                for scheme in SCHEMES:
                    browser.open(path, width, scheme)
                    found = {check: ask(browser, path) for check, ask in CHECKS.items()}
                    failures += sum(map(len, found.values()))
                    print(f"{path.stem:8} {width:5} {scheme:6}", *(f"{check} {len(objections) or 'good'}" for check, objections in found.items()))
                    for check, objections in found.items():
                        for objection in objections[:8]:
                            print(f"    {check}: {objection}")
                    if options.pictures:
                        options.pictures.mkdir(parents=True, exist_ok=True)
                        browser.photograph(options.pictures / f"{path.stem}-{width}-{scheme}.png")
        good = (folder / "sound.html").read_text()
        for check, (old, new) in CONTROLS.items():
            if old not in good:
                sys.exit(f"{check}: the page has no {old} to exchange")
            spoilt = folder / "control.html"
            spoilt.write_text(good.replace(old, new))
            browser.open(spoilt, 1280, "light")
            if not CHECKS[check](browser, spoilt):
                failures += 1
                print(f"{check}: the control was not noticed")
        print(f"{len(CONTROLS)} controls tried")
    browser.close()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
