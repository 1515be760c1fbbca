import { useState } from 'react';
import { useSearchParams } from 'wouter';
import { type Task, taskStatuses, type Work } from '../../src/server/api.ts';
import { Part } from '../clip/result.tsx';
import { useEvery } from '../parts/every.ts';
import { ProblemNote } from '../parts/problem.tsx';
import { Scroll } from '../parts/scroll.tsx';
import { PageTitle } from '../parts/shell.tsx';
import { useLoad } from '../server/load.ts';
import { asRequestError, type RequestError, server } from '../server/request.ts';
import { Processes } from './processes.tsx';
import { TaskRow } from './task-row.tsx';
import { type Kind, kindWords, statusWords } from './words.ts';

/** Between two looks, ms. */
const lookEvery = 3000;
/** Tasks that are shown at first, and at most. */
const [step, most] = [50, 800];

/** Who works for this server, how much waits, and the tasks: parts of data sets and runs of sweeps. */
export default function WorkPage() {
  const [params, setParams] = useSearchParams();
  const status = taskStatuses.find((name) => name === params.get('status'));
  const [limit, setLimit] = useState(step);
  const key = status ?? '';
  const first = useLoad(`work ${key} ${limit}`, () => server.work({ limit, ...(status ? { status } : {}) }));
  const [error, setError] = useState<RequestError>();
  // Not while one is on its way: a slow server would never show anything.
  useEvery(first.status === 'loading' ? null : lookEvery, first.reload);

  const work = first.value;
  const tasks = work?.tasks ?? [];
  const fail = (thrown: unknown) => setError(asRequestError(thrown));
  const cancel = (task: Task) => server.cancelTask(task.id).then(first.reload, fail);

  return (
    <>
      <PageTitle title="Work" />
      {first.status === 'failed' && <ProblemNote error={first.error} />}
      {error && <ProblemNote error={error} />}
      {work && (
        <>
          <Part title="What waits">
            <Counts counts={work.counts} />
          </Part>
          <Part title="Who works">
            <Processes processes={work.processes} counts={work.counts} />
          </Part>
          <Part title="Tasks">
            <p className="lede">
              Parts of data sets (<code>dataset prepare --queue</code>) and runs of sweeps (
              <code>sweep --queue</code>), newest first. Clips are in the history.
            </p>
            <label className="pick">
              <span>Show</span>{' '}
              <select
                value={key}
                onChange={({ target }) =>
                  setParams(target.value ? { status: target.value } : {}, { replace: true })
                }
              >
                <option value="">all</option>
                {taskStatuses.map((name) => (
                  <option key={name} value={name}>
                    {statusWords[name]}
                  </option>
                ))}
              </select>
            </label>
            {tasks.length === 0 && (
              <p>{status ? `No task is ${statusWords[status]}.` : 'No task was sent yet.'}</p>
            )}
            {tasks.length > 0 && (
              <Scroll label="List of tasks">
                <table className="stack tasks">
                  <thead>
                    <tr>
                      <th>Task</th>
                      <th>How it stands</th>
                      <th>Sent by</th>
                      <th className="n">Tries</th>
                      <th>Sent</th>
                      <th>
                        <span className="visually-hidden">Cancel</span>
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {tasks.map((task) => (
                      <TaskRow key={task.id} task={task} onCancel={() => cancel(task)} />
                    ))}
                  </tbody>
                </table>
              </Scroll>
            )}
            {work.next !== null && limit < most && (
              <p className="more">
                <button type="button" onClick={() => setLimit(Math.min(most, limit * 2))}>
                  Show more
                </button>
              </p>
            )}
            {work.next !== null && limit >= most && (
              <p className="muted">Older ones: choose how they stand, or ask the API with `before`.</p>
            )}
          </Part>
        </>
      )}
    </>
  );
}

function Counts({ counts }: { counts: Work['counts'] }) {
  return (
    <Scroll label="Work by kind">
      <table className="work-counts">
        <thead>
          <tr>
            <th>
              <span className="visually-hidden">Kind</span>
            </th>
            {taskStatuses.map((name) => (
              <th key={name} className="n">
                {statusWords[name]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(Object.keys(kindWords) as Kind[]).map((kind) => (
            <tr key={kind}>
              <th scope="row">{kindWords[kind]}</th>
              {taskStatuses.map((name) => (
                <td key={name} className="n">
                  {counts[kind][name]}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
