// Tries what a decoder that was taken over would try, by the name of its clip, and tells how far it came. What is tried here
// in JavaScript ends in the same system calls as machine code would make.

import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import {
  chmodSync,
  ftruncateSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { onTask, tell } from './channel.mjs';

const reach = (to) =>
  new Promise((resolve, reject) => {
    const socket = connect(to, () => resolve('connected'));
    socket.on('error', reject);
  });

const datagram = (port) =>
  new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.on('error', reject);
    socket.send('x', port, '127.0.0.1', (error) => (error ? reject(error) : resolve('sent')));
  });

const parent = process.ppid;

/** Each is given what the test put into the clip's file: places and ports outside. */
const attacks = {
  'its own files': ({ out }) => {
    writeFileSync(join(out, 'kept'), 'x');
    writeFileSync(join(process.env.TMPDIR, 'kept'), 'x');
    renameSync(join(process.env.TMPDIR, 'kept'), join(out, 'moved'));
    return readdirSync(out).join();
  },
  threads: () => new Promise((resolve) => new Worker('1', { eval: true }).on('exit', () => resolve('ran'))),
  'write beside': ({ outside }) => writeFileSync(join(outside, 'left'), 'x'),
  'write to home': () => writeFileSync(join(process.env.HOME, '..', 'left'), 'x'),
  overwrite: ({ secret }) => writeFileSync(secret, 'x'),
  remove: ({ secret }) => rmSync(secret),
  'change rights': ({ path }) => writeFileSync(path, 'x'),
  'link out': ({ out, secret }) => {
    linkSync(secret, join(out, 'link'));
    return readFileSync(join(out, 'link'), 'utf8');
  },
  'leave a link': ({ out, secret }) => symlinkSync(secret, join(out, 'left')),
  'symlink out': ({ out, secret }) => {
    symlinkSync(secret, join(out, 'symlink'));
    return readFileSync(join(out, 'symlink'), 'utf8');
  },
  'read a secret': ({ secret }) => readFileSync(secret, 'utf8'),
  'list a folder': ({ outside }) => readdirSync(outside).join(),
  'read users': () => readFileSync('/etc/passwd', 'utf8'),
  'read the server’s environment': () => readFileSync(`/proc/${parent}/environ`, 'utf8'),
  'read the server’s memory': () => readFileSync(`/proc/${parent}/maps`, 'utf8'),
  'connect by TCP': ({ port }) => reach({ port, host: '127.0.0.1' }),
  'connect to a socket': ({ socket }) => reach({ path: socket }),
  'send by UDP': ({ port }) => datagram(port),
  'ask for a name': () => lookup('example.org').then(() => 'found'),
  'start a program': () => execFileSync('/bin/echo', ['started']).toString(),
  'kill the server': ({ victim }) => process.kill(victim, 'SIGTERM'),
  'make a program': ({ out }) => {
    writeFileSync(join(out, 'program'), '#!/bin/sh\necho made');
    chmodSync(join(out, 'program'), 0o755);
    return execFileSync(join(out, 'program')).toString();
  },
  environment: () => JSON.stringify(process.env),
  'eat memory': () => {
    const kept = [];
    for (;;) kept.push(Buffer.alloc(64 * 2 ** 20, 1));
  },
  spin: () => {
    for (;;);
  },
  'fill the disk': ({ out }) => {
    const file = openSync(join(out, 'large'), 'w');
    ftruncateSync(file, 2 ** 30);
    writeSync(file, 'x', 2 ** 30);
    return 'filled';
  },
};

onTask(async (task) => {
  let title;
  try {
    const given = JSON.parse(readFileSync(task.path, 'utf8'));
    const answer = await attacks[task.name]({ ...task, ...given, data: dirname(task.path) });
    title = `did: ${answer}`;
  } catch (error) {
    title = `refused: ${error.code ?? error.message}`;
  }
  const failed = { kind: 'failed', error: { code: 'INTERNAL', title, next: '' }, document: null };
  tell(failed).then(() => process.exit(0));
});
