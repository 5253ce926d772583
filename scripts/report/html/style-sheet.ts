/**
 * How pages look: light or dark as the reader's system is, and light on paper. Charts use the same names of colours.
 * Text has a contrast of at least 4.5 to 1, lines of charts of 3 to 1.
 */

/** So many colours are there for the series of a chart: `--series-1` and on. */
export const SERIES_COLORS = 6;

const LIGHT = `
color-scheme: light;
--page: #f6f7f9; --panel: #ffffff; --text: #1b1f24; --soft: #57606a; --line: #d0d7de; --grid: #e3e7ec; --link: #0550ae;
--good: #116329; --bad: #a40e26; --warn: #7d4e00;
--series-1: #0072b2; --series-2: #b3441a; --series-3: #00795a; --series-4: #8a3a7c; --series-5: #8a6100; --series-6: #24292f;
--many: #8c959f;
`;

const DARK = `
color-scheme: dark;
--page: #0d1117; --panel: #161b22; --text: #e6edf3; --soft: #9da7b3; --line: #30363d; --grid: #262c34; --link: #79c0ff;
--good: #56d364; --bad: #ff8f86; --warn: #e3b341;
--series-1: #56b4e9; --series-2: #f0883e; --series-3: #3fd0a4; --series-4: #d6a0e0; --series-5: #e3c34b; --series-6: #c9d1d9;
--many: #6e7681;
`;

const SWATCHES = Array.from(
  { length: SERIES_COLORS },
  (_, i) => `.swatch-${i + 1} { color: var(--series-${i + 1}); }`,
).join("\n");

export const STYLE_SHEET = `
:root { ${LIGHT} }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 0 1rem 2rem; max-width: 76rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
main:focus { outline: none; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: .5rem; background: var(--panel); padding: .5rem 1rem; z-index: 1; }
h1 { font-size: 1.6rem; margin: 1.2rem 0 .4rem; }
h2 { font-size: 1.25rem; margin: 0 0 .8rem; }
h3 { font-size: 1.05rem; margin: 1.2rem 0 .4rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0; margin: 0 0 1rem; list-style: none; }
section, .lead { background: var(--panel); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.2rem;
  margin: 0 0 1rem; scroll-margin-top: 1rem; }
.verdict { font-size: 1.3rem; font-weight: 700; margin: 0 0 .4rem; }
.good { color: var(--good); } .bad { color: var(--bad); } .warn { color: var(--warn); } .soft { color: var(--soft); }
.status { font-weight: 700; white-space: nowrap; }
.reasons { margin: .4rem 0; padding-left: 1.2rem; }
.reasons li, .pre { white-space: pre-wrap; }
code, pre { font: .9em/1.5 ui-monospace, monospace; }
pre { background: var(--page); border: 1px solid var(--line); border-radius: .3rem; padding: .7rem .9rem; margin: .4rem 0;
  white-space: pre-wrap; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: .6rem; margin: .8rem 0 0; }
.tiles div { border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .7rem; }
.tiles dt { color: var(--soft); font-size: .85rem; }
.tiles dd { margin: 0; font-size: 1.15rem; font-weight: 600; font-variant-numeric: tabular-nums; }
.facts { display: grid; gap: .25rem; margin: 0 0 .8rem; }
.facts div { display: grid; grid-template-columns: minmax(7rem, 13rem) 1fr; gap: .8rem; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; }
.scroll { overflow-x: auto; margin: .4rem 0; }
table { border-collapse: collapse; width: 100%; font-size: .88rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: .2rem 0 .3rem; }
th, td { border-top: 1px solid var(--line); padding: .35rem .6rem; text-align: left; vertical-align: top; unicode-bidi: isolate;
  overflow-wrap: break-word; }
td { min-width: 4rem; }
tbody th { font-weight: 600; min-width: 7rem; }
.number { text-align: right; white-space: nowrap; }
th small, td small { display: block; color: var(--soft); font-weight: 400; }
figure { margin: 0 0 1.4rem; }
figcaption { font-weight: 600; margin: 0 0 .2rem; }
figcaption small { display: block; font-weight: 400; color: var(--soft); }
figure svg { display: block; width: 100%; min-width: 42rem; height: auto; }
figure svg text { font: 12px system-ui, sans-serif; }
.legend { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; list-style: none; margin: .1rem 0 0; padding: 0; font-size: .88rem; }
.swatch { width: 1.8rem; height: .7rem; vertical-align: baseline; margin-right: .35rem; }
figure .swatch { display: inline-block; min-width: 0; width: 1.8rem; }
${SWATCHES}
.swatch-many { color: var(--many); }
summary { cursor: pointer; color: var(--link); font-size: .9rem; }
footer { color: var(--soft); font-size: .85rem; }
@media (max-width: 40rem) {
  .facts div { grid-template-columns: 1fr; gap: 0; }
  .tiles { grid-template-columns: 1fr 1fr; }
}
@media print {
  :root { ${LIGHT} --page: #ffffff; }
  nav, .skip, details { display: none; }
  body { max-width: none; padding: 0; font-size: 9.5pt; }
  section, .lead { border: 0; padding: 0; break-inside: auto; }
  h2, h3, figcaption { break-after: avoid; }
  figure, tr, .tiles div { break-inside: avoid; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; }
  td, tbody th { min-width: 0; }
  figure svg { min-width: 0; }
}
`;
