/** Scores a split with the weights of the moment: one session for the whole run, weights as its inputs. */
import { unknownMask } from '../data/batch.ts';
import { openPipeline, type Pipeline, type PipelineOptions } from '../data/pipeline.ts';
import { input } from '../graph/leaves.ts';
import { emitOnnx } from '../graph/onnx/emit.ts';
import { Scope } from '../graph/scope.ts';
import { floats, type Tensor, tensor } from '../graph/tensor.ts';
import { addPixels, noPixels } from '../metrics/segmentation.ts';
import type { Network } from '../models/network.ts';
import { openSession, type Session, type SessionOptions } from '../runtime/session.ts';
import { centresOf, countMapPixels, type MapCentres } from './map-pixels.ts';
import type { Evaluated } from './metrics.ts';

export interface ValidatorOptions {
  network: Network;
  options: Record<string, unknown>;
  size: number;
  /** The split's pictures, in order, without augmentation. */
  pipeline: Omit<PipelineOptions, 'sampling' | 'unreadable' | 'end'>;
  session: SessionOptions;
}

export class Validator {
  readonly #session: Session;
  /** Open from one pass to the next: its threads take seconds to start. */
  readonly #pipeline: Pipeline;
  readonly #centres: MapCentres | undefined;

  private constructor(session: Session, pipeline: Pipeline, centres?: MapCentres) {
    this.#session = session;
    this.#pipeline = pipeline;
    this.#centres = centres;
  }

  static async open({ network, options, size, pipeline, session }: ValidatorOptions): Promise<Validator> {
    const image = input('image', ['N', 3, size, size]);
    const { score, map, mapLogits } = network.build(Scope.root('inference'), image, options);
    const withMap = pipeline.masks && map !== undefined;
    const model = emitOnnx({ name: 'validation', outputs: { score, ...(withMap ? { map } : {}) } });
    const centres = withMap
      ? centresOf({ map, ...(mapLogits ? { mapLogits } : {}) }, image, [size, size])
      : undefined;
    const opened = await openSession(model, session);
    const passes = openPipeline({
      ...pipeline,
      sampling: { kind: 'sequential' },
      unreadable: 'omit',
      end: Math.ceil(pipeline.items.length / pipeline.batchSize),
    });
    return new Validator(opened, passes, centres);
  }

  /** One pass over the split. Pictures that cannot be read are left out and counted by `onSkipped`. */
  async evaluate(
    weights: ReadonlyMap<string, Tensor>,
    onSkipped: (skipped: { id: string; file: string; reason: string }[]) => void = () => {},
  ): Promise<Evaluated> {
    const used = Object.fromEntries([...weights].filter(([path]) => this.#session.inputs.includes(path)));
    const out: Evaluated = { labels: [], scores: [], groups: [] };
    let pixels = noPixels;
    for await (const batch of this.#pipeline.batches({ to: this.#pipeline.batchesPerEpoch })) {
      onSkipped(batch.skipped);
      if (batch.items.length === 0) continue;
      const results = await this.#session.run({ image: tensor(batch.images, batch.dims), ...used });
      out.scores.push(...floats(results.score));
      out.labels.push(...batch.labels);
      out.groups.push(...batch.items.map(({ videoId }) => videoId));
      if (results.map && this.#centres) {
        const [n, height, width] = results.map.dims;
        const [all, side] = [floats(results.map), Math.sqrt(batch.masks.length / n)];
        for (let i = 0; i < n; i++) {
          const data = all.subarray(i * height * width, (i + 1) * height * width);
          const mask = batch.masks.subarray(i * side * side, (i + 1) * side * side);
          if (mask[0] === unknownMask) continue;
          pixels = addPixels(pixels, countMapPixels({ width, height, data }, mask, side, this.#centres));
        }
      }
      batch.release();
    }
    return pixels === noPixels ? out : { ...out, pixels };
  }

  async dispose(): Promise<void> {
    await this.#pipeline.close();
    await this.#session.dispose();
  }
}
