"""How the documentation page looks: readable, narrow screens and dark mode included."""

import base64
import hashlib

STYLE = """
:root { color-scheme: light dark; --ink: #1d2129; --soft: #5b6472; --page: #fff; --panel: #f5f6f8;
  --line: #dfe3e8; --link: #1257b0;
  --get: #1257b0; --post: #176b3a; --patch: #8a5300; --put: #8a5300; --delete: #a5222b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e6ea; --soft: #9aa4b2; --page: #14171c;
  --panel: #1d2229; --line: #323943; --link: #7db4ff;
  --get: #7db4ff; --post: #6fd198; --patch: #e9b15c; --put: #e9b15c; --delete: #ff8e94; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
body { margin: 0; color: var(--ink); background: var(--page);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
nav { position: fixed; inset: 0 auto 0 0; width: 19rem; overflow-y: auto; padding: 1.5rem 1.25rem;
  background: var(--panel); border-right: 1px solid var(--line); font-size: .875rem; }
nav ul { list-style: none; margin: .25rem 0 1rem; padding: 0; }
nav li { margin: .15rem 0; }
nav a { color: inherit; }
nav strong { color: var(--soft); text-transform: uppercase; letter-spacing: .05em;
  font-size: .75rem; }
main { margin-left: 19rem; padding: 2rem 3rem 6rem; max-width: 66rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { margin: 3.5rem 0 0; padding-bottom: .35rem; border-bottom: 2px solid var(--line); }
h3 { margin: 2.75rem 0 .5rem; font-size: 1.2rem; }
h4 { margin: 1.25rem 0 .35rem; font-size: .8rem; color: var(--soft); text-transform: uppercase;
  letter-spacing: .05em; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
  font-size: .85em; }
code { background: var(--panel); border-radius: 4px; padding: .1em .3em; overflow-wrap: anywhere; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px;
  padding: .8rem 1rem; overflow-x: auto; line-height: 1.45; user-select: all; margin: .25rem 0; }
.route { font-family: ui-monospace, monospace; font-size: .95rem; overflow-wrap: anywhere; }
.method { display: inline-block; font: 700 .72rem/1 ui-monospace, monospace; min-width: 3.6em; }
.get { color: var(--get); } .post { color: var(--post); } .patch { color: var(--patch); }
.put { color: var(--put); } .delete { color: var(--delete); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th { text-align: left; color: var(--soft); font-weight: 600; font-size: .8rem; }
th, td { padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td:nth-child(2) { color: var(--soft); min-width: 7rem; }
.need { color: var(--delete); font-size: .75rem; white-space: nowrap; }
.soft { color: var(--soft); text-transform: none; letter-spacing: 0; }
td:first-child { white-space: nowrap; }
.problems { list-style: none; margin: 0; padding: 0; font-size: .9rem; }
.problems li { display: inline-block; margin: 0 1.25rem .3rem 0; }
summary { cursor: pointer; color: var(--link); font-size: .9rem; }
@media (max-width: 60rem) { nav { position: static; width: auto; border: 0;
  border-bottom: 1px solid var(--line); } main { margin: 0; padding: 1.25rem; } }
@media print { nav { display: none; } main { margin: 0; max-width: none; }
  pre { white-space: pre-wrap; } }
"""

_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()

POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; frame-ancestors 'none'"
"""The page's Content-Security-Policy: this style and nothing else."""
