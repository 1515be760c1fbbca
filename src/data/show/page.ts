/** The contact sheet's HTML: one file, nothing is fetched; every name from outside is escaped. */
import type { Dropped } from '../../media/types.ts';
import type { SheetRow } from './contact-sheet.ts';

export interface SheetContent {
  title: string;
  rows: readonly SheetRow[];
  /** Real, manipulated. */
  classes: readonly number[];
  methods: readonly Dropped[];
  droppedByReason: readonly Dropped[];
  dropped: readonly { id: string; reason: string }[];
}

const mostListed = 2000;

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const text = (value: string) => value.replace(/[&<>"']/g, (mark) => escapes[mark]);

const style = `
body{font:14px/1.45 system-ui,sans-serif;margin:0 auto;max-width:1500px;padding:16px 24px 96px;color:#1d2327;background:#fff}
h1{font-size:20px;overflow-wrap:anywhere}h2{font-size:16px;margin-top:32px}
.row{border-top:1px solid #d5dade;padding:10px 0}.row.marked{background:#fdeceb}
.row h3{font-size:12px;font-weight:500;margin:0 0 6px;color:#4a545c;overflow-wrap:anywhere}
.cells{display:flex;flex-wrap:wrap;gap:8px}figure{margin:0;width:160px}figure img{display:block;width:160px;height:160px;background:#eef0f2}
figcaption{font-size:12px;color:#4a545c}.problem{width:160px;height:160px;background:#fdeceb;font-size:11px;overflow:hidden}
label{font-size:13px;margin-right:12px}table{border-collapse:collapse}td,th{padding:3px 12px 3px 0;text-align:left;vertical-align:top;overflow-wrap:anywhere}
.bar{position:fixed;left:0;right:0;bottom:0;background:#1d2327;color:#fff;padding:10px 24px;display:flex;gap:16px;align-items:center}
button{font:inherit;padding:6px 14px;border:0;border-radius:4px;background:#fff;color:#1d2327;cursor:pointer}button:disabled{opacity:.5;cursor:default}`;

/** Marks live in the page until they are saved: a page from a file has no safe place to keep them. */
const script = `
const boxes=[...document.querySelectorAll('input[data-reason]')];
const save=document.getElementById('save');
const said=document.getElementById('said');
const list=()=>boxes.filter(b=>b.checked).flatMap(b=>JSON.parse(b.closest('.row').dataset.ids).map(id=>({id,reason:b.dataset.reason})));
const show=()=>{for(const row of document.querySelectorAll('.row'))row.classList.toggle('marked',!!row.querySelector('input:checked'));
const n=list().length;save.disabled=n===0;said.textContent=n===0?'Nothing is marked.':n+(n===1?' picture is':' pictures are')+' marked.'};
addEventListener('change',e=>{const b=e.target;if(b.checked)for(const o of b.closest('.row').querySelectorAll('input'))if(o!==b)o.checked=false;show()});
addEventListener('beforeunload',e=>{if(list().length>0&&!save.dataset.saved)e.preventDefault()});
save.onclick=()=>{const a=document.createElement('a');
a.href=URL.createObjectURL(new Blob([JSON.stringify({schema:'mesoscope.exclusions/1',items:list()},null,1)],{type:'application/json'}));
a.download='exclude.json';a.click();save.dataset.saved='1'};show();`;

export function page({ title, rows, classes, methods, droppedByReason, dropped }: SheetContent): string {
  const table = (lines: readonly (readonly [string, string | number])[]) =>
    `<table>${lines.map(([a, b]) => `<tr><td>${text(String(b))}</td><td>${text(a)}</td></tr>`).join('')}</table>`;
  const listed = dropped.slice(0, mostListed);
  const more = dropped.length - listed.length;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${text(title)}</title><style>${style}</style></head><body>
<h1>${text(title)}</h1>
<p>${classes[0]} real and ${classes[1]} manipulated pictures; ${rows.length} rows drawn at random. Mark what is wrong, save the list as
<code>exclude.json</code> beside the manifest, and prepare, synthesize and training leave it out.</p>
${rows.map(row).join('\n')}
<h2>Methods</h2>${table(methods.map(({ reason, count }) => [reason, count]))}
<h2>Left out</h2>${droppedByReason.length === 0 ? '<p>Nothing.</p>' : table(droppedByReason.map(({ reason, count }) => [reason, count]))}
${listed.length === 0 ? '' : `<details><summary>Each of them</summary>${table(listed.map(({ id, reason }) => [reason, id]))}${more > 0 ? `<p>${more} more in report.json.</p>` : ''}</details>`}
<div class="bar"><span id="said"></span><button id="save">Save exclude.json</button></div>
<script>${script}</script></body></html>
`;
}

const reasons = ['wrong face', 'bad alignment', 'wrong label'];

function row({ title, ids, cells }: SheetRow): string {
  const pictures = cells.map(({ caption, picture, problem }) => {
    const shown =
      picture === undefined
        ? `<div class="problem">${text(problem ?? '')}</div>`
        : `<img alt="${text(caption)}" src="data:image/jpeg;base64,${picture}">`;
    return `<figure>${shown}<figcaption>${text(caption)}</figcaption></figure>`;
  });
  const marks = reasons.map(
    (reason) => `<label><input type="checkbox" data-reason="${text(reason)}"> ${text(reason)}</label>`,
  );
  return `<div class="row" data-ids="${text(JSON.stringify(ids))}"><h3>${text(title)}</h3><div class="cells">${pictures.join('')}</div>${marks.join('')}</div>`;
}
