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
  | { kind: 'fan-in-uniform'; fanIn: number }
  /**
   * Kernels [O, I, k, k] that predict a pixel from its neighbours: centre -1, the others positive with sum 1 in each
   * plane (Bayar & Stamm 2016).
   */
  | { kind: 'prediction-error' };

export interface Parameter {
  /** Layer path and name, such as `block1/conv/weight`: the key in checkpoints. */
  readonly path: string;
  readonly value: Value;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
  /** False for running statistics, which updates change and optimisers do not. */
  readonly trainable: boolean;
}

/** The nearest (or another) value that a parameter may have, as a graph over the value that it would have. */
export type Constraint = (next: Value) => Value;

export type Mode = 'training' | 'inference';

interface Shared {
  readonly mode: Mode;
  readonly parameters: Map<string, Parameter>;
  readonly updates: Map<string, Value>;
  readonly constraints: Map<string, Constraint>;
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
    return new Scope('', {
      mode,
      parameters: new Map(),
      updates: new Map(),
      constraints: new Map(),
      noise: new Map(),
    });
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

  /**
   * What trainable parameters are held to, by path. Whoever writes a training step applies it to the optimiser's
   * result, `next = constraint(updated)`, so that it holds after every step; first values meet it already.
   */
  get constraints(): ReadonlyMap<string, Constraint> {
    return this.#shared.constraints;
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

  /** Holds a parameter of this layer to `project` of what the optimiser makes of it; see {@link constraints}. */
  constrain(name: string, project: Constraint): void {
    const path = this.#join(name);
    if (!this.#shared.parameters.has(path)) throw new Error(`no parameter ${path} to constrain`);
    this.#shared.constraints.set(path, project);
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
    case 'prediction-error':
      predictionError(values, shape[2] * shape[3], () => random.next());
      break;
  }
  return tensor(values, shape);
}

function predictionError(values: Float32Array, plane: number, draw: () => number): void {
  const centre = (plane - 1) / 2;
  for (let from = 0; from < values.length; from += plane) {
    // Bounded away from zero, so that no plane's sum is nearly nothing.
    const drawn = Array.from({ length: plane }, (_, i) => (i === centre ? 0 : 0.5 + draw()));
    const sum = drawn.reduce((total, value) => total + value, 0);
    for (const [i, value] of drawn.entries()) values[from + i] = i === centre ? -1 : value / sum;
  }
}

/** First values of all parameters, by path. */
export function initialWeights(parameters: readonly Parameter[], seed: number): Map<string, FloatTensor> {
  return new Map(parameters.map((parameter) => [parameter.path, initialValue(parameter, seed)]));
}
