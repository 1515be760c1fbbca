/** Models, recipes, manifests and lists made to harm: each is refused by name, and nothing outside of them is touched. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { afterEach, describe, expect, test } from 'vitest';
import { UserError } from '../../src/base/errors.ts';
import { Random } from '../../src/base/random.ts';
import { readManifest } from '../../src/data/manifest.ts';
import { detectorPath } from '../../src/detect/bundled.ts';
import { contractKey } from '../../src/detect/contract.ts';
import { loadDetector } from '../../src/detect/detector.ts';
import { readPins } from '../../src/detect/pins.ts';
import { recipeOfDraw, type Sweep } from '../../src/experiments/sweep-file.ts';
import { decodeModel, encodeModel, type ModelProto } from '../../src/graph/onnx/proto.ts';
import { decodeSafeTensors } from '../../src/models/weights/safetensors.ts';
import { makeConfig, readConfigFile } from '../../src/server/config.ts';
import { parseRecipe, readRecipe } from '../../src/train/recipe.ts';
import { temporaryFolder } from '../media-fixtures.ts';
import { mutations } from './mutations.ts';
import { damagedText } from './texts.ts';

const made = temporaryFolder();
const seed = 9;
let count = 0;

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const folder = made(`case-${++count}`);
  await mkdir(folder);
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

afterEach(() => {
  // Whatever was read, no object has got a property that it was not given.
  for (const key of ['polluted', 'isAdmin', 'steps', 'data', 'name']) expect(key in {}).toBe(false);
});

const bundled = await readFile(detectorPath('mesoinception4-dfdc-pairs'));

/** The smallest bundled detector, changed. */
function model(change: (model: ModelProto, contract: Record<string, unknown>) => void): Uint8Array {
  // A copy: decoded weights are views of the bytes.
  const decoded = decodeModel(Uint8Array.from(bundled));
  const entry = decoded.metadataProps?.find(({ key }) => key === contractKey);
  const contract = JSON.parse(entry?.value ?? '{}') as Record<string, unknown>;
  change(decoded, contract);
  const others = decoded.metadataProps?.filter(({ key }) => key !== contractKey) ?? [];
  const metadataProps = [...others, { key: contractKey, value: JSON.stringify(contract) }];
  return encodeModel({ ...decoded, metadataProps });
}

describe('models whose metadata lies', () => {
  const input = (contract: Record<string, unknown>) => contract.input as Record<string, unknown>;
  test.each<[string, (model: ModelProto, contract: Record<string, unknown>) => void]>([
    [
      'another input size than the network',
      (_, contract) => Object.assign(input(contract), { width: 64, height: 64 }),
    ],
    ['an input of a gigapixel', (_, contract) => Object.assign(input(contract), { width: 1e5, height: 1e5 })],
    [
      'a map that the network does not have',
      (_, contract) => Object.assign(contract, { outputs: { score: 'score', map: 'map' } }),
    ],
    [
      'ten thousand golden vectors',
      (_, contract) =>
        Object.assign(contract, { golden: Array.from({ length: 1e4 }, (_, n) => ({ seed: n, score: 0.5 })) }),
    ],
    ['no golden vector', (_, contract) => Object.assign(contract, { golden: [] })],
    [
      'thresholds the wrong way round',
      (_, contract) => Object.assign(contract, { thresholds: { likely: 0.1, notFound: 0.9, basis: '' } }),
    ],
    ['a name that is a path', (_, contract) => Object.assign(contract, { name: '../../evil' })],
    ['a name that is markup', (_, contract) => Object.assign(contract, { name: '<script>' })],
    [
      'a calibration that turns scores round',
      (_, contract) => Object.assign(contract, { calibration: { kind: 'platt', slope: -1, offset: 0 } }),
    ],
    ['more than the schema knows', (_, contract) => Object.assign(contract, { run: 'rm -rf /' })],
    [
      'a network with another output',
      ({ graph }) => Object.assign(graph.output?.[0] ?? {}, { name: 'other' }),
    ],
    [
      'weights that were changed',
      ({ graph }) => {
        for (const tensor of graph.initializer ?? []) tensor.rawData?.fill(0x3f);
      },
    ],
    [
      'an operation that there is not',
      ({ graph }) => Object.assign(graph.node?.[0] ?? {}, { opType: 'Exec', domain: 'evil' }),
    ],
  ])('%s', async (_, change) => {
    const path = await written('x.onnx', model(change));
    await expect(loadDetector(path, { threads: 1 })).rejects.toMatchObject({
      name: 'UserError',
      code: expect.stringMatching(/^DETECTOR_(INVALID|DIFFERS)$/),
    });
  });

  test('the same model, unchanged, is taken: the cases above fail for what was changed', async () => {
    await (
      await loadDetector(
        await written(
          'x.onnx',
          model(() => undefined),
        ),
        { threads: 1 },
      )
    ).close();
  });

  test('weights in another file are refused, wherever the tensor hides', async () => {
    const tensor = new BinaryWriter()
      .tag(1, WireType.Varint)
      .int64(1)
      .tag(2, WireType.Varint)
      .int32(1)
      .tag(8, WireType.LengthDelimited)
      .string('stolen')
      .tag(13, WireType.LengthDelimited)
      .fork()
      .tag(1, WireType.LengthDelimited)
      .string('location')
      .tag(2, WireType.LengthDelimited)
      .string('../../../../etc/passwd')
      .join()
      .tag(14, WireType.Varint)
      .int32(1)
      .finish();
    const graph = new BinaryWriter().tag(7, WireType.LengthDelimited).fork();
    graph.tag(5, WireType.LengthDelimited).bytes(tensor);
    // A second graph: readers that take the last and readers that join them see different models.
    const twice = new Uint8Array(Buffer.concat([bundled, graph.join().finish()]));
    await expect(loadDetector(await written('x.onnx', twice))).rejects.toMatchObject({
      code: 'DETECTOR_INVALID',
      fact: expect.stringContaining('graph occurs twice'),
    });
    const outside = model(({ graph: { initializer } }) =>
      Object.assign(initializer?.[0] ?? {}, { dataLocation: 1 }),
    );
    await expect(loadDetector(await written('x.onnx', outside))).rejects.toMatchObject({
      code: 'DETECTOR_INVALID',
      fact: expect.stringContaining('other files'),
    });
  });

  test('damaged models, by a seed: loaded or refused with a code', async () => {
    const random = new Random(seed, 'models');
    const said = new Map<string, number>();
    for (let i = 0; i < 25; i++) {
      const names = Object.keys(mutations);
      const damage = mutations[names[random.integer(0, names.length - 1)]];
      const path = await written('x.onnx', damage(bundled, random, bundled.subarray(1000)));
      const answer = await loadDetector(path, { threads: 1 }).then(
        async (detector) => {
          await detector.close();
          return 'loaded';
        },
        (error) => (error instanceof UserError ? error.code : `fault: ${error}`),
      );
      expect(answer).toMatch(/^loaded$|^DETECTOR_/);
      said.set(answer, (said.get(answer) ?? 0) + 1);
    }
    expect(said.get('DETECTOR_INVALID')).toBeGreaterThan(5);
  });
});

