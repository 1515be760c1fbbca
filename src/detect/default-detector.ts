/** What `scan` uses where nothing is named: one of `detectors/`. */
export const defaultDetector = 'mobilenet-192';
