/** Names of what a part leaves: in a module of its own, since the sender must not load what makes parts. */
import { partJson, partTar } from '../../data/build/part.ts';

export const partFiles = { tar: partTar('', 0), json: partJson('', 0) };
