/**
 * The wire: what the HTTP API takes and gives, as zod schemas and types. No Node imports: pages and clients use it too.
 *
 * Every path starts with `/api`. Errors of all routes are {@link problemSchema} as `application/problem+json`.
 *
 * | route                                  | takes → gives                                                                |
 * | -------------------------------------- | ---------------------------------------------------------------------------- |
 * | GET    /api/about                      | → {@link aboutSchema}: version, limits, default detector, whether a token is needed |
 * | POST   /api/session                    | {@link sessionRequestSchema} → 204 and a cookie, for pages (pictures, players and event streams cannot send headers) |
 * | DELETE /api/session                    | → 204, the cookie is gone                                                    |
 * | GET    /api/health, /api/ready         | → {@link healthSchema}; no token; `ready` is 503 where the database or the jobs are not |
 * | GET    /metrics                        | → Prometheus text                                                            |
 * | GET    /api/openapi.json, /api/docs    | → OpenAPI 3.1, and the same for people                                       |
 * | POST   /api/clips?name=&detector=&sample= | the file's bytes as the body → 201 {@link clipSummarySchema}              |
 * | POST   /api/clips/url                  | {@link urlRequestSchema} → 201 {@link clipSummarySchema} (queued once fetched) |
 * | POST   /api/uploads                    | tus 1.0.0 creation; `Upload-Metadata` keys: filename, detector, sample → 201, `Location` |
 * | HEAD, PATCH, DELETE /api/uploads/:id   | tus 1.0.0 core, termination, checksum; complete: header {@link clipHeader}    |
 * | GET    /api/clips?…                    | {@link clipQuerySchema} → {@link clipListSchema}, newest first                |
 * | GET    /api/clips/:id                  | → {@link clipSchema}                                                         |
 * | DELETE /api/clips/:id                  | → 204; file, pictures, reports and row are gone                              |
 * | POST   /api/clips/:id/cancel           | → {@link clipSummarySchema}; a finished clip stays as it is                  |
 * | POST   /api/clips/:id/rescan           | {@link rescanRequestSchema} → 201 {@link clipSummarySchema}: a clip of its own on the same file |
 * | GET    /api/clips/:id/events           | server-sent events, {@link clipEventSchema}; ends after the last one         |
 * | GET    /api/events                     | server-sent events of all clips: one stream for a page that shows several    |
 * | GET    /api/clips/:id/media            | the file, with HTTP ranges                                                   |
 * | GET    /api/clips/:id/crops/:n.jpg     | a face of `evidence` as the detector saw it                                  |
 * | GET    /api/clips/:id/maps/:n.png      | a map of `maps`: transparent where the score is 0, to be laid over `region`  |
 * | GET    /api/clips/:id/report.html, report.json | the report, the result document                                      |
 * | GET    /api/clips/:id/evidence         | zip bundle: JSON, HTML, crops, maps, contract, hashes, replay command        |
 * | GET    /api/detectors                  | → {@link detectorListSchema}                                                 |
 * | GET    /api/detectors/:name            | → {@link detectorSchema}                                                     |
 * | GET    /api/detectors/:name/model.onnx | the detector's file, for local analysis                                      |
 * | GET    /api/runs                       | → {@link runListSchema}; 404 RUNS_NOT_SERVED without `--runs`                |
 * | GET    /api/runs/report.html           | the runs explorer                                                            |
 * | GET    /api/work                       | → {@link workSchema}: who works, what waits, tasks newest first              |
 * | POST   /api/tasks/:id/cancel           | → 204; one that has ended stays as it is                                     |
 *
 * Tokens: `Authorization: Bearer …`, or the cookie of `POST /api/session`. A request that changes something and carries
 * the cookie must come from the same origin (`Sec-Fetch-Site` or `Origin`).
 */
import { z } from 'zod';
import { contractSchema } from '../detect/contract.ts';
import { resultSchema, verdicts } from '../detect/result.ts';

