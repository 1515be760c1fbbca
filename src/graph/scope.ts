/**
 * A scope names what a network owns: parameters by layer path, running statistics, noise. The same network
 * function run with a training scope and with an inference scope gives two graphs over the same names.
 */
import { Random } from '../base/random.ts';
import { input } from './leaves.ts';
import { inLayer, type Value } from './node.ts';
import { type FloatTensor, fixed, type Shape, sizeOf, tensor } from './tensor.ts';

/** How a parameter starts. Fans count the weights that feed, and are fed by, one unit. */
export type Initializer =
  | { kind: 'constant'; value: number }
  | { kind: 'normal'; deviation: number }
  /** Uniform in ±sqrt(6 / (fanIn + fanOut)) (Glorot & Bengio 2010), Keras' default. */
  | { kind: 'glorot-uniform'; fanIn: number; fanOut: number }
  /** Normal with deviation sqrt(2 / fan) (He et al. 2015). */
  | { kind: 'he-normal'; fan: number }
  /** Uniform in ±sqrt(1 / fanIn), PyTorch's default for convolution and dense layers. */
  | { kind: 'fan-in-uniform'; fanIn: number };

export interface Parameter {
  /** Layer path and name, such as `block1/conv/weight`: the key in checkpoints. */
  readonly path: string;
  readonly value: Value;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  /** False for running statistics, which updates change and optimisers do not. */
  readonly trainable: boolean;
}

export type Mode = 'training' | 'inference';

interface Shared {
  readonly mode: Mode;
  readonly parameters: Map<string, Parameter>;
  readonly updates: Map<string, Value>;
  readonly noise: Map<string, Value>;
}

export class Scope {
  readonly path: string;
  readonly #shared: Shared;

  private constructor(path: string, shared: Shared) {
    this.path = path;
    this.#shared = shared;
  }

  static root(mode: Mode): Scope {
    return new Scope('', { mode, parameters: new Map(), updates: new Map(), noise: new Map() });
  }

  get mode(): Mode {
    return this.#shared.mode;
  }

  /** All parameters in order of creation, and after each step the next value of the running statistics. */
  get parameters(): readonly Parameter[] {
    return [...this.#shared.parameters.values()];
  }

  get updates(): ReadonlyMap<string, Value> {
    return this.#shared.updates;
  }

  /** Uniform [0, 1) inputs that the trainer feeds anew each step, by name: dropout draws from them. */
  get noiseInputs(): ReadonlyMap<string, Value> {
    return this.#shared.noise;
  }

  /** Builds a layer: what `build` makes carries the layer's path. */
  layer<T>(name: string, build: (scope: Scope) => T): T {
    return inLayer(name, () => build(new Scope(this.#join(name), this.#shared)));
  }

  /** A parameter of this layer. The same path twice is the same value (shared weights). */
  parameter(
    name: string,
    shape: Shape,
    initializer: Initializer,
    options: { trainable?: boolean } = {},
  ): Value {
    const path = this.#join(name);
    const existing = this.#shared.parameters.get(path);
    if (existing) {
      if (existing.shape.join() !== shape.join()) throw new Error(`two shapes for the parameter ${path}`);
      return existing.value;
    }
    const sizes = fixed(shape);
    const value = input(path, sizes);
    this.#shared.parameters.set(path, {
      path,
      value,
      shape: sizes,
      initializer,
      trainable: options.trainable ?? true,
    });
    return value;
  }

  /** Says what a running statistic becomes after a training step. */
  update(name: string, next: Value): void {
    const path = this.#join(name);
    if (!this.#shared.parameters.has(path)) throw new Error(`no parameter ${path} to update`);
    this.#shared.updates.set(path, next);
  }

  /**
   * Uniform [0, 1) noise, an input of the training step. Fed by the trainer from (seed, step, path), so that a
   * resumed run draws what an unbroken one would have drawn; ONNX Runtime's own generators cannot do that.
   */
  noise(name: string, shape: Shape): Value {
    const path = `noise/${this.#join(name)}`;
    const value = input(path, fixed(shape));
    this.#shared.noise.set(path, value);
    return value;
  }

  #join(name: string): string {
    return this.path === '' ? name : `${this.path}/${name}`;
  }
}

export function trainableCount(parameters: readonly Parameter[]): number {
  return parameters.filter((p) => p.trainable).reduce((sum, p) => sum + sizeOf(p.shape), 0);
}

/** A parameter's first value: a function of the seed and its path only, so adding layers moves no other weight. */
export function initialValue({ path, shape, initializer }: Parameter, seed: number): FloatTensor {
  const values = new Float32Array(sizeOf(shape));
  const random = new Random(seed, 'initial', path);
  const uniform = (bound: number) => {
    for (let i = 0; i < values.length; i++) values[i] = random.uniform(-bound, bound);
  };
  const normal = (deviation: number) => {
    for (let i = 0; i < values.length; i++) values[i] = deviation * random.normal();
  };
  switch (initializer.kind) {
    case 'constant':
      values.fill(initializer.value);
      break;
    case 'normal':
      normal(initializer.deviation);
      break;
    case 'glorot-uniform':
      uniform(Math.sqrt(6 / (initializer.fanIn + initializer.fanOut)));
      break;
    case 'he-normal':
      normal(Math.sqrt(2 / initializer.fan));
      break;
    case 'fan-in-uniform':
      uniform(Math.sqrt(1 / initializer.fanIn));
      break;
  }
  return tensor(values, shape);
}

/** First values of all parameters, by path. */
export function initialWeights(parameters: readonly Parameter[], seed: number): Map<string, FloatTensor> {
  return new Map(parameters.map((parameter) => [parameter.path, initialValue(parameter, seed)]));
}
