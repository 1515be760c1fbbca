import { expect, test } from 'vitest';
import { escapeHtml, html, trusted, visible } from './html.ts';

test('strings are escaped, markup made here is not', () => {
  const name = `<b a="1" b='2'>&`;
  expect(html`<p title="${name}">${name}${html`<i>${'&'}</i>`}</p>`.toString()).toBe(
    '<p title="&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;">&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;<i>&amp;</i></p>',
  );
  expect(html`${trusted('<hr>')}`.toString()).toBe('<hr>');
});

test('lists are joined, nothing prints nothing, zero prints', () => {
  expect(html`${['<', 1, html`<br>`, [2]]}|${null}${undefined}${false}|${0}`.toString()).toBe(
    '&lt;1<br>2||0',
  );
});

test('characters that hide or reorder text are shown by their code point', () => {
  expect(visible('a\u202Egpj.exe')).toBe('a⟨U+202E⟩gpj.exe');
  expect(escapeHtml('\u0000\u001b[2J\u0085\u2028')).toBe('⟨U+0000⟩⟨U+001B⟩[2J⟨U+0085⟩⟨U+2028⟩');
  expect(visible('a\tb\nc')).toBe('a\tb\nc');
});

test('broken surrogates become the replacement character, emoji with joiners stay whole', () => {
  expect(visible('x\ud800y')).toBe('x\ufffdy');
  expect(visible('👩‍🔬')).toBe('👩‍🔬');
});