/** Response header of the upload that completed: the id of the clip that it became. HEAD gives it again. */
export const clipHeader = 'Mesoscope-Clip';

const time = z.iso.datetime().describe('UTC');
const probability = z.number().min(0).max(1);
const path = z.string().startsWith('/').describe('path on this server');

/** RFC 9457. */
export const problemSchema = z
  .object({
    type: z.string(),
    /** The fact, in one sentence, with the value that caused it. */
    title: z.string(),
    status: z.int(),
    /** Of the list in src/base/errors.ts. Stable; unknown ones may come from a newer server. */
    code: z.string(),
    /** What can be done about it; may be empty. */
    next: z.string(),
    /** Where input was refused: which field, and why. */
    issues: z.array(z.object({ at: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;

export const limitsSchema = z
  .object({
    /** Largest file, bytes. */
    uploadBytes: z.int().positive(),
    /** Longest clip, seconds. */
    clipSeconds: z.number().positive(),
    /** Most pixels of a frame. */
    framePixels: z.int().positive(),
    /** Most frames that a sampling policy may ask for. */
    sampledFrames: z.int().positive(),
    /** Largest piece of a resumable upload that is sent at once, bytes. */
    chunkBytes: z.int().positive(),
  })
  .meta({ id: 'Limits' });
export type Limits = z.infer<typeof limitsSchema>;

export const aboutSchema = z
  .object({
    version: z.string(),
    limits: limitsSchema,
    defaultDetector: z.string(),
    defaultSample: z.string(),
    /** True where the server was started with a token. */
    tokenRequired: z.boolean(),
    /** True where this request may use the API. */
    signedIn: z.boolean(),
    /** True where a folder of runs is served. */
    runs: z.boolean(),
    /** True where workers may join: there is work to look at. */
    work: z.boolean(),
    /** True where clips can be fetched by URL. */
    urls: z.boolean(),
  })
  .meta({ id: 'About' });
export type About = z.infer<typeof aboutSchema>;

export const sessionRequestSchema = z.strictObject({ token: z.string().max(1024) });

export const healthSchema = z
  .object({ status: z.enum(['ok', 'starting', 'unavailable']), version: z.string() })
  .meta({ id: 'Health' });

export const clipStatuses = ['fetching', 'queued', 'running', 'done', 'failed', 'cancelled'] as const;
export type ClipStatus = (typeof clipStatuses)[number];

/** Statuses after which nothing changes. */
export const finalStatuses: readonly ClipStatus[] = ['done', 'failed', 'cancelled'];

export const stages = ['fetch', 'start', 'open', 'frames', 'score', 'report'] as const;
export type Stage = (typeof stages)[number];

export const progressSchema = z
  .object({
    stage: z.enum(stages),
    /** Frames in `frames`, bytes in `fetch`; 0 where the stage has no count. */
    done: z.int().nonnegative(),
    /** 0 where it is not known. */
    total: z.int().nonnegative(),
    /** Of the whole analysis, never falling. */
    fraction: probability,
    /** Estimated seconds left; null until there is something to estimate it from. */
    secondsLeft: z.number().nonnegative().nullable(),
  })
  .meta({ id: 'Progress' });
export type Progress = z.infer<typeof progressSchema>;

export const failureSchema = z
  .object({ code: z.string(), title: z.string(), next: z.string() })
  .describe('why there is no result; never a score');

/** One analysis of one file by one detector. */
export const clipSummarySchema = z
  .object({
    id: z.uuid(),
    /** As the sender named the file; for showing only. */
    name: z.string(),
    bytes: z.int().nonnegative().nullable(),
    /** Of the file; null while it is fetched. Lower-case hex. */
    sha256: z.string().nullable(),
    /** Where the clip was fetched from; null for an upload. Without credentials and fragment. */
    url: z.string().nullable(),
    detector: z.string(),
    /** Sampling policy, such as `even:32`. */
    sample: z.string(),
    status: z.enum(clipStatuses),
    createdAt: time,
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
    /** How often the analysis was begun; more than 1 after a crash or a restart. */
    attempts: z.int().nonnegative(),
    /** Clips that will be begun before this one; null unless queued. */
    ahead: z.int().nonnegative().nullable(),
    progress: progressSchema.nullable(),
    /** Null until done, and where the clip has no score. */
    verdict: z.enum(verdicts).nullable(),
    score: probability.nullable(),
    interval: z.tuple([probability, probability]).nullable(),
    /** Seconds; null until known. */
    durationSeconds: z.number().nonnegative().nullable(),
    error: failureSchema.nullable(),
  })
  .meta({ id: 'ClipSummary' });
export type ClipSummary = z.infer<typeof clipSummarySchema>;

/** The part of the upright frame that a crop or map covers: a rectangle turned about its centre. Frame pixels. */
export const regionSchema = z
  .object({
    centreX: z.number(),
    centreY: z.number(),
    width: z.number().positive(),
    height: z.number().positive(),
    /** Radians, clockwise on the screen. */
    angle: z.number(),
  })
  .meta({ id: 'Region' });
export type Region = z.infer<typeof regionSchema>;

const sighting = {
  trackId: z.int().positive(),
  frameIndex: z.int().nonnegative(),
  timeSeconds: z.number().nonnegative(),
  /** Calibrated score of this face. */
  score: probability,
  region: regionSchema,
};

export const evidenceCropSchema = z
  .object({
    n: z.int().nonnegative(),
    ...sighting,
    /** Which end of the track's scores it stands for. */
    end: z.enum(['most', 'least']),
    url: path,
    /** Pixels of the picture at `url`. */
    width: z.int().positive(),
    height: z.int().positive(),
    /** `n` of the map of the same face; null where the detector has none. */
    map: z.int().nonnegative().nullable(),
  })
  .meta({ id: 'EvidenceCrop' });
export type EvidenceCropDocument = z.infer<typeof evidenceCropSchema>;

/** Maps of all scored faces, in order of time, so that a player can draw them in step. */
export const mapSchema = z
  .object({
    n: z.int().nonnegative(),
    ...sighting,
    url: path,
    width: z.int().positive(),
    height: z.int().positive(),
  })
  .meta({ id: 'ScoreMap' });
export type MapDocument = z.infer<typeof mapSchema>;

/** What the file says of its own origin (C2PA). */
export const credentialsSchema = z
  .object({
    /** `unreadable`: there may be credentials, but they could not be read; that changes nothing else. */
    status: z.enum(['absent', 'valid', 'invalid', 'unreadable']),
    /** The status as a sentence, with what it does not prove. */
    statement: z.string(),
    manifests: z.array(
      z.object({
        label: z.string(),
        active: z.boolean(),
        claimGenerator: z.string().nullable(),
        title: z.string().nullable(),
        signedBy: z.string().nullable(),
        signedAt: z.string().nullable(),
        actions: z.array(z.string()),
        ingredients: z.array(z.string()),
      }),
    ),
    /** What the check found wrong, in its own words. */
    problems: z.array(z.string()),
  })
  .meta({ id: 'Credentials' });
export type Credentials = z.infer<typeof credentialsSchema>;

export const clipSchema = clipSummarySchema
  .extend({
    /** The document of `mesoscope scan --json`; also there where the file itself was at fault (`result.error`). */
    result: resultSchema.nullable(),
    /** Thresholds, error rates and limits that the result is to be read with; null until done. */
    contract: contractSchema.nullable(),
    evidence: z.array(evidenceCropSchema),
    maps: z.array(mapSchema),
    credentials: credentialsSchema.nullable(),
    /** The command that repeats the scan; null until done. */
    replay: z.string().nullable(),
    /** Media type of the file at `links.media`, as sniffed, never as sent. */
    mediaType: z.string().nullable(),
    links: z.object({
      media: path,
      events: path,
      report: path.nullable(),
      json: path.nullable(),
      evidence: path.nullable(),
    }),
    /** Other analyses of the same upload. */
    related: z.array(
      z.object({
        id: z.uuid(),
        detector: z.string(),
        sample: z.string(),
        status: z.enum(clipStatuses),
        verdict: z.enum(verdicts).nullable(),
        score: probability.nullable(),
      }),
    ),
  })
  .meta({ id: 'Clip' });
export type Clip = z.infer<typeof clipSchema>;

const detectorName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/)
  .describe('name of GET /api/detectors');

/** Request header: who sends. Clips of different senders take turns; see docs/workers.md. */
export const senderHeader = 'Mesoscope-Client';
export const senderSchema = z
  .string()
  .regex(/^[\w.@:/-]{1,64}$/)
  .describe('letters, digits and . _ @ : / -, at most 64');

/** Asked of each new clip; the server's defaults where left out. */
export const scanOptionsSchema = z.object({
  detector: detectorName.optional(),
  priority: z.enum(['low', 'normal', 'high']).optional().describe('all of a higher one come first'),
  sample: z.string().max(64).optional().describe('even:N, fps:N, every:N, range:START+COUNT or keyframes'),
});

export type ScanOptions = z.input<typeof scanOptionsSchema>;

export const uploadQuerySchema = scanOptionsSchema.extend({
  name: z.string().min(1).max(1024).default('clip').describe('file name, for showing only'),
});

export const urlRequestSchema = scanOptionsSchema.extend({ url: z.url().max(4096) }).strict();
export type UrlRequest = z.infer<typeof urlRequestSchema>;

export const rescanRequestSchema = scanOptionsSchema.strict();
export type RescanRequest = z.infer<typeof rescanRequestSchema>;

export const clipQuerySchema = z.object({
  search: z.string().max(256).optional().describe('part of the name or URL, or start of the SHA-256'),
  verdict: z.enum(verdicts).optional(),
  status: z.enum(clipStatuses).optional(),
  detector: detectorName.optional(),
  before: z.string().max(128).optional().describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(200).default(50),
});
export type ClipQuery = z.input<typeof clipQuerySchema>;

export const clipListSchema = z
  .object({
    clips: z.array(clipSummarySchema),
    /** For `before`; null on the last page. */
    next: z.string().nullable(),
    /** All clips that match, on all pages. */
    total: z.int().nonnegative(),
  })
  .meta({ id: 'ClipList' });
export type ClipList = z.infer<typeof clipListSchema>;

/**
 * Data of an event of `GET /api/clips/:id/events`. The event's name is `state`: one is sent at once, then one for every
 * change; the stream ends after one with a final status. Each holds the whole state, so a client that comes back
 * (`Last-Event-ID`) misses nothing. `id` grows with every change of any clip.
 */
export const clipEventSchema = clipSummarySchema;
export const clipEventName = 'state';
/** Sent when the clip was deleted; the stream of that clip ends, that of all clips goes on. */
export const goneEventName = 'gone';
export const goneEventSchema = z.object({ id: z.uuid() });

/**
 * `GET /api/events` sends the same events for all clips and never ends: browsers open six connections to a server at
 * most, so a page that shows several clips takes this one stream. At first it sends the clips that are not final; a
 * client that comes back with `Last-Event-ID` is sent what changed meanwhile. Deletions while it was away are not told.
 * `EventSource` opens a stream again that the server ended: close it after a final status.
 */

export const detectorSummarySchema = z
  .object({
    name: z.string(),
    description: z.string(),
    isDefault: z.boolean(),
    /** Of the `.onnx` file. Lower-case hex. */
    sha256: z.string(),
    bytes: z.int().positive(),
    hasMap: z.boolean(),
    calibrated: z.boolean(),
  })
  .meta({ id: 'DetectorSummary' });
export type DetectorSummary = z.infer<typeof detectorSummarySchema>;

export const detectorListSchema = z.object({ detectors: z.array(detectorSummarySchema) });

export const detectorSchema = detectorSummarySchema
  .extend({
    contract: contractSchema,
    /** The model card as safe HTML, without scripts and foreign addresses; null where there is none. */
    cardHtml: z.string().nullable(),
    cardMarkdown: z.string().nullable(),
    model: path,
  })
  .meta({ id: 'Detector' });
export type Detector = z.infer<typeof detectorSchema>;

export const runSchema = z
  .object({
    name: z.string(),
    status: z.string(),
    network: z.string(),
    steps: z.int().nonnegative(),
    metric: z.string().nullable(),
    best: z.number().nullable(),
    better: z.enum(['higher', 'lower']),
    validation: z.record(z.string(), z.number()),
    drawn: z.record(z.string(), z.union([z.number(), z.string()])),
    seconds: z.number().nonnegative(),
    failure: z.string().optional(),
    recipe: z.record(z.string(), z.unknown()),
    curve: z.object({
      loss: z.array(z.tuple([z.number(), z.number()])),
      metric: z.array(z.tuple([z.number(), z.number()])),
    }),
  })
  .meta({ id: 'Run' });
export type Run = z.infer<typeof runSchema>;

export const runListSchema = z
  .object({
    runs: z.array(runSchema),
    /** Folders that look like runs and cannot be read. */
    unreadable: z.array(z.string()),
  })
  .meta({ id: 'RunList' });
export type RunList = z.infer<typeof runListSchema>;

export const taskStatuses = ['queued', 'running', 'done', 'failed'] as const;

/** A piece of a long work: a part of a data set, a run of a sweep. */
export const taskSchema = z
  .object({
    id: z.uuid(),
    kind: z.enum(['prepare', 'train']),
    /** For showing only. */
    name: z.string(),
    /** Who sent it. */
    client: z.string(),
    priority: z.int(),
    status: z.enum(taskStatuses),
    /** How often it was begun; more than 1 after a worker died. */
    attempts: z.int().nonnegative(),
    /** Steps of a run; null where nothing was told. */
    progress: z.object({ done: z.number().nonnegative(), total: z.number().nonnegative() }).nullable(),
    /** Step that another try of a run would go on from; null where it would begin anew. */
    step: z.int().nonnegative().nullable(),
    /** Which process has it; null where none has. */
    process: z.string().nullable(),
    createdAt: time,
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
    error: failureSchema.nullable(),
  })
  .meta({ id: 'Task' });
export type Task = z.infer<typeof taskSchema>;

const taskCountsSchema = z.record(z.enum(taskStatuses), z.int().nonnegative());

export const workQuerySchema = z.object({
  status: z.enum(taskStatuses).optional(),
  /** `next` of the page before. */
  before: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(50),
});
export type WorkQuery = z.input<typeof workQuerySchema>;

export const workSchema = z
  .object({
    /** Servers and workers that take work. */
    processes: z.array(
      z.object({
        name: z.string(),
        slots: z.int().positive(),
        /** Slots that are taken. */
        busy: z.int().nonnegative(),
        kinds: z.array(z.enum(['scan', 'prepare', 'train'])),
        startedAt: time,
      }),
    ),
    /** Clips (`scan`), parts of data sets (`prepare`) and runs of sweeps (`train`) by how they stand. */
    counts: z.object({ scan: taskCountsSchema, prepare: taskCountsSchema, train: taskCountsSchema }),
    tasks: z.array(taskSchema),
    /** `before` of the next page; null on the last. */
    next: z.string().nullable(),
  })
  .meta({ id: 'Work' });
export type Work = z.infer<typeof workSchema>;
