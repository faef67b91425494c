/** The page's style sheet. Colours are told apart by lightness too, and never carry a meaning alone. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #fbfaf7; --card: #ffffff; --ink: #1d2127; --soft: #5b636e; --rule: #e0ddd5; --pattern: rgb(255 255 255 / 0.75);
  --spent: #1f5fa8; --baseline: #9a5a00; --gain: #1c7a5a; --loss: #b3402e; --extracted: #1c7a5a; --called: #4f86c6; --direct: #8d8779; --code: #f4f2ec; --accent: #1f5fa8; }
@media (prefers-color-scheme: dark) { :root { --paper: #14171b; --card: #1c2026; --ink: #e9e7e2; --soft: #a3a9b2; --rule: #343a43; --pattern: rgb(0 0 0 / 0.5);
  --spent: #6fb0f5; --baseline: #e9a94b; --gain: #4cc39a; --loss: #f0806c; --extracted: #4cc39a; --called: #5c93d6; --direct: #8f8a7e; --code: #14171b; --accent: #6fb0f5; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; overflow-wrap: break-word; }
main { max-width: 1160px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.01em; }
h2 { font-size: 21px; margin: 0 0 6px; }
h3 { font-size: 15px; line-height: 1.35; margin: 0; }
p { margin: 0 0 12px; max-width: 76ch; }
.soft, .note { color: var(--soft); }
.note { font-size: 14px; }
section { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; padding: 22px 24px; margin-top: 20px; min-width: 0; }
.warning { border-left: 5px solid var(--baseline); padding: 12px 20px; }
.warning p:last-child { margin: 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(165px, 1fr)); gap: 12px; margin-top: 22px; }
.tile { background: var(--card); border: 1px solid var(--rule); border-radius: 12px; padding: 14px 16px; }
.tile b { display: block; font-size: 26px; line-height: 1.25; font-variant-numeric: tabular-nums; }
.tile span { display: block; font-size: 14px; color: var(--soft); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 22px; margin: 4px 0 8px; padding: 0; list-style: none; font-size: 14px; }
.legend li { display: flex; align-items: baseline; }
.legend i { flex: none; width: 26px; height: 12px; margin-right: 8px; border-radius: 2px; }
.legend .line { height: 0; border-top: 3px solid; border-radius: 0; align-self: flex-start; margin-top: 10px; }
.key-extracted { background: var(--extracted); }
.key-called { background: repeating-linear-gradient(45deg, var(--pattern) 0 2px, transparent 2px 6px), var(--called); }
.key-direct { background: radial-gradient(circle, var(--pattern) 1.6px, transparent 1.8px) 0 0 / 6px 6px, var(--direct); }
.plot svg { display: block; width: 100%; height: auto; }
.on-narrow { display: none; }
.scroll { overflow-x: auto; margin-top: 14px; }
.scroll + .note { margin-top: 10px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 7px 14px 7px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
tr:last-child > * { border-bottom: 0; }
th { font-weight: 600; color: var(--soft); }
tbody th { color: var(--ink); min-width: 150px; max-width: 560px; }
td.number, th.number { text-align: right; white-space: nowrap; }
small { display: block; color: var(--soft); font-weight: 400; font-size: 12.5px; overflow-wrap: anywhere; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 16px; margin-top: 16px; }
.card { border: 1px solid var(--rule); border-radius: 10px; padding: 14px 14px 8px; min-width: 0; }
.card p { margin: 4px 0 0; font-size: 14px; }
.clip { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; }
.verdict { font-weight: 600; }
.gain { color: var(--gain); }
.loss { color: var(--loss); }
details { border-top: 1px solid var(--rule); padding: 10px 0; }
summary { cursor: pointer; }
summary small { margin-left: 18px; }
summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
pre { background: var(--code); border: 1px solid var(--rule); border-radius: 8px; padding: 12px 14px; overflow: auto; max-height: 480px; font: 13px/1.5 ui-monospace, "SFMono-Regular", Menlo, "Liberation Mono", monospace; }
pre.text { white-space: pre-wrap; }
p code { font: 0.9em ui-monospace, "SFMono-Regular", Menlo, "Liberation Mono", monospace; white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; margin: 10px 0 14px; font-size: 14px; }
dt { color: var(--soft); }
dd { margin: 0; min-width: 0; }
h4 { font-size: 14px; margin: 14px 0 4px; }
footer { margin-top: 24px; font-size: 13.5px; color: var(--soft); }
@media (max-width: 760px) {
  main { padding: 20px 12px 40px; }
  h1 { font-size: 25px; }
  section { padding: 16px 14px; }
  .tiles { grid-template-columns: 1fr 1fr; gap: 8px; }
  .tile { padding: 10px 12px; }
  .tile b { font-size: 21px; }
  .tile:last-child:nth-child(odd) { grid-column: 1 / -1; }
  table { font-size: 13px; }
  th, td { padding-right: 6px; }
  th:last-child, td:last-child { padding-right: 0; }
  tbody th { min-width: 72px; max-width: 190px; }
  td:not(.number), thead th:not(.number) { min-width: 130px; }
  thead th:first-child { min-width: 72px; }
  td small { font-size: 11.5px; }
  .on-wide { display: none; }
  .on-narrow { display: block; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 6px; }
}
@media print { section { break-inside: avoid; } pre { max-height: none; } }
`
