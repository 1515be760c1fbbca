import { visible } from '../../src/report/html.ts';
import type { Task } from '../../src/server/api.ts';
import { ConfirmButton } from '../parts/confirm-button.tsx';
import { oneWords, statusWords } from './words.ts';

export function TaskRow({ task, onCancel }: { task: Task; onCancel: () => void }) {
  const name = visible(task.name);
  const open = task.status === 'queued' || task.status === 'running';
  return (
    <tr>
      <td className="full">
        <bdi>{name}</bdi>
        <div className="where">{oneWords[task.kind]}</div>
      </td>
      <td className="full" data-label="How it stands">
        <State task={task} name={name} />
      </td>
      <td data-label="Sent by">{visible(task.client)}</td>
      <td className="n" data-label="Tries">
        {task.attempts}
      </td>
      <td className="num" data-label="Sent">
        <time dateTime={task.createdAt}>{new Date(task.createdAt).toLocaleString()}</time>
      </td>
      <td className="full acts">
        {open && (
          <ConfirmButton verb="Cancel" name={name} keep="Go on" confirm="Cancel it" onConfirm={onCancel}>
            What was done of it so far is lost; who sent it is told that it was cancelled.
          </ConfirmButton>
        )}
      </td>
    </tr>
  );
}

function State({ task, name }: { task: Task; name: string }) {
  const { status, progress, step, process, error } = task;
  return (
    <>
      <span className={`state ${status}`}>{statusWords[status]}</span>
      {status === 'running' && progress !== null && progress.total > 0 && (
        <>
          {' '}
          <progress aria-label={`Progress of ${name}`} value={progress.done} max={progress.total} />{' '}
          <span className="num">
            {progress.done} of {progress.total}
          </span>
        </>
      )}
      {process !== null && <div className="where">{visible(process)}</div>}
      {step !== null && <div className="where">kept up to step {step}</div>}
      {error !== null && (
        <div className="why">
          {error.title} {error.next}
        </div>
      )}
    </>
  );
}
