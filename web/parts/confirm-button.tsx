import { type ReactNode, useRef } from 'react';

/** A button that asks first, in a dialog: for what cannot be undone. */
export function ConfirmButton({
  verb,
  name,
  children,
  keep,
  confirm = verb,
  onConfirm,
}: {
  /** On the button and, before the name, in the question: `Delete`. */
  verb: string;
  name: string;
  /** What is lost. */
  children: ReactNode;
  /** The way back: `Keep it`. */
  keep: string;
  confirm?: string;
  onConfirm: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button type="button" onClick={() => dialog.current?.showModal()} aria-label={`${verb} ${name}`}>
        {verb}
      </button>
      <dialog ref={dialog} aria-label={`${verb} ${name}?`}>
        <form method="dialog">
          <p>
            <b>
              {verb} {name}?
            </b>{' '}
            {children}
          </p>
          <div className="action-row">
            <button type="submit">{keep}</button>
            <button type="submit" className="danger" onClick={onConfirm}>
              {confirm}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}
