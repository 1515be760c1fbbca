/** Runs a model whose outputs are its next inputs, without copying or allocating a step. */
import { sizeOf, type Tensor, tensor } from '../graph/tensor.ts';
import type { Session } from './session.ts';

export interface CarriedTensor {
  readonly input: string;
  readonly output: string;
  readonly shape: readonly number[];
}

export interface StepperOptions {
  session: Session;
  carried: readonly CarriedTensor[];
  /** First values of carried tensors by input name; zeros where absent. */
  initial?: ReadonlyMap<string, Tensor>;
  /** Inputs that never change. */
  constant?: Readonly<Record<string, Tensor>>;
}

/**
 * Two buffers a carried tensor: a step reads one and writes the other, then they change places. ONNX Runtime may
 * read a weight after it has written the next one, so one buffer would not do.
 */
export class Stepper {
  readonly #session: Session;
  readonly #carried: readonly CarriedTensor[];
  readonly #constant: Readonly<Record<string, Tensor>>;
  #now: Tensor[];
  #next: Tensor[];

  constructor({ session, carried, initial, constant = {} }: StepperOptions) {
    this.#session = session;
    this.#carried = carried;
    this.#constant = constant;
    const zeros = () => carried.map(({ shape }) => tensor(new Float32Array(sizeOf(shape)), shape));
    this.#now = zeros();
    this.#next = zeros();
    for (const [i, { input, shape }] of carried.entries()) {
      const first = initial?.get(input);
      if (first === undefined) continue;
      if (first.dims.join() !== shape.join()) {
        throw new Error(`${input} is [${first.dims.join(', ')}] where [${shape.join(', ')}] is wanted`);
      }
      (this.#now[i].data as Float32Array).set(first.data as Float32Array);
    }
  }

  /** One step: gives the outputs that are not carried. Do not overlap steps. */
  async step(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
    const all: Record<string, Tensor> = { ...this.#constant, ...feeds };
    const into: Record<string, Tensor> = {};
    for (const [i, { input, output }] of this.#carried.entries()) {
      all[input] = this.#now[i];
      into[output] = this.#next[i];
    }
    const results = await this.#session.run(all, { into });
    for (const { output } of this.#carried) delete results[output];
    [this.#now, this.#next] = [this.#next, this.#now];
    return results;
  }

  /** Values after the last step by input name, the constant ones included; overwritten by the step after next. */
  current(): Map<string, Tensor> {
    return new Map([
      ...this.#carried.map(({ input }, i) => [input, this.#now[i]] as const),
      ...Object.entries(this.#constant),
    ]);
  }

  /** Values that the last step started from; overwritten by the next step. */
  previous(): Map<string, Tensor> {
    return new Map([
      ...this.#carried.map(({ input }, i) => [input, this.#next[i]] as const),
      ...Object.entries(this.#constant),
    ]);
  }

  async dispose(): Promise<void> {
    await this.#session.dispose();
  }
}
