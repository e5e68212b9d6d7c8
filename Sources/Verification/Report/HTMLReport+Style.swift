extension HTMLReport {
  /// Colours are named once for light and once for dark; every pair of text and ground has a contrast
  /// of at least 4.5 : 1.
  static let style = """
    :root{--ground:#fff;--raised:#f5f6f8;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;\
    --good:#116329;--good-ground:#dafbe1;--bad:#a40e26;--bad-ground:#ffebe9;--note:#7d4e00;\
    --note-ground:#fff8c5;--accent:#0b5cad}
    @media (prefers-color-scheme:dark){:root{--ground:#0d1117;--raised:#161b22;--ink:#e6edf3;\
    --soft:#9da7b1;--line:#3d444d;--good:#6fdd8b;--good-ground:#12331c;--bad:#ff9492;\
    --bad-ground:#4b1113;--note:#eac54f;--note-ground:#3b2d0a;--accent:#79b8ff}}
    *{box-sizing:border-box}
    body{margin:0 auto;max-width:72rem;padding:1.5rem;background:var(--ground);color:var(--ink);\
    font:1rem/1.5 system-ui,sans-serif}
    a{color:var(--accent)}
    code{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}
    .skip{position:absolute;left:-99rem}
    .skip:focus{left:1rem;top:1rem;background:var(--ground);padding:.5rem}
    .kicker{margin:0;color:var(--soft)}
    h1{margin:.2rem 0;font-size:2rem;line-height:1.2}
    h1.pass{color:var(--good)}h1.fall-short{color:var(--bad)}h1.fault{color:var(--note)}
    h2{margin:2.5rem 0 .5rem;padding-top:1rem;border-top:1px solid var(--line);font-size:1.35rem;\
    overflow-wrap:anywhere}
    h3{margin:1.8rem 0 .5rem;font-size:1.1rem;overflow-wrap:anywhere}
    .badge{display:inline-block;padding:0 .5em;border-radius:1em;font-size:.85rem;font-weight:600;\
    white-space:nowrap;background:var(--raised);color:var(--soft)}
    .badge.pass{background:var(--good-ground);color:var(--good)}
    .badge.fall-short{background:var(--bad-ground);color:var(--bad)}
    .badge.fault{background:var(--note-ground);color:var(--note)}
    .fault[role=note]{padding:.6rem .9rem;border-left:4px solid var(--note);\
    background:var(--note-ground);color:var(--ink);overflow-wrap:anywhere}
    header th{overflow-wrap:anywhere}
    .scroll{overflow-x:auto}.scroll table,.scroll svg{min-width:40rem}\
    .scroll th[scope=row]{min-width:13rem}
    table{border-collapse:collapse;width:100%;font-size:.95rem}
    caption{text-align:left;color:var(--soft);padding:.3rem 0}
    th,td{padding:.4rem .6rem;border-bottom:1px solid var(--line);text-align:left;\
    vertical-align:top;font-weight:400}
    thead th{color:var(--soft);font-size:.85rem}
    .meaning{display:block;color:var(--soft);font-size:.85rem;max-width:28rem}
    .number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
    .bar{white-space:nowrap;font-variant-numeric:tabular-nums}
    .track{display:inline-block;width:9rem;height:.8rem;border-radius:.2rem;vertical-align:middle;\
    background:var(--raised);border:1px solid var(--line)}
    .fill{display:block;height:100%;border-radius:.2rem;background:var(--accent)}
    .swatch{display:inline-block;width:.8rem;height:.8rem;margin-right:.5rem;border-radius:.2rem;\
    border:1px solid var(--line)}
    .mean th,.mean td{font-weight:600}
    .chart{margin:0}
    .chart svg{display:block;width:100%;max-width:48rem;height:auto;font:12px ui-monospace,monospace}
    .chart text{fill:var(--ink)}.chart .tick,.chart .value{fill:var(--soft)}
    .chart .grid{stroke:var(--line)}.chart .bound{stroke:var(--bad);stroke-dasharray:4 3}
    .chart .kept{fill:var(--accent)}.chart .measured{fill:var(--soft)}.chart .departing{fill:var(--bad)}
    figcaption{color:var(--soft);font-size:.9rem}
    .strip{display:flex;gap:1rem;overflow-x:auto;scroll-snap-type:x mandatory;padding:.5rem;\
    border:1px solid var(--line);border-radius:.4rem}
    .strip figure{flex:0 0 auto;margin:0;max-width:90%;scroll-snap-align:start}
    .strip img{display:block;max-width:100%;height:auto;background:#000;image-rendering:auto}
    :focus-visible{outline:3px solid var(--accent);outline-offset:2px}
    dl{margin:0}dl div{display:grid;grid-template-columns:minmax(0,1fr) minmax(0,3fr);\
    gap:.2rem 1rem;padding:.3rem 0;border-bottom:1px solid var(--line)}
    @media (max-width:40rem){dl div{grid-template-columns:minmax(0,1fr)}}
    dt{color:var(--soft);overflow-wrap:anywhere}dd{margin:0;overflow-wrap:anywhere}
    details{margin:.6rem 0}summary{cursor:pointer;color:var(--accent)}
    @media print{.strip{flex-wrap:wrap}body{max-width:none}}
    """
}
