/** The smallest page that analyses locally: what the tests drive, without the pages around it. */
import * as local from '../../../web/local/index.ts';

declare global {
  interface Window {
    local: typeof local;
  }
}
window.local = local;
