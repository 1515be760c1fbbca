import type { Html } from '../../src/report/html.ts';

/** A piece of the report in a page. Only {@link Html} is taken: it escapes whatever came from a file. */
export function Markup({ of, className }: { of: Html; className?: string }) {
  // The type vouches for it, see src/report/html.ts.
  return <div className={className} dangerouslySetInnerHTML={{ __html: of.toString() }} />;
}
