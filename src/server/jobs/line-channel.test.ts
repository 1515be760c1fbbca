import { Duplex, PassThrough } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { LineChannel } from './line-channel.ts';

function pair(longest = 100, onMessage?: (message: unknown) => unknown) {
  const [toUs, fromUs] = [new PassThrough(), new PassThrough()];
  const said: unknown[] = [];
  const ends: (string | undefined)[] = [];
  const channel = new LineChannel(Duplex.from({ readable: toUs, writable: fromUs }), {
    longest,
    onMessage: onMessage ?? ((message) => void said.push(message)),
    onEnd: (problem) => void ends.push(problem),
  });
  return { toUs, fromUs, channel, said, ends };
}

const settle = () => setTimeout(20);

test('messages are whole however they are cut, also inside of a letter', async () => {
  const { toUs, said, ends } = pair();
  const bytes = Buffer.from('{"name":"Zoë"}\n[1]\n"last"\n');
  for (const byte of bytes) toUs.write(Buffer.of(byte));
  toUs.end();
  await settle();
  expect(said).toEqual([{ name: 'Zoë' }, [1], 'last']);
  expect(ends).toEqual([undefined]);
});

test('a message that is too long ends the channel before it is whole; what came before it counts', async () => {
  const { toUs, said, ends } = pair(10);
  toUs.write('"first"\n');
  toUs.write('x'.repeat(6));
  await settle();
  expect(ends).toEqual([]);
  toUs.write('x'.repeat(6));
  await settle();
  expect(ends).toEqual(['it sent a message of more than 10 bytes']);
  expect(said).toEqual(['first']);
});

test('what is no JSON ends the channel, and nothing after it is taken', async () => {
  const { toUs, said, ends } = pair();
  toUs.write('1\nnonsense\n2\n');
  await settle();
  expect([said, ends]).toEqual([[1], ['it sent what is no message']]);
});

test('nothing is read while a message is dealt with', async () => {
  const taken: unknown[] = [];
  let go = () => {};
  const { toUs } = pair(100, (message) => {
    taken.push(message);
    return new Promise<void>((resolve) => {
      go = resolve;
    });
  });
  toUs.write('1\n2\n');
  await settle();
  expect(taken).toEqual([1]);
  go();
  await settle();
  expect(taken).toEqual([1, 2]);
});

test('a message that cannot be dealt with ends the channel, and no more', async () => {
  const { toUs, ends } = pair(100, () => Promise.reject(new Error('a fault of ours')));
  toUs.write('1\n2\n');
  await settle();
  expect(ends).toEqual(['its message could not be dealt with (a fault of ours)']);
});

test('what is sent is a line each; after the end it is dropped without a word', async () => {
  const { toUs, fromUs, channel, ends } = pair();
  await channel.send({ text: 'two\nlines' });
  expect(String(fromUs.read())).toBe('{"text":"two\\nlines"}\n');
  toUs.end();
  await settle();
  expect(ends).toEqual([undefined]);
  await channel.send('late');
  await settle();
  expect(ends).toHaveLength(1);
});
