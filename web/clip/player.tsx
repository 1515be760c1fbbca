import { useEffect, useMemo, useRef, useState } from 'react';
import { lanesOf } from '../../src/report/lanes.ts';
import { isPicture } from '../../src/report/wording.ts';
import { MapPictures } from './map-pictures.ts';
import { drawOverlay, mapKey, type Overlay } from './overlay.ts';
import type { Playhead } from './playhead.ts';
import type { View } from './view.ts';

/** The clip with the people's boxes and the detector's map drawn over it, in step with what is shown. */
export function Player({ view, playhead }: { view: View; playhead: Playhead }) {
  const { result, contract, media } = view;
  const still = isPicture(result);
  const canvas = useRef<HTMLCanvasElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const [showBoxes, setShowBoxes] = useState(true);
  const [showMap, setShowMap] = useState(view.maps.length > 0);
  const [unplayable, setUnplayable] = useState(media === null);
  const [width, height] = [result.clip.width ?? 16, result.clip.height ?? 9];

  const redraw = useRef<() => void>(() => undefined);
  const pictures = useMemo(() => new MapPictures(() => redraw.current()), []);
  const maps = useMemo(
    () => new Map(view.maps.map((map) => [mapKey(map.trackId, map.frameIndex), map])),
    [view.maps],
  );
  const gap = useMemo(() => lanesOf(result)?.gap ?? 1, [result]);

  useEffect(() => {
    const surface = canvas.current!;
    const context = surface.getContext('2d')!;
    const overlay: Overlay = {
      result,
      thresholds: contract.thresholds,
      gap,
      maps,
      picture: (map) => pictures.get(map),
      showBoxes,
      showMap,
    };
    const draw = () => {
      // A still has one time, whatever the player says.
      const time = still ? (result.tracks[0]?.frames[0]?.timeSeconds ?? 0) : playhead.time;
      drawOverlay(context, overlay, time, surface.width / width, devicePixelRatio);
      fetchAhead(overlay, time);
    };
    redraw.current = draw;
    const resized = new ResizeObserver(() => {
      surface.width = Math.round(surface.clientWidth * devicePixelRatio);
      surface.height = Math.round(surface.clientHeight * devicePixelRatio);
      draw();
    });
    resized.observe(surface);
    draw();
    const end = playhead.subscribe(draw);
    return () => {
      end();
      resized.disconnect();
    };
  }, [result, contract, gap, maps, pictures, showBoxes, showMap, playhead, still, width]);

  useEffect(() => {
    const element = video.current;
    if (!element) return;
    // Results count from the clip's first picture; a player counts from the file's start, where sound may come first.
    // The first picture that is shown, before anything moves, tells the difference.
    let offset: number | undefined;
    let wanted: number | undefined;
    const go = (time: number) => {
      // Just inside the frame: at its very edge, rounding would show the one before.
      element.currentTime = time + (offset ?? 0) + 0.001;
    };
    const detach = playhead.attach({
      seek: (time) => {
        if (offset === undefined) wanted = time;
        else go(time);
      },
      toggle: () => {
        if (element.paused) element.play().catch(() => setUnplayable(true));
        else element.pause();
      },
    });
    let handle = 0;
    const shown = (_: number, { mediaTime }: VideoFrameCallbackMetadata) => {
      offset ??= mediaTime;
      if (wanted === undefined) playhead.show(Math.max(0, mediaTime - offset));
      else go(wanted);
      wanted = undefined;
      handle = element.requestVideoFrameCallback(shown);
    };
    // Firefox before 132 has no such callback; the time that the element tells is then near enough.
    const steps = typeof element.requestVideoFrameCallback === 'function';
    const told = () => playhead.show(element.currentTime);
    if (!steps) offset = 0;
    if (steps) handle = element.requestVideoFrameCallback(shown);
    else element.addEventListener('timeupdate', told);
    return () => {
      detach();
      if (steps) element.cancelVideoFrameCallback(handle);
      else element.removeEventListener('timeupdate', told);
    };
  }, [playhead]);

  const alt = `The clip, with ${showBoxes ? 'people framed' : 'nothing framed'}`;
  return (
    <div className="player">
      {/* Known before the file is: the page does not jump when it comes. */}
      <div className="stage" style={{ aspectRatio: `${width} / ${height}` }}>
        {media && still && <img src={media.url} alt={alt} onError={() => setUnplayable(true)} />}
        {media && !still && (
          // biome-ignore lint/a11y/useMediaCaption: evidence comes as it is, without captions
          <video
            ref={video}
            src={media.url}
            controls
            playsInline
            preload="auto"
            aria-label="The clip"
            onError={() => setUnplayable(true)}
          />
        )}
        {/* What it draws is said in words below: the readout of the timeline, and the people. */}
        <canvas ref={canvas} />
        {unplayable && (
          <p className="unplayable">
            This browser cannot show the file (
            {[result.clip.container, result.clip.codec].filter(Boolean).join(', ') || 'unknown format'}). The
            boxes, the timeline and the faces below do not need it.
          </p>
        )}
      </div>
      <div className="player-bar">
        <label>
          <input type="checkbox" checked={showBoxes} onChange={() => setShowBoxes(!showBoxes)} /> Boxes
        </label>
        <label>
          <input
            type="checkbox"
            checked={showMap}
            disabled={view.maps.length === 0}
            onChange={() => setShowMap(!showMap)}
          />{' '}
          Map
        </label>
        <span className="muted">
          {view.maps.length > 0
            ? 'The map shows where the detector sees traces, faint to strong.'
            : 'This detector has no map.'}
          {!still && ' A dashed box lies between two examined frames.'}
        </span>
      </div>
    </div>
  );
}

/** The maps of the next second, so that they are there when the picture is. */
function fetchAhead({ maps, picture, showMap }: Overlay, time: number): void {
  if (!showMap) return;
  for (const map of maps.values()) {
    if (map.timeSeconds >= time - 1 && map.timeSeconds <= time + 2) picture(map);
  }
}
