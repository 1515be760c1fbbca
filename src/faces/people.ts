/** Portraits of a track, and tracks grouped by whom they show. */
import type { Picture } from '../media/types.ts';
import { samePerson, similarity, unit } from './identity.ts';
import type { Face } from './types.ts';

/** Portraits a track keeps: 150 kB each until it is described. */
const mostPortraits = 3;

/** What a track's person looks like: portraits are cut as frames pass and described only when someone asks. */
export class Likeness {
  #portraits: Picture[] = [];
  #sum: Float32Array | undefined;
  #taken = 0;
  #lastSeconds = Number.NEGATIVE_INFINITY;

  /** Whether a face at this time would add something: well fitted, and a while after the last one. */
  wants(face: Face, timeSeconds: number): boolean {
    if (this.#taken === 0) return true;
    if (this.#taken >= mostPortraits || face.meshConfidence < 0.9) return false;
    return timeSeconds - this.#lastSeconds >= 0.5 * 2 ** this.#taken;
  }

  add(portrait: Picture, timeSeconds: number): void {
    this.#portraits.push(portrait);
    this.#taken++;
    this.#lastSeconds = timeSeconds;
  }

  /** The mean of the portraits so far, a unit vector. */
  async vector(describe: (portraits: readonly Picture[]) => Promise<Float32Array[]>): Promise<Float32Array> {
    const portraits = this.#portraits;
    this.#portraits = [];
    for (const vector of await describe(portraits)) {
      this.#sum = this.#sum ? this.#sum.map((value, i) => value + vector[i]) : vector;
    }
    if (!this.#sum) throw new Error('a track without a portrait has no likeness');
    return unit(this.#sum);
  }
}

/**
 * Numbers people 1, 2, … in order of appearance: each track joins the most similar person so far, unless it differs
 * or was seen in one frame with them.
 */
export function groupPeople(
  vectors: readonly Float32Array[],
  together: (a: number, b: number) => boolean,
): number[] {
  const people: { members: number[]; sum: Float32Array }[] = [];
  return vectors.map((vector, track) => {
    let best = -1;
    let likeness = samePerson;
    for (const [i, person] of people.entries()) {
      const alike = similarity(unit(person.sum), vector);
      if (alike < likeness || person.members.some((member) => together(member, track))) continue;
      best = i;
      likeness = alike;
    }
    if (best < 0) {
      people.push({ members: [track], sum: vector.slice() });
      return people.length;
    }
    people[best].members.push(track);
    people[best].sum = people[best].sum.map((value, i) => value + vector[i]);
    return best + 1;
  });
}
