/** First module of a worker thread in development: lets it read TypeScript, then starts the real one. */
import { register } from 'tsx/esm/api';

register();
await import(process.argv[2]);
