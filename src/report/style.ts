/**
 * The reports' one style sheet: screen light and dark, phone, A4. System fonts only, since a report makes no request.
 * Verdict colours keep apart for all common kinds of colour blindness, and each also has its own shape.
 */

/** The two palettes as declarations; the pages also offer them by a switch. */
export const light = `--paper:#fff;--ink:#15171c;--muted:#5a616d;--rule:#d8d5cd;--hair:#e9e6df;--panel:#f6f4ef;
--likely:#b03a06;--unsure:#866300;--clear:#0a5f9e;--none:#666c77;
--likely-wash:#fbebe2;--unsure-wash:#f8f1da;--clear-wash:#e5f0f8;--none-wash:#f0f0f1;
--gap:#f1efea;--band:#15171c`;

export const dark = `--paper:#14161a;--ink:#eceae5;--muted:#a3a9b4;--rule:#3a3e46;--hair:#2a2e35;--panel:#1c1f25;
--likely:#ff9b66;--unsure:#e6c14c;--clear:#72bdf2;--none:#a7adb8;
--likely-wash:#3a2218;--unsure-wash:#332b14;--clear-wash:#142a3b;--none-wash:#23262c;
--gap:#1b1e23;--band:#eceae5`;

export const css = `
:root{color-scheme:light dark;${light};
--serif:Charter,"Bitstream Charter","Iowan Old Style","Source Serif 4",Georgia,"Liberation Serif","Times New Roman",serif;
--sans:"Inter","Helvetica Neue",Helvetica,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif;
--mono:"SF Mono",ui-monospace,Menlo,Consolas,"Liberation Mono","DejaVu Sans Mono",monospace}
@media (prefers-color-scheme:dark){:root{${dark}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 var(--sans);overflow-wrap:break-word}
main{max-width:1020px;margin:0 auto;padding:28px 30px 64px}
h1,h2,h3,p,dl,dd,figure,ul,table{margin:0}
h1{font:700 34px/1.15 var(--serif);letter-spacing:-.01em;overflow-wrap:anywhere;text-wrap:balance}
h2{font:700 23px/1.2 var(--serif);margin-bottom:4px}
h3{font:600 15px/1.3 var(--sans)}
a{color:inherit;text-decoration-color:var(--muted);text-underline-offset:3px}
a:hover{text-decoration-color:currentColor}
:focus-visible{outline:2px solid var(--clear);outline-offset:2px}
.num,td.n,th.n{font-variant-numeric:tabular-nums}
.nb{white-space:nowrap}
.muted{color:var(--muted)}
.likely{color:var(--likely)}.unsure{color:var(--unsure)}.clear{color:var(--clear)}.none{color:var(--none)}
.mark{width:.8em;height:.8em;vertical-align:-.04em;margin-right:.4em;fill:currentColor;flex:none}

.top{display:flex;justify-content:space-between;gap:4px 20px;flex-wrap:wrap;border-top:4px solid var(--ink);
border-bottom:1px solid var(--rule);padding:9px 0 8px;margin-bottom:26px;font-size:13px;color:var(--muted)}
.top b{color:var(--ink);letter-spacing:.02em}
.file{margin-bottom:6px}
.facts{color:var(--muted);font-size:15px;margin-bottom:22px}
.facts span+span::before{content:"·";margin:0 .5em}

.verdict{display:grid;grid-template-columns:minmax(0,1.05fr) minmax(0,1fr);border-top:3px solid;
background:var(--none-wash)}
.verdict.likely{background:var(--likely-wash)}.verdict.unsure{background:var(--unsure-wash)}
.verdict.clear{background:var(--clear-wash)}
.verdict>div{padding:22px 26px 24px}
.verdict .word{font:700 40px/1.1 var(--serif);letter-spacing:-.015em;display:flex;align-items:baseline}
.verdict .word .mark{width:.62em;height:.62em;margin-right:.32em}
.verdict p{color:var(--ink);margin-top:12px;font-size:17px;line-height:1.45;text-wrap:pretty}
.verdict .measure{color:var(--ink);display:flex;flex-direction:column;justify-content:center}
.verdict.alone{grid-template-columns:1fr}
.verdict.alone p{max-width:46em}
.measure .line{display:flex;align-items:baseline;gap:12px;flex-wrap:wrap}
.measure .big{font:700 40px/1 var(--serif);font-variant-numeric:tabular-nums lining-nums}
.measure .of{font-size:14px;line-height:1.35;color:var(--muted);flex:1 1 150px}
.gauge{display:block;width:100%;height:auto;margin-top:12px}
.gauge text{font:12px var(--sans);fill:var(--muted)}
.caution{border:1px solid var(--rule);border-top:0;padding:13px 26px 14px;font-size:15px;line-height:1.5}
.tally+.caution{border-top:1px solid var(--rule)}
.caution b{margin-right:.3em}
.caution p+p{margin-top:5px}

section{margin-top:46px}
section>.lede{color:var(--muted);font-size:15px;margin-bottom:14px;max-width:48em}
section>h2{border-top:1px solid var(--ink);padding-top:9px}

.chart svg{display:block;width:100%;height:auto}
.chart text{font-family:var(--sans)}
.chart .narrow{display:none}
.key{display:flex;flex-wrap:wrap;gap:5px 20px;font-size:13px;color:var(--muted);margin-top:8px}
.key span{display:inline-flex;align-items:center}
.key svg{margin-right:6px;flex:none}

table{width:100%;border-collapse:collapse;font-size:14.5px;line-height:1.4}
th{font-weight:600;font-size:13px;color:var(--muted);text-align:left;padding:6px 14px 6px 0;vertical-align:bottom;
border-bottom:1px solid var(--rule)}
td{padding:11px 14px 11px 0;vertical-align:top;border-bottom:1px solid var(--hair)}
th.n,td.n{text-align:right;white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
td .v{font-weight:600;display:flex;align-items:baseline;white-space:nowrap}
td .who{font-weight:600;white-space:nowrap}
td .why{margin-top:2px;color:var(--muted);font-size:13.5px;min-width:15em}
.bar{display:block;width:150px;height:14px;margin-top:4px}
td .iv{color:var(--muted);white-space:nowrap}

.persons{display:grid;grid-template-columns:1fr 1fr;grid-auto-flow:dense;gap:0 30px}
.person{margin-top:22px;break-inside:avoid;grid-column:1/-1}
.person.half{grid-column:auto}.half .crops{grid-template-columns:1fr}
.person>h3{display:flex;flex-wrap:wrap;align-items:baseline;gap:2px 14px;padding-bottom:8px}
.person>h3 .v{display:inline-flex;align-items:baseline;font-weight:400}
.crops{display:grid;grid-template-columns:1fr 1fr;gap:14px 30px}
.crops h4{margin:0 0 6px;font:400 13px/1.4 var(--sans);color:var(--muted)}
.strip{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:10px}
.strip img{display:block;width:100%;height:auto;aspect-ratio:1;object-fit:cover;background:var(--panel)}
.strip img+img{margin-top:3px}
.strip figcaption{display:flex;justify-content:space-between;gap:6px;font-size:13px;padding-top:4px;
font-variant-numeric:tabular-nums;border-top:3px solid var(--none)}
.strip .likely{border-color:var(--likely);color:inherit}.strip .unsure{border-color:var(--unsure);color:inherit}
.strip .clear{border-color:var(--clear);color:inherit}
.strip figcaption b{font-weight:600}
.strip figcaption span{color:var(--muted)}

.facts-list{display:grid;grid-template-columns:minmax(9em,1fr) minmax(0,3.6fr);font-size:15px;margin-top:8px}
.facts-list dt{color:var(--muted);padding:8px 14px 8px 0;border-bottom:1px solid var(--hair)}
.facts-list dd{padding:8px 0;border-bottom:1px solid var(--hair);overflow-wrap:anywhere}
code{font:13px/1.5 var(--mono);overflow-wrap:anywhere}
pre{margin:0;font:13px/1.5 var(--mono);white-space:pre-wrap;overflow-wrap:anywhere;background:var(--panel);padding:10px 12px}
.two{display:grid;grid-template-columns:1fr 1fr;gap:0 40px}
.two h3{margin:10px 0 6px}
.plain{padding:0;list-style:none;font-size:15px;line-height:1.45}
.plain li{padding:6px 0;border-bottom:1px solid var(--hair)}
.plain li b{font-weight:600}
.counts{display:grid;grid-template-columns:auto 1fr;gap:0 18px;font-size:15px;margin-top:8px}
.counts dt{text-align:right;font-weight:600;font-variant-numeric:tabular-nums;padding:5px 0}
.counts dd{padding:5px 0}
.sign{display:grid;grid-template-columns:2fr 2fr 1fr;gap:44px 30px;margin-top:52px;font-size:13px;color:var(--muted)}
.sign div{border-top:1px solid var(--ink);padding-top:5px}
.sign .wide{grid-column:1/-1}
footer{margin-top:44px;border-top:1px solid var(--rule);padding-top:10px;font-size:13px;color:var(--muted)}

.tally{display:flex;flex-wrap:wrap;gap:14px 44px;margin:4px 0 18px}
.tally div{display:flex;flex-direction:column}
.tally .big{font:700 36px/1.1 var(--serif);font-variant-numeric:lining-nums}
.tally .what{font-size:14px;display:flex;align-items:baseline}
.clips td:first-child{font-weight:600;overflow-wrap:anywhere}
.clips td:first-child .where{font-weight:400;color:var(--muted);font-size:13px}

td.scale{width:38%;min-width:180px}td.scale .gauge{margin-top:0}
.scroll{overflow-x:auto}
.grid{display:grid;grid-template-columns:1fr 1fr;gap:26px 40px}
.grid h3{margin-bottom:4px}
.faces{display:flex;flex-wrap:wrap;gap:12px}
.explained{margin:14px 0 20px}.explained h3{margin-bottom:6px}.explained p{font-size:13px}
.faces figure{width:112px;margin:0}
.faces img{display:block;width:112px;height:112px;object-fit:cover;background:var(--panel)}
.faces figcaption{font-size:13px;padding-top:3px;overflow-wrap:anywhere}

@media screen and (max-width:700px){
.grid{grid-template-columns:1fr}
main{padding:16px 16px 48px}
h1{font-size:26px}
.verdict{grid-template-columns:1fr}
.verdict>div{padding:18px 18px 6px}
.verdict>div:last-child{padding-bottom:20px}
.verdict .word{font-size:32px}
.verdict p{font-size:16px}
.caution{padding:12px 18px}
.gauge text{font-size:15px}
section{margin-top:36px}
.chart .wide{display:none}.chart .narrow{display:block}
.persons,.crops,.two{grid-template-columns:1fr}
.facts-list{grid-template-columns:1fr}
.facts-list dt{border:0;padding:9px 0 0;font-size:13px}
.facts-list dd{padding:1px 0 9px}
.stack thead{display:none}
.stack tr{display:grid;grid-template-columns:1fr 1fr;gap:2px 16px;padding:12px 0;border-bottom:1px solid var(--rule)}
.stack td{border:0;padding:2px 0;text-align:left}
.stack td.full{grid-column:1/-1}
.stack td[data-label]::before{content:attr(data-label);display:block;font-size:12px;color:var(--muted)}
.stack td .v{white-space:normal}
.sign{grid-template-columns:1fr;gap:48px}
}
@page{size:A4;margin:15mm 14mm 17mm}
@page{@bottom-right{content:counter(page) " / " counter(pages);font:9pt sans-serif;color:#5a616d}}
@media print{
:root{color-scheme:light;${light}}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
body{font-size:10.2pt;line-height:1.42}
main{max-width:none;padding:0}
h1{font-size:22pt}h2{font-size:15pt}
.verdict .word,.measure .big{font-size:25pt}
.verdict p{font-size:11pt}
.verdict>div{padding:14px 18px 16px}
section{margin-top:19px}
section>h2,section>.lede,.person>h3,h3{break-after:avoid}
.verdict,.caution,.chart,tr,.person,.facts-list div,.sign,figure{break-inside:avoid}
.facts-list,.plain,.counts,.caution,section>.lede,.facts{font-size:9.8pt}
table{font-size:9.4pt}td .why{font-size:8.8pt}
.strip{gap:7px;grid-template-columns:repeat(3,24mm)}.crops{gap:8px 18px}
.person{margin-top:14px}
section.whole,.counts,.plain li,.two{break-inside:avoid}
.gauge{margin-top:8px}.gauge text{font-size:14px}
.verdict .word{white-space:nowrap}
td{padding-top:7px;padding-bottom:7px}
.top{margin-bottom:16px}.facts{margin-bottom:14px}
.sign{margin-top:40px;gap:34px 24px}
a{text-decoration:none}
}
`.trim();
