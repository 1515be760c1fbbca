/** Takes training steps: feeds batches, keeps weights and state, stops at the first value that is not finite. */
import { errors } from '../base/errors.ts';
import { Random } from '../base/random.ts';
import { type FloatTensor, fixed, sizeOf, type Tensor, tensor } from '../graph/tensor.ts';
import { inputShape } from '../models/network.ts';
import { channelBlock } from '../runtime/channel-block.ts';
import { openSession, type SessionOptions } from '../runtime/session.ts';
import { Stepper } from '../runtime/stepper.ts';
import { diagnose } from './diagnose.ts';
import { buildStep, type StepModel, type StepOptions } from './step.ts';

/** One batch as the engine takes it; n is the step's batch size. */
export interface TrainingBatch {
  /** n x 3 x size x size; sequences hold their frames one after another. */
  images: Float32Array;
  /** n. */
  labels: Float32Array;
  /** n x size x size where the loss reads masks. */
  masks?: Float32Array;
  /** n where the step was built with sample weights. */
  weights?: Float32Array;
}

export interface StepReport {
  loss: number;
  /** Global norm of the gradients before clipping. */
  norm: number;
  /** n probabilities of manipulated, in training mode; overwritten by the next step. */
  scores: Float32Array;
}

export interface TrainerOptions {
  step: StepOptions;
  /** Weights by layer path, and state as a checkpoint keeps it; state that is absent starts at 0. */
  initial: ReadonlyMap<string, Tensor>;
  /** Of all noise. */
  seed: number;
  session?: SessionOptions;
  /** Names the last good checkpoint in the error of a run that diverges. */
  lastCheckpoint?: () => string;
}

export class Trainer {
  readonly model: StepModel;
  readonly #options: TrainerOptions;
  readonly #stepper: Stepper;
  readonly #noise: { name: string; value: FloatTensor }[];

  private constructor(options: TrainerOptions, model: StepModel, stepper: Stepper) {
    this.#options = options;
    this.model = model;
    this.#stepper = stepper;
    this.#noise = model.noise.map(({ name, shape }) => ({
      name,
      value: tensor(new Float32Array(sizeOf(shape)), shape),
    }));
  }

  /** @throws DEVICE_UNAVAILABLE; Error where a weight is missing or of another shape. */
  static async open(options: TrainerOptions): Promise<Trainer> {
    const onCpu = (options.session?.device ?? 'cpu') === 'cpu';
    const model = buildStep({ ...options.step, channelBlock: onCpu ? await channelBlock() : undefined });
    const initial = withAverages(model, options.initial);
    for (const { path } of model.parameters) {
      if (!initial.has(path)) throw new Error(`the weight ${path} is missing`);
    }
    // Steps follow each other at once, and nothing else wants the cores: waiting busily gains a tenth.
    const session = await openSession(model.model, { spinning: true, ...options.session });
    const constant = model.constant
      // What the loss does not reach is no input of the model.
      .filter((path) => session.inputs.includes(path))
      .map((path) => [path, initial.get(path) as Tensor]);
    const stepper = new Stepper({
      session,
      carried: model.carried,
      initial,
      constant: Object.fromEntries(constant),
    });
    return new Trainer(options, model, stepper);
  }

  /**
   * One step. `step` counts from 0 over the run and seeds its noise; `count` counts from 1 since the optimiser
   * started.
   * @throws TRAINING_DIVERGED with the layer; the weights are then those before the step.
   */
  async step(batch: TrainingBatch, step: number, learningRate: number, count: number): Promise<StepReport> {
    const feeds = this.#feeds(batch, step);
    const results = await this.#stepper.step({ ...feeds, ...this.model.scalars(learningRate, count) });
    const [loss, norm] = [results.loss, results.norm].map(({ data }) => Number(data[0]));
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      const all = new Map([...this.#stepper.previous(), ...Object.entries(feeds)]);
      const { what, layer } = await diagnose(this.#options.step, all, this.#options.session ?? {});
      const checkpoint = this.#options.lastCheckpoint?.() ?? 'none yet';
      throw errors.TRAINING_DIVERGED(step + 1, what, layer, checkpoint);
    }
    return { loss, norm, scores: results.score.data as Float32Array };
  }

  /** All weights as they stand, by layer path; valid until the step after next. */
  weights(): Map<string, Tensor> {
    const state = this.state();
    return new Map(this.model.parameters.map(({ path }) => [path, state.get(path) as Tensor]));
  }

  /** The moving averages where the recipe asks for them, else the weights: what validation and detectors use. */
  averaged(): Map<string, Tensor> {
    const state = this.state();
    const weights = this.model.parameters.map(({ path }) => path);
    return new Map(weights.map((path) => [path, (state.get(`ema/${path}`) ?? state.get(path)) as Tensor]));
  }

  /** Everything that a checkpoint keeps. */
  state(): Map<string, Tensor> {
    const unreached = this.model.constant.map(
      (path) => [path, this.#options.initial.get(path) as Tensor] as const,
    );
    return new Map([...unreached, ...this.#stepper.current()]);
  }

  async dispose(): Promise<void> {
    await this.#stepper.dispose();
  }

  #feeds(batch: TrainingBatch, step: number): Record<string, Tensor> {
    const { network, batchSize: n, size, sampleWeights } = this.#options.step;
    const feeds: Record<string, Tensor> = {
      image: tensor(batch.images, fixed(inputShape(network, n, size))),
      label: tensor(batch.labels, [n]),
    };
    if (this.model.masks) feeds.mask = tensor(batch.masks ?? [], [n, size, size]);
    if (sampleWeights) feeds.weight = tensor(batch.weights ?? [], [n]);
    for (const { name, value } of this.#noise) {
      const random = new Random(this.#options.seed, 'noise', step, name);
      for (let i = 0; i < value.data.length; i++) value.data[i] = random.next();
      feeds[name] = value;
    }
    return feeds;
  }
}

/** Averages begin at the weights. */
function withAverages(model: StepModel, initial: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const all = new Map(initial);
  for (const { input } of model.carried) {
    if (!input.startsWith('ema/') || all.has(input)) continue;
    const weight = all.get(input.slice('ema/'.length));
    if (weight) all.set(input, weight);
  }
  return all;
}
