/** All routes, in the order in which the documentation lists them. A test holds this to the folder. */
import type { Route } from '../route.ts';
import { about } from './about.ts';
import { clipCancel } from './clip-cancel.ts';
import { clipCrop } from './clip-crop.ts';
import { clipDelete } from './clip-delete.ts';
import { clipEvents } from './clip-events.ts';
import { clipEvidence } from './clip-evidence.ts';
import { clipFromUrl } from './clip-from-url.ts';
import { clipGet } from './clip-get.ts';
import { clipList } from './clip-list.ts';
import { clipMap } from './clip-map.ts';
import { clipMedia } from './clip-media.ts';
import { clipReport } from './clip-report.ts';
import { clipRescan } from './clip-rescan.ts';
import { clipResult } from './clip-result.ts';
import { clipUpload } from './clip-upload.ts';
import { detectorGet } from './detector-get.ts';
import { detectorList } from './detector-list.ts';
import { detectorModel } from './detector-model.ts';
import { events } from './events.ts';
import { evidenceKey } from './evidence-key.ts';
import { health } from './health.ts';
import { metrics } from './metrics.ts';
import { ready } from './ready.ts';
import { runList } from './run-list.ts';
import { runReport } from './run-report.ts';
import { sessionCreate } from './session-create.ts';
import { sessionDelete } from './session-delete.ts';
import { taskCancel } from './task-cancel.ts';
import { uploadAppend } from './upload-append.ts';
import { uploadCreate } from './upload-create.ts';
import { uploadDelete } from './upload-delete.ts';
import { uploadHead } from './upload-head.ts';
import { uploadOptions } from './upload-options.ts';
import { work } from './work.ts';

export const routes = [
  clipUpload,
  clipFromUrl,
  uploadOptions,
  uploadCreate,
  uploadHead,
  uploadAppend,
  uploadDelete,
  clipList,
  clipGet,
  clipDelete,
  clipCancel,
  clipRescan,
  clipMedia,
  clipReport,
  clipResult,
  clipCrop,
  clipMap,
  clipEvidence,
  clipEvents,
  events,
  detectorList,
  detectorGet,
  detectorModel,
  runList,
  runReport,
  work,
  taskCancel,
  about,
  evidenceKey,
  sessionCreate,
  sessionDelete,
  health,
  ready,
  metrics,
] as unknown as readonly Route[];
