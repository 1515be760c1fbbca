/** What routes work with. */
import type { Signer } from '../report/bundle/key.ts';
import type { Changes } from './changes.ts';
import type { ServerConfig } from './config.ts';
import type { Database } from './database/database.ts';
import type { Detectors } from './detectors.ts';
import type { Queue } from './jobs/queue.ts';
import type { Runner } from './jobs/runner.ts';
import type { AddressRules } from './security/address.ts';
import type { Sessions } from './security/sessions.ts';
import type { WrongTokens } from './security/wrong-tokens.ts';
import type { Storage } from './storage/storage.ts';
import type { Uploads } from './storage/uploads.ts';
import type { Log } from './watch/log.ts';
import type { Metrics } from './watch/metrics.ts';
import type { RequestSeconds } from './watch/request-seconds.ts';
import type { Traces } from './watch/traces.ts';

export interface Services {
  readonly config: ServerConfig;
  readonly database: Database;
  readonly queue: Queue;
  readonly storage: Storage;
  readonly uploads: Uploads;
  readonly runner: Runner;
  readonly changes: Changes;
  readonly detectors: Detectors;
  /** Signs evidence bundles. */
  readonly signer: Signer;
  readonly sessions: Sessions;
  readonly wrongTokens: WrongTokens;
  readonly rules: AddressRules;
  /** Open event streams by address. */
  readonly streams: Map<string, number>;
  readonly metrics: Metrics;
  readonly traces: Traces;
  readonly requestSeconds: RequestSeconds;
  /** Aborted when the server stops: what streams ends then. */
  readonly stopping: AbortSignal;
  /** For whoever runs the server. Never a token, never what a clip shows. */
  readonly log: Log;
}