const recipeText = await readFile(new URL('../../recipes/compact-blends.json', import.meta.url), 'utf8');

describe('recipes', () => {
  test('of this repository are taken', () => {
    expect(parseRecipe(JSON.parse(recipeText))).toBeDefined();
  });

  test.each([
    ['__proto__ at the top', recipeText.replace('{', '{"__proto__": {"polluted": 1},')],
    ['constructor at the top', recipeText.replace('{', '{"constructor": {"prototype": {"polluted": 1}},')],
    [
      'a network called constructor',
      JSON.stringify({ ...JSON.parse(recipeText), network: { name: 'constructor' } }),
    ],
    [
      'a network called __proto__',
      JSON.stringify({ ...JSON.parse(recipeText), network: { name: '__proto__' } }),
    ],
    ['arrays in arrays, a hundred thousand deep', '['.repeat(1e5) + ']'.repeat(1e5)],
    ['not JSON', '{"name":'],
    ['a number that is none', recipeText.replace(/\}\s*$/, ',"seed": 1e999}')],
    ['nothing', ''],
  ])('%s', async (_, text) => {
    const path = await written('recipe.json', text);
    const read = await readRecipe(path).catch((error: UserError) => error);
    if (read instanceof Error) {
      expect(read).toMatchObject({
        name: 'UserError',
        code: expect.stringMatching(/^RECIPE_|^NETWORK_UNKNOWN$/),
      });
      return;
    }
    // A key that is passed over must be as if it were not there.
    await writeFile(path, recipeText);
    expect(read).toEqual(await readRecipe(path));
  });

  test.each([
    '__proto__.polluted',
    'constructor.prototype.polluted',
    'a.constructor.prototype.polluted',
    'prototype.x',
  ])('a sweep over %s reaches no prototype', (key) => {
    const recipe = JSON.parse(recipeText) as Record<string, unknown>;
    const sweep = { name: 'x', folder: made(''), recipe, parameters: {} } as unknown as Sweep;
    const draw = { run: 0, values: { [key]: 1 }, shown: {} };
    expect(() => recipeOfDraw(sweep, draw)).toThrow(expect.objectContaining({ code: 'RECIPE_INVALID' }));
    expect(recipeOfDraw(sweep, { ...draw, values: {} })).toBeDefined();
  });
});

