import { extname } from 'node:path';

const extensions = new Set('.jpg .jpeg .jpe .jfif .png .webp .avif'.split(' '));

/** Whether a file's name is that of a still picture; opening it tells for sure, planning needs no more. */
export const isPictureName = (file: string): boolean => extensions.has(extname(file).toLowerCase());
