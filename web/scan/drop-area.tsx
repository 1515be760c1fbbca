import { type DragEvent, useEffect, useRef, useState } from 'react';

interface Props {
  onFiles: (files: File[]) => void;
  /** What happens to the files, in a few words. */
  promise: string;
}

/** Takes files by drop, by the file dialogue and from the clipboard. The button is the way for keyboards. */
export function DropArea({ onFiles, promise }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(0);
  const take = (list: FileList | null | undefined) => {
    const files = [...(list ?? [])];
    if (files.length > 0) onFiles(files);
  };
  const latest = useRef(take);
  latest.current = take;
  useEffect(() => {
    const paste = (event: ClipboardEvent) => latest.current(event.clipboardData?.files);
    document.addEventListener('paste', paste);
    return () => document.removeEventListener('paste', paste);
  }, []);
  const drag = (change: (n: number) => number) => (event: DragEvent) => {
    event.preventDefault();
    setOver(change);
  };
  return (
    // Dropping is an extra for the mouse; the button in it does the same.
    // biome-ignore lint/a11y/noStaticElementInteractions: see above
    <div
      className={`drop${over > 0 ? ' over' : ''}`}
      onDragEnter={drag((n) => n + 1)}
      onDragLeave={drag((n) => n - 1)}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        setOver(0);
        take(event.dataTransfer.files);
      }}
    >
      <svg viewBox="0 0 48 40" aria-hidden="true">
        <path d="M4 12V4h10M44 12V4H34M4 28v8h10M44 28v8H34" />
        <path d="M24 8v17M16.5 18 24 25.5 31.5 18" />
      </svg>
      <p className="call">Drop videos or pictures here</p>
      <p>
        <button type="button" className="main" onClick={() => input.current?.click()}>
          Choose files
        </button>
      </p>
      <p className="muted">{promise}</p>
      <input
        ref={input}
        type="file"
        multiple
        accept="video/*,image/*,.mkv,.avi,.mpg,.mpeg,.ts,.mts,.flv,.wmv,.mov"
        aria-label="Videos or pictures to scan"
        tabIndex={-1}
        className="visually-hidden"
        onChange={(event) => {
          take(event.target.files);
          // The same file may be chosen again.
          event.target.value = '';
        }}
      />
    </div>
  );
}
