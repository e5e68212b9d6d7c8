"""Draws the comparison as SVG: for each model a bar for everybody's time, and one for memory."""

from xml.sax.saxutils import escape

COLOURS = {"ours": "#1b6ca8", "torch": "#d95f02", "onnxruntime": "#8c8c8c", "openvino": "#7570b3"}
BAR, GAP, LABEL, WIDTH = 16, 26, 130, 300


def draw(models, titles, peers):
    y, parts = 30, []
    for column, title in enumerate(("time / fastest peer", "peak memory / that peer")):
        parts.append(text(LABEL + column * (WIDTH + 90), 18, title, "bold"))
    for name, result in models.items():
        best = result["best"]
        fastest = min((who for who in best if who != "ours"), key=lambda who: best[who][0])
        parts.append(text(4, y + 14, titles[name], "bold"))
        y += 22
        for who, figures in best.items():
            parts.append(text(4, y + 12, peers.get(who, "inflate-ckpt")))
            for column, (figure, unit) in enumerate(zip(figures, ("{:.2f} s", "{:.0f} MB"))):
                ratio = figure / best[fastest][column]
                x = LABEL + column * (WIDTH + 90)
                length = min(WIDTH, ratio * WIDTH / 3)
                parts.append(f'<rect x="{x}" y="{y}" width="{length:.1f}" height="{BAR - 2}" '
                             f'fill="{COLOURS[who]}"/>')
                parts.append(text(x + length + 4, y + 12, f"{ratio:.2f} ({unit.format(figure)})"))
            y += BAR
        y += GAP - BAR
    size = f'width="{LABEL + 2 * (WIDTH + 90)}" height="{y}"'
    return (f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" '
            f'font-size="12"><rect width="100%" height="100%" fill="white"/>'
            + "".join(parts) + "</svg>\n")


def text(x, y, words, weight="normal"):
    return f'<text x="{x:.1f}" y="{y}" font-weight="{weight}">{escape(words)}</text>'
