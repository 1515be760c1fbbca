/** deploy/ against the program: there is no container engine here, so every word of it that can be checked is. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { CliContext } from '../src/cli/command.ts';
import { commands } from '../src/cli/commands/index.ts';
import { routes } from '../src/server/routes/index.ts';
import { oldestWaiting } from '../src/server/watch/clip-gauges.ts';
import { watchPaths } from '../src/server/watch/watch-http.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8');

function documents(path: string): unknown[] {
  return parseAllDocuments(read(path), { merge: true, uniqueKeys: true }).map((document) => {
    expect([document.errors, document.warnings]).toEqual([[], []]);
    return document.toJS();
  });
}

const sources = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .map((path) => read(`src/${path}`))
  .join('\n');

/** What the real command makes of a command line. Throws where it would not start. */
async function optionsOf([name, ...args]: readonly string[]): Promise<Record<string, unknown>> {
  expect(Object.keys(commands)).toContain(name);
  const command = new Command(name).exitOverride().configureOutput({ writeErr: () => undefined });
  (await commands[name]()).register(command, {} as CliContext);
  command.action(() => undefined);
  command.parse([...args], { from: 'user' });
  return command.opts();
}

const pathsOf = (name: string) =>
  name === 'worker'
    ? watchPaths
    : routes.filter(({ open, method }) => open && method === 'get').map(({ path }) => path);

/** Where it listens that a command line starts. */
function portOf(name: string, options: Record<string, unknown>): number {
  if (name === 'serve') return Number(options.port ?? 7878);
  expect(options.metricsHost).toBe('0.0.0.0');
  return Number(options.metricsPort);
}

/** Variables that the code itself, or the libraries that it names, read. */
const librarys = /^OTEL_/;
function checkVariables(names: readonly string[]): void {
  for (const name of names) {
    expect([name, librarys.test(name) || new RegExp(`\\b${name}\\b`).test(sources)]).toEqual([name, true]);
  }
}

describe('deploy/compose.yaml', () => {
  const service = z.object({
    image: z.string(),
    command: z.array(z.string()).optional(),
    // One without a value is passed on from the shell.
    environment: z.record(z.string(), z.string().nullable()).default({}),
    volumes: z.array(z.string()).default([]),
    ports: z.array(z.string()).default([]),
    healthcheck: z.object({ test: z.array(z.string()) }),
    stop_grace_period: z.string().optional(),
    read_only: z.boolean().optional(),
    cap_drop: z.array(z.string()).optional(),
    security_opt: z.array(z.string()).default([]),
  });
  const [whole] = documents('deploy/compose.yaml');
  const { services, volumes } = z
    .looseObject({ services: z.record(z.string(), service), volumes: z.record(z.string(), z.unknown()) })
    .parse(whole);
  const ours = Object.entries(services).filter(([, { image }]) => image === 'mesoscope');

  test('has a server and a worker', () => {
    expect(ours.map(([name]) => name)).toEqual(['server', 'worker']);
  });

  test.each(ours)('%s starts, is asked for its health where it listens, and is fenced', async (_, found) => {
    const line = found.command ?? [];
    const options = await optionsOf(line);
    const url = new URL(/fetch\('([^']+)'\)/.exec(found.healthcheck.test.join(' '))?.[1] ?? '');
    expect(Number(url.port)).toBe(portOf(line[0], options));
    expect(pathsOf(line[0])).toContain(url.pathname);
    for (const port of found.ports) expect(port.endsWith(`:${url.port}`)).toBe(true);
    checkVariables(Object.keys(found.environment));
    for (const volume of found.volumes) {
      const [name, place] = volume.split(':');
      expect(Object.keys(volumes)).toContain(name);
      // Both look for clips where the volume is mounted.
      expect([options.data, options.store]).toContain(place);
    }
    // A stop takes ten seconds at most.
    expect(Number.parseInt(found.stop_grace_period ?? '', 10)).toBeGreaterThan(10);
    expect(found).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    // Docker's own profile: without it Landlock would not be the only fence that is missing.
    expect(found.security_opt).toEqual(['no-new-privileges:true']);
  });
});