describe('manifests', () => {
  const head = 'id,file,label,method,videoId,sourceId\n';
  test.each([
    ['a path that climbs', 'a,../../../etc/passwd,real,original,v,s\n'],
    ['a path from the root', 'a,/etc/passwd,real,original,v,s\n'],
    ['a path that climbs by way of a folder', 'a,x/../../etc/passwd,real,original,v,s\n'],
    ['a NUL in a path', 'a,x\0.jpg,real,original,v,s\n'],
    ['a cell of ten megabytes', `a,${'x'.repeat(1e7)},real,original,v,s\n`],
    ['a quote that never ends', `a,"${'x'.repeat(1e5)}`],
    ['nobody knows what it is', 'a,x.jpg,maybe,original,v,s\n'],
  ])('%s', async (_, row) => {
    await expect(readManifest(await written('manifest.csv', head + row))).rejects.toMatchObject({
      name: 'UserError',
      code: 'MANIFEST_INVALID',
      // The value is named, and not all ten megabytes of it.
      message: expect.stringMatching(/^.{1,1500}$/su),
    });
  });

  test('a column called __proto__', async () => {
    const path = await written(
      'manifest.csv',
      `${head.trimEnd()},__proto__\na,x.jpg,real,original,v,s,polluted\n`,
    );
    await expect(readManifest(path)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });

  test('random bytes as Parquet', async () => {
    const random = new Random(seed, 'parquet');
    for (const ending of ['', 'PAR1']) {
      const bytes = Uint8Array.from({ length: 4000 }, () => random.integer(0, 255));
      const path = await written(
        'manifest.parquet',
        Buffer.concat([Buffer.from('PAR1'), bytes, Buffer.from(ending)]),
      );
      await expect(readManifest(path)).rejects.toBeInstanceOf(UserError);
    }
  });
});

test('damaged recipes and manifests, by a seed: read or refused with a code, and nothing outside is named', async () => {
  const recipe = await readFile(new URL('../../recipes/mobilenet-codecs.json', import.meta.url));
  const manifest = Buffer.from(
    'id,file,label,videoId,sourceId,mask\na,p/a.png,real,v1,s1,\nb,p/b.png,manipulated,v2,s1,p/b.mask.png\n',
  );
  const folder = made('documents');
  await mkdir(join(folder, 'p'), { recursive: true });
  for (const name of ['a.png', 'b.png', 'b.mask.png']) await writeFile(join(folder, 'p', name), 'there');
  const answers: Record<string, number> = {};
  for (let n = 0; n < 300; n++) {
    const random = new Random(seed, `document ${n}`);
    const [name, bytes] = n % 2 ? ['manifest.csv', manifest] : ['recipe.json', recipe];
    const path = join(folder, name);
    await writeFile(path, damagedText(bytes, random));
    const answer = await (n % 2 ? readManifest(path) : readRecipe(path)).catch((error: unknown) => {
      if (!(error instanceof UserError)) throw error;
      return error.code;
    });
    if (typeof answer === 'object' && 'items' in answer) {
      for (const { file, mask = '' } of answer.items) expect(`${file} ${mask}`).not.toMatch(/\.\.|(?:^| )\//);
    }
    const key = typeof answer === 'string' ? answer : 'read';
    answers[key] = (answers[key] ?? 0) + 1;
  }
  // Neither is all refused nor all taken: then the damage would be of one kind.
  expect(answers.read).toBeGreaterThan(30);
  expect(answers.RECIPE_INVALID).toBeGreaterThan(30);
  expect(answers.MANIFEST_INVALID).toBeGreaterThan(30);
});

describe('weights', () => {
  const safe = (header: string, body = 0) => {
    const json = Buffer.from(header);
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(json.length));
    return Buffer.concat([size, json, Buffer.alloc(body)]);
  };
  test.each([
    ['a header of an exabyte', Buffer.from('ffffffffffffff0f7b7d', 'hex')],
    [
      'a tensor of a terabyte',
      safe('{"a":{"dtype":"F32","shape":[1000000,1000000],"data_offsets":[0,4000000000000]}}'),
    ],
    [
      'a shape that overflows',
      safe('{"a":{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,0]}}'),
    ],
    [
      'tensors over each other',
      safe(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}',
        4,
      ),
    ],
    ['a negative place', safe('{"a":{"dtype":"U8","shape":[4],"data_offsets":[-4,0]}}', 4)],
    ['__proto__ as a tensor', safe('{"__proto__":{"dtype":"XX","shape":[1],"data_offsets":[0,1]}}', 1)],
  ])('%s', (_, bytes) => {
    expect(() => decodeSafeTensors(new Uint8Array(bytes), 'x.safetensors')).toThrow(
      expect.objectContaining({ name: 'UserError' }),
    );
  });
});

describe('settings', () => {
  test('a configuration with __proto__ sets nothing', async () => {
    const path = await written('config.json', '{"__proto__": {"token": "x", "polluted": 1}, "port": 1}');
    const given = await readConfigFile(path).catch((error: UserError) => error);
    if (!(given instanceof Error)) expect(makeConfig(given).token).toBeUndefined();
  });

  test('a list of pins of a hundred megabytes of one line is refused, and not for ever', async () => {
    await expect(readPins(await written('pins.txt', 'a'.repeat(2 ** 24)))).rejects.toMatchObject({
      code: 'PINS_INVALID',
    });
  });
});
