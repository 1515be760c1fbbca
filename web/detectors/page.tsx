import { Link } from 'wouter';
import { bytes } from '../../src/report/format.ts';
import { ProblemNote } from '../parts/problem.tsx';
import { PageTitle } from '../parts/shell.tsx';
import { useLoad } from '../server/load.ts';
import { server } from '../server/request.ts';

/** The detectors of this server. */
export default function DetectorsPage() {
  const loaded = useLoad('detectors', server.detectors);
  return (
    <>
      <PageTitle title="Detectors" />
      <p className="lede">
        A detector knows the kinds of manipulation that it was trained on. Read its card before you rely on a
        score.
      </p>
      {loaded.status === 'failed' && <ProblemNote error={loaded.error} />}
      <ul className="cards">
        {loaded.value?.map((detector) => (
          <li key={detector.name}>
            <h2>
              <Link href={`/detectors/${detector.name}`}>{detector.name}</Link>
            </h2>
            <p>{detector.description}</p>
            <p className="muted">
              {[
                detector.isDefault && 'used unless another is chosen',
                detector.calibrated ? 'calibrated' : 'not calibrated: its scores are no probabilities',
                detector.hasMap ? 'shows where' : 'no map',
                bytes(detector.bytes),
              ]
                .filter(Boolean)
                .join(' · ')}
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}