describe('deploy/kubernetes.yaml', () => {
  const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.int() }) });
  const container = z.object({
    image: z.literal('mesoscope'),
    args: z.array(z.string()),
    env: z.array(z.looseObject({ name: z.string() })),
    ports: z.array(z.object({ containerPort: z.int() })),
    startupProbe: probe,
    readinessProbe: probe,
    livenessProbe: probe,
    securityContext: z.looseObject({ readOnlyRootFilesystem: z.literal(true) }),
    volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
  });
  const deployment = z.looseObject({
    kind: z.literal('Deployment'),
    metadata: z.object({ name: z.string() }),
    spec: z.looseObject({
      selector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
      template: z.object({
        metadata: z.looseObject({
          labels: z.record(z.string(), z.string()),
          annotations: z.record(z.string(), z.string()).default({}),
        }),
        spec: z.looseObject({
          terminationGracePeriodSeconds: z.int().gt(10),
          containers: z.tuple([container]),
          volumes: z.array(z.looseObject({ name: z.string() })),
        }),
      }),
    }),
  });
  const all = documents('deploy/kubernetes.yaml') as { kind: string }[];
  const kinds = (kind: string) => all.filter((document) => document.kind === kind);
  const deployments = kinds('Deployment').map((document) => deployment.parse(document));

  test('has a server and workers', () => {
    expect(deployments.map(({ metadata }) => metadata.name)).toEqual([
      'mesoscope-server',
      'mesoscope-worker',
    ]);
  });

  test.each(deployments.map((found) => [found.metadata.name, found] as const))(
    '%s starts, and is probed where it listens',
    async (_, { spec }) => {
      const { metadata, spec: pod } = spec.template;
      const [{ args, env, ports, volumeMounts, ...probes }] = pod.containers;
      const port = portOf(args[0], await optionsOf(args));
      expect(ports).toEqual([{ containerPort: port }]);
      for (const { httpGet } of [probes.startupProbe, probes.readinessProbe, probes.livenessProbe]) {
        expect(httpGet.port).toBe(port);
        expect(pathsOf(args[0])).toContain(httpGet.path);
      }
      // Only life is asked of the process itself: a database that is away is no reason to kill it.
      expect(probes.livenessProbe.httpGet.path).toMatch(/health/);
      expect(probes.readinessProbe.httpGet.path).toMatch(/ready/);
      checkVariables(env.map(({ name }) => name));
      expect(metadata.labels).toEqual(spec.selector.matchLabels);
      if (metadata.annotations['prometheus.io/scrape']) {
        expect(metadata.annotations['prometheus.io/port']).toBe(`${port}`);
        expect(pathsOf(args[0])).toContain(metadata.annotations['prometheus.io/path']);
      }
      const names = pod.volumes.map(({ name }) => name);
      for (const mount of volumeMounts) expect(names).toContain(mount.name);
      expect(volumeMounts.map(({ mountPath }) => mountPath)).toContain('/tmp');
    },
  );

  test('scales workers by the very number that the metric tells', () => {
    const [scaled] = kinds('ScaledObject').map((document) =>
      z
        .looseObject({
          spec: z.looseObject({
            scaleTargetRef: z.object({ name: z.string() }),
            triggers: z.tuple([
              z.looseObject({
                type: z.literal('postgresql'),
                authenticationRef: z.object({ name: z.string() }),
                metadata: z.object({ query: z.string(), targetQueryValue: z.string() }),
              }),
            ]),
          }),
        })
        .parse(document),
    );
    const [{ metadata, authenticationRef }] = scaled.spec.triggers;
    expect(metadata.query.replace(/\s+/g, ' ').trim()).toBe(oldestWaiting.replace(/\s+/g, ' '));
    expect(scaled.spec.scaleTargetRef.name).toBe('mesoscope-worker');
    const named = kinds('TriggerAuthentication').map((document) =>
      z.looseObject({ metadata: z.object({ name: z.string() }) }).parse(document),
    );
    expect(named.map((one) => one.metadata.name)).toEqual([authenticationRef.name]);
  });
});

test('deploy/Dockerfile copies what there is, and starts the command', async () => {
  const lines = read('deploy/Dockerfile').split('\n');
  const copied = lines.flatMap((line) => /^COPY --from=build \/app\/(\S+)/.exec(line)?.[1] ?? []);
  // What is built or installed is not in the sources.
  for (const path of copied.filter((name) => name !== 'dist' && name !== 'node_modules')) {
    expect([path, existsSync(`${root}${path}`)]).toEqual([path, true]);
  }
  const listOf = (word: string): string[] =>
    JSON.parse(lines.find((line) => line.startsWith(`${word} `))?.slice(word.length) ?? '[]');
  const { bin, files } = JSON.parse(read('package.json'));
  expect(listOf('ENTRYPOINT')).toEqual(['node', `/app/${bin.mesoscope}`]);
  expect(await optionsOf(listOf('CMD'))).toEqual({ host: '0.0.0.0', data: '/data' });
  expect(files).toEqual(expect.arrayContaining(['detectors']));
  expect(lines.some((line) => line.startsWith('USER node'))).toBe(true);
});
